"""Derives a panel's own table, view and comments from its catalogue."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, LiteralString

from psycopg import Connection, sql
from psycopg.rows import TupleRow

from server.catalogue import Catalogue, Kind, PanelField
from server.errors import SetupError
from server.postgres.reader_role import grant_reading

# The fixed random order of a panel: the same question brings the same people.
DRAW_SEED = 20250101
COLUMN_TYPES: Mapping[Kind, LiteralString] = {
    Kind.SINGLE: "smallint",
    Kind.ORDERED: "smallint",
    Kind.BAND: "smallint",
    Kind.MULTI: "smallint[]",
    Kind.NUMBER: "integer",
    Kind.TEXT: "text",
}
RESPONDENT = "respondent"
IN_WORDS = "respondent_in_words"
PANEL = "panel"

Conn = Connection[TupleRow]


def schema_name(catalogue: Catalogue) -> str:
    """The PostgreSQL schema that holds this panel."""
    return f"panel_{catalogue.name}"


def table(catalogue: Catalogue, name: str = RESPONDENT) -> sql.Identifier:
    """A table or view of this panel, ready for a statement."""
    return sql.Identifier(schema_name(catalogue), name)


def spelled(field: PanelField) -> sql.Identifier:
    """The column that holds an open answer's normalised spelling; no field has such a name."""
    return sql.Identifier(f"{field.name} normalised")


def ensure_panel(
    connection: Conn, catalogue: Catalogue, *, reference_year: int, changes_year: bool = False
) -> int:
    """Create the panel's schema, or bring it to this catalogue; SetupError when it cannot be.

    A field that is new gains a column. One that left the catalogue keeps its column and its
    answers, unseen. Nothing is done when catalogue and reference year are those of last time.
    Brings back the panel's reference year: the one given where the panel is new or `changes_year`,
    else the one it has, to which a running server counts ages.
    """
    with connection.transaction():
        connection.execute(
            "select pg_advisory_xact_lock(hashtextextended(%s, 0))", [schema_name(catalogue)]
        )
        fingerprint = panel_fingerprint(catalogue)
        known = _known_panel(connection, catalogue)
        year = reference_year if known is None or changes_year else known[1]
        if known != (fingerprint, year):
            _refuse_changed_kinds(connection, catalogue)
            _refuse_renumbered_answers(connection, catalogue)
            _refuse_lost_answers(connection, catalogue)
            for statement in _statements(catalogue):
                connection.execute(statement)
            _store_answers(connection, catalogue)
            _store_panel(connection, catalogue, fingerprint, year)
        grant_reading(connection, schema_name(catalogue))
    return year


