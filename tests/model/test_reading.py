"""Questions are read without blocking, and no more are taken than can wait."""

import asyncio
import time
from typing import Any

import pytest
from rich.console import Console

from server.catalogue import Catalogue
from server.errors import InvalidQuestion, TooBusy
from server.filter import as_json, canonical, parse_filter
from server.interpret.interpretation import DOUBTFUL_BELOW, interpretation_as_json
from server.interpret.model import LanguageModel
from server.interpret.reader import Reader
from server.product import open_reader
from server.settings import Settings
from tests.model.conftest import QUEUE

# Word for word in the panel's phrases, and not: the latter is asked of the model.
SAID = "서울에 사는 30대 기혼 여성 중 아이폰을 쓰고 OTT를 이용하는 사람 100명"
LONG_WAY = "요새 살림이 나아졌다는 서울 30대 기혼 여성 중 아이폰을 애용하며 OTT를 끼고 사는 100명"


async def until_waiting(reader: Reader, count: int) -> None:
    """Wait until so many questions are at the model or wait for it."""
    while reader._waiting < count:  # noqa: ASYNC110  (the reader has no event to wait for)
        await asyncio.sleep(0.001)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (
            "서울 20대 남자 100명",
            {
                "where": {
                    "region": ["서울"],
                    "age": {"min": 20, "max": 29},
                    "gender": ["남성"],
                },
                "limit": 100,
            },
        ),
        (
            "경기 30~40대 남자 술을 먹은 사람 50명",
            {
                "where": {
                    "region": ["경기"],
                    "age": {"min": 30, "max": 49},
                    "gender": ["남성"],
                },
                "not": {"drinking": ["최근 1년 이내 술을 마시지 않음"]},
                "limit": 50,
            },
        ),
        (
            "서울, 경기 OTT 이용하는 젊은층 30명",
            {
                "where": {"region": ["서울", "경기"], "age": {"min": 20, "max": 39}},
                "not": {"ott_count": ["이용하지 않는다"]},
                "limit": 30,
            },
        ),
    ],
)
async def test_the_sponsors_questions_are_read_exactly(
    reader: Reader, panel: Catalogue, question: str, expected: dict[str, Any]
) -> None:
    reading = await reader.read(question)
    assert as_json(canonical(reading.filter, panel)) == as_json(
        canonical(parse_filter(expected, panel), panel)
    )
    assert reading.understood
    assert reading.unsupported == reading.unused == ()


@pytest.mark.parametrize(
    ("slipped", "meant", "words"),
    [
        ("서울사는30대 여셩 100명", "서울 사는 30대 여성 100명", {"서울사는", "30대", "여셩"}),
        ("maried women in their 30s", "married women in their 30s", {"maried women"}),
        ("여셩 중 우울한 사람", "여성 중 우울한 사람", {"여셩"}),
    ],
)
async def test_a_slip_of_the_pen_is_read_as_what_was_meant_and_said(
    reader: Reader, panel: Catalogue, slipped: str, meant: str, words: set[str]
) -> None:
    reading, other = await reader.read(slipped), await reader.read(meant)
    assert canonical(reading.filter, panel) == canonical(other.filter, panel)
    assert reading.question == slipped
    assert reading.unsupported == other.unsupported
    assert all(each.typed in slipped and each.read in meant for each in reading.read_as)
    said = {word for each in reading.conditions for word in each.words}
    assert all(word in slipped for word in said)
    assert said & words
    shown = interpretation_as_json(reading, panel)["read_as"]
    assert shown == [{"typed": each.typed, "read": each.read} for each in reading.read_as]
    assert not other.read_as


async def test_a_slip_that_may_be_an_english_word_of_its_own_is_never_certain(
    reader: Reader,
) -> None:
    reading, meant = await reader.read("bakers in Seoul"), await reader.read("bankers in Seoul")
    assert [each.read for each in reading.read_as] == ["bankers"]
    assert reading.confidence < meant.confidence


