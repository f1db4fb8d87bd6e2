"""The look at the connection tells text as text, whatever the database's encoding."""

import io

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from rich.console import Console

from server.postgres.check import check_database
from server.terminal import print_connection


def _said(address: str) -> str:
    console = Console(file=io.StringIO(), width=200)
    print_connection(check_database(address), console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.fixture
def without_encoding(server: str) -> str:
    """A database that was made without an encoding, as under the locale C."""
    with psycopg.connect(make_conninfo(server, dbname="postgres"), autocommit=True) as connection:
        connection.execute("drop database if exists ascii")
        connection.execute(
            "create database ascii template template0 encoding 'SQL_ASCII' locale 'C'"
        )
    return make_conninfo(server, dbname="ascii")


def test_a_database_without_an_encoding_is_told_in_words(without_encoding: str) -> None:
    said = _said(without_encoding)
    assert "b'" not in said
    assert "database    ascii, SQL_ASCII (Panelens needs UTF8), not prepared yet" in said


def test_a_usual_database_is_told_with_its_encoding(database: str) -> None:
    said = _said(database)
    assert ", UTF8, prepared" in said
    assert "needs UTF8" not in said
