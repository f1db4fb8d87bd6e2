"""Puts pieces together into a question, in Korean or English and in many styles."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from server.errors import Language
from server.korean import particle, toward
from server.numerals import ENGLISH_NUMBERS
from server.training.alternatives import english_clauses, korean_modifiers, korean_names
from server.training.framing import (
    framed_english,
    framed_korean,
    honoured,
    with_aside_english,
    with_aside_korean,
)
from server.training.pieces import Piece
from server.training.turned import also
from server.training.verbs import and_then
from server.training.wording import asked_for, hangul_number

_HEADS_KO = (
    "사람",
    "사람",
    "사람",
    "사람들",
    "응답자",
    "패널",
    "분",
    "분들",
    "회원",
    "이용자",
    "참여자",
    "소비자",
    "그룹",
    "집단",
    "층",
    "인원",
    "대상자",
    "고객",
    "가구",
    "가정",
    "집",
    "애들",
    "친구들",
    "이들",
    "고객군",
)
_HEADS_EN = (
    "people",
    "people",
    "respondents",
    "panelists",
    "users",
    "those",
    "panel members",
    "participants",
    "ppl",
    "anyone",
    "individuals",
    "households",
    "everyone",
    "customers",
    "consumers",
)
_ENDS_KO = (
    "",
    "",
    "",
    "",
    " 찾아줘",
    " 보여줘",
    " 알려줘",
    " 뽑아줘",
    " 추출해줘",
    " 추천해줘",
    " 리스트",
    " 목록",
    " 찾기",
    " 검색",
    " 검색해줘",
    " 조회해 주세요",
    " 찾아주세요",
    " 보여주세요",
    " 구해줘",
    " 필요해요",
    " 필요함",
    " 부탁드립니다",
    " 좀 찾아봐",
    " 누구야?",
    " 있어?",
    " 있나요?",
    " 정보 요약해줘",
    "에 대한 정보를 알려줘",
    " 데이터 줘",
    " 구합니다",
    " 섭외해줘",
    " 추려줘",
    " 추려주세요",
    " 골라줘",
    " 모아줘",
    " 모집합니다",
    " 뽑아주실 수 있나요?",
    " 좀 부탁드려요",
    " 명단",
    " 명단 뽑아줘",
    " 대상으로 설문하고 싶어요",
    "에게 물어보고 싶어",
    " 있을까요?",
    " 어디 없나",
    " 확인 부탁",
)
_COUNT_ENDS_KO = (
    " 몇 명이야?",
    " 몇 명",
    " 몇 명 있어?",
    " 수",
    " 몇명인가요",
    " 인원 수 알려줘",
    "은 몇 명인가요?",
    " 총 몇명?",
    " 얼마나 있어?",
    "이 얼마나 되나요?",
    "은 얼마나 돼?",
    " 얼마나 많아?",
    "이 얼마나 있을까요?",
    " 몇이나 돼?",
    " 있는지 확인해줘",
    " 몇 명인지 궁금해요",
    " 몇 명이나 있나요?",
    "들은?",
    " 머릿수",
)
_ENDS_EN = ("", "", "", "", " please", " pls", "?", ".", " - list", " list")
_STARTS_EN = (
    "",
    "",
    "",
    "",
    "Find ",
    "Show me ",
    "I need ",
    "List ",
    "Give me ",
    "find me ",
    "looking for ",
    "Get ",
    "Who are the ",
    "Could you find ",
    "Can you pull ",
    "please show ",
    "We need ",
    "We are running a study and need ",
    "I want to interview ",
    "we're recruiting ",
    "I would like to see ",
    "I'm looking for ",
)
_COUNT_STARTS_EN = ("How many ", "how many ", "number of ", "count of ")
_STARTS_KO = (
    *("",) * 30,
    "혹시 ",
    "저기 ",
    "음 ",
    "패널 중 ",
    "우리 패널에서 ",
    "전체 패널 중 ",
    "이번 조사에는 ",
    "전국 ",
)
_TURNED_KO = re.compile(r"(?:안 [가-힣]+|않|없)(?:는|고,?|으?면서|으?며)$")
# How often a piece is said apart from the rest: "…100명 (흡연자 제외)".
_ASIDE = 0.05
_ASIDE_TURNED = 0.35
_HONOURED = 0.07
# How two clauses begin that are said in one breath, and what then links them.
_BEGIN_ALIKE = (
    ("without ", " or "),
    ("who do not ", " or "),
    ("who don't ", " or "),
    ("who do not have ", " or "),
    ("who are ", " and "),
    ("who have ", " and "),
    ("with ", " and "),
)
_STANDS_ALONE = ("제외", "빼고", "제외하고", "말고", "아닌")


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a question says: its pieces, the groups (of which one must hold, or which are compared),
    the breakdown and the count.
    """

    pieces: Sequence[Piece]
    groups: Sequence[Sequence[Piece]]
    compares: bool
    by: Sequence[str]
    ask: str
    limit: int | None


