"""Corrections become gold, and nothing that a person wrote is ever lost on the way."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import AsyncConnection, errors
from typer.testing import CliRunner

from server.accuracy.corrections import (
    Correction,
    Verdict,
    count_waiting,
    list_waiting,
    review,
    store_correction,
)
from server.accuracy.gold import GoldQuestion, parse_gold
from server.accuracy.gold_set import (
    add_gold,
    count_outdated,
    export_gold,
    gold_set,
    list_gold,
    written_gold,
)
from server.catalogue import Catalogue
from server.cli import app
from server.errors import BrokenFile, NotFound
from server.filter import equal, parse_filter
from server.spelling import Reading
from tests.strategies import readings, small_catalogue

CATALOGUE = small_catalogue()
NOWHERE = Path("/nowhere/gold.jsonl")
WOMEN = {"where": {"gender": ["여성"]}}
MEN = {"where": {"gender": ["남성"]}}

Connection = AsyncConnection[Any]


@pytest.fixture
async def conn(database: str) -> AsyncIterator[Connection]:
    async with await AsyncConnection.connect(database, autocommit=True) as owner:
        yield owner


def reading(raw: dict[str, Any], *unsupported: str) -> Reading:
    return Reading(parse_filter(raw, CATALOGUE), unsupported)


def called(*, right: bool) -> Correction:
    shown = reading(WOMEN)
    verdict: Verdict = "right" if right else "wrong"
    return Correction("여자", verdict, shown, shown if right else None, "m", "a", "kim")


def corrected(question: str = "남자", right: Reading | None = None) -> Correction:
    right = right or reading(MEN)
    return Correction(question, "corrected", reading(WOMEN), right, "m", "a", "kim")


async def test_what_was_said_waits_with_who_said_it(conn: Connection) -> None:
    await store_correction(conn, CATALOGUE, called(right=False))
    await store_correction(conn, CATALOGUE, corrected())
    wrong, fixed = await list_waiting(conn, CATALOGUE)
    assert (wrong.verdict, wrong.original, wrong.corrected) == ("wrong", WOMEN, None)
    assert (fixed.question, fixed.original, fixed.corrected) == ("남자", WOMEN, MEN)
    assert (fixed.person, fixed.said_at is not None) == ("kim", True)
    assert await count_waiting(conn, CATALOGUE) == 2


async def test_what_is_accepted_is_evaluated_from_then_on(conn: Connection) -> None:
    number = await store_correction(conn, CATALOGUE, corrected())
    with pytest.raises(BrokenFile, match="holds no question"):
        await gold_set(conn, CATALOGUE, NOWHERE)
    await review(conn, CATALOGUE, number, accepted=True, person="owner")
    (question,) = (await gold_set(conn, CATALOGUE, NOWHERE)).questions
    assert question == GoldQuestion("남자", reading(MEN), ("accepted",))
    assert await list_waiting(conn, CATALOGUE) == ()


async def test_what_is_declined_stays_out_and_is_kept(conn: Connection) -> None:
    number = await store_correction(conn, CATALOGUE, corrected())
    await review(conn, CATALOGUE, number, accepted=False, person="owner")
    assert await list_gold(conn, CATALOGUE) == ()
    cursor = await conn.execute("select question, corrected from panelens.correction")
    assert await cursor.fetchall() == [("남자", MEN)]


async def test_a_reading_called_right_can_be_accepted_and_a_bare_wrong_cannot(
    conn: Connection,
) -> None:
    right = await store_correction(conn, CATALOGUE, called(right=True))
    await review(conn, CATALOGUE, right, accepted=True, person="owner")
    assert [q.reading for q in await list_gold(conn, CATALOGUE)] == [reading(WOMEN)]
    wrong = await store_correction(conn, CATALOGUE, called(right=False))
    with pytest.raises(NotFound):
        await review(conn, CATALOGUE, wrong, accepted=True, person="owner")
    await review(conn, CATALOGUE, wrong, accepted=False, person="owner")


async def test_a_decision_is_made_once(conn: Connection) -> None:
    number = await store_correction(conn, CATALOGUE, corrected())
    await review(conn, CATALOGUE, number, accepted=False, person="owner")
    with pytest.raises(NotFound, match=f"no correction {number} waits"):
        await review(conn, CATALOGUE, number, accepted=True, person="other")
    assert await list_gold(conn, CATALOGUE) == ()


async def test_a_later_correction_of_a_question_holds_and_the_former_stays(
    conn: Connection,
) -> None:
    for right in (reading(MEN), reading(MEN, "키가 큰")):
        number = await store_correction(conn, CATALOGUE, corrected(right=right))
        await review(conn, CATALOGUE, number, accepted=True, person="owner")
    (question,) = await list_gold(conn, CATALOGUE)
    assert question.reading == reading(MEN, "키가 큰")
    cursor = await conn.execute("select count(*) from panelens.gold_question")
    assert await cursor.fetchone() == (2,)


@pytest.mark.parametrize("table", ["correction", "correction_review", "gold_question"])
@pytest.mark.parametrize(
    "rewriting", ["update panelens.{} set person = 'x'", "delete from panelens.{}"]
)
async def test_nothing_a_person_wrote_can_be_overwritten(
    conn: Connection, table: str, rewriting: str
) -> None:
    number = await store_correction(conn, CATALOGUE, corrected())
    await review(conn, CATALOGUE, number, accepted=True, person="owner")
    with pytest.raises(errors.RestrictViolation, match="never overwritten"):
        await conn.execute(rewriting.format(table))
    with pytest.raises(errors.RestrictViolation, match="never overwritten"):
        await conn.execute(f"truncate panelens.{table} cascade")


async def test_panels_do_not_see_each_others_corrections(conn: Connection) -> None:
    other = CATALOGUE.model_copy(update={"name": "other"})
    number = await store_correction(conn, CATALOGUE, corrected())
    assert await list_waiting(conn, other) == ()
    assert await count_waiting(conn, other) == 0
    with pytest.raises(NotFound):
        await review(conn, other, number, accepted=True, person="owner")


async def test_what_shipped_gives_way_to_what_was_accepted_here(
    conn: Connection, tmp_path: Path
) -> None:
    shipped = tmp_path / "gold.jsonl"
    questions = [GoldQuestion("남자", reading(WOMEN)), GoldQuestion("여자", reading(WOMEN))]
    shipped.write_text(written_gold(questions), "utf-8")
    number = await store_correction(conn, CATALOGUE, corrected())
    await review(conn, CATALOGUE, number, accepted=True, person="owner")
    gold = await gold_set(conn, CATALOGUE, shipped)
    assert [(q.question, q.reading) for q in gold.questions] == [
        ("여자", reading(WOMEN)),
        ("남자", reading(MEN)),
    ]


async def test_importing_again_changes_nothing(conn: Connection) -> None:
    questions = [GoldQuestion("여자", reading(WOMEN), ("ko",)), GoldQuestion("남자", reading(MEN))]
    assert await add_gold(conn, CATALOGUE, questions, person="kim") == 2
    assert await add_gold(conn, CATALOGUE, questions, person="lee") == 0
    questions[1] = GoldQuestion("남자", reading(MEN, "큰"))
    assert await add_gold(conn, CATALOGUE, questions, person="lee") == 1
    assert {q.question for q in await list_gold(conn, CATALOGUE)} == {"여자", "남자"}


async def test_of_a_question_that_a_file_holds_twice_the_last_line_holds(conn: Connection) -> None:
    twice = [
        GoldQuestion("젊은 사람", reading(WOMEN)),
        GoldQuestion("가", reading(MEN)),
        GoldQuestion("젊은 사람", reading(MEN)),
    ]
    for added in (2, 0, 0):
        assert await add_gold(conn, CATALOGUE, twice, person="kim") == added
        held = [(q.question, q.reading) for q in await list_gold(conn, CATALOGUE)]
        assert held == [("가", reading(MEN)), ("젊은 사람", reading(MEN))]


def renamed(catalogue: Catalogue, before: str, after: str) -> Catalogue:
    """The catalogue with an answer's value renamed wherever it stands."""
    raw = catalogue.model_dump_json().replace(f'"{before}"', f'"{after}"')
    return Catalogue.model_validate_json(raw)


