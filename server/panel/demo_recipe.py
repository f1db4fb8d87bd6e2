"""The demo panel's recipe: sizes, shares, dependencies and dirt, as data beside the catalogue."""

from collections.abc import Iterator
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from server.catalogue import Catalogue, Kind, PanelField
from server.errors import SetupError
from server.panel.dirt import Dirt
from server.resources import folder

BLANK = "blank"
Key = int | str


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Tilt(_Frozen):
    """How the answer to another field (`by`) changes the odds of this field's answers.

    A key of `odds[answer]` or of `slope` is an answer of `by`, or, when `by` is a number, the
    number from which the factor holds. `slope` serves ordered answers: the odds of the n-th
    answer change by exp(n * slope).
    """

    by: str
    odds: dict[Key, dict[Key, float]] = {}
    slope: dict[Key, float] = {}


class FieldRecipe(_Frozen):
    """How one field is drawn.

    `shares` are percent of those asked, one answer or `blank` a key (weights among the answers of
    the same parent when the catalogue gives answers a parent); without them the catalogue's counts
    hold. `others` is the weight of each answer not named. `density` draws a number from a line
    through the points given. `parents` are those of an answer that has several. `among` allows
    only answers that the person gave to that multi field, `at_least` only bands not below the
    answer to that field. `within` asks only those whom that field was asked of. `breadth` is how
    much people differ in how many answers they give.
    """

    shares: dict[Key, float] = {}
    others: float = 0
    density: dict[int, float] = {}
    tilts: tuple[Tilt, ...] = ()
    asked_when: dict[str, tuple[str, ...]] = {}
    parents: dict[str, tuple[str, ...]] = {}
    within: str | None = None
    among: str | None = None
    at_least: str | None = None
    breadth: float = 0


class Attendance(_Frozen):
    """Who answers: the shares of `by` (from that number on), and how unequal people's zeal is."""

    by: str
    shares: dict[int, float]
    activity: float = 0


class FileRecipe(_Frozen):
    """One raw file: how many are in it (else everyone), and what percent of them are lost."""

    respondents: int | None = None
    attendance: Attendance | None = None
    lost: float = 0


class Recipe(_Frozen):
    """Everything the generator knows of a panel beyond its catalogue."""

    size: int
    seed: int
    reference_year: int
    block: int
    id_prefix: str
    files: dict[str, FileRecipe] = {}
    polls: Attendance
    fields: dict[str, FieldRecipe] = {}
    dirt: Dirt

    def of(self, name: str) -> FieldRecipe:
        """The recipe of a field; an empty one when the counts in the catalogue say it all."""
        return self.fields.get(name, FieldRecipe())


def find_recipe(catalogue: Catalogue) -> Path:
    """Where the recipe of a catalogue lies."""
    return folder("grammars") / catalogue.name / "demo.yaml"


def read_recipe(path: Path) -> Recipe:
    """Read a recipe; SetupError names the file and the reason."""
    if not path.is_file():
        raise SetupError(
            f"no demo panel can be made for this catalogue: {path} does not exist. "
            "Load a data file with `panelens load`, or write a recipe."
        )
    try:
        raw = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
        return Recipe.model_validate(raw)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SetupError(f"{path}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ", ".join(str(part) for part in first["loc"])
        raise SetupError(f"{path}: {place}: {first['msg']}") from error


def drawing_order(catalogue: Catalogue, recipe: Recipe) -> list[PanelField]:
    """The fields as they are drawn: in the recipe's order, then the catalogue's rest."""
    first = [catalogue.by_name[name] for name in recipe.fields if name in catalogue.by_name]
    rest = [f for f in catalogue.fields if f.name not in recipe.fields]
    return [f for f in (*first, *rest) if f.derived_from is None]


def check_recipe(catalogue: Catalogue, recipe: Recipe) -> None:
    """Refuse a recipe that names what the catalogue does not hold, or uses a field too early."""
    problem = next(_problems(catalogue, recipe), None)
    if problem:
        raise SetupError(f"the demo recipe of {catalogue.name!r}: {problem}")


def _problems(catalogue: Catalogue, recipe: Recipe) -> Iterator[str]:
    for name in recipe.fields.keys() - catalogue.by_name.keys():
        yield f"there is no field {name!r}"
    drawn: set[str] = set()
    for field in drawing_order(catalogue, recipe):
        spec = recipe.of(field.name)
        for other in _uses(field, spec):
            source = catalogue.by_name.get(other)
            if source is None or source.column not in drawn:
                yield f"field {field.name!r} needs {other!r}, which is not drawn before it"
        yield from _answer_problems(field, spec, catalogue)
        drawn.add(field.name)
    for shape in recipe.dirt.shapes:
        if shape.field is not None and shape.field not in catalogue.by_name:
            yield f"dirt {shape.name!r}: there is no field {shape.field!r}"


def _uses(field: PanelField, spec: FieldRecipe) -> Iterator[str]:
    yield from (tilt.by for tilt in spec.tilts)
    yield from spec.asked_when
    yield from (n for n in (spec.within, spec.among, spec.at_least) if n is not None)
    if field.parent is not None:
        yield field.parent


def _answer_problems(field: PanelField, spec: FieldRecipe, catalogue: Catalogue) -> Iterator[str]:
    me = f"field {field.name!r}"
    counted = any(a.count for a in field.answers)
    if not (spec.shares or spec.others or spec.density or counted):
        yield f"{me}: give shares, for the catalogue holds no counts"
    named = set(spec.shares).union(*(t.odds for t in spec.tilts)) - {BLANK}
    if field.kind is not Kind.NUMBER:
        for answer in named - field.by_value.keys():
            yield f"{me}: there is no answer {answer!r}"
    for tilt in spec.tilts:
        by = catalogue.by_name.get(tilt.by)
        if by is None or by.kind is Kind.NUMBER:
            continue
        levels = set(tilt.slope).union(*tilt.odds.values())
        for level in levels - by.by_value.keys():
            yield f"{me}: {tilt.by!r} has no answer {level!r}"
