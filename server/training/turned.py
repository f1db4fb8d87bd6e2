"""Says that something is not so, whatever it is: "서울 제외", "수영을 안 하는", "who do not swim"."""

import re

from server.errors import Language
from server.korean import WITHOUT_RIEUL, has_final, is_open, particle
from server.phrases import Forms

# Two verbs at once, and what is turned already: a single 안 would turn the wrong part.
_NOT_SIMPLE = re.compile(
    r"거나|면서|지만|[가-힣]고 (?!있)|대신|말고|않|없|안 |못 |아니|빼고|제외|만 "
)
_SINO_STEM = 2
# What somebody says (최고라는), which is no verb of its own, but for a few that sound alike.
_SAID = re.compile(r"(?<!바)(?<!자)(?<!놀)(?:라|다|냐)는$|.자는$")
# Past forms that end as the copula does (쌓인, 줄인), and what is not 있다 by itself (들어가 있는).
_PAST = re.compile(r"[쌓줄쓰보먹붙높들놓섞덮묶꼬절녹죽끓]인$")
_CONTINUES = re.compile(r"(?:고|아|어|해|여|와|져|려|워|들어가|나가|올라가|돌아가)$")
_TURNED_VERB = re.compile(
    r"(?P<name>[가-힣A-Za-z]+) (?P<verb>(?:안 )?[가-힣]+지 않는|안 [가-힣]+|없는)$"
)
_TURNED_EN = re.compile(
    r"\b(?:not|no|never|without|n't|cannot|nothing|none|neither|hardly|seldom|rarely|barely|avoid"
    r"|little|zero|yet)\b|n't"
)
_AUXILIARY_EN = ("are ", "can ", "could ", "would ", "will ", "were ")
# How two clauses that begin alike are said not to be so.
_NEITHER_EN = (
    ("who have ", "who have neither", "who do not have"),
    ("who are ", "who are neither", "who are not"),
    ("who own ", "who own neither", "who do not own"),
    ("who use ", "who use neither", "who do not use"),
    ("with ", "with neither", "without"),
)
_HAVE_EN = ("have ", "had ", "do ", "did ", "most ", "mainly ", "usually ", "mostly ", "often ")


def turned(said: Forms, language: Language) -> Forms:
    """Ways to say the opposite of what the forms say; without any where none is sure to mean that."""
    return _korean(said) if language == "ko" else _english(said)


def neither(one: Forms, other: Forms, language: Language) -> Forms:
    """Ways to say that both are not so: "수영도 등산도 아닌", "who have neither a TV nor a car"."""
    return _korean_neither(one, other) if language == "ko" else _english_neither(one, other)


def _korean_neither(one: Forms, other: Forms) -> Forms:
    names = [
        (a, b)
        for a in (*one.kw, *one.noun)
        for b in (*other.kw, *other.noun)
        if not _NOT_SIMPLE.search(a + b)
    ]
    kw = [
        f"{a}{link} {b} {end}"
        for a, b in names
        for link in (",", particle(a, "과와"), "이나" if has_final(a) else "나", "랑")
        for end in ("제외", "빼고", "제외하고", "말고")
    ]
    turned_verbs = [_modifiers_of(said) for said in (one, other)]
    mod = [f"{a}도 {b}도 아닌" for a, b in names]
    mod += [
        f"{also(a)[:-1]}고 {also(b)}"
        for a in turned_verbs[0]
        for b in turned_verbs[1]
        if a.endswith("는")
    ]
    return Forms(mod=tuple(mod), kw=tuple(kw))


def _modifiers_of(said: Forms) -> list[str]:
    return [t for m in said.mod if not _NOT_SIMPLE.search(m) for t in _modifiers(m)]


def also(modifier: str) -> str:
    """ "등산을 안 하는" → "등산도 안 하는", "차가 없는" → "차도 없는"; others stay."""
    found = _TURNED_VERB.search(modifier)
    if found is None:
        return modifier
    name, mark = found["name"], found["name"][-1]
    before = name[:-1]
    if before and ((mark in "을이" and has_final(before)) or (mark in "를가" and is_open(before))):
        name = before
    return f"{modifier[: found.start()]}{name}도 {found['verb']}"


