"""Accuracy: what an evaluation says is what plain arithmetic over sets of people says."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from math import isclose
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import AsyncConnection, sql
from scipy.stats import binomtest, bootstrap
from sklearn.metrics import jaccard_score, precision_recall_fscore_support

from server.accuracy.cases import Case, Evaluation
from server.accuracy.evaluate import evaluate
from server.accuracy.gold import GoldFile, GoldQuestion, read_gold
from server.accuracy.history import (
    compare_runs,
    condition_figures,
    list_runs,
    measures,
    reliability,
    worst_questions,
)
from server.accuracy.matches import compile_filters
from server.accuracy.recorded import store_recorded, write_recorded
from server.accuracy.runs import (
    Run,
    accuracy_of,
    catalogue_sha256,
    run_as_json,
    store_evaluation,
    summarise_evaluation,
    written_run,
)
from server.catalogue import Catalogue, Kind
from server.errors import InvalidQuestion, ModelAway, NotFound, SetupError
from server.filter import Filter, equal, load_catalogue, parse_filter, placed_conditions
from server.interpret.interpretation import Caution, Interpretation, ReadCondition
from server.panel.schema import ensure_panel, table
from server.postgres.migrate import MIGRATIONS
from server.resources import folder
from server.search.queries import search
from server.spelling import Reading
from tests.strategies import REFERENCE_YEAR, Person, people, readings, small_catalogue

CATALOGUE = small_catalogue()
PEOPLE = tuple(people(CATALOGUE, 150, seed=2))
# The first figures asked for in Newcombe (1998), Statistics in Medicine 17, 857–872, table I.
WILSON = [(0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718), (15, 148, 0.0624, 0.1605)]
RATES = ("precision", "recall", "f1", "jaccard", "identical")
WOMEN = {"where": {"gender": ["여성"]}}
MEN = {"where": {"gender": ["남성"]}}
SEOUL_WOMEN = {"where": {"gender": ["여성"], "region": ["서울"]}}
NOBODY = {"where": {"age": {"min": 900}}}

Connection = AsyncConnection[Any]


@pytest.fixture
async def conn(database: str) -> AsyncIterator[Connection]:
    """The owner's connection to a database that holds PEOPLE."""
    with psycopg.connect(database) as connection:
        load(connection, CATALOGUE, PEOPLE)
    async with await AsyncConnection.connect(database) as owner:
        yield owner


