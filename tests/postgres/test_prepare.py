"""Before anybody asks: the panel is brought up to date, and its demo people give way to real ones."""

import asyncio
import io
import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from server.accuracy.history import ALL_RUNS, list_runs
from server.errors import SetupError
from server.filter import load_catalogue
from server.origin import Origin, origin_of
from server.panel.load import load_files
from server.postgres.pool import connected
from server.product import Database, Product, bring_recorded, load_demo, prepare_panel
from server.settings import Settings

CATALOGUE = load_catalogue("welcome")


def _year(database: str, settings: Settings, *, serves: bool = False) -> int:
    prepared = prepare_panel(Database(database), CATALOGUE, settings, serves=serves)
    return prepared.settings.reference_year


def test_only_a_server_that_is_told_to_counts_ages_to_another_year(database: str) -> None:
    usual, other = Settings(), Settings(reference_year=2031)
    assert _year(database, usual) == 2025
    with pytest.raises(SetupError, match=r"PANELENS_REFERENCE_YEAR is 2031, .* ages to 2025"):
        _year(database, other)
    assert _year(database, usual, serves=True) == 2025
    assert _year(database, other, serves=True) == 2031
    assert _year(database, other) == 2031
    assert _year(database, usual) == _year(database, usual, serves=True) == 2031


def test_a_new_panel_counts_ages_to_the_year_that_is_set(database: str) -> None:
    assert _year(database, Settings(reference_year=2031)) == 2031


def test_real_people_who_come_while_the_demo_is_drawn_stay_alone(
    database: str, tmp_path: Path
) -> None:
    settings, there = Settings(data_folder=tmp_path), Database(database)
    assert prepare_panel(there, CATALOGUE, settings).people == 0
    file = tmp_path / "result.json"
    file.write_text(json.dumps([{"mb_sn": "w1", "gender": "F"}]), "utf-8")
    load_files(database, CATALOGUE, [file], reference_year=2025)
    load_demo(there, CATALOGUE, settings, Console(file=io.StringIO()))
    assert prepare_panel(there, CATALOGUE, settings).people == 1


async def test_figures_of_another_adapter_are_not_brought_along(
    database: str, tmp_path: Path
) -> None:
    settings, there = Settings(data_folder=tmp_path), Database(database)
    prepare_panel(there, CATALOGUE, settings)
    file = tmp_path / "result.json"
    file.write_text(json.dumps([{"mb_sn": "w1", "gender": "F"}]), "utf-8")
    load_files(database, CATALOGUE, [file], reference_year=2025)
    shipped, said = origin_of(settings, CATALOGUE), io.StringIO()

    async def brought(origin: Origin) -> int:
        await bring_recorded(there, CATALOGUE, origin, Console(file=said, width=1000))
        async with await connected(database) as connection:
            return len(await list_runs(connection, CATALOGUE, most=ALL_RUNS))

    assert await brought(replace(shipped, adapter="another")) == 0
    assert f"{shipped.recorded} was recorded with another adapter" in said.getvalue()
    assert await brought(replace(shipped, recorded=tmp_path / "none.jsonl")) == 0
    assert await brought(shipped) == 1


async def test_ctrl_c_while_the_model_is_loaded_closes_the_connections(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = Database(database)
    product = Product(Settings(), CATALOGUE, there, Console(file=io.StringIO()))
    loop, may_end = asyncio.get_running_loop(), threading.Event()

    def interrupted(*_: object) -> None:
        loop.call_soon_threadsafe(command.cancel)
        may_end.wait(60)

    async def ask() -> None:
        async with product.running():
            await product.loaded()

    monkeypatch.setattr("server.product.open_reader", interrupted)
    command = asyncio.create_task(ask())
    with pytest.raises(asyncio.CancelledError):
        await command
    may_end.set()
    assert product.pool is not None and product.pool.closed