def _english_neither(one: Forms, other: Forms) -> Forms:
    post = [
        f"{start} {a} or {b}"
        for a, b in _pairs(one.kw, other.kw)
        for start in ("excluding", "except", "but not")
    ]
    post += [f"excluding {a} and {b}" for a, b in _pairs(one.noun, other.noun)]
    for first, second in _pairs(one.post, other.post):
        for start, both, without in _NEITHER_EN:
            if first.startswith(start) and second.startswith(start):
                a, b = first.removeprefix(start), second.removeprefix(start)
                post += [f"{both} {a} nor {b}", f"{without} {a} or {b}"]
                break
    return Forms(post=tuple(post))


def _pairs(ones: tuple[str, ...], others: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(a, b) for a in ones for b in others if not _TURNED_EN.search(f"{a} {b}")]


def _korean(said: Forms) -> Forms:
    names = [w for w in (*said.kw, *said.noun) if not _NOT_SIMPLE.search(w)]
    whole = [f"{m} 사람" for m in said.mod if not _NOT_SIMPLE.search(m)]
    kw = [f"{w} {end}" for w in names for end in ("제외", "빼고", "제외하고", "말고", "아닌")]
    kw += [f"{w}{end}" for w in whole for end in (" 제외", " 빼고", "은 빼고", "은 제외하고")]
    mod = _modifiers_of(said)
    mod += [f"{w}{particle(w, '이가')} 아닌" for w in names]
    return Forms(mod=tuple(mod), kw=tuple(kw))


def _modifiers(modifier: str) -> list[str]:
    """ "산에 다니는" → "산에 안 다니는", "산에 다니지 않는"; "차가 있는" → "차가 없는"."""
    before, space, verb = modifier.rpartition(" ")
    start = before + space
    if modifier.endswith("인"):
        noun = modifier[:-1]
        return [f"{noun}{particle(noun, '이가')} 아닌"] if noun and not _PAST.search(verb) else []
    if not verb.endswith("는") or len(verb) < _SINO_STEM or _SAID.search(verb):
        return []
    if verb == "있는":
        return [f"{start}없는"] if not _CONTINUES.search(before) else [f"{start}있지 않은"]
    stem = verb[:-1]
    # 지 않는 would need the ㄹ of 만들다 back.
    found = [] if stem.endswith(WITHOUT_RIEUL) else [f"{start}{stem}지 않는"]
    noun = stem.removesuffix("하")
    if stem != noun and len(noun) >= _SINO_STEM and not noun.endswith(("아", "어", "워")):
        return [*found, f"{start}{noun} 안 하는", f"{start}{noun}{particle(noun, '을를')} 안 하는"]
    return [*found, f"{start}안 {verb}"]


def _english(said: Forms) -> Forms:
    post = [t for p in said.post if not _TURNED_EN.search(p) for t in _clauses(p)]
    for name in (*said.noun, *said.kw):
        if not _TURNED_EN.search(name):
            post += [f"excluding {name}", f"except {name}", f"but not {name}", f"other than {name}"]
    return Forms(post=tuple(post))


def _clauses(clause: str) -> list[str]:
    """ "who swim" → "who do not swim"; what cannot be turned by itself is excepted as a whole."""
    _, who, rest = clause.partition("who ")
    if not clause.startswith("who "):
        return [f"without {clause.removeprefix('with ')}"] if clause.startswith("with ") else []
    excepted = [f"except those {clause}", f"excluding people {clause}"]
    for auxiliary in _AUXILIARY_EN:
        if rest.startswith(auxiliary):
            return [f"{who}{auxiliary}not {rest.removeprefix(auxiliary)}", *excepted]
    if rest.startswith(_HAVE_EN) or " and " in rest or " or " in rest:
        return excepted
    return [f"{who}do not {rest}", f"{who}don't {rest}", *excepted]
