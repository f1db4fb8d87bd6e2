"""The API's document, with examples that the panel's own catalogue gives."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI

from server.catalogue import Catalogue
from server.web.schemas import FIELD, FILTER, QUESTION

_LIMIT = 100
_TOKEN = {
    "type": "http",
    "scheme": "bearer",
    "description": "Made by `panelens token add`; a server open to its own machine asks for none.",
}


def documents(app: FastAPI, catalogue: Catalogue) -> Callable[[], dict[str, Any]]:
    """What FastAPI makes of the routes, with this catalogue's examples in place of their marks.

    And with the token that programs send, which the door looks at before any route.
    """
    plain = app.openapi
    examples = _examples(catalogue)
    return lambda: _behind_the_door(_filled(plain(), examples))


def _examples(catalogue: Catalogue) -> Mapping[str, Any]:
    field = next((f for f in catalogue.fields if f.listed), catalogue.fields[0])
    condition = [field.listed[0].value] if field.listed else {"min": field.min or 0}
    return {
        QUESTION: next(iter(catalogue.examples), field.label.ko),
        FILTER: {"where": {field.name: condition}, "limit": _LIMIT},
        FIELD: field.name,
    }


def _behind_the_door(document: dict[str, Any]) -> dict[str, Any]:
    document["components"]["securitySchemes"] = {"token": _TOKEN}
    return {**document, "security": [{"token": []}]}


def _filled(part: Any, examples: Mapping[str, Any]) -> Any:
    if isinstance(part, dict):
        return {key: _filled(value, examples) for key, value in part.items()}
    if isinstance(part, list):
        return [_filled(value, examples) for value in part]
    return examples.get(part, part) if isinstance(part, str) else part
