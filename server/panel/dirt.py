"""The unclean shapes of real exports, put into otherwise clean raw rows."""

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from server.catalogue import Catalogue, PanelField

Row = dict[str, object]


class Shape(BaseModel):
    """One way in which a row is unclean, and how often among the unclean ones.

    | does | to the row |
    |---|---|
    | header | the header is repeated as data before it |
    | repeat | it is there twice, under the same id |
    | respell | the answer of `field` is written as one of its `spellings` |
    | replace | `field` holds one of `texts`, answer or not |
    | template | the number in `field` is written as a date by one of `texts` |
    | trail | the text in `field` ends in spaces |
    | move | the official wording of `field` stands in the column of the field's parent |
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    does: Literal["header", "repeat", "respell", "replace", "template", "trail", "move"]
    weight: float
    field: str | None = None
    spellings: dict[str, tuple[str, ...]] = {}
    texts: tuple[str, ...] = ()


class Dirt(BaseModel):
    """Which part of all rows is unclean, and the shapes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    share: float
    shapes: tuple[Shape, ...] = ()


def raw_key(field: PanelField) -> str:
    """The key under which a raw row holds the field."""
    if field.source is None:
        return field.name
    return f"{field.source.file}.{field.source.code}"


class Soiler:
    """Makes rows unclean in the shapes of a recipe."""

    def __init__(
        self, catalogue: Catalogue, dirt: Dirt, *, reference_year: int, rng: np.random.Generator
    ) -> None:
        self._catalogue = catalogue
        self._shapes = dirt.shapes
        self._reference_year = reference_year
        self._rng = rng
        weights = np.array([shape.weight for shape in dirt.shapes])
        self._weights = weights / weights.sum() if len(weights) else weights

    def soil(self, row: Row) -> tuple[str, list[Row]] | None:
        """A shape's name and the rows to write instead; None when no shape fits the row."""
        order = self._rng.choice(len(self._shapes), len(self._shapes), False, p=self._weights)
        for shape in (self._shapes[i] for i in order):
            rows = self._DOES[shape.does](self, row, shape)
            if rows:
                return shape.name, rows
        return None

    def _header(self, row: Row, shape: Shape) -> list[Row]:
        header: Row = {self._catalogue.respondent_id: self._catalogue.respondent_id}
        for field in self._catalogue.fields:
            if field.source is not None and raw_key(field) in row:
                header[raw_key(field)] = field.source.code
        return [header, row]

    def _repeat(self, row: Row, shape: Shape) -> list[Row]:
        return [row, row]

    def _respell(self, row: Row, shape: Shape) -> list[Row]:
        field, code = self._field_and_text(row, shape)
        value = next((a.value for a in field.answers if a.code == code), "")
        spellings = shape.spellings.get(value, ())
        return [row | {raw_key(field): self._one_of(spellings)}] if spellings else []

    def _replace(self, row: Row, shape: Shape) -> list[Row]:
        field, _ = self._field_and_text(row, shape)
        if raw_key(field) not in row:
            return []
        return [row | {raw_key(field): self._one_of(shape.texts)}]

    def _template(self, row: Row, shape: Shape) -> list[Row]:
        field, _ = self._field_and_text(row, shape)
        year = row.get(raw_key(field))
        if not isinstance(year, int):
            return []
        text = self._one_of(shape.texts).format(
            year=year,
            month=int(self._rng.integers(1, 13)),
            day=int(self._rng.integers(1, 29)),
            age=self._reference_year - year,
        )
        return [row | {raw_key(field): text}]

    def _trail(self, row: Row, shape: Shape) -> list[Row]:
        field, text = self._field_and_text(row, shape)
        spaces = " " * int(self._rng.integers(1, 4))
        return [row | {raw_key(field): f"{text}{spaces}"}] if text else []

    def _move(self, row: Row, shape: Shape) -> list[Row]:
        field, code = self._field_and_text(row, shape)
        label = next((a.label for a in field.answers if a.code == code), "")
        if not label or field.parent is None:
            return []
        parent = self._catalogue.field(field.parent)
        return [row | {raw_key(parent): label}]

    def _field_and_text(self, row: Row, shape: Shape) -> tuple[PanelField, str]:
        field = self._catalogue.field(shape.field or "")
        text = row.get(raw_key(field), "")
        return field, text if isinstance(text, str) else ""

    def _one_of(self, texts: tuple[str, ...]) -> str:
        return texts[int(self._rng.integers(len(texts)))]

    _DOES: Mapping[str, Callable[["Soiler", Row, Shape], list[Row]]] = {
        "header": _header,
        "repeat": _repeat,
        "respell": _respell,
        "replace": _replace,
        "template": _template,
        "trail": _trail,
        "move": _move,
    }
