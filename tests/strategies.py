"""A small panel that has every kind of field, and hypothesis strategies for any panel."""

import random
from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import strategies as st

from server.catalogue import FORBIDDEN_IN_VALUES, Catalogue, Kind, PanelField, check_catalogue
from server.filter import BY_MAX, LIMIT_MAX, Filter, parse_filter
from server.spelling import PHRASE_LENGTH_MAX, PHRASES_MAX, Reading

REFERENCE_YEAR = 2025
DISTRICTS = ("강남구", "중구", "서구", "고성군", "Mapo-gu")
Person = Mapping[str, Any]


def _field(name: str, kind: str, *answers: dict[str, Any], **more: object) -> dict[str, Any]:
    words = {"ko": name, "en": name}
    source = None if "derived_from" in more else {"file": "f", "code": name}
    return {
        "name": name, "kind": kind, "label": words, "question": words,
        "source": source, "answers": list(answers), **more,
    }  # fmt: skip


def _answers(*values: str) -> list[dict[str, Any]]:
    return [{"value": value} for value in values]


def small_catalogue() -> Catalogue:
    """Nine fields: every kind, a derived one, open bands, an answer that means none."""
    raw = {
        "name": "small",
        "title": {"ko": "작은 패널", "en": "Small panel"},
        "version": 1,
        "respondent_id": "id",
        "fields": [
            _field("gender", "single", *_answers("남성", "여성")),
            _field("birth_year", "number"),
            _field("age", "number", derived_from="birth_year"),
            _field("region", "single", *_answers("서울", "경기", "부산", "제주")),
            _field("district", "text"),
            _field("children", "number", min=0, max=20),
            _field("education", "ordered", *_answers("고졸", "대졸", "대학원")),
            _field(
                "income",
                "band",
                {"code": "1", "value": "100 미만", "max": 99},
                {"code": "2", "value": "100~199", "min": 100, "max": 199},
                {"code": "3", "value": "200~299", "min": 200, "max": 299},
                {"code": "4", "value": "300 이상", "min": 300},
                {"code": "9998", "value": "모름", "missing": True},
            ),
            _field("appliances", "multi", *_answers("TV", "냉장고", "세탁기", "없음")),
        ],
    }
    return check_catalogue(raw, "the small panel")


def filters(catalogue: Catalogue, *, limits: bool = True) -> st.SearchStrategy[Filter]:
    """Any valid filter of a catalogue."""
    return raw_filters(catalogue, limits=limits).map(lambda raw: parse_filter(raw, catalogue))


def raw_filters(catalogue: Catalogue, *, limits: bool = True) -> st.SearchStrategy[dict[str, Any]]:
    """Any valid filter of a catalogue as JSON-like data, absent parts included."""
    names = [field.name for field in catalogue.fields]
    parts: dict[str, st.SearchStrategy[Any]] = {
        "where": conditions(catalogue),
        "not": conditions(catalogue),
        "either": st.lists(conditions(catalogue, fewest=1), max_size=3),
        "by": st.lists(st.sampled_from(names), max_size=min(BY_MAX, 2)),
    }
    if limits:
        parts["limit"] = st.none() | st.integers(1, 40) | st.just(LIMIT_MAX)
    return st.fixed_dictionaries({}, optional=parts)


def conditions(catalogue: Catalogue, *, fewest: int = 0) -> st.SearchStrategy[dict[str, Any]]:
    """Conditions on up to three fields, as JSON-like data."""
    fields = st.lists(st.sampled_from(catalogue.fields), min_size=fewest, max_size=3, unique=True)
    return fields.flatmap(
        lambda chosen: st.fixed_dictionaries({f.name: constraints(f) for f in chosen})
    )


def constraints(field: PanelField) -> st.SearchStrategy[Any]:
    """Any constraint that the field's kind takes, as JSON-like data."""
    if field.kind is Kind.NUMBER:
        return _ranges(field)
    if field.kind is Kind.TEXT:
        return st.lists(texts(), min_size=1, max_size=3)
    values = st.lists(st.sampled_from([a.value for a in field.listed]), min_size=1, max_size=4)
    values = values.filter(lambda chosen: len(chosen) <= len(field.listed))
    if field.kind is Kind.BAND:
        return values | _ranges(field)
    if field.kind is Kind.MULTI:
        return values | values.map(lambda chosen: {"all": chosen})
    return values


def texts() -> st.SearchStrategy[str]:
    """Texts that a filter may ask for: names of the panel, and whatever a person may type."""
    typed = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
    return st.sampled_from([*DISTRICTS, "강남 구", "MAPO-GU"]) | typed.filter(_may_be_asked)


def readings(catalogue: Catalogue) -> st.SearchStrategy[Reading]:
    """Any reading of a question: a filter and the phrases the panel cannot answer."""
    phrases = st.text(
        st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=PHRASE_LENGTH_MAX
    ).filter(str.strip)
    unsupported = st.lists(phrases, max_size=PHRASES_MAX).map(tuple)
    return st.builds(Reading, filters(catalogue), unsupported)


def people(catalogue: Catalogue, count: int, seed: int) -> Iterator[Person]:
    """Respondents in words: a quarter of all answers is missing, ids are without order."""
    rng = random.Random(seed)
    for number in rng.sample(range(10 * count), count):
        person: dict[str, Any] = {"respondent_id": f"w{number}"}
        for field in catalogue.fields:
            if field.derived_from is None:
                person[field.name] = None if rng.random() < 0.25 else _answer(field, rng)
        for field in catalogue.fields:
            if field.derived_from is not None:
                base = person[field.derived_from]
                person[field.name] = None if base is None else REFERENCE_YEAR - base
        yield person


def _may_be_asked(text: str) -> bool:
    return bool(text.strip()) and FORBIDDEN_IN_VALUES.search(text.strip()) is None


def _ranges(field: PanelField) -> st.SearchStrategy[dict[str, Any]]:
    """Ranges near the panel's numbers, now and then one that holds nobody."""
    low, high = {"birth_year": (1945, 2010), "children": (0, 4), "income": (0, 350)}.get(
        field.name, (15, 80)
    )
    bound = st.integers(low, high) | st.sampled_from([0, 99_999])
    some = st.fixed_dictionaries({}, optional={"min": bound, "max": bound})
    return some.filter(bool)


def _answer(field: PanelField, rng: random.Random) -> str | int | list[str]:
    match field.kind:
        case Kind.NUMBER:
            return rng.randint(0, 4) if field.name == "children" else rng.randint(1945, 2010)
        case Kind.TEXT:
            return rng.choice(DISTRICTS)
        case Kind.MULTI:
            values = [a.value for a in field.listed]
            return [v for v in values if rng.random() < 0.5] or values[:1]
        case _:
            return rng.choice(field.listed).value
