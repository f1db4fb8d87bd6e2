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


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        '{"raw": [0, 1], "share": [1], "lexicon": 1}',
        '{"raw": [1, 0], "share": [0, 1], "lexicon": 1}',
        '{"raw": [], "share": [], "lexicon": 1}',
        '{"raw": ["x"], "share": [1], "lexicon": 1}',
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "welcome.json"
    path.write_text(content)
    with pytest.raises(SetupError, match=r"welcome\.json"):
        read_calibration(path)


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "welcome.json"
    path.write_text(json.dumps({"raw": [0.1, 0.9], "share": [0.2, 0.95], "lexicon": 0.99}))
    assert read_calibration(path) == Calibration((0.1, 0.9), (0.2, 0.95), 0.99)