def compose(sentence: Sentence, rng: random.Random, language: Language) -> str | None:
    """The question in words; None when the pieces have no forms that fit together."""
    if language == "ko":
        return _compose_korean(sentence, rng)
    return _compose_english(sentence, rng)


def _compose_korean(sentence: Sentence, rng: random.Random) -> str | None:
    pieces = list(sentence.pieces)
    rng.shuffle(pieces)
    if not pieces and not sentence.groups:
        return framed_korean(_korean_tail("", sentence, rng).strip(), rng)
    aside = None if sentence.groups else _set_aside(pieces, rng, least=2)
    said = _korean_said(pieces, sentence, rng)
    if said is None or aside is None:
        return said and framed_korean(said, rng)
    thing = _one(aside.forms.kw or aside.forms.noun, rng) or f"{_one(aside.forms.mod, rng)} 사람"
    return framed_korean(with_aside_korean(said, thing, rng), rng)


def _set_aside(pieces: list[Piece], rng: random.Random, *, least: int) -> Piece | None:
    """Now and then a piece is said apart from the others; what is left out, more often."""
    if len(pieces) < least:
        return None
    for piece in pieces:
        share = _ASIDE_TURNED if piece.tag == "not" else _ASIDE
        if rng.random() < share and (piece.forms.kw or piece.forms.noun or piece.forms.mod):
            pieces.remove(piece)
            return piece
    return None


def _korean_said(pieces: Sequence[Piece], sentence: Sentence, rng: random.Random) -> str | None:
    if not sentence.groups and rng.random() < 0.3:
        group = _keywords(pieces, rng)
    elif sentence.compares:
        group = _korean_comparison(pieces, sentence.groups, rng)
    else:
        group = _korean_group(pieces, sentence.groups, rng)
    if group is None:
        return None
    return _korean_tail(rng.choice(_STARTS_KO) + group, sentence, rng)


def _keywords(pieces: Sequence[Piece], rng: random.Random) -> str | None:
    words = [_one(p.forms.kw or p.forms.noun or p.forms.mod, rng) for p in pieces]
    if any(w is None for w in words):
        return None
    joiner = rng.choice((" ", " ", " ", ", ", ", ", "/", " + ", " & "))
    return joiner.join(w for w in words if w)


def _korean_group(
    pieces: Sequence[Piece], groups: Sequence[Sequence[Piece]], rng: random.Random
) -> str | None:
    """Modifiers and a head noun, sometimes in two steps: "서울 30대 여성 중 아이폰 쓰는 사람"."""
    if groups:
        return _korean_either_with(pieces, groups, rng)
    if len(pieces) > 1 and rng.random() < 0.35:
        cut = rng.randint(1, len(pieces) - 1)
        first, second = _korean_chain(pieces[:cut], rng), _korean_chain(pieces[cut:], rng)
        if first is None or second is None:
            return None
        return f"{first}{rng.choice((' 중 ', ' 중에 ', ' 중에서 ', ' 가운데 ', '인데 ', ' 중, '))}{second}"
    return _korean_chain(pieces, rng)


def _korean_either_with(
    pieces: Sequence[Piece], groups: Sequence[Sequence[Piece]], rng: random.Random
) -> str | None:
    """Alternatives after what all share (서울 30대 중 …이거나 … 사람) or before it (…거나 … 여자).

    Only where it is plain what belongs to whom: "서울 여성 또는 30대 기혼" could be read in two ways.
    """
    found = _korean_either(groups, rng)
    chain = _korean_chain(pieces, rng) if pieces else ""
    if found is None or chain is None:
        return None
    either, are_names = found
    before_noun = either if not are_names else f"{either}인" if rng.random() < 0.2 else either
    if chain and _are_plain(groups) and rng.random() < 0.45:
        return f"{before_noun}{' 중 ' if are_names else ' '}{chain}"
    whole = either if are_names and rng.random() < 0.6 else f"{before_noun} {rng.choice(_HEADS_KO)}"
    if not chain:
        return whole
    if rng.random() < 0.15:
        return (
            f"{whole}{rng.choice((' 중 ', ' 중에서 ', '. '))}{chain}{rng.choice(('만', '만', ''))}"
        )
    return (
        f"{chain}{rng.choice((' 중 ', ' 중에 ', ' 중에서 ', ' 가운데 ', ' 중, ', '인데 '))}{whole}"
    )


