"""Answers as files to take away: CSV and JSON written row by row, XLSX as a workbook."""

import asyncio
import csv
import io
import json
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any

from server.catalogue import Catalogue, PanelField
from server.search.answer import Respondent
from server.web.phrasing import cell_in_words, label_of
from server.web.wording import Wording

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

BYTE_ORDER_MARK = "\ufeff"  # Korean Excel takes a CSV without it for cp949
XLSX_ROWS_MAX = 1_048_575
MEMORY_BYTES_MAX = 8_000_000
CHUNK_BYTES = 64 * 1024
# What a spreadsheet would compute instead of show (OWASP, CSV injection), full width included.
_FORMULA_BEGINS = tuple("=+-@\t\r\n＝＋－＠")
# Readers of other countries divide cells at semicolons or tabs, so one may begin in the middle.
_FORMULA_IN_THE_MIDDLE = re.compile(r"([;\t\r\n] *)(?=[=+\-@＝＋－＠])")
# XLSX cannot hold them, and nobody sees them.
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")

People = AsyncIterator[tuple[Respondent, ...]]
About = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Table:
    """Which columns a file has and how its cells read."""

    catalogue: Catalogue
    wording: Wording
    fields: tuple[PanelField, ...]

    def heads(self) -> list[str]:
        """The id's name, then each field's label with its code in the questionnaire."""
        return [
            self.catalogue.respondent_id,
            *(
                f"{label_of(f, self.wording)} ({self.catalogue.source_code(f.name)})"
                for f in self.fields
            ),
        ]

    def cells(self, person: Respondent) -> list[str | int]:
        """One respondent: numbers stay numbers, texts cannot become formulas."""
        return [harmless(person.id), *(self._cell(person, f) for f in self.fields)]

    def _cell(self, person: Respondent, field: PanelField) -> str | int:
        cell = person.fields.get(field.name)
        return cell if isinstance(cell, int) else harmless(cell_in_words(cell, field, self.wording))


def harmless(text: str) -> str:
    """The text, marked as text where a spreadsheet would take it for a formula."""
    shown = _CONTROL_CHARACTERS.sub("\ufffd", text)
    shown = _FORMULA_IN_THE_MIDDLE.sub(r"\1'", shown)
    return f"'{shown}" if shown.startswith(_FORMULA_BEGINS) else shown


async def begun(people: People) -> People:
    """The same people, the first of them read: what refuses that is an answer, not half a file."""
    try:
        first = await anext(people)
    except StopAsyncIteration:
        first = ()

    async def from_the_first() -> People:
        if first:
            yield first
        async for some in people:
            yield some

    return from_the_first()


async def as_csv(table: Table, about: About, people: People) -> AsyncIterator[bytes]:
    """UTF-8 with its mark; lines about the file begin with # and stand before the heads."""
    yield (
        BYTE_ORDER_MARK + _lines([[f"# {name}", harmless(text)] for name, text in about])
    ).encode()
    yield _lines([table.heads()]).encode()
    async for some in people:
        yield await asyncio.to_thread(_rows, table, some)


async def as_json(
    about: dict[str, Any], names: Sequence[str], id_key: str, people: People
) -> AsyncIterator[bytes]:
    """One object: what the file is about, and its respondents as the API gives them."""
    yield (f'{{"about": {json.dumps(about, ensure_ascii=False)},\n"respondents": [').encode()
    first = True

    def objects(some: tuple[Respondent, ...]) -> str:
        rows = ({id_key: p.id, **{name: p.fields.get(name) for name in names}} for p in some)
        return ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)

    async for some in people:
        text = await asyncio.to_thread(objects, some)
        yield (("\n" if first else ",\n") + text).encode()
        first = False
    yield b"\n]}\n"


async def as_xlsx(table: Table, titles: tuple[str, str], about: About, people: People) -> IO[bytes]:
    """A workbook of two sheets, respondents and what they are; rows are never all in memory."""
    from openpyxl import Workbook  # noqa: PLC0415  (some megabytes that few servers need)

    book = Workbook(write_only=True)
    loop = asyncio.get_running_loop()
    aside = ThreadPoolExecutor(1)  # one thread: what is being written is not given up in the middle
    try:
        try:
            sheet = book.create_sheet(titles[0])
            sheet.freeze_panes = "B2"
            sheet.append(table.heads())
            async for some in people:
                await loop.run_in_executor(aside, _append, sheet, table, some)
            notes = book.create_sheet(titles[1])
            for name, text in about:
                notes.append([name, harmless(text)])
        except BaseException:
            await asyncio.shield(loop.run_in_executor(aside, _give_up, book))
            raise
        file: IO[bytes] = SpooledTemporaryFile(max_size=MEMORY_BYTES_MAX)  # noqa: SIM115  (closed by pieces)
        try:
            await loop.run_in_executor(aside, book.save, file)
        except BaseException:
            aside.submit(file.close)  # once it is no longer written to
            raise
    finally:
        aside.shutdown(wait=False)
    file.seek(0)
    return file


def _append(sheet: "WriteOnlyWorksheet", table: Table, people: Sequence[Respondent]) -> None:
    for person in people:
        sheet.append(table.cells(person))


def _give_up(book: "Workbook") -> None:
    """openpyxl keeps a file of each sheet that was begun until the program ends."""
    for sheet in book.worksheets:
        sheet.close()
        sheet._writer.cleanup()  # type: ignore[attr-defined]  # of write-only sheets, by openpyxl


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    """The file's bytes; it is gone once they were read."""
    with file:
        while piece := file.read(CHUNK_BYTES):
            yield piece


def _rows(table: Table, people: Sequence[Respondent]) -> bytes:
    return _lines([table.cells(person) for person in people]).encode()


def _lines(rows: Sequence[Sequence[str | int]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue()
