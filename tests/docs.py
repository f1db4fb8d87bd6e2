"""Generated tables of the READMEs: settings, commands and errors, written from the code.

`uv run python -m tests.docs` writes them anew between their marks; a test fails when one is stale.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from server.cli import app
from server.errors import Language, PanelensError, SetupError
from server.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
REFRESH = "uv run python -m tests.docs"
# Everyone's own, so the table names the place and not this machine's path.
_DATA_FOLDER = "the user's data folder, e.g. `~/.local/share/panelens`"

# The mark must stand alone in its line: a text may speak of marks.
_BLOCK = re.compile(
    r"^<!-- begin: (?P<name>[a-z -]+) -->\n(?P<table>.*?)^<!-- end: (?P=name) -->$", re.M | re.S
)
# A link's target and fragment; addresses with a scheme are not ours to check.
_LINK = re.compile(r"\]\((?![a-z]+:)(?P<target>[^)#\s]*)(?:#(?P<part>[^)\s]+))?\)")
_CODE = re.compile(r"^```.*?^```$|`[^`\n]+`", re.M | re.S)
_HEADING = re.compile(r"^#+ (.+)$", re.M)


def settings_table() -> Iterator[str]:
    """One line a setting: its environment variable, default and meaning."""
    yield from _head("variable", "default", "meaning")
    for name, field in Settings.model_fields.items():
        default = _DATA_FOLDER if name == "data_folder" else _shown(field.default)
        yield _row(f"`PANELENS_{name.upper()}`", default, field.description or "")


def commands_table() -> Iterator[str]:
    """One line a command: how it is called, what it does, its options."""
    yield from _head("command", "does", "options")
    yield from _commands(typer.main.get_command(app), "panelens")


def errors_table(language: Language) -> Iterator[str]:
    """One line an error that an answer can be: status, code, sentence and hint."""
    heads = {
        "en": ("status", "code", "says", "and then"),
        "ko": ("상태", "코드", "내용", "다음 할 일"),
    }
    yield from _head(*heads[language])
    for error in _tree(PanelensError):
        if "sentences" in vars(error) and not issubclass(error, SetupError):
            sentence, hint = error.sentences[language], error.hints[language]
            yield _row(str(error.status), _code(error.code), sentence, hint)


TABLES: Mapping[str, Callable[[], Iterator[str]]] = {
    "settings": settings_table,
    "commands": commands_table,
    "errors": lambda: errors_table("en"),
    "errors ko": lambda: errors_table("ko"),
}


def readmes() -> list[Path]:
    """Every page of documentation, the folders' own included."""
    ours = ("server", "models", "grammars", "web", "deploy", "tests")
    inside = (page for name in ours for page in (ROOT / name).rglob("*.md"))
    return sorted([*ROOT.glob("*.md"), *(page for page in inside if "vendor" not in page.parts)])


def refreshed(text: str) -> str:
    """The text with each of its tables as the code has it now; KeyError for an unknown name."""

    def written(block: re.Match[str]) -> str:
        name = block["name"]
        table = "".join(f"{line}\n" for line in TABLES[name]())
        return f"<!-- begin: {name} -->\n{table}<!-- end: {name} -->"

    return _BLOCK.sub(written, text)


def tables_in(text: str) -> list[str]:
    """The names of the tables that a text holds."""
    return [block["name"] for block in _BLOCK.finditer(text)]


def broken_links(page: Path) -> list[str]:
    """The links of a page that lead to no file, folder or heading of this repository."""
    links = _LINK.finditer(_CODE.sub("", page.read_text("utf-8")))
    return [link[0][2:-1] for link in links if not _leads(page, link["target"], link["part"])]


def _leads(page: Path, target: str, part: str | None) -> bool:
    there = page.parent / target if target else page
    return there.exists() and (part is None or part in _parts(there.read_text("utf-8")))


def _parts(text: str) -> set[str]:
    """What its headings are linked by: lower case, spaces as hyphens, other signs left out."""
    headings = _HEADING.findall(text)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def main() -> int:
    """Write the tables anew; prints the pages that changed."""
    for page in readmes():
        before = page.read_text("utf-8")
        after = refreshed(before)
        if after != before:
            page.write_text(after, "utf-8")
            print(page.relative_to(ROOT))
    return 0


def _commands(command: object, name: str) -> Iterator[str]:
    if isinstance(command, TyperGroup):
        for part, inner in command.commands.items():
            yield from _commands(inner, f"{name} {part}")
    elif isinstance(command, TyperCommand):
        given = [_argument(p) for p in command.params if isinstance(p, TyperArgument)]
        options = [_option(p) for p in command.params if isinstance(p, TyperOption)]
        does = " ".join((command.help or "").split())
        yield _row(_code(" ".join([name, *given])), does, "; ".join(options))


def _argument(argument: TyperArgument) -> str:
    """In capitals, with dots when there may be several, in brackets when there need be none."""
    name = f"{(argument.name or '').upper()}{'...' if argument.nargs == -1 else ''}"
    return name if argument.required else f"[{name}]"


def _option(option: TyperOption) -> str:
    return f"`{option.opts[0]}`: {' '.join((option.help or '').split())}"


def _tree(error: type[PanelensError]) -> Iterator[type[PanelensError]]:
    yield error
    for child in error.__subclasses__():
        yield from _tree(child)


def _head(*names: str) -> Iterator[str]:
    yield _row(*names)
    yield "|" + "---|" * len(names)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _shown(default: object) -> str:
    return "none" if default is None else _code(default)


def _code(value: object) -> str:
    return f"`{value}`"


if __name__ == "__main__":
    sys.exit(main())
