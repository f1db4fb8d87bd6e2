"""The Welcome panel's catalogue is complete, bilingual and unambiguous."""

from collections import defaultdict
from collections.abc import Iterable

import pytest

from server.catalogue import (
    Answer,
    Catalogue,
    Kind,
    PanelField,
    find_catalogue,
    normalise,
    read_catalogue,
)


@pytest.fixture(scope="module")
def welcome() -> Catalogue:
    return read_catalogue(find_catalogue("welcome"))


def words_of(answer: Answer) -> Iterable[str]:
    return filter(None, (answer.value, answer.en, *answer.aliases))


def with_two_meanings(meanings: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """The words that stand for more than one thing, spaces and case aside."""
    found = defaultdict(set)
    for word, meaning in meanings:
        found[normalise(word)].add(meaning)
    return {word: names for word, names in found.items() if len(names) > 1}


def test_it_holds_every_field_and_answer_of_the_codebook(welcome: Catalogue) -> None:
    closed_lists = [f for f in welcome.fields if f.has_listed_answers]

    assert len(welcome.fields) == 64
    assert sum(len(f.answers) for f in closed_lists) == 840


def test_every_field_is_named_and_asked_in_both_languages(welcome: Catalogue) -> None:
    for f in welcome.fields:
        assert f.label.ko and f.label.en and f.question.ko and f.question.en, f.name
        assert f.aliases.ko and f.aliases.en, f.name


def test_every_answer_has_an_english_name_of_its_own(welcome: Catalogue) -> None:
    for f in welcome.fields:
        english = [a.en for a in f.answers]
        assert all(english), f.name
        assert len(set(english)) == len(english), f.name


def test_every_car_model_has_a_maker_and_every_phone_model_a_brand(welcome: Catalogue) -> None:
    for name in ("car_model", "phone_model"):
        assert [a.value for a in welcome.field(name).answers if a.parent is None] == []


def test_car_models_carry_the_code_of_their_maker(welcome: Catalogue) -> None:
    makers = welcome.field("car_maker").by_value
    for model in welcome.field("car_model").answers:
        assert model.parent is not None
        assert int(model.code) // 100 == int(makers[model.parent].code), model.value


def test_a_district_name_of_several_regions_belongs_to_none(welcome: Catalogue) -> None:
    district = welcome.field("district").by_value

    assert district["강남구"].parent == "서울"
    for name in ("중구", "동구", "서구", "남구", "북구", "고성군"):
        assert district[name].parent is None


def test_misspellings_of_the_sheet_are_kept(welcome: Catalogue) -> None:
    assert "갤럭시 Z Filp 시리즈" in welcome.field("phone_model").by_value
    assert "메르체데스-벤츠" in welcome.field("car_maker").by_value
    assert "AI 서베스를 사용해본 적 없다" in welcome.field("ai_service_usage_area").by_value


@pytest.mark.parametrize(
    ("field", "word", "value"),
    [
        ("gender", "남자", "남성"),
        ("region", "세종특별자치시", "세종"),
        ("phone_brand", "아이폰", "애플"),
        ("phone_model", "Z플립", "갤럭시 Z Filp 시리즈"),
        ("car_maker", "벤츠", "메르체데스-벤츠"),
        ("car_maker", "KG모빌리티", "쌍용"),
        ("car_model", "소나타", "쏘나타"),
        ("car_model", "e클래스", "E-Class"),
        ("district", "Gangnam", "강남구"),
    ],
)
def test_everyday_spellings_name_the_sheets_answer(
    welcome: Catalogue, field: str, word: str, value: str
) -> None:
    answer = welcome.field(field).by_value[value]

    assert normalise(word) in map(normalise, words_of(answer))


def test_answers_of_one_field_share_no_word(welcome: Catalogue) -> None:
    for f in welcome.fields:
        assert with_two_meanings((w, a.value) for a in f.answers for w in words_of(a)) == {}, f.name


def test_no_two_fields_have_the_same_name(welcome: Catalogue) -> None:
    names = ((w, f.name) for f in welcome.fields for w in (f.label.ko, f.label.en, *f.aliases))

    assert with_two_meanings(names) == {}


def test_a_groups_words_mean_nothing_else(welcome: Catalogue) -> None:
    groups = [(w, g.name) for g in welcome.groups for w in g.words]
    answers = [(w, f.name) for f in welcome.fields for a in f.answers for w in words_of(a)]
    group_words = {normalise(w) for w, _ in groups}

    assert with_two_meanings(groups) == {}
    assert group_words.isdisjoint(normalise(w) for w, _ in answers)


def test_groups_use_fields_and_values_of_the_panel(welcome: Catalogue) -> None:
    for group in welcome.groups:
        assert set(group.filter) <= {"where", "not"}, group.name
        for conditions in group.filter.values():
            for name, wanted in conditions.items():
                assert condition_fits(welcome.field(name), wanted), (group.name, name)


def condition_fits(field: PanelField, wanted: dict[str, int] | list[str]) -> bool:
    if isinstance(wanted, dict):
        return field.takes_range and set(wanted) <= {"min", "max"}
    return field.kind is not Kind.NUMBER and set(wanted) <= set(field.by_value)


def test_none_of_them_excludes_the_other_answers_of_a_multi_field(welcome: Catalogue) -> None:
    exclusive = {f.name for f in welcome.fields for a in f.answers if a.exclusive}

    assert {"smoking", "drinking", "physical_activity", "ai_chatbot_used"} <= exclusive
    assert {welcome.field(name).kind for name in exclusive} == {Kind.MULTI}


def test_it_has_examples_in_both_languages(welcome: Catalogue) -> None:
    assert len(welcome.examples.ko) >= 6
    assert len(welcome.examples.en) >= 6
