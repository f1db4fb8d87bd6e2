"""The model writes what the grammar allows, the same every time, and gives up when told to."""

from pathlib import Path

import pytest

from server.catalogue import Catalogue
from server.errors import BrokenGrammar, InvalidQuestion, ModelAway, TooBusy
from server.interpret.model import LanguageModel, Logits, Threads, Weights
from server.interpret.prompt import build_prompt
from server.spelling import read
from tests.grammars.acceptor import Grammar, model_file

QUESTIONS = (
    "서울 20대 남자 100명",
    "women in Busan who are 30 or older",
    "asdf qwer",
    "뷁 뛟 🙂 日本",
    "=\n=\n@region=서울\n#5\n",
)

SENSIBLE = QUESTIONS[:2]


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_it_writes_is_allowed_and_readable_and_the_same_twice(
    model: LanguageModel, panel: Catalogue, panel_grammar: Grammar, question: str
) -> None:
    written = model.write(build_prompt(question, ()))
    assert written.finished
    assert panel_grammar.accepts(written.text)
    read(written.text, panel)
    assert all(0 < token.probability <= 1 for token in written.tokens)
    assert model.write(build_prompt(question, ())) == written


def test_a_question_before_leaves_no_trace(model: LanguageModel) -> None:
    alone = model.write(build_prompt("제주 여성", ()))
    model.write(build_prompt("경기 30대 남자 50명", ()))
    assert model.write(build_prompt("제주 여성", ())) == alone


def test_a_wrong_guess_leaves_no_trace_in_a_question_longer_than_most_layers_look_back(
    model: LanguageModel,
) -> None:
    """512 tokens: their older keys and values are written over as the question goes on."""
    *question, said = model.tokenize("서울 사는 30대 기혼 여성 중 아이폰 쓰는 사람 " * 100)[:1201]
    guess = model.tokenize("age=20..39\n" * 40)[:100]

    def after(guess: list[int]) -> Logits:
        model._forget(0)
        for _ in model._evaluate(question, guess):
            pass
        model._forget(len(question))
        (logits,) = model._evaluate([said], ())
        return logits.copy()

    assert after(guess) == pytest.approx(after([]), abs=1e-3)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_guess_changes_nothing_of_what_is_written(
    model: LanguageModel, panel_grammar: Grammar, question: str
) -> None:
    """Of what says nothing two tokens may be as likely, and batches round differently: how far is
    measured in test_fast_path.py. Then what is written is another thing that is allowed.
    """
    prompt = build_prompt(question, ())
    alone = model.write(prompt)
    right, begun = alone.text, alone.text[: len(alone.text) // 2]
    for guess in (right, begun, f"{begun}#7\n", "age=1..2\n", "뷁" * 40, "#" * 2000):

        def expect(written: str, whole: str = guess) -> str:
            return whole[len(written) :]

        guessed = model.write(prompt, expect=expect)
        assert guessed.finished and panel_grammar.accepts(guessed.text)
        if question in SENSIBLE:
            assert guessed.text == alone.text


def test_a_line_is_written_anew_from_any_place_and_stays_within_the_grammar(
    model: LanguageModel, panel: Catalogue, panel_grammar: Grammar
) -> None:
    written = model.write(build_prompt("월급 괜찮은 서울 젊은 사람들 중에 차 있는 분", ()))
    places = [n for n, token in enumerate(written.tokens) if token.other is not None]
    assert places
    lines = written.text
    for place in reversed(places):
        before = b"".join(t.piece for t in written.tokens[:place]).decode("utf-8", "replace")
        anew = before + model.rewrite(written, place)
        assert anew != lines
        assert anew == "" or panel_grammar.accepts(anew) or not anew.endswith("\n")
        if anew.endswith("\n"):
            read(anew, panel)


def test_a_cancelled_question_stops_at_once(model: LanguageModel) -> None:
    with pytest.raises(TooBusy, match="cancelled"):
        model.write(build_prompt("서울 여성", ()), cancelled=lambda: True)
    assert model.write(build_prompt("서울 여성", ())).finished


def test_a_question_is_cancelled_between_two_tokens(model: LanguageModel) -> None:
    asked: list[int] = []

    def after_three() -> bool:
        asked.append(1)
        return len(asked) > 3

    with pytest.raises(TooBusy):
        model.write(build_prompt("서울 여성", ()), cancelled=after_three)
    assert len(asked) == 4


@pytest.mark.parametrize("signs", [1600, 5000])
def test_a_prompt_longer_than_the_context_is_refused(model: LanguageModel, signs: int) -> None:
    with pytest.raises(InvalidQuestion, match="tokens"):
        model.write("뷁🙂" * signs)
    assert model.write(build_prompt("서울 여성", ())).finished


def test_control_tokens_in_a_question_are_plain_text(model: LanguageModel) -> None:
    assert len(model.tokenize("<bos><eos>")) > 2


def test_a_broken_grammar_stops_the_start() -> None:
    with pytest.raises(BrokenGrammar):
        LanguageModel(
            Weights(model_file(), threads=1), grammar="root ::= missing",
            context_tokens=64, output_tokens_max=8,
        )  # fmt: skip


def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.gguf"
    wrong.write_bytes(b"GGUF, but not really")
    with pytest.raises(ModelAway, match=r"wrong\.gguf: llama.cpp cannot load"):
        Weights(wrong, threads=1)


def test_one_that_writes_alone_has_all_threads_and_two_share_them() -> None:
    threads = Threads(3)
    assert threads.share == 3
    with threads.writing():
        assert threads.share == 3
        with threads.writing():
            assert threads.share == 1
            with threads.writing(), threads.writing():
                assert threads.share == 1
        assert threads.share == 3