def _korean_comparison(
    pieces: Sequence[Piece], groups: Sequence[Sequence[Piece]], rng: random.Random
) -> str | None:
    """Two groups side by side: "30대 남성과 40대 여성 비교"."""
    sides = [_korean_chain(group, rng) for group in groups]
    chain = _korean_chain(pieces, rng) if pieces else ""
    if None in sides or chain is None:
        return None
    link = rng.choice(("와 ", "과 ", "이랑 ", "하고 ", " vs ", " 대 ", ", ", " VS "))
    both = link.join(side or "" for side in sides)
    shared = f"{chain}{rng.choice((' 중 ', ' 중에서 ', ' 가운데 '))}" if chain else ""
    return shared + both


def _korean_compared_by(names: Sequence[str], rng: random.Random) -> str:
    """What two groups are compared by: "의 직업 비교", " 비교해줘, 직업으로"."""
    joined = rng.choice(("와 ", ", ", "하고 ")).join(names)
    return rng.choice(
        (
            f"의 {joined} 비교",
            f"의 {joined} 차이",
            f" {joined} 비교해줘",
            f" {joined}별로 비교해줘",
            f" 비교해줘, {joined}으로",
            f" 비교해줘 {joined} 기준으로",
            f"를 {joined}(으)로 비교",
            f" 비교, {joined}별",
        )
    )


def _korean_chain(pieces: Sequence[Piece], rng: random.Random) -> str | None:
    """Words before a noun: keywords that chain (서울 30대), modifiers joined by -고, then the head."""
    nominal = [p for p in pieces if p.forms.kw or p.forms.noun]
    last = rng.choice(nominal) if nominal and rng.random() < 0.6 else None
    words: list[str] = []
    rest = [p for p in pieces if p is not last]
    for number, piece in enumerate(rest):
        ends = number == len(rest) - 1
        word = _before_noun(piece, rng, ends=ends and last is None)
        if word is None:
            return None
        if not ends and piece.forms.mod and rng.random() < 0.45:
            word = and_then(word, rng)
        if words and _TURNED_KO.search(words[-1]) and rng.random() < 0.5:
            word = also(word)
        words.append(word)
    # "기혼이고 수영하는 사람 빼고" would leave out fewer: who is left out comes first.
    words.sort(key=lambda word: " 사람" not in word or not word.endswith(_STANDS_ALONE))
    head = _one(last.forms.noun or last.forms.kw, rng) if last else rng.choice(_HEADS_KO)
    if head is None:
        return None
    return " ".join([*words, head])


def _before_noun(piece: Piece, rng: random.Random, *, ends: bool) -> str | None:
    """A modifier, or a noun or keyword that stands before another noun as it is.

    `ends` is true right before a plain head such as 사람, where "여성이고" cannot stand.
    """
    if piece.forms.mod and (rng.random() < 0.7 or not (piece.forms.kw or piece.forms.noun)):
        modifier = rng.choice(piece.forms.mod)
        return honoured(modifier) if rng.random() < _HONOURED else modifier
    word = _one(piece.forms.kw or piece.forms.noun, rng)
    if word is None or word.endswith(_STANDS_ALONE):
        return word
    return word + rng.choice(
        ("", "", "", "인") if ends else ("", "", "", "", ",", "인", "이고", "이면서", "이며")
    )


def _korean_either(
    groups: Sequence[Sequence[Piece]], rng: random.Random
) -> tuple[str, bool] | None:
    """The groups in words, and whether they are names, which need no noun behind them."""
    if _are_plain(groups) and rng.random() < 0.3:
        names = [_korean_keywords(group, rng) for group in groups]
        if None not in names:
            said = korean_names([name or "" for name in names], rng)
            return said, not said.endswith(("인", "는"))
    parts = [_korean_modifier(group, rng) for group in groups]
    if None in parts:
        return None
    sizes = [len(group) for group in groups]
    return korean_modifiers([part or "" for part in parts], rng, sizes=sizes), False


