"""Raw cells: every spelling of the catalogue is read, all else is rejected with a reason."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.catalogue import Answer, Kind, PanelField, check_catalogue, normalise
from server.filter import load_catalogue
from server.panel.values import Cell, Reader, Rejection, cell_reader, spellings

CATALOGUE = load_catalogue("welcome")
LISTED = [f for f in CATALOGUE.fields if f.has_listed_answers]
READERS = {f.name: cell_reader(f, CATALOGUE, 2025) for f in CATALOGUE.fields}
SPELLINGS = {f.name: spellings(f) for f in LISTED}
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


def read(name: str, raw: object) -> Cell:
    return READERS[name](raw)


def words(name: str, raw: object) -> object:
    """What was stored, back in the catalogue's words."""
    field = CATALOGUE.field(name)
    value_of = {stored: value for value, stored in field.stored.items()}
    stored = read(name, raw).stored
    return [value_of[s] for s in stored] if isinstance(stored, tuple) else value_of.get(stored)  # type: ignore[arg-type]  # only called for listed fields


def why(name: str, raw: object) -> str | None:
    rejection = read(name, raw).rejection
    return rejection.reason if rejection else None


def _spelled(field: PanelField) -> list[tuple[str, str]]:
    """Every spelling that can only mean one answer, with that answer."""
    return [
        (spelling, a.value)
        for a in field.listed
        for spelling in (a.code, a.value, a.label, *a.aliases)
        if SPELLINGS[field.name].get(normalise(spelling)) == field.stored[a.value]
    ]


@settings(deadline=None)
@given(st.data())
def test_every_spelling_of_an_answer_is_that_answer(data: st.DataObject) -> None:
    field = data.draw(st.sampled_from([f for f in LISTED if f.kind is not Kind.MULTI]))
    spelling, value = data.draw(st.sampled_from(_spelled(field)))
    space = data.draw(st.sampled_from(["", " ", "  ", "\t", "\u3000"]))
    assert read(field.name, f"{space}{spelling}{space}") == Cell(field.stored[value])


@pytest.mark.parametrize("field", LISTED, ids=lambda f: f.name)
def test_codes_and_values_are_never_ambiguous(field: PanelField) -> None:
    for answer in field.listed:
        assert SPELLINGS[field.name][normalise(answer.code)] == field.stored[answer.value]
    reached = set(SPELLINGS[field.name].values())
    assert reached >= {field.stored[a.value] for a in field.listed}


@settings(deadline=None)
@given(st.data())
def test_a_multi_answer_reads_the_same_in_every_shape(data: st.DataObject) -> None:
    field = data.draw(st.sampled_from([f for f in LISTED if f.kind is Kind.MULTI]))
    several = [a for a in field.listed if not a.exclusive]
    chosen = data.draw(st.lists(st.sampled_from(several), min_size=1, unique_by=lambda a: a.code))
    codes = [a.code for a in chosen]
    slots = ",".join(a.code if a in chosen else "" for a in field.answers)
    stored = tuple(sorted(field.stored[a.value] for a in chosen))
    for raw in (slots, ", ".join(codes), codes, [int(c) for c in codes], tuple(codes)):
        assert read(field.name, raw) == Cell(stored)
    assert read(field.name, ", ".join(a.label for a in chosen)) == Cell(stored)
    assert read(field.name, [a.value for a in chosen]) == Cell(stored)


@settings(deadline=None)
@given(
    st.sampled_from(CATALOGUE.fields),
    SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.text(), SCALARS, max_size=1),
)
def test_whatever_stands_in_a_cell_is_read_or_rejected(field: PanelField, raw: object) -> None:
    cell = read(field.name, raw)
    if isinstance(cell.stored, int) and field.kind is Kind.NUMBER and not field.derived_from:
        assert field.min is None or cell.stored >= field.min
        assert field.max is None or cell.stored <= field.max


@pytest.mark.parametrize("raw", ["M", "남", "남성", "남자", " 남성  ", "m"])
def test_gender(raw: str) -> None:
    assert words("gender", raw) == "남성"


@pytest.mark.parametrize(
    ("raw", "value"),
    [("세종특별자치시", "세종"), ("전북특별자치도", "전북"), ("서울", "서울"), ("강원도", "강원")],
)
def test_regions_in_their_official_spelling(raw: str, value: str) -> None:
    assert words("region", raw) == value


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("region", "기타 / 해외"),
        ("region", "52"),
        ("job", "무직"),
        ("job", "프리랜서  "),
        ("car_model", "없는 차"),
    ],
)
def test_what_the_codebook_does_not_list_is_rejected(name: str, raw: str) -> None:
    assert read(name, raw) == Cell(None, Rejection("not one of the listed answers"))


def test_a_car_model_in_the_makers_column_is_told_apart() -> None:
    assert why("car_maker", "쏘나타") == "an answer of car_model, not of car_maker"


@pytest.mark.parametrize(
    "raw", [None, "", "  ", "9998", 9998, "모름/무응답", "무응답", float("nan")]
)
@pytest.mark.parametrize(
    "name", ["personal_income", "region", "birth_year", "district", "drinking"]
)
def test_no_answer_is_missing_and_not_rejected(name: str, raw: object) -> None:
    assert read(name, raw) == Cell()


