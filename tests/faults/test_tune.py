"""A training run that is killed goes on from its checkpoint, and ends as if it had not been killed."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.grammars.acceptor import model_file

EXTRA = ("torch", "transformers", "peft")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not all(map(find_spec, EXTRA)), reason="the extra tune (PyTorch) is not installed"
    ),
]

# As `panelens tune` does it, but for the size of things.
TRAINING = """
import sys
from pathlib import Path
from server.catalogue import find_catalogue
from server.filter import load_catalogue
from server.phrases import read_phrases
from server.training.tune import Recipe, tune

base, folder, *start = map(Path, sys.argv[1:])
catalogue = load_catalogue("welcome")
tune(
    base=base,
    catalogue=catalogue,
    phrases=read_phrases(find_catalogue("welcome").parent, catalogue),
    recipe=Recipe(
        steps=4, batch=2, rank=4, warmup_steps=1, held_out=1,
        measure_every=100, save_every=1, threads=1,
    ),
    folder=folder,
    adapter=folder / "adapter.gguf",
    report=lambda now: print(now.step, flush=True),
    start=start[0] if start else None,
)
"""


def training(folder: Path, *start: Path) -> subprocess.Popen[str]:
    # Compiled layers train faster and as well; compiling them takes minutes.
    environment = os.environ | {"TORCHDYNAMO_DISABLE": "1"}
    command: list[str | Path] = [sys.executable, "-c", TRAINING, model_file(), folder, *start]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment)


def steps(folder: Path) -> list[str]:
    """The steps of a run that is left alone."""
    with training(folder) as process:
        said, _ = process.communicate()
    assert process.returncode == 0
    return said.split()


def test_a_killed_run_goes_on_and_its_adapter_is_that_of_one_that_was_left_alone(
    tmp_path: Path,
) -> None:
    killed, alone = tmp_path / "killed", tmp_path / "alone"
    with training(killed) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == ["1\n", "2\n"]
        process.kill()
    assert not (killed / "adapter.gguf").exists()
    assert steps(killed) in (["3", "4"], ["4"])  # the third may have been saved, but not told
    assert steps(alone) == ["1", "2", "3", "4"]
    assert (killed / "adapter.gguf").read_bytes() == (alone / "adapter.gguf").read_bytes()


def test_a_run_does_not_go_on_from_an_adapter_beside_the_checkpoint_of_another(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "run"
    assert steps(folder) == ["1", "2", "3", "4"]
    left = (folder / "checkpoint.pt").read_bytes()
    with training(folder, folder / "adapter.gguf") as process:
        said, problem = process.communicate()
    assert process.returncode != 0 and said == ""
    assert "checkpoint.pt is of a run that does not go on from" in problem
    assert "choose another folder with --folder" in problem
    assert (folder / "checkpoint.pt").read_bytes() == left