def _are_plain(groups: Sequence[Sequence[Piece]]) -> bool:
    """Whether each group is one condition."""
    return all(len(group) == 1 for group in groups)


def _korean_keywords(group: Sequence[Piece], rng: random.Random) -> str | None:
    words = [_one(piece.forms.kw or piece.forms.noun, rng) for piece in group]
    return None if None in words else " ".join(word or "" for word in words)


def _korean_modifier(group: Sequence[Piece], rng: random.Random) -> str | None:
    """A whole group before a noun, its pieces held together: "여성이면서 수영하는"."""
    words = [_held(piece, rng) for piece in group[:-1]]
    last = group[-1]
    if last.forms.mod:
        ending: str | None = rng.choice(last.forms.mod)
    else:
        word = _one(last.forms.noun or last.forms.kw, rng)
        ending = None if word is None else f"{word}인"
    if ending is None or None in words:
        return None
    return " ".join([*(word for word in words if word), ending])


def _held(piece: Piece, rng: random.Random) -> str | None:
    """A piece that goes on to the next of its group: "수영하면서", "여성이고"; None where it cannot."""
    linked = [and_then(modifier, rng).removesuffix(",") for modifier in piece.forms.mod]
    verbs = [word for word, said in zip(linked, piece.forms.mod, strict=True) if word != said]
    names = [
        f"{name}{rng.choice(('이고', '이면서', '이며'))}"
        for name in piece.forms.kw or piece.forms.noun
    ]
    return _one(verbs or names, rng)


def _korean_tail(group: str, sentence: Sentence, rng: random.Random) -> str:
    if sentence.limit is not None and (sentence.by or sentence.ask):
        group = f"{group or '패널'} {_korean_count(sentence.limit, rng)}"
    if sentence.compares and sentence.by:
        return group + _korean_compared_by(sentence.by, rng)
    if sentence.compares:
        group += rng.choice((" 비교", "을 비교해줘", " 비교해줘", " 차이", " 비교해서", "를 비교"))
    if sentence.ask:
        link = rng.choice(("은 ", "는 ", " ", "이 ", "들은 ", "들이 ", " 요즘 ")) if group else ""
        return f"{group}{link}{asked_for(sentence.ask, rng)}"
    if sentence.by:
        return group + _korean_by(sentence.by, rng, begins=not group)
    return _korean_counted(group, sentence.limit, rng)


def _korean_counted(group: str, limit: int | None, rng: random.Random) -> str:
    count = "" if limit is None else _korean_count(limit, rng)
    if not group:
        return f"{rng.choice(('', '', '아무나 ', '대략 ', '패널 '))}{count}{rng.choice(_ENDS_KO)}"
    if count and rng.random() < 0.08:
        return f"{count} {group}{rng.choice(_ENDS_KO)}"
    if count and rng.random() < 0.05:
        return (
            f"{count}{rng.choice((' 뽑아줘. ', ' 필요해 ', ' 구함: ', ', ', ' - ', '만 '))}{group}"
        )
    if not count and rng.random() < 0.15:
        return group + rng.choice(_COUNT_ENDS_KO)
    return f"{group}{' ' + count if count else ''}{rng.choice(_ENDS_KO)}"


