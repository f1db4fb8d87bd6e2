"""What a request asks: its question or filter, checked, and filters made from filters."""

import json
import re

from starlette.requests import Request

from server.accuracy.lines import without_repetition
from server.catalogue import Catalogue, PanelField, normalise
from server.errors import InvalidFilter, InvalidInput, InvalidQuestion
from server.filter import Filter, Part, as_json, conditions_at, parse_filter, with_conditions
from server.web.wording import Wording

FILTER_LENGTH_MAX = 16_000
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f]+")


def check_question(question: str, *, longest: int, wording: Wording) -> str:
    """The question as text on one line; InvalidQuestion when it cannot be read."""
    stripped = _CONTROL_CHARACTERS.sub(" ", question).strip()
    if not any(c.isprintable() and not c.isspace() for c in stripped):
        raise InvalidQuestion(wording.say("The question is empty."))
    if len(stripped) > longest:
        raise InvalidQuestion(
            wording.say(
                "The question has %(length)s characters; at most %(longest)s are read.",
                length=wording.number(len(stripped)),
                longest=wording.number(longest),
            )
        )
    if not _is_encodable(stripped):
        raise InvalidQuestion(wording.say("The question holds characters that are not text."))
    return stripped


def read_filter(text: str, catalogue: Catalogue) -> Filter:
    """The filter that an address carries as JSON."""
    if len(text) > FILTER_LENGTH_MAX:
        raise InvalidFilter(f"filter: {len(text)} characters, at most {FILTER_LENGTH_MAX} are read")
    try:
        raw = json.loads(text, object_pairs_hook=without_repetition)
    except (json.JSONDecodeError, RecursionError) as error:
        raise InvalidFilter("filter: not valid JSON") from error
    except ValueError as error:
        raise InvalidFilter(f"filter: {error}") from error
    return parse_filter(raw, catalogue)


async def refuse_repetition(request: Request) -> None:
    """InvalidInput for a JSON body in which a key is given twice: the first would be lost silently."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not media_type.endswith(("/json", "+json")):
        return
    try:
        json.loads(await request.body(), object_pairs_hook=without_repetition)
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        return  # its route says what is wrong
    except ValueError as error:
        raise InvalidInput(str(error)) from error


def write_filter(query: Filter) -> str:
    """The filter as compact JSON for an address."""
    return json.dumps(as_json(query), ensure_ascii=False, separators=(",", ":"))


def without_condition(query: Filter, part: Part, group: int, field: str) -> Filter:
    """The filter with one condition dropped; a group of `either` left empty goes with it."""
    there = conditions_at(query, part, group)
    rest = tuple(condition for condition in there if condition.field != field)
    return query if rest == there else with_conditions(query, part, group, rest)


def fields_holding(wanted: str, catalogue: Catalogue) -> tuple[PanelField, ...]:
    """The fields in which every wanted word occurs: in a name, a code, a wording or an answer."""
    words = [normalise(word) for word in wanted.split()]
    return tuple(
        field
        for field in catalogue.fields
        if all(word in catalogue.searchable[field.name] for word in words)
    )


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
