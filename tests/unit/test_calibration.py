"""A calibration is two rising curves, read from a file that is checked."""

import json
from pathlib import Path
from typing import Any

import pytest

from server.errors import SetupError
from server.interpret.calibration import Calibration, Curve, read_calibration
from server.training.calibrate import calibrate
from tests.strategies import small_catalogue

CURVE = {"raw": [0.1, 0.9], "share": [0.2, 0.95]}


def test_without_one_the_models_own_probability_stands() -> None:
    assert [Curve()(p) for p in (0.0, 0.3, 1.0)] == [0.0, 0.3, 1.0]


def test_between_two_points_it_is_a_line_and_beyond_them_their_end() -> None:
    calibrated = Curve(raw=(0.2, 0.8), share=(0.4, 1.0))
    assert [calibrated(p) for p in (0.0, 0.5, 0.9)] == pytest.approx([0.4, 0.7, 1.0])


def test_a_reading_is_as_sure_as_all_that_was_written_for_it() -> None:
    """Its breakdown or its unknown phrase may be what is doubtful."""
    assert Calibration(readings=Curve((0.0, 1.0), (0.2, 0.6))).whole(0.5, (0.9,)) == 0.4


def test_a_reading_is_no_surer_than_its_least_sure_condition() -> None:
    halved = Curve((0.0, 1.0), (0.0, 0.5))
    assert Calibration(conditions=halved).whole(0.9, (0.97, 0.8)) == 0.4
    assert Calibration().whole(0.9, (0.97, 0.6)) == 0.6


def test_a_reading_without_a_condition_is_as_sure_as_what_was_written() -> None:
    assert Calibration().whole(0.7, ()) == 0.7


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        {"conditions": CURVE, "readings": CURVE},
        {"conditions": CURVE, "lexicon": 1},
        {"conditions": [], "readings": CURVE, "lexicon": 1},
        {"conditions": CURVE, "readings": {"raw": [0, 1], "share": [1]}, "lexicon": 1},
        {"conditions": CURVE, "readings": {"raw": [1, 0], "share": [0, 1]}, "lexicon": 1},
        {"conditions": CURVE, "readings": {"raw": [], "share": []}, "lexicon": 1},
        {"conditions": CURVE, "readings": {"raw": ["x"], "share": [1]}, "lexicon": 1},
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, content: object) -> None:
    path = tmp_path / "welcome.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(SetupError, match=r"welcome\.json"):
        read_calibration(path)


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "welcome.json"
    path.write_text(json.dumps({"conditions": CURVE, "readings": CURVE, "lexicon": 0.99}))
    curve = Curve((0.1, 0.9), (0.2, 0.95))
    assert read_calibration(path) == Calibration(curve, curve, 0.99, is_measured=True)
    assert not Calibration().is_measured


WOMEN, MEN = {"where": {"gender": ["여성"]}}, {"where": {"gender": ["남성"]}}
Read = tuple[dict[str, Any], dict[str, Any], float, float]


def recorded(tmp_path: Path, *read: Read) -> Path:
    """A recording of these: gold filter, predicted one, confidence, that of its one condition."""
    head = {"model": "m", "adapter_sha256": "", "catalogue_version": 1, "file": "gold.jsonl"}
    cases = [
        {
            "question": "여자", "gold": gold, "predicted": predicted, "unsupported": [],
            "predicted_unsupported": [], "confidence": whole, "conditions": [condition],
            "milliseconds": 1.0, "tags": [],
        }
        for gold, predicted, whole, condition in read
    ]  # fmt: skip
    path = tmp_path / "recorded.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in (head, *cases)))
    return path


def test_calibrating_finds_how_often_readings_and_conditions_were_right(tmp_path: Path) -> None:
    """Both women where women were wanted, or a breakdown left out, or men in their place."""
    by_region = {**WOMEN, "by": ["region"]}
    read: tuple[Read, ...] = (
        *[(WOMEN, WOMEN, 1.0, 1.0)] * 3,
        *[(WOMEN, WOMEN, 0.9, 0.95)] * 4,
        (by_region, WOMEN, 0.5, 0.95),
        (WOMEN, WOMEN, 0.5, 0.95),
        (MEN, WOMEN, 0.2, 0.3),
    )
    target = tmp_path / "welcome.json"
    assert calibrate(recorded(tmp_path, *read), small_catalogue(), target) == len(read)
    calibration = read_calibration(target)
    assert [calibration.readings(p) for p in (0.2, 0.5, 0.9)] == [0.02, 0.5, 0.98]
    assert [calibration.conditions(p) for p in (0.3, 0.95)] == [0.02, 0.98]
    assert calibration.lexicon == 0.8, "of three right ones, by the rule of succession"


@pytest.mark.parametrize(
    ("read", "why"),
    [
        pytest.param(
            [(WOMEN, WOMEN, 0.99, 0.99), (WOMEN, WOMEN, 0.9, 0.95)],
            r"take `calibration` out of .* and record anew",
            id="made with a calibration, which calls no reading certain",
        ),
        pytest.param(
            [(WOMEN, WOMEN, 1.0, 1.0)],
            "the model wrote no condition",
            id="all of the lexicon",
        ),
    ],
)
def test_a_recording_that_nothing_can_be_fitted_to_is_refused(
    tmp_path: Path, read: list[Read], why: str
) -> None:
    target = tmp_path / "welcome.json"
    with pytest.raises(SetupError, match=why):
        calibrate(recorded(tmp_path, *read), small_catalogue(), target)
    assert not target.exists()