@pytest.mark.parametrize("raw", ["9998", 9998, 9998.0, "9998.0", "무응답"])
@pytest.mark.parametrize("bounds", [{}, {"min": 1}, {"max": 100}])
def test_no_answer_to_a_number_is_missing_however_far_it_may_go(
    bounds: dict[str, int], raw: object
) -> None:
    assert _of_purchases(bounds)(raw) == Cell()


@pytest.mark.parametrize("raw", ["9998", 9998, "9,998"])
def test_a_field_that_says_it_goes_so_far_has_that_number(raw: object) -> None:
    assert _of_purchases({"max": 20_000})(raw) == Cell(9998)


def _of_purchases(bounds: dict[str, int]) -> Reader:
    open_ended = {"min": None, "max": None, **bounds}
    purchases = CATALOGUE.field("children").model_copy(update=open_ended)
    return cell_reader(purchases, CATALOGUE, 2025)


@pytest.mark.parametrize(
    "raw",
    [
        1971,
        "1971",
        1971.0,
        "1971년",
        "1971년 03월 07일 (만 54 세)",
        "1971-03-07",
        "19710307",
        "(만 54 세)",
    ],
)
def test_a_birth_year(raw: object) -> None:
    assert read("birth_year", raw) == Cell(1971)


@pytest.mark.parametrize("name", ["birth_year", "age"])
def test_an_age_counted_from_no_birth_year_is_missing(name: str) -> None:
    assert read(name, "(만 2025 세)") == Cell()


@pytest.mark.parametrize("raw", ["1971년 03월 07일 (만 54 세)", 54, "54", "54세"])
def test_an_age_fills_the_year_it_is_derived_from(raw: object) -> None:
    assert read("age", raw) == Cell(1971)


@pytest.mark.parametrize(
    ("name", "raw", "reason"),
    [
        ("birth_year", "1889", "below 1900"),
        ("birth_year", 2999, "above 2025"),
        ("birth_year", "작년", "not a number"),
        ("children", "-1", "below 0"),
        ("children", "9" * 5000, "above"),
        ("children", 1.5, "not a number"),
        ("children", [1], "not a number"),
        ("gender", ["M", "F"], "several answers where one is expected"),
        ("district", "중\x00구", "not a text"),
        ("district", "\ud800", "not a text"),
        ("district", "구" * 500, "longer than"),
        ("drinking", "소주, 물", "not among the listed answers: 물"),
        ("drinking", {"1": True}, "not a list of answers"),
    ],
)
def test_why_a_cell_is_rejected(name: str, raw: object, reason: str) -> None:
    assert reason in (why(name, raw) or "")


def test_of_a_list_with_a_stranger_the_rest_is_kept() -> None:
    assert words("drinking", "소주, 물") == ["소주"]


def test_an_exclusive_answer_yields_to_the_others() -> None:
    cell = read("drinking", "1, 10")
    assert cell.stored == (1,)
    assert "excludes" in (cell.rejection.reason if cell.rejection else "")


def test_wordings_with_commas_are_read_whole() -> None:
    fields: list[dict[str, object]] = [
        {
            "name": "kept",
            "kind": "multi",
            "label": {"ko": "것", "en": "thing"},
            "question": {"ko": "것", "en": "thing"},
            "source": {"file": "f", "code": "Q1"},
            "answers": [{"value": "빵, 떡"}, {"value": "떡"}, {"value": "빵"}],
        }
    ]
    raw = {
        "name": "toy", "title": {"ko": "", "en": ""}, "version": 1,
        "respondent_id": "id", "fields": fields,
    }  # fmt: skip
    catalogue = check_catalogue(raw, "toy")
    reader = cell_reader(catalogue.field("kept"), catalogue, 2025)
    assert reader("빵, 떡, 떡") == Cell((1, 2))
    assert reader("떡; 빵") == Cell((2, 3))


def test_a_listed_name_of_an_open_list_gets_its_listed_spelling() -> None:
    assert read("district", " 종로구 ") == Cell("종로구")
    assert read("district", "Jongno-gu") == Cell("종로구")
    assert read("district", "Jung  district") == Cell("중구")
    assert read("district", "수원") == Cell("수원시")


def test_another_name_of_an_open_list_stays_as_written() -> None:
    assert read("district", "어느  새 구") == Cell("어느 새 구", is_unlisted=True)


def test_an_alias_of_two_names_of_an_open_list_stays_as_written() -> None:
    district = CATALOGUE.field("district")
    answers = (
        Answer(value="광주시", en="Gwangju-si", aliases=("광주", "Gwangju")),
        Answer(value="광주광역시", en="Gwangju", aliases=("광주", "빛고을")),
    )
    reader = cell_reader(
        PanelField(**{**district.model_dump(), "answers": answers}), CATALOGUE, reference_year=2025
    )
    assert reader("광주") == Cell("광주", is_unlisted=True)
    assert reader("Gwangju") == Cell("광주광역시")
    assert reader("빛고을") == Cell("광주광역시")