def load(
    connection: psycopg.Connection[Any], catalogue: Catalogue, persons: Sequence[Person]
) -> None:
    ensure_panel(connection, catalogue, reference_year=REFERENCE_YEAR)
    fields = [f for f in catalogue.fields if f.derived_from is None]
    names = ["respondent_id", *(f.name for f in fields)]
    copy = sql.SQL("copy {} ({}) from stdin").format(
        table(catalogue), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    with connection.cursor() as cursor, cursor.copy(copy) as rows:
        for person in persons:
            rows.write_row([person["respondent_id"], *(stored(f.name, person) for f in fields)])


def stored(name: str, person: Person) -> Any:
    field, value = CATALOGUE.field(name), person[name]
    if value is None or not field.has_listed_answers:
        return value
    return [field.stored[v] for v in value] if field.kind is Kind.MULTI else field.stored[value]


def reading(raw: dict[str, Any], *unsupported: str) -> Reading:
    return Reading(parse_filter(raw, CATALOGUE), unsupported)


def case(
    gold: Reading | dict[str, Any],
    predicted: Reading | dict[str, Any],
    *tags: str,
    confidence: float | None = 1.0,
    milliseconds: float = 10.0,
) -> Case:
    wanted, said = (r if isinstance(r, Reading) else reading(r) for r in (gold, predicted))
    conditions = tuple(confidence or 0.0 for _ in placed_conditions(said.filter))
    return Case("질문", wanted, said, tags, confidence, milliseconds, conditions)


def evaluation(*cases: Case, **more: Any) -> Evaluation:
    given: dict[str, Any] = {
        "file": "gold.jsonl", "file_sha256": "0", "model": "m", "adapter": "",
        "catalogue_version": 1, "started_at": datetime.now(UTC), "cases": cases,
    }  # fmt: skip
    return Evaluation(**given | more)


async def figures(conn: Connection, *cases: Case) -> dict[str, Any]:
    return run_as_json(await store_evaluation(conn, CATALOGUE, evaluation(*cases)))


def count(**answers: str) -> int:
    return sum(all(person[k] == v for k, v in answers.items()) for person in PEOPLE)


# The same arithmetic in plain Python, over the people that the product's own search finds.


async def found_by(conn: Connection, said: Reading) -> set[str]:
    if said.asks_for_nobody:
        return set()
    query = replace(said.filter, limit=None, by=())
    found = await search(conn, CATALOGUE, query, page_size=1000)
    return {respondent.id for respondent in found.respondents}


def rates(gold: set[str], predicted: set[str]) -> dict[str, float]:
    if not gold and not predicted:
        return dict.fromkeys(RATES, 1.0)
    common = len(gold & predicted)
    return {
        "precision": common / len(predicted) if predicted else 0.0,
        "recall": common / len(gold) if gold else 0.0,
        "f1": 2 * common / (len(gold) + len(predicted)),
        "jaccard": common / len(gold | predicted),
        "identical": float(gold == predicted),
    }


def calibration_error(cases: Sequence[Case]) -> float | None:
    sure = np.array([c.confidence for c in cases if c.confidence is not None])
    right = np.array([c.is_exact(CATALOGUE) for c in cases if c.confidence is not None])
    if not len(sure):
        return None
    bins = np.minimum((sure * 10).astype(int), 9)
    gaps = [
        (bins == b).sum() * abs(sure[bins == b].mean() - right[bins == b].mean())
        for b in np.unique(bins)
    ]
    return float(sum(gaps) / len(sure))


async def expected(conn: Connection, cases: Sequence[Case]) -> dict[str, float | None]:
    each = [rates(await found_by(conn, c.gold), await found_by(conn, c.predicted)) for c in cases]
    return {
        "questions": len(cases),
        "exact": fmean(c.is_exact(CATALOGUE) for c in cases),
        **{name: fmean(one[name] for one in each) for name in RATES},
        "limit": fmean(c.limit_is_correct for c in cases),
        "unsupported": fmean(c.unsupported_is_correct for c in cases),
        "ece": calibration_error(cases),
        "p50": float(np.percentile([c.milliseconds for c in cases], 50)),
        "p95": float(np.percentile([c.milliseconds for c in cases], 95)),
    }


def agree(said: dict[str, Any], wanted: dict[str, float | None]) -> bool:
    flat = {**said, **said["milliseconds"]}
    return all(
        flat[name] is None if value is None else isclose(flat[name], value, abs_tol=1e-9)
        for name, value in wanted.items()
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Any right reading with any other, or with itself."""
    gold = draw(readings(CATALOGUE))
    predicted = draw(st.just(gold) | readings(CATALOGUE))
    tags = draw(st.lists(st.sampled_from(["ko", "not", "range"]), unique=True))
    # Away from the edges of bins, where the last bit decides.
    confidence = draw(st.none() | st.sampled_from([0.0, 0.04, 0.37, 0.55, 0.951, 0.99, 1.0]))
    return case(gold, predicted, *tags, confidence=confidence, milliseconds=draw(st.floats(0, 1e5)))


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(drawn=st.lists(cases(), min_size=1, max_size=8))
async def test_every_figure_is_that_of_plain_python(conn: Connection, drawn: list[Case]) -> None:
    said = await figures(conn, *drawn)
    assert agree(said, await expected(conn, drawn))
    tags = {tag for c in drawn for tag in c.tags}
    assert set(said["by_tag"]) == tags
    for tag in tags:
        tagged = [c for c in drawn if tag in c.tags]
        assert agree(said["by_tag"][tag], await expected(conn, tagged))
    kept = await conn.execute(
        "select exact, gold = predicted, identical,"
        " (gold - 'limit' = '{}' and gold_unsupported <> '{}')"
        " = (predicted - 'limit' = '{}' and predicted_unsupported <> '{}')"
        " from panelens.evaluation_case where run_id = %s",
        [said["run"]],
    )
    for exact, same, identical, nobody_alike in await kept.fetchall():
        assert exact is (same and nobody_alike)
        assert identical or not exact


async def test_a_wider_reading_costs_precision_and_a_narrower_one_recall(conn: Connection) -> None:
    women, seoul = count(gender="여성"), count(gender="여성", region="서울")
    wide = await figures(conn, case(SEOUL_WOMEN, WOMEN))
    narrow = await figures(conn, case(WOMEN, SEOUL_WOMEN))
    assert (wide["precision"], wide["recall"]) == (seoul / women, 1)
    assert (narrow["precision"], narrow["recall"]) == (1, seoul / women)
    assert wide["jaccard"] == narrow["jaccard"] == seoul / women
    assert wide["f1"] == narrow["f1"] == 2 * seoul / (women + seoul)


async def test_rates_are_means_over_questions_not_over_people(conn: Connection) -> None:
    """A question that finds many weighs no more than one that finds few."""
    said = await figures(conn, case({}, {}), case(SEOUL_WOMEN, MEN))
    assert [said[name] for name in RATES] == [0.5] * 5


async def test_two_empty_sets_agree(conn: Connection) -> None:
    said = await figures(conn, case(NOBODY, {"where": {"children": {"min": 90}}}))
    assert [said[name] for name in RATES] == [1] * 5
    assert said["exact"] == 0


@pytest.mark.parametrize(("gold", "predicted"), [(WOMEN, NOBODY), (NOBODY, WOMEN)])
async def test_nobody_instead_of_somebody_agrees_in_nothing(
    conn: Connection, gold: dict[str, Any], predicted: dict[str, Any]
) -> None:
    said = await figures(conn, case(gold, predicted))
    assert [said[name] for name in RATES] == [0] * 5


async def test_no_answer_is_in_neither_set(conn: Connection) -> None:
    """Who gave no answer is not among "not women" either."""
    said = await figures(conn, case(MEN, {"not": {"gender": ["여성"]}}))
    assert count(gender="남성") + count(gender="여성") < len(PEOPLE)
    assert (said["identical"], said["exact"]) == (1, 0)


async def test_limit_and_breakdown_change_the_reading_but_not_whom_it_finds(
    conn: Connection,
) -> None:
    said = await figures(conn, case({**WOMEN, "limit": 10}, {**WOMEN, "by": ["region"]}))
    assert (said["exact"], said["limit"], said["identical"]) == (0, 0, 1)


async def test_what_was_not_understood_finds_nobody(conn: Connection) -> None:
    unknown = reading({}, "왼손잡이")
    everyone = await figures(conn, case({}, unknown))
    nobody = await figures(conn, case(unknown, unknown))
    too_much = await figures(conn, case(unknown, {}))
    assert [everyone["jaccard"], nobody["jaccard"], too_much["jaccard"]] == [0, 1, 0]
    assert [everyone["unsupported"], nobody["unsupported"], too_much["unsupported"]] == [0, 1, 0]
    assert [everyone["exact"], nobody["exact"], too_much["exact"]] == [0, 1, 0]
    assert [everyone["ece"], nobody["ece"], too_much["ece"]] == [1, 0, 1]


@pytest.mark.parametrize(("right", "of", "low", "high"), WILSON)
async def test_the_interval_of_exact_is_the_published_one(
    conn: Connection, right: int, of: int, low: float, high: float
) -> None:
    drawn = [case(WOMEN, WOMEN)] * right + [case(WOMEN, MEN)] * (of - right)
    said = await figures(conn, *drawn)
    assert [round(bound, 4) for bound in said["exact_interval"]] == [low, high]


async def test_calibration_compares_confidence_with_truth(conn: Connection) -> None:
    said = await figures(
        conn,
        case(WOMEN, WOMEN, confidence=1.0),
        case(WOMEN, MEN, confidence=0.92),
        case(WOMEN, WOMEN, confidence=0.55),
        case(WOMEN, MEN, confidence=None),
    )
    assert said["reliability"] == [
        {"from": 0.5, "to": 0.6, "questions": 1, "confidence": 0.55, "exact": 1},
        {"from": 0.9, "to": 1, "questions": 2, "confidence": 0.96, "exact": 0.5},
    ]
    assert isclose(said["ece"], (0.45 + 2 * 0.46) / 3)


async def test_confidence_is_not_measured_when_every_question_was_refused(conn: Connection) -> None:
    said = await figures(conn, case(WOMEN, reading({}, "질문"), confidence=None))
    assert (said["ece"], said["reliability"]) == (None, [])


async def test_a_field_is_right_when_its_condition_is(conn: Connection) -> None:
    said = await figures(
        conn,
        case(SEOUL_WOMEN, WOMEN),
        case({"not": {"gender": ["남성"]}}, MEN),
        case({**SEOUL_WOMEN, "by": ["region"]}, {**SEOUL_WOMEN, "by": ["gender"]}),
        case({"where": {"income": {"min": 200}}}, {"where": {"income": ["300 이상", "200~299"]}}),
        case({"either": [{"gender": ["남성"]}, {"age": {"min": 60}}]}, {"either": [{"age": {"min": 60}}]}),
    )  # fmt: skip
    gender, region = said["by_field"]["gender"], said["by_field"]["region"]
    assert (gender["questions"], gender["gold"], gender["predicted"], gender["correct"]) == (
        4, 4, 4, 2,
    )  # fmt: skip
    assert (gender["precision"], gender["recall"], gender["f1"]) == (0.5, 0.5, 0.5)
    assert (region["precision"], region["recall"], region["f1"]) == (1, 1 / 3, 0.5)
    assert said["by_field"]["income"]["f1"] == said["by_field"]["age"]["f1"] == 1


def answers(**said: Reading) -> Callable[[str], Any]:
    """A reader that answers as told, 0.9 sure of its first condition and 0.6 of every other."""

    async def interpret(question: str) -> Interpretation:
        if question not in said:
            raise InvalidQuestion("no text")
        filter_, unsupported = said[question].filter, said[question].unsupported
        warnings: tuple[Caution, ...] = ()
        if said[question].asks_for_nobody:
            warnings = ("nothing-understood",)
        conditions = tuple(
            ReadCondition(part, group, condition, 0.6 if number else 0.9, ())
            for number, (part, group, condition) in enumerate(placed_conditions(filter_))
        )
        least = min((each.confidence for each in conditions), default=1.0)
        return Interpretation(
            question, "ko", filter_, conditions, unsupported, (), warnings, "tiny", 5.0, least
        )

    return interpret


def gold_file(**right: Reading) -> GoldFile:
    questions = (GoldQuestion(question, said, ("ko",)) for question, said in right.items())
    return GoldFile("gold.jsonl", "abc", tuple(questions))


async def test_every_question_is_read_compared_and_kept(conn: Connection, database: str) -> None:
    heard: list[tuple[int, int]] = []
    known = {
        "women": reading(SEOUL_WOMEN),
        "all": reading({}),
        "blood": reading({"limit": 5}, "AB형"),
    }
    gold = gold_file(**known, odd=reading(WOMEN))
    interpret = answers(**known)
    run = await evaluate(
        gold, interpret, conn, CATALOGUE, adapter="def", progress=lambda *at: heard.append(at)
    )
    assert heard == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert [c.confidence for c in run.evaluation.cases] == [0.6, 1.0, 1.0, None]
    assert run.evaluation.cases[3].predicted == reading({}, "odd")
    assert (run.evaluation.model, run.evaluation.adapter) == ("tiny", "def")
    said = run_as_json(run)
    assert (said["questions"], said["exact"], said["jaccard"]) == (4, 0.75, 0.75)
    assert (said["panel"], said["file"], said["reference_year"]) == ("small", "gold.jsonl", 2025)
    with psycopg.connect(database) as other:
        kept = other.execute(
            "select number, question, tags, fields, gold, predicted_unsupported, gold_size,"
            " predicted_size from panelens.evaluation_case where run_id = %s order by number",
            [run.id],
        ).fetchall()
    seoul, women = count(gender="여성", region="서울"), count(gender="여성")
    assert kept == [
        (1, "women", ["ko"], ["gender", "region"], SEOUL_WOMEN, [], seoul, seoul),
        (2, "all", ["ko"], [], {}, [], 150, 150),
        (3, "blood", ["ko"], [], {"limit": 5}, ["AB형"], 0, 0),
        (4, "odd", ["ko"], ["gender"], WOMEN, ["odd"], women, 0),
    ]


async def test_the_questions_that_come_with_the_product_can_all_be_compared(
    conn: Connection, database: str
) -> None:
    """Read rightly, they are all exact, on a panel whose one respondent told nothing."""
    welcome = load_catalogue("welcome")
    gold = read_gold(folder("grammars") / "welcome" / "gold.jsonl", welcome)
    with psycopg.connect(database) as connection:
        ensure_panel(connection, welcome, reference_year=REFERENCE_YEAR)
        connection.execute(
            sql.SQL("insert into {} (respondent_id) values ('w1')").format(table(welcome))
        )
    run = await evaluate(
        gold, answers(**{q.question: q.reading for q in gold.questions}), conn, welcome
    )
    total = run.summary.total
    assert total["questions"] == len(gold.questions)
    assert (total["exact"], total["jaccard"], total["unsupported"]) == (1, 1, 1)


async def runs_stored(conn: Connection) -> int:
    cursor = await conn.execute("select count(*) from panelens.evaluation_run")
    (stored,) = await cursor.fetchone() or (0,)
    return int(stored)


async def test_nothing_is_kept_when_the_model_goes_away(conn: Connection) -> None:
    async def interpret(_: str) -> Interpretation:
        raise ModelAway("gone")

    with pytest.raises(ModelAway):
        await evaluate(gold_file(women=reading(WOMEN)), interpret, conn, CATALOGUE)
    assert await runs_stored(conn) == 0


async def test_an_empty_panel_is_not_measured(conn: Connection) -> None:
    """There any two filters would agree."""
    await conn.execute(sql.SQL("delete from {}").format(table(CATALOGUE)))
    with pytest.raises(SetupError, match="holds nobody"):
        await evaluate(gold_file(women=reading(WOMEN)), answers(), conn, CATALOGUE)
    assert await runs_stored(conn) == 0


async def test_nothing_is_said_of_a_panel_that_was_never_evaluated(conn: Connection) -> None:
    assert await accuracy_of(conn, CATALOGUE, ["gender"]) is None


async def test_accuracy_is_that_of_questions_with_any_of_the_fields(conn: Connection) -> None:
    women, seoul = count(gender="여성"), count(gender="여성", region="서울")
    await figures(
        conn, case(WOMEN, WOMEN), case(WOMEN, SEOUL_WOMEN), case({"by": ["income"]}, WOMEN)
    )
    measured = await accuracy_of(conn, CATALOGUE, ["region", "gender", "children"])
    assert measured is not None
    assert (measured.questions, measured.exact, measured.precision) == (2, 0.5, 1)
    interval = binomtest(1, 2).proportion_ci(method="wilson")
    assert measured.exact_questions == 1
    assert (measured.exact_low, measured.exact_high) == pytest.approx(interval, abs=1e-6)
    assert measured.recall == (1 + seoul / women) / 2 == measured.jaccard
    assert list(measured.fields) == ["gender"]
    income = await accuracy_of(conn, CATALOGUE, ["income"])
    assert income is not None
    assert (income.questions, income.exact) == (1, 0)


@pytest.mark.parametrize("fields", [[], ["children"], ["'; drop schema panelens; --"]])
async def test_fields_that_no_question_uses_have_no_rates(
    conn: Connection, fields: list[str]
) -> None:
    await figures(conn, case(WOMEN, WOMEN))
    measured = await accuracy_of(conn, CATALOGUE, fields)
    assert measured is not None
    assert (measured.questions, measured.exact, measured.f1) == (0, None, None)
    assert list(measured.fields) == []
    assert not measured.enough


async def test_the_latest_run_of_the_panel_counts(conn: Connection) -> None:
    await figures(conn, case(WOMEN, MEN))
    await figures(conn, case(WOMEN, WOMEN), case(WOMEN, WOMEN))
    measured = await accuracy_of(conn, CATALOGUE, ["gender"])
    other = CATALOGUE.model_copy(update={"name": "other"})
    assert measured is not None
    assert (measured.questions, measured.exact) == (2, 1)
    assert await accuracy_of(conn, other, ["gender"]) is None
    assert await runs_stored(conn) == 2


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Two questions that were read elsewhere, one of them too widely."""
    path = tmp_path / "recorded.jsonl"
    write_recorded(path, evaluation(case(SEOUL_WOMEN, WOMEN, "ko"), case(MEN, MEN)))
    return path


async def stored_run(conn: Connection, path: Path) -> Run:
    run = await store_recorded(conn, CATALOGUE, path)
    assert run is not None
    return run


async def test_recorded_readings_are_compared_on_the_panel_that_is_here(
    conn: Connection, recording: Path
) -> None:
    run = await stored_run(conn, recording)
    women, seoul = count(gender="여성"), count(gender="여성", region="서울")
    said = run_as_json(run)
    assert (said["recorded"], said["exact"]) == (True, 0.5)
    assert isclose(said["precision"], (1 + seoul / women) / 2)
    measured = await accuracy_of(conn, CATALOGUE, ["gender"])
    assert measured is not None
    assert (measured.questions, measured.exact) == (2, 0.5)


async def test_a_recording_is_stored_once(conn: Connection, recording: Path) -> None:
    await stored_run(conn, recording)
    assert await store_recorded(conn, CATALOGUE, recording) is None
    assert await runs_stored(conn) == 1


async def test_a_recording_never_covers_what_was_measured_here(
    conn: Connection, recording: Path
) -> None:
    await figures(conn, case(WOMEN, WOMEN))
    assert await store_recorded(conn, CATALOGUE, recording) is None


async def test_a_recording_is_compared_anew_when_other_people_are_loaded(
    conn: Connection, recording: Path
) -> None:
    await stored_run(conn, recording)
    await conn.execute(
        "insert into panelens.load (panel, file, sha256, finished_at)"
        " values ('small', 'result.json', '', clock_timestamp())"
    )
    await conn.commit()
    await stored_run(conn, recording)
    assert await store_recorded(conn, CATALOGUE, recording) is None


async def test_what_was_measured_on_synthetic_people_is_not_said_of_real_ones(
    conn: Connection, recording: Path
) -> None:
    await loaded_now(conn, synthetic=True)
    await figures(conn, case(WOMEN, WOMEN))
    await loaded_now(conn, synthetic=True)
    assert await store_recorded(conn, CATALOGUE, recording) is None
    assert await accuracy_of(conn, CATALOGUE, ["gender"]) is not None
    await loaded_now(conn, synthetic=False)
    assert await accuracy_of(conn, CATALOGUE, ["gender"]) is None
    assert await latest_cases(conn) == 0
    await stored_run(conn, recording)
    measured = await accuracy_of(conn, CATALOGUE, ["gender"])
    assert measured is not None and measured.questions == await latest_cases(conn) == 2
    await figures(conn, case(WOMEN, WOMEN))
    await loaded_now(conn, synthetic=False)
    assert await store_recorded(conn, CATALOGUE, recording) is None
    measured = await accuracy_of(conn, CATALOGUE, ["gender"])
    assert measured is not None and measured.questions == 1


async def latest_cases(conn: Connection) -> int:
    """How many questions the view shows that psql reads an answer's accuracy from."""
    cursor = await conn.execute(
        "select count(*) from panelens.evaluation_latest_case"
        " where panel = 'small' and fields && array['gender']"
    )
    (cases,) = await cursor.fetchone() or (0,)
    return int(cases)


async def loaded_now(conn: Connection, *, synthetic: bool) -> None:
    """A load on record; the people stay who they are."""
    await conn.execute(
        "insert into panelens.load (panel, file, sha256, finished_at, synthetic)"
        " values ('small', 'result.json', '', clock_timestamp(), %s)",
        [synthetic],
    )


async def test_a_newer_recording_takes_the_place_of_the_former(
    conn: Connection, recording: Path
) -> None:
    await stored_run(conn, recording)
    write_recorded(recording, evaluation(case(MEN, MEN)))
    assert (await stored_run(conn, recording)).summary.total["exact"] == 1


async def test_a_recording_waits_for_the_first_respondents(
    conn: Connection, recording: Path
) -> None:
    await conn.execute(sql.SQL("delete from {}").format(table(CATALOGUE)))
    assert await store_recorded(conn, CATALOGUE, recording) is None


async def test_every_table_and_its_columns_are_explained(conn: Connection) -> None:
    cursor = await conn.execute(
        "select relname from pg_class where relname like 'evaluation_%' and relkind = 'r'"
        " and obj_description(oid) is null"
    )
    assert await cursor.fetchall() == []
    cursor = await conn.execute(
        "select attname from pg_attribute join pg_class on pg_class.oid = attrelid"
        " where relname like 'evaluation_%' and relkind = 'r' and attnum > 0"
        " and col_description(attrelid, attnum) is null"
    )
    assert await cursor.fetchall() == []


VIEWS_OF_FIGURES = {
    "evaluation_trend", "evaluation_total", "evaluation_by_tag", "evaluation_by_field",
    "evaluation_by_operator", "evaluation_reliability", "evaluation_worst",
    "evaluation_difference", "evaluation_latest_case", "gold", "correction_waiting",
}  # fmt: skip


async def test_every_figure_of_a_page_has_a_view_with_a_comment(conn: Connection) -> None:
    cursor = await conn.execute(
        "select relname, obj_description(pg_class.oid) from pg_class"
        " join pg_namespace on pg_namespace.oid = relnamespace"
        " where nspname = 'panelens' and relkind = 'v' and relname !~ '^_?yoyo'"
    )
    comments = dict(await cursor.fetchall())
    assert set(comments) >= VIEWS_OF_FIGURES
    assert [name for name, comment in comments.items() if not comment] == []
    readme = (Path(__file__).parents[2] / "server" / "accuracy" / "README.md").read_text("utf-8")
    assert [name for name in VIEWS_OF_FIGURES if f"`{name}`" not in readme] == []


async def test_a_runs_statement_can_be_run_alone(conn: Connection, database: str) -> None:
    given = evaluation(case(SEOUL_WOMEN, WOMEN, "100 %"), case(MEN, MEN))
    run = await store_evaluation(conn, CATALOGUE, given)
    await conn.commit()
    with psycopg.connect(database) as alone:
        written = written_run(alone, given, CATALOGUE, run.reference_year)
        stored = alone.execute(written.encode()).fetchone()
    assert stored is not None and stored[0] != run.id
    again = await summarise_evaluation(conn, stored[0])
    assert again == run.summary


async def test_the_pages_read_the_views_that_psql_can_reach(conn: Connection) -> None:
    """Whatever is listed comes from a view or a table of measured figures, none from elsewhere."""
    run = await store_evaluation(
        conn, CATALOGUE, evaluation(case(WOMEN, WOMEN, "ko"), case(SEOUL_WOMEN, WOMEN, "ko"))
    )
    (trend,) = await list_runs(conn, CATALOGUE)
    total = run.summary.total
    assert [trend.ece_low, trend.ece_high] == total["ece_interval"]
    assert (trend.exact, trend.f1, trend.ece) == (total["exact"], total["f1"], total["ece"])
    assert [trend.exact_low, trend.exact_high] == total["exact_interval"]
    kept = {(m.tag, m.measure): m.value for m in await measures(conn, run.id)}
    assert kept["", "jaccard"] == total["jaccard"]
    assert kept["ko", "jaccard"] == run.summary.by_tag["ko"]["jaccard"]
    assert [(f.kind, f.name, f.correct, f.gold) for f in await condition_figures(conn, run.id)] == [
        ("field", "region", 0, 1), ("field", "gender", 2, 2), ("operator", "any", 2, 3),
    ]  # fmt: skip
    (sure,) = await reliability(conn, run.id)
    assert (sure.questions, sure.exact, sure.confidence_to) == (2, 0.5, 1)
    (worst,) = await worst_questions(conn, run.id)
    assert (worst.number, worst.gold, worst.predicted) == (2, SEOUL_WOMEN, WOMEN)
    assert worst.wrong == 1


async def test_operators_are_measured_apart(conn: Connection) -> None:
    every = {"where": {"appliances": {"all": ["TV", "냉장고"]}, "age": {"min": 20}}, "limit": 7}
    said = await figures(
        conn,
        case(every, {"where": {"appliances": ["TV", "냉장고"], "age": {"min": 20}}, "limit": 7}),
        case({"not": WOMEN["where"], "by": ["age"]}, {"not": WOMEN["where"]}),
        case({"either": [WOMEN["where"]]}, WOMEN),
    )
    right = {name: (f["correct"], f["gold"]) for name, f in said["by_operator"].items()}
    assert right == {
        "all": (0, 1), "any": (0, 0), "range": (1, 1), "limit": (1, 1), "not": (1, 1),
        "by": (0, 1), "either": (0, 1),
    }  # fmt: skip


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(gold=readings(CATALOGUE), predicted=readings(CATALOGUE))
async def test_the_match_rate_of_a_question_is_that_of_scikit_learn(
    conn: Connection, gold: Reading, predicted: Reading
) -> None:
    """Each respondent is a case to classify: to be found or not."""
    said = await figures(conn, case(gold, predicted))
    should, does = await found_by(conn, gold), await found_by(conn, predicted)
    ids = [person["respondent_id"] for person in PEOPLE]
    truth, guess = [i in should for i in ids], [i in does for i in ids]
    nothing = 1 if not should and not does else 0
    precision, recall, f1, _ = precision_recall_fscore_support(
        truth, guess, average="binary", zero_division=nothing
    )
    assert isclose(said["precision"], precision if does or nothing else 0)
    assert isclose(said["recall"], recall if should or nothing else 0)
    assert isclose(said["f1"], f1)
    assert isclose(said["jaccard"], jaccard_score(truth, guess, zero_division=nothing))


async def test_the_interval_of_a_mean_is_that_of_a_bootstrap(conn: Connection) -> None:
    """Held against numpy's own draws; both are random, so they agree to about a hundredth."""
    drawn = [case(WOMEN, WOMEN)] * 30 + [case(WOMEN, SEOUL_WOMEN)] * 20 + [case(WOMEN, MEN)] * 10
    said = await figures(conn, *drawn)
    overlap = count(gender="여성", region="서울") / count(gender="여성")
    values = np.array([1.0] * 30 + [overlap] * 20 + [0.0] * 10)
    rng = np.random.default_rng(3)
    means = values[rng.integers(0, 60, (20_000, 60))].mean(axis=1)
    assert said["jaccard_interval"] == pytest.approx(np.percentile(means, [2.5, 97.5]), abs=0.02)
    again = await figures(conn, *drawn)
    assert again["jaccard_interval"] == said["jaccard_interval"]


@pytest.mark.parametrize("predicted", [WOMEN, SEOUL_WOMEN, MEN])
async def test_a_mean_of_equal_rates_has_no_interval(
    conn: Connection, predicted: dict[str, Any]
) -> None:
    """All drawings are alike, which says nothing of questions that were not asked."""
    drawn = [case(WOMEN, predicted, "ko", confidence=c) for c in (0.37, 0.55, 0.951, 0.951, 1.0)]
    said = await figures(conn, *drawn)
    for figure in (said, said["by_tag"]["ko"]):
        for name in ("precision", "recall", "f1", "jaccard"):
            assert figure[f"{name}_interval"] == [None, None]
        low, high = figure["exact_interval"]
        assert low < high
    (run,) = await list_runs(conn, CATALOGUE)
    assert (run.f1_low, run.f1_high, run.jaccard_low, run.jaccard_high) == (None,) * 4
    assert run.ece_low is not None and run.ece_high is not None and run.ece_low < run.ece_high


async def test_intervals_of_no_width_that_were_kept_are_taken_back(
    conn: Connection, database: str
) -> None:
    run = await store_evaluation(conn, CATALOGUE, evaluation(case(WOMEN, WOMEN)))
    await conn.execute(
        "update panelens.evaluation_figure set low = value, high = value where measure = 'f1'"
    )
    text = (MIGRATIONS / "0014.tell-of-nobody.sql").read_text("utf-8")
    await conn.execute(text[text.index("update panelens") :].encode())
    kept = {m.measure: (m.low, m.high) for m in await measures(conn, run.id)}
    assert kept["f1"] == (None, None)
    assert None not in kept["exact"]


async def test_the_interval_of_the_calibration_error_reaches_as_far_below_as_the_bootstrap_above(
    conn: Connection,
) -> None:
    """Held against scipy's, which draws otherwise; some questions have no confidence."""
    drawn = [
        case(WOMEN, WOMEN if right else MEN, confidence=confidence)
        for confidence, right, times in (
            (0.97, True, 40), (0.97, False, 8), (0.65, True, 10), (0.65, False, 10), (0.31, False, 6),
        )
        for _ in range(times)
    ]  # fmt: skip
    unsure = case(WOMEN, reading({}, "질문"), confidence=None)
    said = await figures(conn, *drawn, *[unsure] * 37)
    sure = np.array([c.confidence for c in drawn])
    right = np.array([float(c.is_exact(CATALOGUE)) for c in drawn])

    def error(sure: Any, right: Any, axis: int = -1) -> Any:
        bins = np.minimum((sure * 10).astype(int), 9)
        gaps = [((sure - right) * (bins == b)).sum(axis=axis) for b in range(10)]
        return np.abs(gaps).sum(axis=0) / sure.shape[-1]

    interval = bootstrap(
        (sure, right), error, paired=True, vectorized=True, method="percentile", random_state=5
    ).confidence_interval
    low, high = said["ece_interval"]
    assert said["ece"] == pytest.approx(error(sure, right))
    assert high == pytest.approx(interval.high, abs=0.02)
    assert low == pytest.approx(max(0, 2 * said["ece"] - high))
    right_throughout = await figures(conn, *[case(WOMEN, WOMEN, confidence=1.0)] * 3)
    assert (right_throughout["ece"], right_throughout["ece_interval"]) == (0, [None, None])
    none = await figures(conn, unsure)
    assert none["ece"] is None and "ece_interval" not in none


async def test_a_thousand_different_filters_are_one_statement(conn: Connection) -> None:
    drawn = [
        case({"where": {"age": {"min": low}}}, {"where": {"age": {"min": low, "max": 900}}})
        for low in range(500)
    ]
    said = await figures(conn, *drawn)
    assert (said["questions"], said["exact"], said["identical"]) == (500, 0, 1)


async def test_a_filter_that_several_questions_share_is_compiled_once() -> None:
    same = [reading(WOMEN), reading({**WOMEN, "limit": 3}), reading({**WOMEN, "by": ["age"]})]
    filters = compile_filters([*same, reading({}), reading({}, "왼손잡이")], CATALOGUE, 2025)
    assert [filters.number_of(each) for each in same] == [1, 1, 1]
    assert filters.number_of(reading({})) != filters.number_of(reading({}, "왼손잡이"))


def asked(question: str, gold: Any, predicted: Any) -> Case:
    return replace(case(gold, predicted), question=question)


async def test_two_runs_are_compared_question_by_question(conn: Connection) -> None:
    before = await store_evaluation(
        conn,
        CATALOGUE,
        evaluation(
            asked("a", WOMEN, MEN), asked("b", WOMEN, WOMEN), asked("c", WOMEN, SEOUL_WOMEN),
            asked("d", MEN, MEN), asked("e", MEN, WOMEN), asked("only before", MEN, WOMEN),
        ),
    )  # fmt: skip
    after = await store_evaluation(
        conn,
        CATALOGUE,
        evaluation(
            asked("a", WOMEN, WOMEN), asked("b", WOMEN, MEN), asked("c", WOMEN, MEN),
            asked("d", MEN, MEN), asked("e", MEN, NOBODY), asked("only after", MEN, WOMEN),
        ),
    )  # fmt: skip
    compared = await compare_runs(conn, CATALOGUE, before=before.id, after=after.id)
    assert [(d.question, d.change) for d in compared.differences] == [
        ("b", "broken"), ("a", "better"), ("c", "further"), ("e", "other"),
    ]  # fmt: skip
    assert compared.before.exact == before.summary.total["exact"]
    assert [d.question for d in compared.changed("better")] == ["a"]
    with pytest.raises(NotFound, match="no evaluation 999"):
        await compare_runs(conn, CATALOGUE, before=before.id, after=999)


def few(gold: set[str], predicted: set[str], smallest: int) -> bool:
    """Whether two sets of people divide the panel into a group of too few."""
    everybody = {person["respondent_id"] for person in PEOPLE}
    told = [gold, predicted, gold & predicted, gold - predicted, predicted - gold]
    told += [everybody - gold, everybody - predicted, everybody - gold - predicted]
    return any(0 < len(group) < smallest for group in told)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(gold=readings(CATALOGUE), predicted=readings(CATALOGUE))
async def test_neither_sizes_nor_jaccard_tell_of_too_few_people(
    conn: Connection, gold: Reading, predicted: Reading
) -> None:
    wrong = case(gold, predicted)
    run = await store_evaluation(conn, CATALOGUE, evaluation(wrong))
    right = await store_evaluation(conn, CATALOGUE, evaluation(case(gold, gold)))
    should, does = await found_by(conn, gold), await found_by(conn, predicted)
    for smallest in (0, 2, 10, 40):
        hidden = few(should, does, smallest)
        for worst in await worst_questions(conn, run.id, smallest=smallest):
            assert (worst.gold_size is None) == (worst.predicted_size is None) == hidden
            assert (worst.jaccard is None) == hidden
        compared = await compare_runs(
            conn, CATALOGUE, before=run.id, after=right.id, smallest=smallest
        )
        for difference in compared.differences:
            assert (difference.jaccard_before is None) == hidden
            assert (difference.jaccard_after is None) == few(should, should, smallest)


async def test_questions_of_too_few_people_come_after_the_others(conn: Connection) -> None:
    """Between two others, their place would tell about how far off they are."""
    several = [
        asked("few", NOBODY, SEOUL_WOMEN),
        asked("many", WOMEN, MEN),
        asked("right", MEN, MEN),
    ]
    run = await store_evaluation(conn, CATALOGUE, evaluation(*several))
    women = count(gender="여성", region="서울")
    for smallest, order in ((women, ["few", "many"]), (women + 1, ["many", "few"])):
        worst = await worst_questions(conn, run.id, smallest=smallest)
        assert [question.question for question in worst] == order


async def test_a_question_that_stands_twice_is_told_once(conn: Connection) -> None:
    runs = [
        await store_evaluation(
            conn, CATALOGUE, evaluation(*(asked("twice", WOMEN, read) for _ in range(2)))
        )
        for read in (MEN, WOMEN)
    ]
    compared = await compare_runs(conn, CATALOGUE, before=runs[0].id, after=runs[1].id)
    assert [(d.question, d.change) for d in compared.differences] == [("twice", "better")]


async def test_a_run_says_what_it_was_made_with(conn: Connection) -> None:
    run = await evaluate(
        gold_file(women=reading(WOMEN)), answers(women=reading(WOMEN)), conn, CATALOGUE,
        adapter="abc", model_sha256="def", person="kim",
    )  # fmt: skip
    cursor = await conn.execute(
        "select model, model_sha256, adapter, catalogue_version, catalogue_sha256, code_version,"
        " person from panelens.evaluation_run where id = %s",
        [run.id],
    )
    assert await cursor.fetchone() == (
        "tiny", "def", "abc", 1, catalogue_sha256(CATALOGUE), version("panelens"), "kim",
    )  # fmt: skip


def test_equal_readings_are_exact_in_every_spelling() -> None:
    one, other = (
        parse_filter(raw, CATALOGUE)
        for raw in (
            {"where": {"income": {"min": 200}}, "limit": 5},
            {"where": {"income": ["300 이상", "200~299"]}, "not": {}, "limit": 5},
        )
    )
    assert case(Reading(one), Reading(other)).is_exact(CATALOGUE) is equal(one, other, CATALOGUE)
    assert not case(Reading(one), Reading(replace(other, limit=6))).is_exact(CATALOGUE)
    assert not case(Reading(one), Reading(Filter())).is_exact(CATALOGUE)


@pytest.mark.parametrize("limit", [None, 5])
def test_nobody_is_not_everyone(limit: int | None) -> None:
    everyone = Reading(Filter(limit=limit))
    nobody = replace(everyone, unsupported=("왼손잡이",))
    assert case(everyone, everyone).is_exact(CATALOGUE)
    assert case(nobody, replace(nobody, unsupported=("키 큰",))).is_exact(CATALOGUE)
    assert not case(everyone, nobody).is_exact(CATALOGUE)
    assert not case(nobody, everyone).is_exact(CATALOGUE)
