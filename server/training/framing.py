"""What people say around a question: greetings, purposes, requests, afterthoughts, politeness."""

import random
import re

from server.korean import has_final

_BEFORE_KO = (
    "안녕하세요 ",
    "안녕하세요, ",
    "이번에 설문을 하나 하려고 하는데요, ",
    "신제품 조사 때문에 그러는데 ",
    "인터뷰할 사람이 필요한데, ",
    "마케팅 자료로 쓸 건데 ",
    "보고서에 넣을 건데 ",
    "급한데 ",
    "조건: ",
    "조건은 ",
    "대상: ",
    "타깃: ",
    "타겟은 ",
    "요청드립니다. ",
    "찾는 사람: ",
    "설문 대상자로 ",
    "좌담회 참석자로 ",
    "그러니까 ",
    "음... ",
    "야 ",
)
_AFTER_KO = (
    " ㅋㅋ",
    "~",
    "!!",
    "...",
    " 감사합니다",
    ". 감사합니다.",
    ". 급해요",
    " ㅠㅠ",
    " 부탁!",
)
_BEFORE_EN = ("Hi, ", "Hello, ", "Target: ", "Criteria: ", "segment: ", "for a survey: ", "ok so ")
_AFTER_EN = (" thanks", ", thank you", " if possible", " asap", "!", "...", ", for my report")
_ENDS_SENTENCE = re.compile(r"[?.!]$")
_DROPPED_EN = re.compile(r"\b(?:the|a|an)\s+")
_FRAMED = 0.12
_WITHOUT_ARTICLES = 0.05
# 마시시는 and the like are nobody's words.
_NOT_HONOURED = ("시", "않", "없", "계")


def framed_korean(question: str, rng: random.Random) -> str:
    """The question with words around it that ask for nothing."""
    if rng.random() < _FRAMED:
        question = rng.choice(_BEFORE_KO) + question
    if rng.random() < _FRAMED and not _ENDS_SENTENCE.search(question):
        question += rng.choice(_AFTER_KO)
    return question


def framed_english(question: str, rng: random.Random) -> str:
    """The question with words around it that ask for nothing; now and then without articles."""
    if rng.random() < _FRAMED:
        question = rng.choice(_BEFORE_EN) + question
    if rng.random() < _FRAMED and not _ENDS_SENTENCE.search(question):
        question += rng.choice(_AFTER_EN)
    if rng.random() < _WITHOUT_ARTICLES:
        question = _DROPPED_EN.sub("", question)
    return question


def with_aside_korean(question: str, thing: str, rng: random.Random) -> str:
    """The question and one thing more, said after it or before."""
    return rng.choice(
        (
            f"{question} ({thing})",
            f"{question}, {thing}",
            f"{question}. {thing}",
            f"{question}. 단, {thing}",
            f"{question}, 단 {thing}",
            f"{thing}. {question}",
            f"{question} - {thing}",
            f"{question} 근데 {thing}",
            f"{thing}, {question}",
        )
    )


def with_aside_english(question: str, thing: str, rng: random.Random) -> str:
    """The question and one thing more, said after it."""
    return rng.choice(
        (
            f"{question} ({thing})",
            f"{question}, {thing}",
            f"{question} - {thing}",
            f"{question}; {thing}",
            f"{question}, {thing} only",
            f"{question}, only {thing}",
        )
    )


def honoured(modifier: str) -> str:
    """ "쓰는" → "쓰시는", "먹는" → "먹으시는", "기혼인" → "기혼이신"; other endings stay."""
    stem = modifier[:-1]
    if not stem or stem.endswith(_NOT_HONOURED):
        return modifier
    if modifier.endswith("인"):
        return f"{stem}이신"
    if not modifier.endswith("는"):
        return modifier
    if stem.endswith("있"):
        return f"{stem}으신"
    return f"{stem}{'으시는' if has_final(stem) else '시는'}"
