"""The prompt: what the model is given to read, the same in training and in use."""

import re
import unicodedata

from server.interpret.names import Mention

_BLANKS = re.compile(r"\s+")


def tidy(question: str) -> str:
    """The question on one line, in composed Unicode, without control characters."""
    composed = unicodedata.normalize("NFC", question)
    shown = "".join(c if c.isprintable() else " " for c in composed)
    return _BLANKS.sub(" ", shown).strip()


def build_prompt(question: str, mentions: tuple[Mention, ...]) -> str:
    """The tidy question and the names found in it; the model's answer follows directly."""
    hints = dict.fromkeys(f"@{m.line}\n" for m in mentions)
    return f"{tidy(question)}\n{''.join(hints)}=\n"
