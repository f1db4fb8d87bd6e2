"""Who takes part in a load run and what they ask: people, their programs' tokens, questions."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, Self

import psycopg

from server.access.people import add_person
from server.access.person import Role
from server.access.sessions import add_token
from server.accuracy.gold import read_gold
from server.catalogue import Catalogue, find_catalogue
from server.filter import as_json, load_catalogue
from server.phrases import read_phrases
from server.postgres.migrate import migrate
from server.product import open_database
from server.settings import Settings
from server.training.questions import generate, labelled

# The variable that tells locust where the cast is written down.
CAST = "PANELENS_LOAD_CAST"
# Few enough that each is several clients, many enough that no limit of a person is reached.
PEOPLE = 20
# Far more than the server remembers readings of; the labelled ones, then generated ones.
QUESTIONS = 5_000
SEED = 40_000


@dataclass(frozen=True, slots=True)
class Cast:
    """People with one password, a token of each, and what they may ask."""

    people: list[str]
    password: str
    tokens: dict[str, str]
    questions: list[str]
    filters: list[dict[str, Any]]

    @classmethod
    def read(cls, file: Path) -> Self:
        """As it was written down."""
        return cls(**json.loads(file.read_text("utf-8")))

    def write(self, file: Path) -> None:
        """Write it down for another process."""
        file.write_text(json.dumps(asdict(self), ensure_ascii=False), "utf-8")


def engage(settings: Settings) -> Cast:
    """Add the people to the database of the settings."""
    catalogue = load_catalogue(settings.catalogue)
    names = [f"colleague-{number}" for number in range(PEOPLE)]
    password = "a password of a load run"
    with open_database(settings) as database:
        migrate(database.url)
        tokens = asyncio.run(_add(database.url, names, password))
    asked = list(islice(_asked(catalogue, settings), QUESTIONS))
    return Cast(names, password, tokens, [q for q, _ in asked], [f for _, f in asked])


async def _add(url: str, names: list[str], password: str) -> dict[str, str]:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        for name in names:
            await add_person(connection, name=name, role=Role.OWNER, password=password)
        return {
            name: await add_token(connection, name=name, role=Role.VIEWER, days=1) for name in names
        }


def _asked(catalogue: Catalogue, settings: Settings) -> Iterator[tuple[str, dict[str, Any]]]:
    folder = find_catalogue(settings.catalogue).parent
    gold = read_gold(folder / "gold.jsonl", catalogue).questions
    made = labelled(generate(catalogue, read_phrases(folder, catalogue), seed=SEED))
    for question in chain(gold, made):
        yield question.question, as_json(question.reading.filter)
