"""Gold files and recorded evaluations: what is read, and where a broken file is broken."""

import json
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.accuracy.cases import Case, Evaluation, fields_of
from server.accuracy.gold import read_gold
from server.accuracy.recorded import read_recorded, write_recorded
from server.errors import BrokenFile
from server.filter import Filter, load_catalogue, parse_filter, placed_conditions
from server.resources import folder
from server.spelling import Reading
from tests.strategies import readings, small_catalogue

CATALOGUE = small_catalogue()
WOMEN = {"where": {"gender": ["여성"]}}
HEAD = {"model": "m", "adapter_sha256": "", "catalogue_version": 1, "file": "gold.jsonl"}
CASE = {
    "question": "여자", "gold": WOMEN, "predicted": WOMEN, "unsupported": [],
    "predicted_unsupported": [], "confidence": 0.9, "conditions": [0.95], "milliseconds": 12.5, "tags": [],
}  # fmt: skip


def written(folder: Path, *lines: object) -> Path:
    path = folder / "gold.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts), "utf-8")
    return path


def labelled(**entries: Any) -> dict[str, Any]:
    return {"question": "여자", "filter": WOMEN, **entries}


def test_a_question_comes_with_its_right_reading(tmp_path: Path) -> None:
    line = labelled(
        id="g1", lang="ko", unsupported=["왼손잡이"], tags=["not", "not"], sure=False, note="?"
    )
    (question,) = read_gold(written(tmp_path, line), CATALOGUE).questions
    assert question.id == "g1"
    assert question.question == "여자"
    assert question.reading == Reading(parse_filter(WOMEN, CATALOGUE), ("왼손잡이",))
    assert question.tags == ("not", "ko", "unsure")


def test_question_and_filter_are_enough(tmp_path: Path) -> None:
    (question,) = read_gold(written(tmp_path, labelled(filter={})), CATALOGUE).questions
    assert (question.reading, question.tags, question.id) == (Reading(Filter()), (), "")


def test_blank_lines_and_a_byte_order_mark_are_passed_over(tmp_path: Path) -> None:
    path = written(tmp_path, "\ufeff" + json.dumps(labelled()), "", "\r", labelled())
    assert len(read_gold(path, CATALOGUE).questions) == 2


def test_the_file_is_known_by_its_name_and_checksum(tmp_path: Path) -> None:
    path = written(tmp_path, labelled())
    gold = read_gold(path, CATALOGUE)
    assert (gold.name, gold.sha256) == ("gold.jsonl", sha256(path.read_bytes()).hexdigest())


@pytest.mark.parametrize(("name", "count"), [("gold.jsonl", 240), ("gold-other.jsonl", 520)])
def test_the_questions_that_come_with_the_product_can_be_read(name: str, count: int) -> None:
    welcome = load_catalogue("welcome")
    gold = read_gold(folder("grammars") / "welcome" / name, welcome)
    assert len(gold.questions) >= count
    assert {"by", "limit", "range"} <= {tag for question in gold.questions for tag in question.tags}


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ('{"question": "여자", "filter": {', "line 2: Expecting"),
        ("[]", "line 2: expected an object"),
        ("[" * 100_000, "line 2: "),
        ('{"question": "a", "question": "b"}', "line 2: 'question' is given twice"),
        ('{"question": "a", "filter": {"limit": 1, "limit": 2}}', "line 2: 'limit' is given twice"),
        ({"filter": {}}, "line 2, question: expected a text, got None"),
        (labelled(question=" "), "line 2, question: expected a text"),
        (labelled(question=7), "line 2, question: expected a text, got 7"),
        (labelled(question="half \ud800"), "line 2, question: expected a text"),
        (labelled(question="nul \x00"), "line 2, question: expected a text"),
        ({"question": "여자"}, "line 2, filter: missing"),
        (labelled(filter=None), "line 2, filter: filter: expected an object, got None"),
        (labelled(filter={"where": {"sex": ["여성"]}}), "line 2, filter: where: no field 'sex'"),
        (
            labelled(filter={"where": {"region": ["서을"]}}),
            "line 2, filter: where.region: no answer",
        ),
        (labelled(filter={"limit": 0}), "line 2, filter: limit: "),
        (labelled(unsupported="왼손잡이"), "line 2, unsupported: expected a list of texts"),
        (labelled(tags=["a", 1]), "line 2, tags: expected a list of texts"),
        (labelled(tags=[""]), "line 2, tags: expected a list of texts"),
        (labelled(lang="fr"), "line 2, lang: expected one of ko, en, got 'fr'"),
        (labelled(sure="yes"), "line 2, sure: expected true or false"),
        (labelled(note=[1]), "line 2, note: expected a text"),
        (labelled(fliter={}), "line 2, 'fliter': unknown"),
        (labelled(id="first"), "line 2, id: 'first' is already that of line 1"),
    ],
)
def test_a_broken_line_is_named_with_its_field(tmp_path: Path, line: object, place: str) -> None:
    path = written(tmp_path, labelled(id="first"), line)
    with pytest.raises(BrokenFile) as broken:
        read_gold(path, CATALOGUE)
    assert place in broken.value.detail
    assert str(path) in broken.value.detail
    assert broken.value.detail.isprintable()


