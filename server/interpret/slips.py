"""Puts slips of the pen right before a question is read: words nobody knows, a slip from words the panel knows."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from server.catalogue import Catalogue, normalise
from server.interpret.interpretation import ReadAs
from server.interpret.known import DIGITS, NUMBER, KnownWords, signs_of
from server.interpret.words import WORD
from server.phrases import Phrases

# What each slip costs, beside a word left as it is, unknown: the cheapest account of a question wins.
_UNKNOWN = 2.6
_TWICE = 1.0
_LETTER = 1.3
_LETTER_SELDOM = 1.7
_EXTRA_SPACE = 1.0
_MISSING_SPACE = 0.6
# A short word is one slip from too many others, unless it stands beside one that a phrase puts there.
_SHORT = 1.5
_BESIDE = 0.5
_SPLIT_BESIDE = 0.1
# The words that ask, count or join stand in most questions.
_PLAIN = 0.3
# A split may leave one syllable, or two letters, over; that is seldom what was meant.
_SCRAP = 2.0
_SCRAP_PLAIN = 1.2
# Two accounts that cost nearly the same: what was meant is not for us to say.
_ALIKE_WITHIN = 0.25
_SPACED_ALIKE_WITHIN = 0.05
_ACCOUNTS = 8
_PIECE_MAX = 16
_SPACES_MAX = 2
# A longer run of unknown words is no slip, and takes time.
_REGION_MAX = 96
# Letters from which on an English word is a slip of another: swapped, one missed or doubled, changed.
_SWAP_SHORTEST = 3
_SWAP_SURE = 4
_MISSED_SHORTEST = 6
_CHANGED_SHORTEST = 8
# Shorter ones are pieces of words, too.
_COMMON_LETTERS = 4
# "한 번" is written apart.
_COUNTS = "한두세네"
# What hands and ears take for each other, by its place in a syllable.
# fmt: off
_VOWELS = (
    "ㅐㅔ", "ㅒㅖ", "ㅙㅞㅚ", "ㅓㅏ", "ㅏㅣ", "ㅕㅑ", "ㅗㅜ", "ㅛㅠ", "ㅗㅓ", "ㅡㅜ", "ㅢㅣㅡ",
    "ㅏㅑ", "ㅓㅕ", "ㅗㅛ", "ㅜㅠ",
)
# fmt: on
_TAKEN_FOR = {
    "CHOSEONG": ("ㅂㅃ", "ㅈㅉ", "ㄷㄸ", "ㄱㄲ", "ㅅㅆ"),
    "JUNGSEONG": _VOWELS,
    "JONGSEONG": ("ㄱㄲㄳㅋ", "ㄴㅁㅇ", "ㄴㄵㄶ", "ㄹㄺㄻㄼㅀ", "ㅂㅄㅍ", "ㄷㅅㅆㅈㅊㅌ"),
}


@dataclass(frozen=True, slots=True)
class Righted:
    """A question as it is read, and where each of its characters was typed (`start`, `end`)."""

    text: str
    question: str
    corrections: tuple[ReadAs, ...] = ()
    places: tuple[tuple[int, int], ...] = ()

    @property
    def is_sure(self) -> bool:
        """Whether no letter of an English word was changed: bakers are no bankers, and look like it."""
        return not any(
            each.typed.isascii() and _letters(each.typed) != _letters(each.read)
            for each in self.corrections
        )

    def typed(self, words: Iterable[str]) -> tuple[str, ...]:
        """The words as they were typed, each once."""
        return tuple(dict.fromkeys(map(self._typed, words)))

    def _typed(self, words: str) -> str:
        start = self.text.find(words) if self.corrections else -1
        places = self.places[start : start + len(words)]
        if start < 0 or not places:
            return words
        return self.question[min(p[0] for p in places) : max(p[1] for p in places)]


@dataclass(frozen=True, slots=True)
class _Sign:
    """A sign of a squeezed question, and where it was typed."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Token:
    """A typed word: its signs, and whether only blanks stand between it and the next."""

    signs: tuple[_Sign, ...]
    known: bool
    joins: bool

    @property
    def key(self) -> str:
        return "".join(sign.text for sign in self.signs)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A word of an account: its signs (`start` to `end` of the region's), and as what it is read."""

    start: int
    end: int
    word: str
    slipped: bool = False
    wants_company: float = 0.0


@dataclass(frozen=True, slots=True)
class _Account:
    """Pieces that account for a region's signs so far, and what they cost."""

    cost: float
    pieces: tuple[_Piece, ...] = ()

    @property
    def text(self) -> str:
        return "".join(piece.word for piece in self.pieces)

    def is_clearly_before(self, other: "_Account") -> bool:
        """Whether it is cheap enough to be what was meant; where just spaces differ, a little is."""
        within = _SPACED_ALIKE_WITHIN if self.text == other.text else _ALIKE_WITHIN
        return other.cost - self.cost >= within


class Slips:
    """Reads misspelt, joined and split words as those the panel knows, where there is but one way.

    Known words, digits and what is ambiguous stay as they are.
    """

    def __init__(
        self, catalogue: Catalogue, phrases: Phrases, *, is_common: Callable[[str], bool]
    ) -> None:
        """`is_common` knows words beyond the panel's, which are no slips either."""
        self._known = KnownWords(catalogue, phrases)
        self._is_common = is_common

    def right(self, question: str) -> Righted:
        """The question with its slips put right; as it is where what was read would be read anew."""
        righted = self._righted_once(question)
        is_settled = not righted.corrections or not self._righted_once(righted.text).corrections
        return righted if is_settled else Righted(question, question)

    def _righted_once(self, question: str) -> Righted:
        tokens = tuple(self._tokens(question))
        changes: list[_Change] = []
        for first, last in _regions(tokens):
            region = _Region(tokens, first, last)
            if len(region.text) <= _REGION_MAX:
                changes += region.changes(self._account(region))
        return _righted(question, changes) if changes else Righted(question, question)

    def _tokens(self, question: str) -> Iterator[_Token]:
        found = list(WORD.finditer(question))
        torn = self._torn([normalise(match[0]) for match in found])
        for number, match in enumerate(found):
            following = found[number + 1].start() if number + 1 < len(found) else None
            blank = following is not None and question[match.end() : following].isspace()
            signs = tuple(_signs(match))
            key = "".join(sign.text for sign in signs)
            known = self._knows(key, match[0]) and number not in torn
            yield _Token(signs, known, blank)

    def _torn(self, words: Sequence[str]) -> frozenset[int]:
        """Which words are the two syllables of one behind a number: "30세 이 상"."""
        return frozenset(
            number
            for first in range(1, len(words) - 1)
            if len(words[first]) == len(words[first + 1]) == 1
            and words[first] not in _COUNTS
            and words[first - 1][:1].isdecimal()
            and self._known.has(words[first] + words[first + 1])
            and not self._known.is_name(words[first] + words[first + 1])
            for number in (first, first + 1)
        )

    def _knows(self, key: str, typed: str) -> bool:
        if self._known.knows(key):
            return True
        return len(key) >= (_COMMON_LETTERS if key.isascii() else 2) and self._is_common(typed)

    def _account(self, region: "_Region") -> tuple[_Piece, ...]:
        """The pieces of a region's cheapest account; none when another is nearly as cheap."""
        accounts: list[list[_Account]] = [[] for _ in range(len(region.text) + 1)]
        accounts[0] = [_Account(0.0)]
        for start in range(len(region.text)):
            pieces = list(self._pieces(region, start)) if accounts[start] else ()
            for piece, cost in pieces:
                accounts[piece.end] += [
                    self._with(region, account, piece, cost) for account in accounts[start]
                ]
            accounts[start + 1] = _cheapest(accounts[start + 1])
        best, *others = accounts[-1]
        return best.pieces if all(map(best.is_clearly_before, others)) else ()

    def _with(self, region: "_Region", account: _Account, piece: _Piece, cost: float) -> _Account:
        """The account with another piece; what stands beside it may speak for a slip."""
        before = account.pieces[-1] if account.pieces else region.before
        total = account.cost + cost
        if before is not None and self._known.are_beside(before.word, piece.word):
            total -= before.wants_company
            before = replace(before, wants_company=0.0)
            # What "안" turns stands behind it.
            if len(piece.word) > 1:
                total -= piece.wants_company
                piece = replace(piece, wants_company=0.0)
        pieces = (*account.pieces[:-1], before) if account.pieces and before else ()
        return _Account(total, (*pieces, piece))

    def _pieces(self, region: "_Region", start: int) -> Iterator[tuple[_Piece, float]]:
        """The words that may stand at a place, and what they cost."""
        typed, known = region.typed.get(start, (0, False))
        if typed:
            text = region.text[start:typed]
            yield _Piece(start, typed, text), 0.0 if known else _UNKNOWN
        for end in range(start + 1, min(len(region.text), start + _PIECE_MAX) + 1):
            spaces = sum(start < place < end for place in region.ends)
            if spaces > _SPACES_MAX:
                return
            if end in region.inside:
                continue
            text = region.text[start:end]
            cost = spaces * _EXTRA_SPACE + (0.0 if end in region.ends else _MISSING_SPACE)
            if self._known.knows(text):
                if end != typed:
                    yield self._split_off(start, end, text, cost)
            elif start in region.typed and end in region.ends and not (end == typed and known):
                yield from self._slipped(start, end, text, cost)

    def _split_off(self, start: int, end: int, text: str, cost: float) -> tuple[_Piece, float]:
        """A known word that was not typed as one; of a short one, company has to speak."""
        if text.isascii():
            plain = self._known.is_plain(text)
            scrap = _SCRAP if len(text) < (2 if plain else 4) else 0.0
            return _Piece(start, end, text, wants_company=scrap if plain else 0.0), cost + scrap
        scrap = 0.0
        if len(text) == 1:
            scrap = _SCRAP_PLAIN if self._known.is_plain(text) else _SCRAP
        # Company decides between two ways to split, and makes no split cheaper than none.
        wants = scrap + (_SPLIT_BESIDE if cost >= _MISSING_SPACE else 0.0)
        return _Piece(start, end, text, wants_company=wants), cost + scrap

    def _slipped(
        self, start: int, end: int, text: str, cost: float
    ) -> Iterator[tuple[_Piece, float]]:
        for stem, word, tail in self._known.near(text):
            if text.isascii() and not _english_slip(stem, word):
                continue
            slip, wants = self._slip(stem, word)
            slip -= _PLAIN if self._known.is_plain(word) else 0.0
            if cost and self._known.is_name(word):
                continue
            piece = _Piece(start, end, word + tail, slipped=True, wants_company=wants)
            yield piece, cost + slip

    def _slip(self, typed: str, word: str) -> tuple[float, float]:
        """What it costs to read one word as another, and how much of that company pays back."""
        one, other = signs_of(typed), signs_of(word)
        usual = _is_usual(one, other)
        cost = _LETTER if usual else _LETTER_SELDOM
        if len(one) > len(other) + 1:
            cost = _TWICE
        if typed.isascii():
            sure = len(typed) >= _SWAP_SURE
        elif NUMBER in typed:
            sure = usual
        else:
            odd = len(one) == len(other) and self._known.is_odd(typed)
            sure = len(typed) >= (3 if usual else 6) - odd
        if sure:
            return cost, _BESIDE
        return cost + _SHORT, _SHORT if usual else 0.0


class _Region:
    """A run of words nobody knows with its neighbours, squeezed together."""

    def __init__(self, tokens: Sequence[_Token], first: int, last: int) -> None:
        within = tokens[first : last + 1]
        self.signs = tuple(sign for token in within for sign in token.signs)
        self.text = "".join(sign.text for sign in self.signs)
        lengths = [len(token.signs) for token in within]
        ends = [sum(lengths[: number + 1]) for number in range(len(lengths))]
        self.ends = frozenset(ends)
        known = [token.known for token in within]
        # A known word is not split.
        self.inside = frozenset(
            place
            for token, end in zip(within, ends, strict=True)
            for place in range(end - len(token.signs) + 1, end)
            if token.known
        )
        self.typed = dict(zip((0, *ends), zip(ends, known, strict=True), strict=False))
        is_joined = first > 0 and tokens[first - 1].joins
        self.before = _Piece(0, 0, tokens[first - 1].key) if is_joined else None

    def changes(self, pieces: Sequence[_Piece]) -> Iterator["_Change"]:
        """The pieces that are not as they were typed, cut where words end in both."""
        begun: list[_Piece] = []
        for piece in pieces:
            begun.append(piece)
            if piece.end not in self.ends:
                continue
            first = begun[0].start
            if len(begun) > 1 or piece.slipped or self.typed[first][0] != piece.end:
                yield _Change(self.signs, tuple(begun))
            begun = []


@dataclass(frozen=True, slots=True)
class _Change:
    """Pieces to stand in place of what was typed; `signs` are their region's."""

    signs: tuple[_Sign, ...]
    pieces: tuple[_Piece, ...]

    @property
    def start(self) -> int:
        return self.signs[self.pieces[0].start].start

    @property
    def end(self) -> int:
        return self.signs[self.pieces[-1].end - 1].end


def _regions(tokens: Sequence[_Token]) -> Iterator[tuple[int, int]]:
    """First and last word of each run that nobody knows, with a neighbour on either side."""
    end = -1
    for number, token in enumerate(tokens):
        if token.known or number <= end:
            continue
        last = number
        # A known word between two unknown ones is the neighbour of both.
        while tokens[last].joins and not (
            tokens[last + 1].known and (not tokens[last + 1].joins or tokens[last + 2].known)
        ):
            last += 1
        first = number - 1 if number - 1 > end and tokens[number - 1].joins else number
        last += tokens[last].joins
        end = last
        yield first, last


def _signs(match: re.Match[str]) -> Iterator[_Sign]:
    """The signs of a word; a number is one of them."""
    for part in re.finditer(rf"{DIGITS.pattern}|.", match[0]):
        start, end = match.start() + part.start(), match.start() + part.end()
        text = NUMBER if part[0][0].isdecimal() else normalise(part[0])
        yield from (_Sign(sign, start, end) for sign in text)


def _cheapest(accounts: Sequence[_Account]) -> list[_Account]:
    """A few accounts that read differently, the cheapest first."""
    kept: dict[tuple[str, ...], _Account] = {}
    for account in sorted(accounts, key=lambda account: account.cost):
        kept.setdefault(tuple(piece.word for piece in account.pieces), account)
        if len(kept) == _ACCOUNTS:
            break
    return list(kept.values())


def _is_usual(one: str, other: str) -> bool:
    """Whether hands often slip so: letters swapped, left out, doubled, or taken for a neighbour."""
    if len(one) != len(other) or _is_swap(one, other):
        return True
    names = [(_named(a), _named(b)) for a, b in zip(one, other, strict=True) if a != b]
    return all(
        a[0] == b[0] and any(a[1] in group and b[1] in group for group in _TAKEN_FOR.get(a[0], ()))
        for a, b in names
    )


def _english_slip(one: str, other: str) -> bool:
    """Whether a word is long enough to be a slip of the other: words look alike."""
    if NUMBER in one:
        return False
    if _is_swap(one, other):
        return len(one) >= _SWAP_SHORTEST
    if len(one) == len(other):
        return one[0] == other[0] and len(one) >= _CHANGED_SHORTEST
    return one[-1] == other[-1] and len(one) >= _MISSED_SHORTEST


def _is_swap(one: str, other: str) -> bool:
    return sorted(one) == sorted(other)


def _letters(words: str) -> list[str]:
    """The letters, double ones once and in any order: what blanks, swaps and doublings leave alone."""
    return sorted(re.sub(r"(.)\1", r"\1", normalise(words)))


def _named(sign: str) -> tuple[str, str]:
    """Where in a syllable a jamo stands, and the letter it is."""
    words = unicodedata.name(sign, "").split()
    if words[:1] != ["HANGUL"]:
        return "", sign
    return words[1], unicodedata.lookup(f"HANGUL LETTER {words[-1]}")


def _righted(question: str, changes: Sequence[_Change]) -> Righted:
    """The question with the changes made, and where each character was typed."""
    typed = [(character, (place, place + 1)) for place, character in enumerate(question)]
    text: list[tuple[str, tuple[int, int]]] = []
    corrections = []
    end = 0
    for change in changes:
        read = list(_read(question, change))
        text += [*typed[end : change.start], *read]
        end = change.end
        corrections.append(
            ReadAs(question[change.start : end], "".join(character for character, _ in read))
        )
    text += typed[end:]
    return Righted(
        "".join(character for character, _ in text),
        question,
        tuple(corrections),
        tuple(place for _, place in text),
    )


def _read(question: str, change: _Change) -> Iterator[tuple[str, tuple[int, int]]]:
    """The characters of a change, its pieces set apart."""
    for number, piece in enumerate(change.pieces):
        signs = change.signs[piece.start : piece.end]
        if number:
            yield " ", (signs[0].start, signs[0].start)
        yield from _spelled(question, signs, piece)


def _spelled(
    question: str, signs: Sequence[_Sign], piece: _Piece
) -> Iterator[tuple[str, tuple[int, int]]]:
    """A piece's characters, and where they were typed; the digits are those that were typed."""
    start, end = signs[0].start, signs[-1].end
    if not piece.slipped:
        for place in range(start, end):
            if not question[place].isspace():
                yield question[place], (place, place + 1)
        return
    numbers = iter(DIGITS.findall(question[start:end]))
    for sign in piece.word:
        for character in next(numbers) if sign == NUMBER else sign:
            yield character, (start, end)
