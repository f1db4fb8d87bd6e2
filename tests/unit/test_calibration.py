"""A calibration is a rising curve, read from a file that is checked."""

import json
from pathlib import Path

import pytest

from server.errors import SetupError
from server.interpret.calibration import Calibration, read_calibration


def test_without_one_the_models_own_probability_stands() -> None:
    assert [Calibration()(p) for p in (0.0, 0.3, 1.0)] == [0.0, 0.3, 1.0]


def test_between_two_points_it_is_a_line_and_beyond_them_their_end() -> None:
    calibrated = Calibration(raw=(0.2, 0.8), share=(0.4, 1.0))
    assert [calibrated(p) for p in (0.0, 0.5, 0.9)] == pytest.approx([0.4, 0.7, 1.0])


def test_a_reading_is_as_sure_as_its_least_sure_condition() -> None:
    assert Calibration(bare=0.9).whole((0.97, 0.6, 0.8), words_unused=False) == 0.6


def test_a_reading_without_a_condition_is_as_sure_as_such_readings_are() -> None:
    assert Calibration(bare=0.9).whole((), words_unused=False) == 0.9


def test_a_reading_that_left_words_unused_is_less_sure() -> None:
    assert Calibration(unused=0.5).whole((0.8,), words_unused=True) == 0.4


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        '{"raw": [0, 1], "share": [0, 1], "lexicon": 1}',
        '{"raw": [0, 1], "share": [1], "lexicon": 1, "bare": 1, "unused": 1}',
        '{"raw": [1, 0], "share": [0, 1], "lexicon": 1, "bare": 1, "unused": 1}',
        '{"raw": [], "share": [], "lexicon": 1, "bare": 1, "unused": 1}',
        '{"raw": ["x"], "share": [1], "lexicon": 1, "bare": 1, "unused": 1}',
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "welcome.json"
    path.write_text(content)
    with pytest.raises(SetupError, match=r"welcome\.json"):
        read_calibration(path)


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "welcome.json"
    shares = {"lexicon": 0.99, "bare": 0.93, "unused": 0.88}
    path.write_text(json.dumps({"raw": [0.1, 0.9], "share": [0.2, 0.95], **shares}))
    assert read_calibration(path) == Calibration((0.1, 0.9), (0.2, 0.95), **shares)
