"""Phrases belong to fields and answers that exist; where none were written there are plain ones."""

from pathlib import Path

import pytest

from server.catalogue import find_catalogue
from server.errors import BrokenCatalogue
from server.filter import load_catalogue
from server.phrases import Phrases, plain_phrases, read_phrases
from tests.strategies import small_catalogue

CATALOGUE = small_catalogue()


def phrases_of(folder: Path, *files: str) -> Phrases:
    for number, text in enumerate(files):
        (folder / f"phrases-{number}.yaml").write_text(text, "utf-8")
    return read_phrases(folder, CATALOGUE)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("colour: {weight: 2}", "field 'colour' is not in the catalogue"),
        ("gender: {answers: {사람: {ko: {kw: [사람]}}}}", "field 'gender': no answer '사람'"),
        (
            "region: {sets: [{filter: {where: {region: [런던]}}, ko: {kw: [런던]}}]}",
            "field 'region': where.region: no answer '런던'",
        ),
        (
            "region: {sets: [{filter: {either: [{region: [서울]}]}, ko: {kw: [서울]}}]}",
            "field 'region': a set may hold conditions of where and not alone",
        ),
        ("gender: {colour: red}", "field 'gender': colour: Extra inputs are not permitted"),
        ("gender: {weight: heavy}", "field 'gender': weight: "),
        ("gender: {answers: {남성: {ko: {kw: 남자}}}}", "field 'gender': answers.남성.ko.kw: "),
        ("gender: {answers: {남성: 남자}}", "field 'gender': answers.남성: "),
        ("gender: {answers: [남성]}", "field 'gender': expected phrases by kind"),
        ("gender: 남성", "field 'gender': expected phrases by kind"),
        ("age: {ranges: [{ko: {kw: ['{n}세']}}]}", "field 'age': ranges.0.when: Field required"),
        ("age: {ranges: [{when: decde, ko: {kw: ['{n}대']}}]}", "field 'age': ranges.0.when: "),
        ("gender: [", "phrases-0.yaml"),
    ],
)
def test_a_mistake_in_the_phrases_is_named(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(BrokenCatalogue) as refused:
        phrases_of(tmp_path, text)
    assert reason in refused.value.detail


def test_a_mistake_in_what_is_outside_is_named(tmp_path: Path) -> None:
    (tmp_path / "phrases-outside.yaml").write_text("ko: {kw: [우울한], colour: [빨강]}", "utf-8")
    with pytest.raises(BrokenCatalogue, match=r"phrases-outside\.yaml: ko\.colour"):
        phrases_of(tmp_path)


def test_a_filter_of_a_finer_phrase_that_the_catalogue_does_not_know_is_named(
    tmp_path: Path,
) -> None:
    finer = (
        "finer: [{filter: {where: {regoin: [서울]}}, unsupported: [강북], ko: {kw: [강북 사는]}}]"
    )
    (tmp_path / "phrases-outside.yaml").write_text(finer, "utf-8")
    with pytest.raises(BrokenCatalogue, match=r"phrases-outside\.yaml: finer: .*regoin"):
        phrases_of(tmp_path)


def test_files_that_speak_of_one_field_are_merged(tmp_path: Path) -> None:
    said = phrases_of(
        tmp_path,
        "gender: {weight: 3, answers: {남성: {ko: {kw: [남자, 사내]}}}}",
        "gender: {answers: {남성: {ko: {kw: [사내, 총각]}, not: {ko: {kw: [남자 아닌]}}}}}",
    ).fields["gender"]
    assert said.weight == 3
    assert said.answers["남성"].ko.kw == ("남자", "사내", "총각")
    negated = said.answers["남성"].negated
    assert negated is not None
    assert negated.ko.kw == ("남자 아닌",)


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    assert phrases_of(tmp_path, "", "# nothing yet\n") == phrases_of(tmp_path)


def test_a_catalogue_without_phrases_has_plain_ones_for_every_field(tmp_path: Path) -> None:
    phrases = phrases_of(tmp_path)
    assert list(phrases.fields) == [field.name for field in CATALOGUE.fields]
    assert not phrases.outside.ko
    for field in CATALOGUE.fields:
        said = phrases.fields[field.name]
        assert said == plain_phrases(field)
        assert said.by.ko == said.by.en == (field.name,)
    assert phrases.fields["gender"].answers["남성"].ko.kw == ("gender 남성", "남성")
    assert "모름" not in phrases.fields["income"].answers


def test_a_long_list_is_carried_by_its_names() -> None:
    said = plain_phrases(load_catalogue("welcome").field("car_model"))
    assert not said.answers
    assert said.carriers.ko.kw == ("{name}",)


def test_the_welcome_panel_has_words_for_every_field_in_both_languages() -> None:
    welcome = load_catalogue("welcome")
    phrases = read_phrases(find_catalogue("welcome").parent, welcome)
    for field in welcome.fields:
        said = phrases.fields[field.name]
        assert said.by.ko and said.by.en, field.name
        assert said.answers or said.sets or said.ranges or said.carriers.ko, field.name
