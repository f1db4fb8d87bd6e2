"""Loading, the catalogue's commands, and mistakes on the command line."""

import json
import unicodedata
from pathlib import Path

import psycopg
import pytest

from server.accuracy.gold import read_gold
from server.catalogue import Catalogue
from server.grammar import build_grammar
from server.postgres.embedded import EmbeddedPostgres

from .conftest import FEW
from .running import environment, panelens, serving

pytestmark = pytest.mark.slow


def test_loading_a_file_twice_changes_nothing(small: Path, few_people: Path) -> None:
    before = fingerprint(small)
    again = panelens("load", few_people, "--synthetic", environment=environment(small))
    assert again.returncode == 0, again.stderr
    assert f"{FEW} stored, 0 changed" in again.stdout
    assert fingerprint(small) == before
    assert before[0] == FEW


def test_a_torn_file_is_named_with_its_place_and_loads_nothing(
    small: Path, few_people: Path, tmp_path: Path
) -> None:
    torn = tmp_path / "torn.json"
    whole = few_people.read_bytes().replace(b"demo", b"more")
    torn.write_bytes(whole[: len(whole) // 2])
    before = fingerprint(small)
    done = panelens("load", torn, "--synthetic", environment=environment(small))
    assert done.returncode == 1
    said = " ".join(done.stderr.split())
    assert "torn.json" in said and "after row" in said
    assert "Traceback" not in said
    assert fingerprint(small) == before


def test_of_a_good_and_a_torn_file_neither_is_loaded(
    small: Path, few_people: Path, tmp_path: Path
) -> None:
    good, torn = tmp_path / "good.json", tmp_path / "torn.csv"
    good.write_bytes(few_people.read_bytes().replace(b"demo", b"more"))
    torn.write_text('mb_sn,gender\nw1,"1\n', "utf-8")
    before = fingerprint(small)
    done = panelens("load", good, torn, "--synthetic", environment=environment(small))
    assert done.returncode == 1
    assert "torn.csv, line" in " ".join(done.stderr.split())
    assert fingerprint(small) == before


def test_real_people_take_the_place_of_synthetic_ones(
    small: Path, few_people: Path, tmp_path: Path
) -> None:
    real = tmp_path / "result.json"
    real.write_text(json.dumps(json.loads(few_people.read_text("utf-8"))[:50]), "utf-8")
    done = panelens("load", real, environment=environment(small))
    assert done.returncode == 0, done.stderr
    assert 0 < fingerprint(small)[0] <= 50


def test_a_missing_file_is_named(small: Path) -> None:
    done = panelens("load", "nowhere.json", environment=environment(small))
    assert done.returncode == 1
    assert "nowhere.json" in done.stderr


def test_the_catalogue_is_checked_and_its_grammar_and_prompt_shown(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    env = environment(tmp_path)
    checked = panelens("catalogue", "check", environment=env)
    assert checked.returncode == 0, checked.stderr
    assert f"{len(catalogue.fields)} fields" in " ".join(checked.stderr.split())
    grammar = panelens("catalogue", "show", "grammar", environment=env)
    assert grammar.stdout.rstrip() == build_grammar(catalogue).rstrip()
    prompt = panelens("catalogue", "show", "prompt", "--question", "여성 3명", environment=env)
    assert prompt.stdout.startswith("여성 3명\n")
    ranged = panelens("catalogue", "show", "prompt", "--question", "20대", environment=env)
    assert "=20..29\n" in ranged.stdout, "the ranges among the hints, as the reader gives them"
    apart = unicodedata.normalize("NFD", "20대")
    tidied = panelens("catalogue", "show", "prompt", "--question", apart, environment=env)
    assert tidied.stdout == ranged.stdout, "the question is tidy before names are looked for in it"
    assert not list(tmp_path.iterdir()), "looking at a catalogue writes nothing"


def test_generated_questions_are_labelled_questions(tmp_path: Path, catalogue: Catalogue) -> None:
    done = panelens("catalogue", "questions", "--count", "30", environment=environment(tmp_path))
    assert done.returncode == 0, done.stderr
    file = tmp_path / "held-out.jsonl"
    file.write_text(done.stdout, "utf-8")
    assert len(read_gold(file, catalogue).questions) == 30


@pytest.mark.parametrize(
    "arguments",
    [
        ("catalogue", "check", "nowhere"),
        ("catalogue", "show", "poem"),
        ("evaluate", "nowhere.jsonl"),
        ("download", "gpt-9"),
        ("serve", "--port", "70000"),
        ("serve", "--port", "0", "--host", "no.such.host.invalid"),
    ],
    ids=" ".join,
)
def test_a_mistake_is_answered_with_a_sentence(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = panelens(*arguments, environment=environment(tmp_path))
    assert done.returncode == 1, done.stdout
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    done = panelens("ask", "여성", environment=environment(tmp_path, page_size="none"))
    assert done.returncode == 1
    assert "PANELENS_PAGE_SIZE" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_command_with_another_reference_year_leaves_that_of_the_server(small: Path) -> None:
    with serving(small, reference_year="2031") as served, served.client() as http:
        assert http.post("/api/search", json={"filter": {}}).json()["reference_year"] == 2031
    refused = panelens("gold", "export", environment=environment(small, reference_year="2024"))
    assert refused.returncode == 1
    assert "2024" in refused.stderr and "2031" in refused.stderr
    answered = panelens("ask", "여성", "--json", environment=environment(small))
    assert json.loads(answered.stdout)["reference_year"] == 2031


def test_every_evaluation_is_listed(small: Path) -> None:
    env = environment(small)
    assert panelens("evaluations", "list", environment=env).returncode == 0
    with EmbeddedPostgres(small) as postgres, psycopg.connect(postgres.conninfo) as connection:
        connection.execute(
            "with run as (insert into panelens.evaluation_run (panel, file, file_sha256, model,"
            " adapter, catalogue_version, reference_year, started_at, questions)"
            " select 'welcome', 'gold.jsonl', '0', 'm', '', 1, 2025, now(), 1"
            " from generate_series(1, 60) returning id)"
            " insert into panelens.evaluation_figure"
            " select id, '', measure, 1, 1, 1, 1, 'wilson' from run,"
            " unnest(array['exact', 'f1', 'jaccard']) as measure"
        )
    listed = panelens("evaluations", "list", "--json", environment=env)
    assert len(json.loads(listed.stdout)) >= 60


def fingerprint(folder: Path) -> tuple[int, str]:
    """How many people there are, and one number that any changed answer changes."""
    with EmbeddedPostgres(folder) as postgres, psycopg.connect(postgres.conninfo) as connection:
        row = connection.execute(
            "select count(*), coalesce(sum(hashtextextended(r::text, 0)), 0)::text"
            " from panel_welcome.respondent as r"
        ).fetchone()
    assert row
    return row[0], row[1]
