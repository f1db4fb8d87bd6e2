"""Texts, numbers and the choice of language: Babel's one owner.

English sentences in templates and code are the message ids; the .po files in web/messages hold
the other languages and are compiled in memory at start.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.dates import format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from babel.support import NullTranslations, Translations

from server.errors import LANGUAGES, Language

DOMAIN = "panelens"
DEFAULT_LANGUAGE: Language = "ko"
LANGUAGE_NAMES: Mapping[Language, str] = {"ko": "한국어", "en": "English"}


TENFOLD = 10
_HANGUL = re.compile("[ㄱ-ㆎ가-힣]")


@dataclass(frozen=True, slots=True)
class Wording:
    """How one language says things."""

    language: Language
    locale: Locale
    translations: NullTranslations

    def say(self, message: str, /, **values: object) -> str:
        """The message in this language, its %(name)s filled in."""
        text = self.translations.gettext(message)
        return text % values if values else text

    def say_many(self, one: str, many: str, n: int, /, **values: object) -> str:
        """The message in the form for `n`, which it may show as %(n)s."""
        return self.translations.ngettext(one, many, n) % {"n": self.number(n), **values}

    def number(self, value: float) -> str:
        """A count with the language's digit grouping."""
        return str(format_decimal(value, locale=self.locale))

    def percent(self, share: float) -> str:
        """A share of one in per cent, always with one digit, so that columns stand in line."""
        return str(format_percent(share, format="#,##0.0%", locale=self.locale))

    def times(self, lift: float) -> str:
        """How many times as often, as 1.80×."""
        form = "0.00" if lift < TENFOLD else "#,##0"
        return f"{format_decimal(lift, format=form, locale=self.locale)}×"

    def points(self, difference: float) -> str:
        """A difference of two shares in percentage points, with its sign."""
        rounded = round(abs(difference) * 100, 1)
        sign = "+" if difference > 0 else "−"
        told = format_decimal(rounded, format="#,##0.0", locale=self.locale)
        return f"{sign}{told}" if rounded else "0"

    def moment(self, at: datetime) -> str:
        """A day and a time, in the server's own zone.

        The day's half is written out: abbreviated, CLDR has AM in Korean too.
        """
        day, time = self.locale.date_formats["short"], self.locale.time_formats["short"]
        both = str(self.locale.datetime_formats["short"]).replace("{1}", day.pattern)
        pattern = both.replace("{0}", time.pattern.replace("a", "aaaa"))
        return str(format_datetime(at.astimezone(), format=pattern, locale=self.locale))

    def whole_percent(self, share: float) -> str:
        """A share of one in whole per cent; never 100 % when something is missing."""
        rounded = 0.99 if 0.99 < share < 1 else share
        return str(format_percent(rounded, format="#,##0%", locale=self.locale))


def load_wordings(messages: Path) -> Mapping[Language, Wording]:
    """Compile every language's messages; without a file the ids are what is said."""
    return {
        language: Wording(language, Locale(language), _translations(messages, language))
        for language in LANGUAGES
    }


def choose_language(wanted: Iterable[str | None], accept: str) -> Language:
    """The first wanted language we speak, else the best of an Accept-Language header."""
    for language in wanted:
        if language in LANGUAGES:
            return language
    return next(_accepted(accept), DEFAULT_LANGUAGE)


def is_korean(text: str) -> bool:
    """Whether a screen reader is to read it in Korean."""
    return _HANGUL.search(text) is not None


def _accepted(header: str) -> Iterator[Language]:
    weighed = []
    for position, item in enumerate(header.split(",")[:20]):
        tag, _, parameter = item.partition(";")
        language = tag.strip().lower().partition("-")[0]
        if language in LANGUAGES and (weight := _weight(parameter)) > 0:
            weighed.append((-weight, position, language))
    return iter([language for _, _, language in sorted(weighed)])


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def _translations(messages: Path, language: Language) -> NullTranslations:
    path = messages / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    if not path.is_file():
        return NullTranslations()
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language, domain=DOMAIN, abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled, domain=DOMAIN)
