"""A panel's own table follows its catalogue, and reads like the codebook."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from server.catalogue import Catalogue, check_catalogue
from server.errors import SetupError
from server.filter import load_catalogue, parse_filter
from server.panel.answer_counts import ensure_answer_counts
from server.panel.schema import Conn, ensure_panel, table
from server.search.plan import plan

WELCOME = load_catalogue("welcome")


def _field(name: str, kind: str, **more: object) -> dict[str, Any]:
    wording = {"ko": f"{name}는?", "en": f"{name}?"}
    return {
        "name": name, "kind": kind, "label": wording, "question": wording,
        "source": {"file": "toy", "code": name.upper()}, **more,
    }  # fmt: skip


def _answers(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"code": code, "value": value} for code, value in pairs]


def _toy(*fields: dict[str, Any]) -> Catalogue:
    title = {"ko": "장난감", "en": "Toy"}
    raw = {"name": "toy", "title": title, "version": 1, "respondent_id": "id", "fields": fields}
    return check_catalogue(raw, "toy")


COLOUR = _field("colour", "single", answers=_answers(("1", "빨강"), ("2", "파랑")))
PETS = _field("pets", "multi", answers=_answers(("1", "개"), ("2", "고양이")))
BORN = _field("born", "number")
TOWN = _field("town", "text")


@pytest.fixture
def connection(database: str) -> Iterator[Conn]:
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


def _columns(connection: Conn) -> list[tuple[str, str]]:
    return [
        (str(name), str(kind))
        for name, kind in connection.execute(
            "select attname, format_type(atttypid, null) from pg_attribute "
            "where attrelid = 'panel_toy.respondent'::regclass and attnum > 0 order by attnum"
        )
    ]


def test_every_stored_field_has_a_column_of_its_kind(connection: Conn) -> None:
    ensure_panel(connection, _toy(COLOUR, PETS, BORN), reference_year=2025)
    assert _columns(connection) == [
        ("respondent_id", "text"),
        ("draw", "bigint"),
        ("bookmark", "uuid"),
        ("colour", "smallint"),
        ("pets", "smallint[]"),
        ("born", "integer"),
    ]


def test_an_open_answer_is_found_by_an_index_of_its_normalised_spelling(connection: Conn) -> None:
    toy = _toy(TOWN)
    ensure_panel(connection, toy, reference_year=2025)
    connection.execute(
        "insert into panel_toy.respondent (respondent_id, town) values"
        " ('a', 'Gang nam'), ('b', 'ＧＡＮＧＮＡＭ'), ('c', 'Gangbuk'), ('d', null)"
    )
    query = parse_filter({"where": {"town": ["gangnam"]}}, toy)
    planned = plan(query, toy, 2025)
    statement = sql.SQL("select respondent_id from {} where {} order by 1").format(
        table(toy), planned.matches
    )
    assert connection.execute(statement, planned.parameters).fetchall() == [("a",), ("b",)]
    connection.execute("set enable_seqscan = off")  # of four rows nobody would ask an index
    how = connection.execute(sql.SQL("explain {}").format(statement), planned.parameters)
    assert "respondent_by_town" in "".join(line for (line,) in how)


def test_the_whole_welcome_panel_can_be_made_twice(connection: Conn) -> None:
    for year, changes, counted in (
        (2025, False, 2025), (2026, False, 2025), (2026, True, 2026), (2025, False, 2026),
    ):  # fmt: skip
        there = ensure_panel(connection, WELCOME, reference_year=year, changes_year=changes)
        assert there == counted
    assert connection.execute(
        "select reference_year, synthetic from panel_welcome.panel"
    ).fetchall() == [(2026, False)]


def test_a_catalogue_that_changes_leaves_the_year(connection: Conn) -> None:
    ensure_panel(connection, _toy(COLOUR), reference_year=2025)
    assert ensure_panel(connection, _toy(COLOUR, PETS), reference_year=2026) == 2025


def test_the_view_says_it_in_words_and_counts_the_age(connection: Conn) -> None:
    derived = _field("age", "number", derived_from="born") | {"source": None}
    ensure_panel(connection, _toy(COLOUR, PETS, BORN, derived), reference_year=2030)
    connection.execute(
        "insert into panel_toy.respondent (respondent_id, colour, pets, born) "
        "values ('a', 2, '{2,1}', 2000), ('b', null, null, null)"
    )
    assert connection.execute(
        "select respondent_id, colour, pets, born, age from panel_toy.respondent_in_words order by 1"
    ).fetchall() == [("a", "파랑", ["개", "고양이"], 2000, 30), ("b", None, None, None, None)]


def test_the_order_of_the_draw_is_the_same_in_every_database(connection: Conn) -> None:
    ensure_panel(connection, _toy(COLOUR), reference_year=2025)
    connection.execute(
        "insert into panel_toy.respondent (respondent_id) select 'w' || n from generate_series(1, 5) n"
    )
    drawn = connection.execute("select respondent_id from panel_toy.respondent order by draw")
    assert [str(row[0]) for row in drawn] == ["w2", "w4", "w1", "w3", "w5"]


def test_a_new_field_gains_a_column_and_the_answers_stay(connection: Conn) -> None:
    ensure_panel(connection, _toy(COLOUR), reference_year=2025)
    connection.execute("insert into panel_toy.respondent (respondent_id, colour) values ('a', 1)")
    ensure_panel(connection, _toy(BORN, COLOUR), reference_year=2025)
    assert connection.execute("select colour, born from panel_toy.respondent").fetchall() == [
        (1, None)
    ]


def test_a_field_that_left_keeps_its_column_out_of_sight(connection: Conn) -> None:
    ensure_panel(connection, _toy(COLOUR, BORN), reference_year=2025)
    ensure_panel(connection, _toy(COLOUR), reference_year=2025)
    assert ("born", "integer") in _columns(connection)
    with pytest.raises(psycopg.errors.UndefinedColumn):
        connection.execute("select born from panel_toy.respondent_in_words")


def test_a_changed_kind_is_refused(connection: Conn) -> None:
    ensure_panel(connection, _toy(COLOUR), reference_year=2025)
    with pytest.raises(SetupError, match=r"'colour' .* holds it as smallint"):
        ensure_panel(connection, _toy(COLOUR | {"kind": "multi"}), reference_year=2025)


def test_a_renamed_answer_is_taken_over(connection: Conn) -> None:
    ensure_panel(connection, _toy(COLOUR), reference_year=2025)
    renamed = COLOUR | {"answers": _answers(("1", "붉은색"), ("2", "파랑"))}
    ensure_panel(connection, _toy(renamed), reference_year=2025)
    assert connection.execute("select value from panelens.answer where stored = 1").fetchall() == [
        ("붉은색",)
    ]


def test_answers_that_change_places_are_refused(connection: Conn) -> None:
    lettered = COLOUR | {"answers": _answers(("r", "빨강"), ("b", "파랑"))}
    swapped = COLOUR | {"answers": _answers(("b", "파랑"), ("r", "빨강"))}
    ensure_panel(connection, _toy(lettered), reference_year=2025)
    with pytest.raises(SetupError, match="number 1 meant the answer with code 'r'"):
        ensure_panel(connection, _toy(swapped), reference_year=2025)


@pytest.mark.parametrize(("field", "held"), [(COLOUR, "2"), (PETS, "'{1,2}'")])
def test_an_answer_that_people_hold_cannot_leave(
    connection: Conn, field: dict[str, Any], held: str
) -> None:
    without = field | {"answers": field["answers"][:1]}
    ensure_panel(connection, _toy(field), reference_year=2025)
    connection.execute(
        f"insert into panel_toy.respondent (respondent_id, {field['name']}) values ('a', {held})"
    )
    with pytest.raises(SetupError, match="code '2' left the catalogue, but people hold it"):
        ensure_panel(connection, _toy(without), reference_year=2025)
    connection.execute("delete from panel_toy.respondent")
    ensure_panel(connection, _toy(without), reference_year=2025)


def test_a_field_that_comes_back_means_what_it_meant(connection: Conn) -> None:
    lettered = COLOUR | {"answers": _answers(("r", "빨강"), ("b", "파랑"))}
    swapped = COLOUR | {"answers": _answers(("b", "파랑"), ("r", "빨강"))}
    shorter = COLOUR | {"answers": _answers(("r", "빨강"))}
    ensure_panel(connection, _toy(lettered, BORN), reference_year=2025)
    connection.execute("insert into panel_toy.respondent (respondent_id, colour) values ('a', 2)")
    ensure_panel(connection, _toy(BORN), reference_year=2025)
    for other, reason in (
        (swapped, "number 1 meant the answer with code 'r'"),
        (shorter, "code 'b' left the catalogue, but people hold it"),
    ):
        with pytest.raises(SetupError, match=reason):
            ensure_panel(connection, _toy(other, BORN), reference_year=2025)
    ensure_panel(connection, _toy(lettered, BORN), reference_year=2025)


def test_the_answers_of_a_field_that_comes_back_are_counted_anew(connection: Conn) -> None:
    for fields in ((COLOUR, BORN), (BORN, PETS), (COLOUR, BORN)):
        ensure_panel(connection, _toy(*fields), reference_year=2025)
        connection.execute(
            "insert into panel_toy.respondent (respondent_id, colour) values ('a', 2)"
            " on conflict (respondent_id) do nothing"
        )
        ensure_answer_counts(connection, _toy(*fields))
    assert connection.execute(
        "select stored, people from panelens.answer_count where field = 'colour' order by stored"
    ).fetchall() == [(1, 0), (2, 1)]


def test_every_column_says_what_the_codebook_says(connection: Conn) -> None:
    ensure_panel(connection, _toy(COLOUR), reference_year=2025)
    assert connection.execute(
        "select col_description('panel_toy.respondent'::regclass, 4)"
    ).fetchall() == [("colour는? / colour?: colour는?\nsource: toy.COLOUR\n1=빨강, 2=파랑",)]


def test_names_with_quotes_stay_text(connection: Conn) -> None:
    nasty = COLOUR | {"answers": _answers(("1", "'; drop schema panelens; --"), ("2", '"%s"'))}
    ensure_panel(connection, _toy(nasty), reference_year=2025)
    assert connection.execute(
        "select value from panelens.answer where panel = 'toy' order by stored"
    ).fetchall() == [("'; drop schema panelens; --",), ('"%s"',)]