async def test_what_a_question_takes_back_is_not_read_and_is_said(
    reader: Reader, panel: Catalogue
) -> None:
    reading = await reader.read("갤럭시 쓰는 40대, 아니 50대 남자")
    assert as_json(reading.filter)["where"]["age"] == {"min": 50, "max": 59}
    assert reading.question == "갤럭시 쓰는 40대, 아니 50대 남자"
    shown = interpretation_as_json(reading, panel)["read_as"]
    assert shown == [{"typed": "40대, 아니 50대", "read": "50대"}]


async def test_a_reading_that_is_doubtful_as_a_whole_warns_where_each_condition_is_sure(
    reader: Reader,
) -> None:
    """What is doubtful is an unknown phrase that may have been an answer."""
    reading = await reader.read("iPhone users in 대전, I mean Galaxy")
    assert min(condition.confidence for condition in reading.conditions) > DOUBTFUL_BELOW
    assert reading.confidence < DOUBTFUL_BELOW
    assert reading.warnings == ("doubtful",)


async def test_every_condition_has_a_confidence_and_comes_in_the_filters_order(
    reader: Reader, panel: Catalogue
) -> None:
    reading = await reader.read("서울 20대 남자 100명")
    assert reading.conditions
    assert all(0 < condition.confidence <= 1 for condition in reading.conditions)
    shown = interpretation_as_json(reading, panel)
    assert [c["field"] for c in shown["conditions"]] == [
        c.condition.field for c in reading.conditions
    ]
    assert shown["language"] == "ko"
    assert reading.milliseconds > 0


async def test_what_is_no_language_we_know_is_not_given_to_the_model(reader: Reader) -> None:
    reading = await reader.read("日本の東京に住む人")
    assert reading.unsupported == ("日本の東京に住む人",)
    assert reading.warnings == ("nothing-understood",)
    assert not reading.understood


