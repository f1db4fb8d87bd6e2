"""Refuses JSON that is nested deeper than any panel's, before a parser makes a stack of it."""

import re
from typing import BinaryIO

DEEPEST = 64

_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class Shallow:
    """A stream of JSON that counts brackets as it is read; ValueError over the deepest.

    ijson names the place of every value by all that is around it, so 100,000 brackets in a file
    of 100 kB take gigabytes before it says that the file is torn.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._depth = 0
        self._is_in_string = False
        self._cut = b""

    def read(self, size: int = -1) -> bytes:
        """The next bytes of the stream."""
        block = self._stream.read(size)
        for bracket in self._brackets(block):
            self._depth += 1 if bracket in b"[{" else -1
            if self._depth > DEEPEST:
                raise ValueError(f"nested more than {DEEPEST} deep")
        return block

    def _brackets(self, block: bytes) -> bytes:
        """The brackets that stand outside of strings."""
        text = _ESCAPED.sub(b"", self._cut + block)
        self._cut = b"\\" if text.endswith(b"\\") else b""
        pieces = text.split(b'"')
        outside = pieces[int(self._is_in_string) :: 2]
        self._is_in_string ^= len(pieces) % 2 == 0
        return b"".join(outside).translate(None, _NO_BRACKETS)
