"""The bench measures the same thing on both sides, and leaves nothing behind."""

import json
from pathlib import Path

import psycopg
import pytest

from server.bench.figures import Spread
from server.bench.readers import with_slip
from server.postgres.embedded import EmbeddedPostgres

from .conftest import DataFolder
from .running import environment, panelens

pytestmark = pytest.mark.slow


def test_peers_count_the_same_people_and_readers_read_the_same_questions(
    data_folder: DataFolder,
) -> None:
    with data_folder() as folder:
        other = next((folder / "models").glob("*-cut.gguf"))
        options = ("--rows", "1000", "--runs", "2", "--questions", "4", "--beside", other, "--json")
        # The unmodified model may write on until its room ends, and its grammar is slow.
        done = panelens("bench", *options, environment=environment(folder), patience_seconds=1800)
        assert done.returncode == 0, done.stderr
        figures = json.loads(done.stdout)
        assert figures["machine"]["cores"] >= 1
        assert "1,000 synthetic" in figures["data"]
        assert figures["load"]["rows"] >= 1000
        assert len({count["found"] for count in figures["search"]["counts"]}) == 1
        assert figures["search"]["counts"][0]["ratio"] == 1
        readers = figures["reader"]["readers"]
        assert figures["reader"]["questions"] == 4
        ours, rules, same_weights, plain, beside = readers
        assert ours["weights"] == same_weights["weights"] != plain["weights"]
        assert beside["weights"] == other.name
        assert ours["ratio"] == ours["processor_ratio"] == 1
        models = (same_weights, plain, beside)
        assert rules["time"]["tokens"] == 0 < min(r["time"]["tokens"] for r in models)
        assert all(0 <= r["exact"] <= 4 and 0 <= r["f1"] <= 1 for r in readers)
        assert all(0 <= r["slipped"] <= 4 for r in (ours, rules))
        assert databases(folder) == {"panelens", "postgres"}


def test_memory_is_looked_at_while_many_questions_are_read(data_folder: DataFolder) -> None:
    with data_folder() as folder:
        done = panelens(
            "bench", "soak", "--questions", "12", "--json", environment=environment(folder)
        )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert "respondents" not in figures["data"]
    soak = figures["soak"]
    assert [seen["questions"] for seen in soak["memory"]] == list(range(1, 13))
    bytes_held = [seen["memory_bytes"] for seen in soak["memory"]]
    assert soak["growth"] == round(bytes_held[11] / bytes_held[1] - 1, 4), "since the first tenth"


def test_a_slip_changes_a_question_and_is_the_same_every_time() -> None:
    questions = ("서울 20대 남자 100명", "women in Busan", "서울여성")
    slipped = [with_slip(question) for question in questions]
    assert all(one != other for one, other in zip(slipped, questions, strict=True))
    assert slipped == [with_slip(question) for question in questions]


def test_what_cannot_be_measured_is_said(data_folder: DataFolder) -> None:
    with data_folder() as folder:
        done = panelens("bench", "poetry", environment=environment(folder))
    assert done.returncode == 1
    assert "load, search, reader, soak, all" in " ".join(done.stderr.split())


def test_a_model_beside_that_is_none_is_named_before_anything_is_measured(
    data_folder: DataFolder, tmp_path: Path
) -> None:
    torn = tmp_path / "torn.gguf"
    torn.write_bytes(b"GGUF")
    with data_folder() as folder:
        options = ("reader", "--rows", "1000", "--beside", torn)
        done = panelens("bench", *options, environment=environment(folder))
    assert done.returncode == 1
    assert "torn.gguf: llama.cpp cannot load the file" in " ".join(done.stderr.split())
    assert "respondents" not in done.stderr  # nobody was loaded yet
    assert "reading with" not in done.stderr


def test_the_spread_of_runs_is_of_values_that_were_measured() -> None:
    assert Spread.of([3.0]) == Spread(3.0, 3.0, 1)
    assert Spread.of([float(n) for n in range(100, 0, -1)]) == Spread(50.0, 95.0, 100)


def databases(folder: Path) -> set[str]:
    with EmbeddedPostgres(folder) as postgres, psycopg.connect(postgres.conninfo) as connection:
        rows = connection.execute("select datname from pg_database where not datistemplate")
        return {name for (name,) in rows}
