"""Settings come from the environment; what is wrong there is named."""

import pytest

from server.errors import SetupError
from server.settings import Settings, read_settings


def test_a_variable_that_is_empty_is_as_good_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "DATA_FOLDER", "PORT"):
        monkeypatch.delenv(f"PANELENS_{name}", raising=False)
    without = read_settings()
    for name in ("DATABASE_URL", "DATA_FOLDER", "PORT"):
        monkeypatch.setenv(f"PANELENS_{name}", "")
    assert read_settings() == without


def test_the_command_line_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANELENS_PORT", "8001")
    assert read_settings().port == 8001
    assert read_settings(port=8002).port == 8002
    assert Settings().port == 8001


def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANELENS_PORT", "many")
    with pytest.raises(SetupError, match=r"PANELENS_PORT: .*integer"):
        read_settings()
