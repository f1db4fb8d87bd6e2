"""A broken catalogue is refused, and the refusal names the field and the reason."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.catalogue import (
    Answer,
    Catalogue,
    Kind,
    check_catalogue,
    find_catalogue,
    normalise,
    read_catalogue,
)
from server.errors import BrokenCatalogue
from server.filter import load_catalogue
from tests.strategies import small_catalogue

WORDS = {"ko": "이름", "en": "name"}


def field(name: str = "job", kind: str = "single", **more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "name": name,
        "kind": kind,
        "label": WORDS,
        "question": WORDS,
        "source": {"file": "f", "code": "Q1"},
        "answers": [{"value": "가"}, {"value": "나"}],
    }
    return {**given, **more}


def raw(*fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    given = {"name": "panel", "title": WORDS, "version": 1, "respondent_id": "id"}
    return {**given, "fields": list(fields), **more}


def check(*fields: dict[str, Any], **more: Any) -> Catalogue:
    return check_catalogue(raw(*fields, **more), "panel.yaml")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ([field(), field()], "field 'job': the name is used twice"),
        ([field("id")], "field 'id': the name is used twice"),
        ([field("draw")], "field 'draw': the panel's table has a column of that name already"),
        ([field("ctid")], "field 'ctid': the panel's table has a column of that name already"),
        ([field("page")], "field 'page': searches use that name themselves; give it another"),
        ([field("by_3")], "field 'by_3': searches use that name themselves; give it another"),
        ([field(answers=[])], "field 'job': kind single needs answers"),
        (
            [field(answers=[{"value": "모름", "missing": True}])],
            "field 'job': kind single needs answers",
        ),
        ([field("age", "number")], "field 'age': a number has no listed answers"),
        ([field(source=None)], "field 'job': give its source, or the field it is derived from"),
        (
            [field("age", "number", answers=[], source=None, derived_from="born")],
            "field 'age': refers to a field 'born' that does not exist",
        ),
        (
            [field("age", "number", answers=[], source=None, derived_from="age")],
            "field 'age': is derived from 'age', which is derived itself",
        ),
        (
            [field("age", "number", answers=[], min=10, max=1)],
            "field 'age': min 10 is above max 1",
        ),
        ([field(parent="region")], "field 'job': refers to a field 'region' that does not exist"),
        (
            [field(answers=[{"value": "A b"}, {"value": "ａB"}])],
            "field 'job': value 'ab' is given to two answers",
        ),
        (
            [field(answers=[{"value": "가", "code": "1"}, {"value": "나", "code": "1"}])],
            "field 'job': code '1' is given to two answers",
        ),
        ([field(answers=[{"value": "가|나"}])], "answer '가|나': a value may hold neither '|'"),
        ([field(answers=[{"value": "가\n"}])], "neither '|' nor control characters"),
        (
            [field(kind="band")],
            "field 'job', answer '가': a band needs min or max",
        ),
        (
            [field(kind="band", answers=[{"value": "가", "min": 9, "max": 1}])],
            "field 'job', answer '가': min 9 is above max 1",
        ),
        (
            [field(answers=[{"value": "가", "parent": "서울"}])],
            "field 'job', answer '가': its parent '서울' is no answer of None",
        ),
        (
            [field("region"), field(parent="region", answers=[{"value": "가", "parent": "다"}])],
            "field 'job', answer '가': its parent '다' is no answer of 'region'",
        ),
        ([field(kind="colour")], "field 'job', kind: "),
        ([field("Job")], "field 'Job', name: "),
        ([field("a" * 42)], "name: "),
        ([field(answers=[{"value": ""}])], "field 'job', answers, 0, value: "),
        ([field(answers=[{"value": 1}])], "field 'job', answers, 0, value: "),
        ([field(answers=[{"value": "가" * 121}])], "field 'job', answers, 0, value: "),
        ([field(colour="red")], "field 'job', colour: Extra inputs are not permitted"),
        ([field(label={"ko": "이름"})], "field 'job', label, en: Field required"),
        (["no field"], "Input should be an object"),
    ],
)
def test_a_mistake_is_named_with_its_field_and_reason(fields: list[Any], reason: str) -> None:
    with pytest.raises(BrokenCatalogue) as refused:
        check(*fields)
    assert reason in refused.value.detail
    assert refused.value.detail.startswith("panel.yaml: ")


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"name": "My Panel"}, "name: "),
        ({"version": "1"}, "version: "),
        ({"title": "Panel"}, "title: "),
        ({"owner": "me"}, "owner: Extra inputs are not permitted"),
    ],
)
def test_a_mistake_outside_the_fields_is_named_too(more: dict[str, Any], reason: str) -> None:
    with pytest.raises(BrokenCatalogue, match=reason):
        check(field(), **more)


@pytest.mark.parametrize("nothing", [None, [], "panel", 3, {}])
def test_what_is_no_catalogue_at_all_is_refused(nothing: object) -> None:
    with pytest.raises(BrokenCatalogue, match=r"nothing\.yaml"):
        check_catalogue(nothing, "nothing.yaml")


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_text("fields: [", "utf-8"),
        lambda path: path.write_bytes(b"\xff\xfe\xfa"),
        lambda path: path.write_text("- a list", "utf-8"),
        lambda path: None,
    ],
    ids=["no YAML", "no UTF-8", "a list", "no file"],
)
def test_a_file_that_cannot_be_read_is_refused(
    tmp_path: Path, write: Callable[[Path], object]
) -> None:
    path = tmp_path / "catalogue.yaml"
    write(path)
    with pytest.raises(BrokenCatalogue, match=r"catalogue\.yaml"):
        read_catalogue(path)


def test_an_unknown_panel_is_answered_with_those_there_are() -> None:
    with pytest.raises(BrokenCatalogue, match=r"no catalogue 'nowhere': give one of .*welcome"):
        find_catalogue("nowhere")


def test_a_catalogue_is_found_by_name_and_by_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(find_catalogue("welcome").read_bytes())
    assert find_catalogue(str(path)) == path


def test_a_group_that_is_no_filter_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    text = find_catalogue("welcome").read_text("utf-8").split("\ngroups:")[0]
    group = "{name: lost, words: {ko: [길]}, filter: {where: {street: [길]}}}"
    path.write_text(f"{text}\ngroups: [{group}]\n", "utf-8")
    with pytest.raises(BrokenCatalogue, match="group 'lost': where: no field 'street'"):
        load_catalogue(str(path))


def test_an_answer_without_code_and_label_is_called_by_its_value() -> None:
    (answer, _) = check(field()).field("job").answers
    assert answer == Answer(value="가", code="가", label="가")
    assert answer.named("en") == answer.named("ko") == "가"


def test_answers_are_stored_as_their_code_or_their_place() -> None:
    coded = [{"value": "가", "code": "7"}, {"value": "나", "code": "3"}]
    assert check(field(answers=coded)).field("job").stored == {"가": 7, "나": 3}
    assert check(field()).field("job").stored == {"가": 1, "나": 2}
    for codes in (("0", "1"), ("01", "1"), ("32768", "2")):
        answers = [{"value": v, "code": c} for v, c in zip("가나", codes, strict=True)]
        assert check(field(answers=answers)).field("job").stored == {"가": 1, "나": 2}


def test_values_are_put_in_order_once_and_unlisted_ones_last() -> None:
    job = check(field()).field("job")
    assert job.in_order(["라", "나", "다", "가", "나"]) == ["가", "나", "라", "다"]


def test_a_missing_answer_is_known_but_not_listed() -> None:
    income = small_catalogue().field("income")
    assert "모름" in income.by_value
    assert "모름" not in [answer.value for answer in income.listed]


def test_fields_are_known_by_name_and_place() -> None:
    panel = small_catalogue()
    assert [f.name for f in panel.fields][panel.position("region")] == "region"
    assert {f.kind for f in panel.fields} == set(Kind)
    with pytest.raises(KeyError):
        panel.field("colour")


@pytest.mark.parametrize(
    ("one", "other"), [("KIA 자동차", "kia자동차"), ("Ｋ５", "k5"), ("강남구", "강남구")]
)
def test_spellings_of_one_name_are_the_same(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@given(st.text())
@example("K¸")  # a cedilla that stands alone: a blank and one that combines
@example("İ¸")
def test_what_is_normalised_stays_as_it_is(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)
