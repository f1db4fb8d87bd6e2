"""Written questions are trained on in turn, in the spelling of the generated ones, and are no gold."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from server.accuracy.gold import read_gold
from server.catalogue import find_catalogue
from server.errors import BrokenFile
from server.filter import Filter, load_catalogue, parse_filter
from server.interpret.prompt import tidy
from server.phrases import read_phrases
from server.spelling import PHRASE_LENGTH_MAX, PHRASES_MAX, Reading, read, spell
from server.training.questions import Example, held_out
from server.training.written import mixed, read_written, trained_on

WELCOME = load_catalogue("welcome")
PANEL = find_catalogue("welcome").parent
WRITTEN = read_written(PANEL, WELCOME)


def example(question: str, *unsupported: str) -> Example:
    return Example(question, "ko", Reading(Filter(), unsupported), ())


def made() -> Iterator[Example]:
    while True:
        yield example("made")


def test_every_written_reading_is_one_that_the_model_can_write() -> None:
    for each in WRITTEN:
        assert read(spell(each.reading), WELCOME) == each.reading, each.question


def test_every_phrase_the_panel_cannot_answer_is_in_its_question() -> None:
    for each in WRITTEN:
        assert each.question == tidy(each.question) != ""
        assert len(each.reading.unsupported) <= PHRASES_MAX
        for phrase in each.reading.unsupported:
            assert phrase in each.question
            assert 0 < len(phrase) <= PHRASE_LENGTH_MAX


def test_no_written_question_is_a_gold_one_or_stands_there_twice() -> None:
    questions = Counter(each.question for each in WRITTEN)
    assert [question for question, count in questions.items() if count > 1] == []
    for file in PANEL.glob("gold*.jsonl"):
        gold = {tidy(labelled.question) for labelled in read_gold(file, WELCOME).questions}
        assert gold & questions.keys() == set()


def test_values_and_phrases_stand_in_the_order_that_the_generator_gives_them(
    tmp_path: Path,
) -> None:
    line = """{"question": "골프 치는 경기나 서울의 부자", "filter": {"where": {"region": ["경기", "서울"]}},
    "unsupported": ["부자", "골프 치는"]}"""
    (tmp_path / "written-one.jsonl").write_text(line.replace("\n", ""), "utf-8")
    (only,) = read_written(tmp_path, WELCOME)
    assert only.reading == Reading(
        parse_filter({"where": {"region": ["서울", "경기"]}}, WELCOME), ("골프 치는", "부자")
    )


def test_a_mistake_is_named_with_its_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "written.jsonl").write_text('{"question": "?", "filter": {"by": ["shoe"]}}\n')
    with pytest.raises(BrokenFile, match=r"written\.jsonl.*1"):
        read_written(tmp_path, WELCOME)


def test_a_panel_without_written_questions_is_trained_on_generated_ones(tmp_path: Path) -> None:
    assert read_written(tmp_path, WELCOME) == ()
    stream = mixed(made(), (), share=1.0, seed=1)
    assert {each.question for each in islice(stream, 50)} == {"made"}


def test_every_written_question_comes_once_before_any_comes_again() -> None:
    written = [example(f"{number} 부자", "부자") for number in range(20)]
    stream = mixed(made(), written, share=0.5, seed=1)
    seen = [each for each in islice(stream, 400) if each.question != "made"]
    assert 150 < len(seen) < 250
    assert {each.question for each in seen[:20]} == {each.question for each in written}
    assert {each.question for each in seen[20:40]} == {each.question for each in written}


def test_some_are_written_with_a_slip_unless_a_phrase_must_be_copied() -> None:
    written = [example("서울 사는 남자"), example("서울 사는 부자", "부자")]
    seen = {each.question for each in islice(mixed(made(), written, share=1.0, seed=1), 100)}
    assert len(seen) > 3
    assert [question for question in seen if "부자" in question] == ["서울 사는 부자"]
    slipped = [each for each in islice(mixed(made(), written, share=1.0, seed=1), 100) if each.tags]
    assert {each.tags for each in slipped} == {("slip",)}


def test_what_is_measured_is_never_trained_on_though_another_seed_draws_it_too() -> None:
    phrases = read_phrases(PANEL, WELCOME)
    measured = held_out(WELCOME, phrases)
    unseen = {each.question for each in measured} | {WRITTEN[0].question}
    stream = trained_on(
        WELCOME,
        phrases,
        (*WRITTEN[:10], *measured[:10]),
        skip=frozenset({WRITTEN[0].question}),
        share=0.1,
        seed=1,
    )
    seen = {each.question for each in islice(stream, 3000)}
    assert seen & unseen == set()
    assert seen >= {each.question for each in WRITTEN[1:10]}
