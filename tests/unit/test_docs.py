"""The documentation says what the code does: tables are fresh, links lead somewhere."""

from pathlib import Path

import pytest

from server.errors import InvalidFilter
from server.settings import Settings
from tests.docs import (
    REFRESH,
    ROOT,
    TABLES,
    broken_links,
    errors_table,
    readmes,
    refreshed,
    settings_table,
    tables_in,
)

PAGES = [page.relative_to(ROOT).as_posix() for page in readmes()]
FOLDERS = ("server", "models", "grammars", "web", "deploy", "tests")


@pytest.mark.parametrize("page", PAGES)
def test_the_tables_of_a_page_are_fresh(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    assert refreshed(text) == text, f"a table of {page} is stale; write it anew with: {REFRESH}"


@pytest.mark.parametrize("page", PAGES)
def test_the_links_of_a_page_lead_somewhere(page: str) -> None:
    assert broken_links(ROOT / page) == []


def test_every_table_stands_on_a_page() -> None:
    written = [name for page in PAGES for name in tables_in((ROOT / page).read_text("utf-8"))]
    assert set(written) == set(TABLES)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_explains_itself(folder: str) -> None:
    assert (ROOT / folder / "README.md").is_file()


def test_a_stale_table_is_written_anew() -> None:
    text = "Before.\n<!-- begin: settings -->\n| old |\n<!-- end: settings -->\nAfter.\n"
    expected = "".join(f"{line}\n" for line in settings_table())
    assert refreshed(text) == (
        f"Before.\n<!-- begin: settings -->\n{expected}<!-- end: settings -->\nAfter.\n"
    )


def test_a_table_nobody_knows_is_refused() -> None:
    with pytest.raises(KeyError):
        refreshed("<!-- begin: weather -->\n<!-- end: weather -->\n")


def test_every_setting_is_explained() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_the_errors_are_told_in_the_language_of_the_page() -> None:
    korean = "\n".join(errors_table("ko"))
    assert InvalidFilter.sentences["ko"] in korean
    assert InvalidFilter.sentences["en"] not in korean


def test_a_link_to_nothing_is_found(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text(
        "[here](README.md) [gone](gone.md#part) [far](https://example.org/x#part)\n"
        "`[not](a-link.md)` and [below](#a-part-writtenjsonl) and [nowhere](README.md#part)\n"
        "```\n[nor](this.md)\n```\n"
        "## A part: `written.jsonl`\n"
    )
    assert broken_links(page) == ["gone.md#part", "README.md#part"]