def _korean_by(names: Sequence[str], rng: random.Random, *, begins: bool) -> str:
    link = "" if begins else rng.choice(("의 ", " ", "은 ", "들의 ", " - "))
    if len(names) > 1:
        joined = rng.choice(("별 ", "과 ", ", ", "와 ", " ")).join(names)
        return (
            link
            + joined
            + rng.choice((" 분포", "별 분포", "별로 보여줘", " 비교", " 교차표", "별 비율", ""))
        )
    name = names[0]
    return (
        link
        + name
        + rng.choice(
            (
                "별",
                "별로",
                " 분포",
                "별 분포",
                " 비율",
                " 비율은?",
                "은?",
                "은 어떻게 돼?",
                " 비교",
                "별로 나눠줘",
                "별로 쪼개줘",
                "별로 쪼개서 보여줘",
                "별로 갈라줘",
                "별 현황",
                "별 명단 수",
                "별 인원",
                " 분포 보여줘",
                "별 통계",
                "",
                " 알려줘",
                "은 뭐야?",
                " 순위",
                "별 비교해줘",
                "이 어떻게 되나요?",
                "는 보통 어때?",
                " 현황",
                " 종류",
                " 종류별 비교",
                " 순위 알려줘",
                " 선호도",
                " 조사",
                " 평균",
                " 차이",
                " 특징",
                "에 대해 알려줘",
                " 궁금해",
                " 정리해줘",
                " 트렌드",
                "이 뭔지 알려줘",
                " 어떤지 보여줘",
                " 몇 퍼센트야?",
                " 구성",
                " 구성비",
                f"{particle(name, '을를')} 기준으로 나눠줘",
                "에 따라 나눠줘",
                "에 따른 분포",
                " 기준으로",
                " 기준 인원수",
                "마다 몇 명씩",
                "별 명수",
                "별로 몇 명인지",
                "별 비중",
                f"{particle(name, '을를')} 비교해서 보여줘",
                f"{particle(name, '을를')} 분석해줘",
                f"{particle(name, '이가')} 궁금합니다",
                f"{particle(name, '은는')} 어떤가요?",
                f"{particle(name, '은는')} 어떻게 나뉘어?",
                f"{particle(name, '을를')} 알고 싶어",
                " 통계 내줘",
                " 비율 알려주세요",
                " 알아봐줘",
                " 조사해줘",
                " 집계",
                "별 집계해줘",
                f"{toward(name)} 나눠서",
                f"{toward(name)} 묶어줘",
                " 분석",
                " 랭킹",
                " TOP",
            )
        )
    )


def _korean_count(limit: int, rng: random.Random) -> str:
    style = rng.random()
    if style < 0.72:
        return f"{limit}명"
    if style < 0.86:
        return rng.choice(
            (
                f"{limit} 명",
                f"{limit}명만",
                f"{limit}명 정도",
                f"최대 {limit}명",
                f"최소 {limit}명",
                f"{limit}명쯤",
                f"약 {limit}명",
                f"딱 {limit}명",
                f"총 {limit}명",
                f"{limit}분",
                f"{limit}인",
            )
        )
    if style < 0.92:
        return f"{limit}개"
    if limit <= 100 or limit % 100 == 0:
        return f"{hangul_number(limit, rng)} 명" if limit != 1 else "한 명"
    return f"{limit}명"


def _compose_english(sentence: Sentence, rng: random.Random) -> str | None:
    pieces = list(sentence.pieces)
    rng.shuffle(pieces)
    aside = _set_aside(pieces, rng, least=1 if sentence.groups else 2)
    said = _english_said(pieces, sentence, rng)
    if said is None or aside is None:
        return said and framed_english(said, rng)
    thing = _one(aside.forms.post or aside.forms.kw or aside.forms.noun or aside.forms.mod, rng)
    return framed_english(with_aside_english(said, thing or "", rng), rng)


def _english_said(pieces: Sequence[Piece], sentence: Sentence, rng: random.Random) -> str | None:
    count = "" if sentence.limit is None else str(sentence.limit)
    if not pieces and not sentence.groups:
        group = "" if sentence.by or sentence.ask else rng.choice(_HEADS_EN)
        return _english_tail(f"{count} {group}".strip(), sentence, rng, counted=True)
    if sentence.compares:
        compared = _english_comparison(pieces, sentence.groups, rng)
        return compared and _english_tail(compared, sentence, rng, counted=False)
    if not sentence.groups and rng.random() < 0.3:
        group_or_none = _keywords(pieces, rng)
        return (
            None
            if group_or_none is None
            else _english_tail(group_or_none, sentence, rng, counted=False)
        )
    group_or_none = _english_group(pieces, sentence.groups, rng)
    if group_or_none is None:
        return None
    if not count and not sentence.by and not sentence.ask and rng.random() < 0.1:
        return rng.choice(_COUNT_STARTS_EN) + group_or_none + rng.choice(("", "?"))
    start = "" if sentence.by or sentence.ask else rng.choice(_STARTS_EN)
    counted = sentence.limit is not None and rng.random() < 0.65
    before = f"{_english_count(sentence.limit, rng)} " if counted else ""
    return _english_tail(start + before + group_or_none, sentence, rng, counted=counted)


def _english_count(limit: int | None, rng: random.Random) -> str:
    words = [word for word, number in ENGLISH_NUMBERS.items() if number == limit]
    return rng.choice(words) if words and rng.random() < 0.2 else str(limit)