async def test_what_the_phrases_say_word_for_word_is_certain_and_asks_no_model(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("the model was asked")

    monkeypatch.setattr(reader._workers[0].model, "write", refuse)
    reading = await reader.read(SAID)
    assert reading.unused == reading.unsupported == reading.warnings == ()
    assert {c.confidence for c in reading.conditions} == {reader._calibration.lexicon}
    assert all(c.words for c in reading.conditions)
    assert all(word in SAID for c in reading.conditions for word in c.words)


async def test_a_doubtful_condition_comes_with_what_it_could_be_instead(
    reader: Reader, panel: Catalogue
) -> None:
    asked = [
        "월급 괜찮은 서울 젊은 사람들 중에 차 있는 분",
        "운동은 하는데 살은 안 빠지는 아줌마",
        "담배 끊으려는 사람",
        "돈 좀 버는 강남 사모님",
        "스트레스를 많이 받고 잠을 못 자는 직장인",
    ]
    readings = [await reader.read(question) for question in asked]
    doubtful = [c for r in readings for c in r.conditions if c.alternatives]
    assert doubtful
    for read in doubtful:
        assert read.condition not in read.alternatives
        assert len(set(read.alternatives)) == len(read.alternatives) <= 2
        for other in read.alternatives:
            assert other.field in panel.by_name


async def test_a_question_that_does_not_fit_the_model_is_invalid(reader: Reader) -> None:
    with pytest.raises(InvalidQuestion, match="tokens"):
        await reader.read("가" + "🙂" * 999)


async def test_who_waited_long_enough_is_told_to_come_back_and_is_not_read(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one at work is read to its end, however long that takes."""
    begun: list[str] = []
    read = reader._read

    def slowly(model: LanguageModel, question: str, *rest: Any) -> Any:
        begun.append(question)
        time.sleep(0.5)
        return read(model, question, *rest)

    monkeypatch.setattr(reader, "_read", slowly)
    hurried = reader._settings.model_copy(update={"queue_seconds": 0.1})
    monkeypatch.setattr(reader, "_settings", hurried)
    first = asyncio.create_task(reader.read(LONG_WAY))
    await until_waiting(reader, 1)
    with pytest.raises(TooBusy, match="did not begin in"):
        await reader.read(f"{LONG_WAY} 더")
    assert (await first).understood
    assert begun == [LONG_WAY]
    assert reader._waiting == 0


async def test_a_full_queue_refuses_at_once_and_is_free_again_afterwards(reader: Reader) -> None:
    """One question is at work and QUEUE wait; the next is refused before any of them is done."""
    taken = [asyncio.create_task(reader.read(LONG_WAY)) for _ in range(QUEUE + 1)]
    await until_waiting(reader, QUEUE + 1)
    with pytest.raises(TooBusy, match=f"{QUEUE + 1} questions are waiting"):
        await reader.read(LONG_WAY)
    assert await reader.read(SAID), "what needs no model waits for none"
    assert not any(task.done() for task in taken)
    readings = await asyncio.gather(*taken)
    assert len({str(reading.filter) for reading in readings}) == 1
    assert await reader.read("서울 여성")


async def test_with_two_threads_two_are_read_at_once_and_as_one_after_another(
    reader: Reader, panel: Catalogue, panel_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each with one thread, as the reader of these tests reads; a third waits for the first."""
    questions = (LONG_WAY, f"{LONG_WAY} 정도", "요새 살림이 나아졌다는 부산 40대 남성")
    settings = panel_settings.model_copy(update={"model_threads": 2})
    two = open_reader(panel, settings, Console(stderr=True))
    begun: list[LanguageModel] = []
    most = 0
    read = two._read

    def counted(model: LanguageModel, *rest: Any) -> Any:
        nonlocal most
        begun.append(model)
        most = max(most, len(begun))
        try:
            return read(model, *rest)
        finally:
            begun.remove(model)

    monkeypatch.setattr(two, "_read", counted)
    try:
        together = await asyncio.gather(*(two.read(question) for question in questions))
    finally:
        two.close()
    assert most == 2
    for question, found in zip(questions, together, strict=True):
        assert found.filter == (await reader.read(question)).filter


async def test_reading_does_not_block_the_loop(reader: Reader) -> None:
    task = asyncio.create_task(reader.read(LONG_WAY))
    turns = 0
    while not task.done():
        await asyncio.sleep(0.005)
        turns += 1
    assert turns > 3


async def test_a_cancelled_question_that_waits_costs_nothing(reader: Reader) -> None:
    """The model is asked about the first and the last question, and what it passed over in them."""
    asked: list[str] = []
    (worker,) = reader._workers
    write = worker.model.write

    def counting(prompt: str, **options: Any) -> Any:
        asked.append(prompt.split("\n", 1)[0])
        return write(prompt, **options)

    worker.model.write = counting  # type: ignore[method-assign]  # only listens, then writes
    try:
        first = asyncio.create_task(reader.read(LONG_WAY))
        await until_waiting(reader, 1)
        waiting = asyncio.create_task(reader.read(f"{LONG_WAY} 정도"))
        await until_waiting(reader, 2)
        waiting.cancel()
        last = asyncio.create_task(reader.read(f"{LONG_WAY}쯤"))
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert not first.done()
        await asyncio.gather(first, last)
    finally:
        del worker.model.write
    whole = [question for question in asked if LONG_WAY in question]
    assert whole == [LONG_WAY, f"{LONG_WAY}쯤"]


async def test_a_cancelled_question_at_work_makes_way_for_the_next(reader: Reader) -> None:
    started = time.perf_counter()
    await reader.read(LONG_WAY)
    whole = time.perf_counter() - started
    cancelled = asyncio.create_task(reader.read(LONG_WAY))
    await until_waiting(reader, 1)
    await asyncio.sleep(whole / 10)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    assert await reader.read("서울 여성")