async def test_a_question_whose_answer_was_renamed_is_exported_as_stored_and_counted(
    conn: Connection,
) -> None:
    questions = [
        GoldQuestion("여자", reading(WOMEN, "큰"), ("ko",)),
        GoldQuestion("남자", reading(MEN)),
    ]
    await add_gold(conn, CATALOGUE, questions, person="kim")
    before = await export_gold(conn, CATALOGUE)
    assert (before.questions, before.outdated) == (2, 0)
    assert await count_outdated(conn, CATALOGUE) == 0
    later = renamed(CATALOGUE, "여성", "여자")
    assert [q.question for q in await list_gold(conn, later)] == ["남자"]
    after = await export_gold(conn, later)
    assert (after.questions, after.outdated) == (2, 1)
    assert sorted(after.text.splitlines()) == sorted(before.text.splitlines())
    assert await count_outdated(conn, later) == 1
    with pytest.raises(BrokenFile, match=r"line \d, filter"):
        parse_gold(after.text.encode(), "gold.jsonl", later)


def test_at_the_terminal_an_export_says_what_the_catalogue_no_longer_allows(
    database: str, tmp_path: Path
) -> None:
    file = tmp_path / "gold.jsonl"
    with psycopg.connect(database) as connection:
        connection.execute(
            "insert into panelens.gold_question (panel, question, filter, unsupported, tags, person)"
            """ values ('welcome', '여자', '{"where": {"gender": ["여인"]}}', '{}', '{}', 'kim')"""
        )
    exports = ["gold", "export"]
    for arguments in (exports, [*exports, str(file)]):
        done = CliRunner().invoke(app, arguments, env={"PANELENS_DATABASE_URL": database})
        assert done.exit_code == 0, done.output
        said = " ".join(done.stderr.split())
        assert "no longer allows: 1, written as they are stored." in said
        exported = file.read_text("utf-8") if file.exists() else done.stdout
        assert json.loads(exported)["filter"] == {"where": {"gender": ["여인"]}}


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).filter(
    str.strip
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    drawn=st.lists(
        st.builds(GoldQuestion, WORDS, readings(CATALOGUE), st.just(("t",))),
        min_size=1,
        max_size=5,
        unique_by=lambda q: q.question,
    )
)
async def test_what_is_exported_can_be_imported(
    conn: Connection, drawn: list[GoldQuestion]
) -> None:
    await add_gold(conn, CATALOGUE, drawn, person="kim")
    kept = {q.question: q for q in await list_gold(conn, CATALOGUE)}
    text = written_gold([kept[q.question] for q in drawn])
    again = parse_gold(text.encode(), "gold.jsonl", CATALOGUE).questions
    assert [(q.question, q.tags) for q in again] == [(q.question, q.tags) for q in drawn]
    for before, after in zip(drawn, again, strict=True):
        assert equal(before.reading.filter, after.reading.filter, CATALOGUE)
        assert set(before.reading.unsupported) == set(after.reading.unsupported)