def _english_comparison(
    pieces: Sequence[Piece], groups: Sequence[Sequence[Piece]], rng: random.Random
) -> str | None:
    """ "compare men in their 20s with women in their 50s"."""
    sides = [_english_group([*group], (), rng) for group in groups]
    shared = _english_group([*pieces], (), rng) if pieces else ""
    if None in sides or shared is None:
        return None
    before, between = rng.choice(
        (
            ("compare ", " with "),
            ("compare ", " and "),
            ("", " vs "),
            ("", " versus "),
            ("difference between ", " and "),
        )
    )
    among = f"among {shared}, " if shared else ""
    return f"{among}{before}{sides[0]}{between}{sides[1]}"


def _english_group(
    pieces: Sequence[Piece], groups: Sequence[Sequence[Piece]], rng: random.Random
) -> str | None:
    """Adjectives, a noun, then what follows a noun, joined by commas or "and"."""
    before: list[str] = []
    after: list[str] = []
    head: str | None = None
    for piece in pieces:
        forms = piece.forms
        if head is None and forms.noun and (rng.random() < 0.6 or not (forms.post or forms.mod)):
            head = rng.choice(forms.noun)
        elif forms.post and (rng.random() < 0.75 or not forms.mod):
            after.append(rng.choice(forms.post))
        elif forms.mod:
            before.append(rng.choice(forms.mod))
        elif forms.kw:
            after.append(f"({rng.choice(forms.kw)})")
        elif forms.noun:
            after.append(f"who are {rng.choice(forms.noun)}")
        else:
            return None
    if groups:
        either = [_english_alternative(group, rng) for group in groups]
        if None in either:
            return None
        said = bool(pieces)  # what went before is not one of the alternatives
        after.append(english_clauses([clause or "" for clause in either], rng, after_others=said))
    return " ".join([*before, head or rng.choice(_HEADS_EN), _english_joined(after, rng)]).strip()


def _english_joined(clauses: Sequence[str], rng: random.Random) -> str:
    """Clauses one after another; two that begin alike are now and then said in one breath: "who
    swim and hike", "without a car or a TV".
    """
    joiner = rng.choice((" and ", ", ", " ", " and "))
    if len(clauses) == 2 and rng.random() < 0.4:
        for start, link in _BEGIN_ALIKE:
            one, other = clauses
            if one.startswith(start) and other.startswith(start) and " or " not in one + other:
                return one + link + other.removeprefix(start)
    return joiner.join(clauses)


def _english_alternative(group: Sequence[Piece], rng: random.Random) -> str | None:
    """One of two things that follow a noun: "who drive a Tesla", "who are women in Seoul"."""
    if len(group) == 1 and group[0].forms.post:
        return rng.choice(group[0].forms.post)
    clauses = [_one(piece.forms.post, rng) for piece in group]
    if None not in clauses:
        return " and ".join(clause or "" for clause in clauses)
    whole = _english_group([*group], (), rng)
    return whole and f"who are {whole}"


def _english_tail(group: str, sentence: Sentence, rng: random.Random, *, counted: bool) -> str:
    if sentence.limit is not None and (sentence.by or sentence.ask) and not counted:
        group = f"{group} ({sentence.limit} people)".strip()
    if sentence.ask:
        link = rng.choice((": ", ", ", " - ", " "))
        return f"{group}{link}{sentence.ask}" if group else sentence.ask
    if sentence.by:
        names = rng.choice((" and ", ", ", " x ")).join(sentence.by)
        tail = rng.choice(
            (
                f"by {names}",
                f"broken down by {names}",
                f"{names} distribution",
                f"split by {names}",
                f"{names} breakdown",
                f"per {names}",
                f"grouped by {names}",
                f"tabulated by {names}",
                f"cross-tabulated by {names}",
                f"segmented by {names}",
                f"sliced by {names}",
                f"compare {names}",
                f"what is their {names}?",
                f"show {names}",
                f"statistics on {names}",
                f"share by {names}",
                f"across {names}",
            )
        )
        return f"{group}{rng.choice((' ', ', ')) if group else ''}{tail}"
    if sentence.limit is None or counted:
        return group + rng.choice(_ENDS_EN)
    n = sentence.limit
    return group + rng.choice(
        (
            f", {n} people",
            f" ({n})",
            f", {n}",
            f" - {n} respondents",
            f". {n} people please",
            f", limit {n}",
            f", about {n}",
            f". About {n} would do.",
        )
    )


def _one(words: Sequence[str], rng: random.Random) -> str | None:
    return rng.choice(words) if words else None