def panel_fingerprint(catalogue: Catalogue) -> str:
    """Changes when the catalogue does, or this module's idea of a panel."""
    parts = [catalogue.model_dump_json(exclude={"groups", "examples"})]
    parts += [statement.as_string() for statement in _statements(catalogue)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _known_panel(connection: Conn, catalogue: Catalogue) -> tuple[str, int] | None:
    panel = table(catalogue, PANEL)
    found = connection.execute("select to_regclass(%s) is null", [panel.as_string()]).fetchone()
    if found == (True,):
        return None
    row = connection.execute(
        sql.SQL("select fingerprint, reference_year from {}").format(panel)
    ).fetchone()
    return None if row is None else (row[0], row[1])


def _refuse_changed_kinds(connection: Conn, catalogue: Catalogue) -> None:
    columns: dict[str, str] = dict(
        connection.execute(
            "select attname, format_type(atttypid, atttypmod) from pg_attribute "
            "where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped",
            [table(catalogue).as_string()],
        ).fetchall()
    )
    for field in catalogue.stored_fields:
        there, wanted = columns.get(field.name), COLUMN_TYPES[field.kind]
        if there not in (None, wanted):
            raise SetupError(
                f"field {field.name!r} of panel {catalogue.name!r} is of kind {field.kind} "
                f"({wanted}), but the database holds it as {there}: give the field another name, "
                f"or drop the schema {schema_name(catalogue)} and load the panel again"
            )


def _refuse_renumbered_answers(connection: Conn, catalogue: Catalogue) -> None:
    """Numbers already stored would mean other answers; renaming an answer is no problem."""
    codes = {
        (field.name, stored): field.by_value[value].code
        for field in catalogue.stored_fields
        if field.has_listed_answers
        for value, stored in field.stored.items()
    }
    for name, stored, code in connection.execute(
        "select field, stored, code from panelens.answer where panel = %s", [catalogue.name]
    ):
        if codes.get((name, stored), code) != code:
            raise SetupError(
                f"field {name!r} of panel {catalogue.name!r}: the number {stored} meant the answer "
                f"with code {code!r} and would now mean {codes[name, stored]!r}; put new answers "
                f"last, or drop the schema {schema_name(catalogue)} and load the panel again"
            )


def _refuse_lost_answers(connection: Conn, catalogue: Catalogue) -> None:
    """An answer that people hold and the catalogue no longer knows could not be said in words."""
    listed = {f.name: f for f in catalogue.stored_fields if f.has_listed_answers}
    for name, stored, code in connection.execute(
        "select field, stored, code from panelens.answer where panel = %s", [catalogue.name]
    ).fetchall():
        field = listed.get(name)
        if field is None or stored in field.stored.values():
            continue
        held = sql.SQL("%s = any({})" if field.kind is Kind.MULTI else "{} = %s")
        people = sql.SQL("select exists (select from {} where {})").format(
            table(catalogue), held.format(sql.Identifier(name))
        )
        if connection.execute(people, [stored]).fetchone() == (True,):
            raise SetupError(
                f"field {name!r} of panel {catalogue.name!r}: the answer with code {code!r} left "
                "the catalogue, but people hold it; put it back"
            )


def _statements(catalogue: Catalogue) -> Iterator[sql.Composed]:
    """All that defines the panel, in an order that can be repeated."""
    yield from _tables(catalogue)
    yield from _columns(catalogue)
    yield from _indexes(catalogue)
    yield from _view(catalogue)
    yield from _comments(catalogue)


def _tables(catalogue: Catalogue) -> Iterator[sql.Composed]:
    yield sql.SQL("create schema if not exists {}").format(sql.Identifier(schema_name(catalogue)))
    yield sql.SQL(
        "create table if not exists {} (\n"
        "    only_row boolean primary key default true check (only_row),\n"
        "    reference_year integer not null,\n"
        "    catalogue_version integer not null,\n"
        "    fingerprint text not null,\n"
        "    synthetic boolean not null default false\n)"
    ).format(table(catalogue, PANEL))
    yield sql.SQL(
        "create table if not exists {} (\n"
        "    respondent_id text primary key,\n"
        "    draw bigint not null\n"
        "        generated always as (hashtextextended(respondent_id, {})) stored\n)"
    ).format(table(catalogue), sql.Literal(DRAW_SEED))
    # Drawn by lot: an address may carry it where the id, and whatever is made from it, may not be.
    yield sql.SQL(
        "alter table {} add column if not exists bookmark uuid not null default gen_random_uuid()"
    ).format(table(catalogue))


def _columns(catalogue: Catalogue) -> Iterator[sql.Composed]:
    """One statement for all columns: each would otherwise lock and rewrite the catalogue anew."""
    added = sql.SQL(",\n    ").join(
        sql.SQL("add column if not exists {} {}").format(
            sql.Identifier(field.name), sql.SQL(COLUMN_TYPES[field.kind])
        )
        for field in catalogue.stored_fields
    )
    yield sql.SQL("alter table {}\n    {}").format(table(catalogue), added)
    for field in _open_fields(catalogue):
        # Else every search that names one would normalise everybody's anew.
        yield sql.SQL(
            "alter table {} add column if not exists {} text\n"
            "    generated always as (panelens.normalised({})) stored"
        ).format(table(catalogue), spelled(field), sql.Identifier(field.name))


def _open_fields(catalogue: Catalogue) -> Iterator[PanelField]:
    return (field for field in catalogue.stored_fields if field.kind is Kind.TEXT)


def _indexes(catalogue: Catalogue) -> Iterator[sql.Composed]:
    yield sql.SQL(
        "create index if not exists respondent_by_draw on {} (draw, respondent_id)"
    ).format(table(catalogue))
    yield sql.SQL(
        "create unique index if not exists respondent_by_bookmark on {} (bookmark)"
    ).format(table(catalogue))
    for field in _open_fields(catalogue):
        yield sql.SQL("create index if not exists {} on {} ({})").format(
            sql.Identifier(f"respondent_by_{field.name}"), table(catalogue), spelled(field)
        )


def _view(catalogue: Catalogue) -> Iterator[sql.Composed]:
    view = table(catalogue, IN_WORDS)
    columns: list[sql.Composable] = [sql.SQL("respondent.respondent_id")]
    columns += [
        sql.SQL("{} as {}").format(_in_words(field, catalogue), sql.Identifier(field.name))
        for field in catalogue.fields
    ]
    yield sql.SQL("drop view if exists {}").format(view)
    yield sql.SQL(
        "create view {} as\nselect\n    {}\nfrom {} as respondent\ncross join {} as panel"
    ).format(view, sql.SQL(",\n    ").join(columns), table(catalogue), table(catalogue, PANEL))


def _in_words(field: PanelField, catalogue: Catalogue) -> sql.Composable:
    if field.derived_from is not None:
        return sql.SQL("panel.reference_year - {}").format(_column(field.derived_from))
    if not field.has_listed_answers:
        return _column(field.name)
    words = _ANSWERS_IN_WORDS if field.kind is Kind.MULTI else _ANSWER_IN_WORDS
    return words.format(
        column=_column(field.name),
        panel=sql.Literal(catalogue.name),
        field=sql.Literal(field.name),
    )


_ANSWER_IN_WORDS = sql.SQL(
    "(select answer.value from panelens.answer"
    " where answer.panel = {panel} and answer.field = {field} and answer.stored = {column})"
)
_ANSWERS_IN_WORDS = sql.SQL(
    "case when {column} is not null then array(select answer.value from panelens.answer"
    " where answer.panel = {panel} and answer.field = {field} and answer.stored = any({column})"
    " order by answer.position) end"
)


def _column(name: str) -> sql.Composable:
    return sql.Identifier("respondent", name)


def _comments(catalogue: Catalogue) -> Iterator[sql.Composed]:
    title = f"{catalogue.title.ko} / {catalogue.title.en}"
    yield _comment("schema", sql.Identifier(schema_name(catalogue)), title)
    yield _comment("table", table(catalogue, PANEL), f"{title}: what ages and answers refer to.")
    yield _comment("table", table(catalogue), f"{title}: one row a respondent, answers as numbers.")
    yield _comment("view", table(catalogue, IN_WORDS), f"{title}: one row a respondent, in words.")
    yield _comment("column", _of(catalogue, "respondent_id"), f"source: {catalogue.respondent_id}")
    yield _comment("column", _of(catalogue, "draw"), "fixed random order of the respondents")
    yield _comment("column", _of(catalogue, "bookmark"), "stands for the respondent in addresses")
    for field in catalogue.stored_fields:
        yield _comment("column", _of(catalogue, field.name), described(field))
    for field in _open_fields(catalogue):
        column = sql.SQL("{}.{}").format(table(catalogue), spelled(field))
        yield _comment("column", column, f"{field.name}, as two spellings of it are the same")


def described(field: PanelField) -> str:
    """What the codebook says of a field, as one comment."""
    lines = [f"{field.label.ko} / {field.label.en}: {field.question.ko}"]
    if field.source is not None:
        lines.append(f"source: {field.source.file}.{field.source.code}")
    if field.personal:
        lines.append("personal data")
    if field.has_listed_answers and not field.is_long:
        lines.append(", ".join(f"{field.stored[a.value]}={a.value}" for a in field.listed))
    return "\n".join(lines)


def _of(catalogue: Catalogue, column: str) -> sql.Identifier:
    return sql.Identifier(schema_name(catalogue), RESPONDENT, column)


def _comment(what: LiteralString, name: sql.Composable, text: str) -> sql.Composed:
    return sql.SQL("comment on {} {} is {}").format(sql.SQL(what), name, sql.Literal(text))


def _store_answers(connection: Conn, catalogue: Catalogue) -> None:
    # What the numbers of a field that left meant stays known: it may come back.
    names = [field.name for field in catalogue.stored_fields]
    connection.execute(
        "delete from panelens.answer where panel = %s and field = any(%s)", [catalogue.name, names]
    )
    # Nor did anybody count the answers of such a field meanwhile.
    connection.execute("delete from panelens.answer_count where panel = %s", [catalogue.name])
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "copy panelens.answer (panel, field, stored, code, value, label, position) from stdin"
        ) as copy,
    ):
        for row in _answers(catalogue):
            copy.write_row(row)


def _answers(catalogue: Catalogue) -> Iterator[Sequence[Any]]:
    for field in catalogue.stored_fields:
        if field.has_listed_answers:
            for position, answer in enumerate(field.answers, start=1):
                stored = field.stored[answer.value]
                yield (
                    catalogue.name, field.name, stored,
                    answer.code, answer.value, answer.label, position,
                )  # fmt: skip


def _store_panel(
    connection: Conn, catalogue: Catalogue, fingerprint: str, reference_year: int
) -> None:
    connection.execute(
        sql.SQL(
            "insert into {} (reference_year, catalogue_version, fingerprint) values (%s, %s, %s)\n"
            "on conflict (only_row) do update set reference_year = excluded.reference_year,\n"
            "    catalogue_version = excluded.catalogue_version, fingerprint = excluded.fingerprint"
        ).format(table(catalogue, PANEL)),
        [reference_year, catalogue.version, fingerprint],
    )
