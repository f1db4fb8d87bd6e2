"""Runs a function in a process of its own, which gives all its memory back."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")


def in_child(work: Callable[Given, Result], *args: Given.args, **kwargs: Given.kwargs) -> Result:
    """The function's result, or the error it raised, from a new process that ends with it."""
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as child:
        return child.submit(work, *args, **kwargs).result()