def test_a_file_that_is_no_text_is_named_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_bytes(json.dumps(labelled()).encode() + b"\n\xff\xfe\n")
    with pytest.raises(BrokenFile, match="line 2"):
        read_gold(path, CATALOGUE)


def test_a_file_without_questions_measures_nothing(tmp_path: Path) -> None:
    with pytest.raises(BrokenFile, match="holds no question"):
        read_gold(written(tmp_path, "", ""), CATALOGUE)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BrokenFile, match="nowhere"):
        read_gold(tmp_path / "nowhere.jsonl", CATALOGUE)


def test_the_fields_of_a_filter_are_those_of_all_its_parts() -> None:
    raw = {
        "where": {"children": {"min": 1}},
        "not": {"gender": ["남성"]},
        "either": [{"age": {"max": 29}}, {"children": {"max": 0}}],
        "by": ["region"],
    }
    fields = fields_of(parse_filter(raw, CATALOGUE), CATALOGUE)
    assert fields == ("gender", "age", "region", "children")


def test_nobody_is_found_when_only_unknown_things_were_asked() -> None:
    assert Reading(Filter(), ("왼손잡이",)).asks_for_nobody
    assert not Reading(Filter()).asks_for_nobody
    assert not Reading(parse_filter(WOMEN, CATALOGUE), ("왼손잡이",)).asks_for_nobody


def test_phrases_beyond_the_panel_are_compared_without_order_and_spacing() -> None:
    def case(gold: tuple[str, ...], said: tuple[str, ...]) -> Case:
        return Case("", Reading(Filter(), gold), Reading(Filter(), said), (), 1.0, 1.0)

    assert case(("집 있는", "SUV"), ("suv", "집있는")).unsupported_is_correct
    assert not case(("집 있는",), ()).unsupported_is_correct
    assert not case(("집 있는",), ("집",)).unsupported_is_correct


@st.composite
def evaluations(draw: st.DrawFn) -> Evaluation:
    cases = tuple(draw(cases_read()) for _ in range(draw(st.integers(1, 3))))
    return Evaluation("gold.jsonl", "", "m", "", 1, datetime.now(UTC), cases)


@st.composite
def cases_read(draw: st.DrawFn) -> Case:
    predicted = without_blanks(draw(readings(CATALOGUE)))
    count = len(list(placed_conditions(predicted.filter)))
    return Case(
        question="질문",
        gold=without_blanks(draw(readings(CATALOGUE))),
        predicted=predicted,
        tags=draw(st.sampled_from([(), ("ko",), ("ko", "not")])),
        confidence=draw(st.none() | st.floats(0, 1)),
        conditions=tuple(draw(st.lists(st.floats(0, 1), min_size=count, max_size=count))),
        milliseconds=draw(st.integers(0, 10**6)) / 1000,
    )


def without_blanks(reading: Reading) -> Reading:
    """What a file of readings may hold: phrases that are not blank, each once."""
    phrases = tuple(dict.fromkeys(p for p in reading.unsupported if p.strip()))
    return Reading(reading.filter, phrases)


@settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None)
@given(evaluation=evaluations())
def test_a_recorded_evaluation_is_read_as_it_was_written(
    tmp_path: Path, evaluation: Evaluation
) -> None:
    path = tmp_path / "recorded.jsonl"
    write_recorded(path, evaluation)
    again = read_recorded(path, CATALOGUE)
    assert again.cases == evaluation.cases
    assert (again.file, again.model, again.recorded) == ("gold.jsonl", "m", True)
    assert again.file_sha256 == sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        ([HEAD], "expected a head line and at least one question"),
        ([{**HEAD, "catalogue_version": "1"}, CASE], "line 1, catalogue_version: expected a whole"),
        ([{**HEAD, "file": ""}, CASE], "line 1, file: expected a text"),
        ([{**HEAD, "exact": 0.99}, CASE], "line 1, 'exact': unknown"),
        ([HEAD, {**CASE, "confidence": 1.2}], "line 2, confidence: expected a number from 0 to 1"),
        ([HEAD, {**CASE, "confidence": True}], "line 2, confidence: expected a number"),
        ([HEAD, {**CASE, "conditions": 0.9}], "line 2, conditions: expected a list of numbers"),
        ([HEAD, {**CASE, "conditions": [2]}], "line 2, conditions: expected a number from 0 to 1"),
        (
            [HEAD, {**CASE, "conditions": []}],
            "line 2, conditions: expected one confidence for each",
        ),
        ([HEAD, {**CASE, "milliseconds": -1}], "line 2, milliseconds: expected a number"),
        ([HEAD, {**CASE, "predicted": {"x": 1}}], "line 2, predicted: "),
        ([HEAD, CASE, {**CASE, "gold": []}], "line 3, gold: "),
        ([HEAD, {**CASE, "precision": 1.0}], "line 2, 'precision': unknown"),
    ],
)
def test_a_broken_recording_is_named_with_its_field(
    tmp_path: Path, lines: list[object], place: str
) -> None:
    with pytest.raises(BrokenFile) as broken:
        read_recorded(written(tmp_path, *lines), CATALOGUE)
    assert place in broken.value.detail
