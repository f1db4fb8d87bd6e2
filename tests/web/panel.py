"""A small product: the real catalogue, 400 invented people in PostgreSQL, a handful of questions.

Only the reading of questions is made up here. Failures are forced through `model_fault` and
`database_fault`, which the real product cannot be made to show on demand. The same people in
memory are searched by a second implementation, to hold the first against.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from fastapi import FastAPI
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from scipy.stats import binomtest

from server.accuracy.measured import Accuracy
from server.catalogue import Catalogue, Kind, PanelField, normalise
from server.errors import DatabaseAway, PanelensError
from server.filter import (
    Condition,
    Conditions,
    Filter,
    Part,
    Range,
    bands_within,
    parse_filter,
    placed_conditions,
)
from server.interpret.interpretation import Interpretation, ReadAs, ReadCondition
from server.interpret.others import other_readings
from server.panel.load import load_files
from server.postgres.embedded import EmbeddedPostgres
from server.postgres.migrate import migrate
from server.postgres.pool import open_pool, reading, writing
from server.search.answer import BreakdownRow, Cell, CountedCondition, Found, Respondent
from server.search.people import PeoplePage, Window, list_people
from server.search.queries import get_respondent, search
from server.services import Readiness
from server.settings import Settings

REFERENCE_YEAR = 2025
PEOPLE = 400

Result = TypeVar("Result")


@dataclass(frozen=True)
class Known:
    """A question and how it is read."""

    filter: Mapping[str, Any]
    words: Mapping[str, str] = field(default_factory=dict)
    doubts: Mapping[str, float] = field(default_factory=dict)
    others: Mapping[str, Any] = field(default_factory=dict)
    unsupported: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    warnings: tuple[Any, ...] = ()
    read_as: tuple[ReadAs, ...] = ()
    whole: float = 0.973


QUESTIONS: Mapping[str, Known] = {
    "서울 20대 남자 100명": Known(
        {
            "where": {"region": ["서울"], "age": {"min": 20, "max": 29}, "gender": ["남성"]},
            "limit": 100,
        },
        {"region": "서울", "age": "20대", "gender": "남자"},
    ),
    "100 men in their 20s in Seoul": Known(
        {
            "where": {"region": ["서울"], "age": {"min": 20, "max": 29}, "gender": ["남성"]},
            "limit": 100,
        },
        {"region": "Seoul", "age": "20s", "gender": "men"},
    ),
    "수도권 기혼 여성 중 우울한 사람을 직업별로 5명": Known(
        {
            "where": {
                "region": ["서울", "경기", "인천"],
                "gender": ["여성"],
                "marital_status": ["기혼"],
            },
            "not": {"smoking": ["일반 담배"]},
            "by": ["job"],
            "limit": 5,
        },
        {"region": "수도권", "gender": "여성", "marital_status": "기혼"},
        {"marital_status": 0.62},
        {"marital_status": ["미혼"]},
        unsupported=("우울한",),
        unused=("사람을",),
        warnings=("doubtful",),
    ),
    "아이폰을 쓰거나 테슬라를 타는 사람": Known(
        {"either": [{"phone_brand": ["애플"]}, {"car_maker": ["테슬라"], "gender": ["남성"]}]},
        {"phone_brand": "아이폰", "car_maker": "테슬라"},
    ),
    "여성": Known({"where": {"gender": ["여성"]}}, {"gender": "여성"}),
    "서울사는 여셩": Known(
        {"where": {"region": ["서울"], "gender": ["여성"]}},
        {"region": "서울", "gender": "여셩"},
        read_as=(ReadAs("서울사는", "서울 사는"), ReadAs("여셩", "여성")),
    ),
    "담배 피우는 여성의 지역": Known(
        {"where": {"gender": ["여성"]}}, {"gender": "여성"}, whole=0.55
    ),
    "모두": Known({}),
}


class InMemoryServices:
    """Satisfies the Services protocol; `fault` is raised by everything when it is set."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.everybody = _people(catalogue)
        self.model_fault: Exception | None = None
        self.database_fault: Exception | None = None
        self.questions_asked: list[str] = []
        self.labelled = 41
        self.held_back = False
        self.cancelled = 0

    @property
    def catalogue(self) -> Catalogue:
        return self._catalogue

    async def interpret(self, question: str) -> Interpretation:
        if self.model_fault:
            raise self.model_fault
        self.questions_asked.append(question)
        await self._read_when_let()
        known = QUESTIONS.get(question)
        if known is None:
            known = Known({}, unsupported=(question[:60],), warnings=("nothing-understood",))
        query = parse_filter(known.filter, self.catalogue)
        conditions = tuple(
            _read(known, self.catalogue, *placed) for placed in placed_conditions(query)
        )
        return Interpretation(
            question=question,
            language="ko",
            filter=query,
            conditions=conditions,
            unsupported=known.unsupported,
            unused=known.unused,
            warnings=known.warnings,
            read_as=known.read_as,
            model="in-memory",
            milliseconds=812.4,
            confidence=min((known.whole, *(c.confidence for c in conditions))),
            others=other_readings(query, conditions, self.catalogue, doubtful_below=0.8),
        )

    async def _read_when_let(self) -> None:
        """At once, unless a test holds the reading back."""
        try:
            while self.held_back:  # noqa: ASYNC110  (set by the test, in another thread)
                await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise

    async def search(self, query: Filter, *, page_size: int, offset: int) -> Found:
        if self.database_fault:
            raise self.database_fault
        matching = [p for p in self.everybody if self._satisfies(p, query)]
        limit = query.limit if query.limit is not None else len(matching)
        page = matching[:limit][offset : offset + page_size]
        counted = tuple(self._count(query, *placed) for placed in placed_conditions(query))
        known: dict[str, Any] = {
            "population": len(self.everybody),
            "total": len(matching),
            "offered": min(limit, len(matching)),
            "returned": len(page),
            "shortfall": max(0, limit - len(matching)),
            "conditions": counted,
            "respondents": tuple(page),
            "breakdown": self._break_down(matching, query.by),
            "breakdown_left_off": 0,
            "reference_year": REFERENCE_YEAR,
            "synthetic": True,
            "sql": "select respondent_id\nfrom respondent\nwhere gender = 2 and age < 30",
            "milliseconds": 12.3,
        }
        return Found(**{f.name: known[f.name] for f in fields(Found)})

    async def people(self, query: Filter, window: Window, *, enough: int = 0) -> PeoplePage:
        raise DatabaseAway("there is no database in memory")

    async def respondent(self, respondent_id: str) -> Respondent | None:
        if self.database_fault:
            raise self.database_fault
        return next((p for p in self.everybody if p.id == respondent_id), None)

    async def accuracy(self, query: Filter) -> Accuracy | None:
        names = tuple(dict.fromkeys(c.field for _, _, c in placed_conditions(query)))
        n, right = self.labelled, max(0, self.labelled - 3)
        low, high = binomtest(right, n).proportion_ci(method="wilson")
        return Accuracy(n, right, right / n, low, high, 0.981, 0.964, 0.972, 0.953, names)

    async def ready(self) -> Readiness:
        faults = {"model": self.model_fault, "database": self.database_fault}
        return Readiness(
            model=self.model_fault is None,
            database=self.database_fault is None,
            details={
                name: fault.code
                for name, fault in faults.items()
                if isinstance(fault, PanelensError)
            },
        )

    async def read(self, query: Callable[[AsyncConnection], Awaitable[Result]]) -> Result:
        raise DatabaseAway("there is no database in memory")

    async def write(
        self,
        act: Callable[[AsyncConnection], Awaitable[Result]],
        *,
        statement_timeout_ms: int | None = None,
    ) -> Result:
        raise DatabaseAway("there is no database in memory")

    def _satisfies(self, person: Respondent, query: Filter) -> bool:
        def hold(conditions: Conditions) -> bool:
            return all(self._holds(person, c) is True for c in conditions)

        return (
            hold(query.where)
            and all(self._holds(person, c) is False for c in query.negated)
            and (not query.either or any(hold(group) for group in query.either))
        )

    def _holds(self, person: Respondent, condition: Condition) -> bool | None:
        cell = person.fields[condition.field]
        field_ = self.catalogue.field(condition.field)
        constraint = condition.constraint
        if cell is None:
            return None
        if isinstance(constraint, Range):
            if field_.kind is Kind.BAND:
                return cell in {band.value for band in bands_within(constraint, field_)}
            assert isinstance(cell, int)
            low = constraint.min is None or cell >= constraint.min
            return low and (constraint.max is None or cell <= constraint.max)
        held = {normalise(str(v)) for v in (cell if isinstance(cell, list) else [cell])}
        wanted = {normalise(v) for v in constraint.values}
        return wanted <= held if constraint.every else bool(wanted & held)

    def _count(
        self, query: Filter, part: Part, group: int, condition: Condition
    ) -> CountedCondition:
        from server.web.asking import without_condition

        wanted = part != "not"
        rest = without_condition(query, part, group, condition.field)
        return CountedCondition(
            part=part,
            group=group,
            condition=condition,
            alone=sum(self._holds(p, condition) is wanted for p in self.everybody),
            without=sum(self._satisfies(p, rest) for p in self.everybody),
        )

    def _break_down(
        self, matching: list[Respondent], by: tuple[str, ...]
    ) -> tuple[BreakdownRow, ...]:
        if not by:
            return ()
        groups, everyone = self._grouped(matching, by), self._grouped(self.everybody, by)
        return tuple(
            self._line(key, n, len(matching), everyone[key])
            for key, n in sorted(groups.items(), key=lambda item: -item[1])
        )

    def _grouped(self, people: list[Respondent], by: tuple[str, ...]) -> Counter[tuple[Any, ...]]:
        return Counter(tuple(person.fields[name] for name in by) for person in people)

    def _line(self, key: tuple[Any, ...], n: int, total: int, in_panel: int) -> BreakdownRow:
        low, high = binomtest(n, total).proportion_ci(method="wilson")
        lift = (n / total) / (in_panel / len(self.everybody))
        words = tuple(None if value is None else str(value) for value in key)
        return BreakdownRow(words, n, n / total, low, high, lift)


def finding_one(services: InMemoryServices) -> dict[str, Any]:
    """A filter that finds a single person."""
    told = ("age", "region", "gender")
    counted = Counter(tuple(p.fields[name] for name in told) for p in services.everybody)
    age, region, gender = next(key for key, n in counted.items() if n == 1 and None not in key)
    return {
        "where": {"age": {"min": age, "max": age}, "region": [region], "gender": [gender]},
    }


class StoredServices(InMemoryServices):
    """The same people in PostgreSQL: searched and stored with the product's own code."""

    def __init__(self, catalogue: Catalogue, database: str, settings: Settings) -> None:
        super().__init__(catalogue)
        self.database = database
        self.settings = settings
        self.pool: AsyncConnectionPool | None = None

    @asynccontextmanager
    async def running(self, _app: FastAPI | None = None) -> AsyncIterator[None]:
        self.pool = await open_pool(self.database, self.settings)
        try:
            yield
        finally:
            await self.pool.close()

    async def search(self, query: Filter, *, page_size: int, offset: int) -> Found:
        return await self.read(
            lambda conn: search(conn, self.catalogue, query, page_size=page_size, offset=offset)
        )

    async def people(self, query: Filter, window: Window, *, enough: int = 0) -> PeoplePage:
        return await self.read(
            lambda conn: list_people(conn, self.catalogue, query, window, enough=enough)
        )

    async def respondent(self, respondent_id: str) -> Respondent | None:
        return await self.read(lambda conn: get_respondent(conn, self.catalogue, respondent_id))

    async def read(self, query: Callable[[AsyncConnection], Awaitable[Result]]) -> Result:
        async with reading(self._open, self.settings.statement_timeout_ms) as connection:
            return await query(connection)

    async def write(
        self,
        act: Callable[[AsyncConnection], Awaitable[Result]],
        *,
        statement_timeout_ms: int | None = None,
    ) -> Result:
        limit = statement_timeout_ms or self.settings.statement_timeout_ms
        async with writing(self._open, limit) as connection:
            return await act(connection)

    @property
    def _open(self) -> AsyncConnectionPool:
        if self.database_fault:
            raise self.database_fault
        assert self.pool is not None
        return self.pool


@contextmanager
def stored_panel(catalogue: Catalogue, folder: Path) -> Iterator[str]:
    """The address of a private cluster in that folder that holds the same people."""
    folder.chmod(0o755)  # as root the cluster runs as another user, who must get here
    with EmbeddedPostgres(folder) as embedded:
        migrate(embedded.conninfo)
        people = folder / "result.json"
        people.write_text(json.dumps(_raw_rows(InMemoryServices(catalogue))), "utf-8")
        load_files(
            embedded.conninfo, catalogue, [people], reference_year=REFERENCE_YEAR, synthetic=True
        )
        yield embedded.conninfo


def _raw_rows(services: InMemoryServices) -> list[dict[str, Any]]:
    """The people as an export of the survey owner writes them: in codes."""
    return [_raw_row(person, services.catalogue) for person in services.everybody]


def _raw_row(person: Respondent, catalogue: Catalogue) -> dict[str, Any]:
    row: dict[str, Any] = {catalogue.respondent_id: person.id}
    for panel_field in catalogue.fields:
        cell = person.fields[panel_field.name]
        if panel_field.source is None or cell is None:
            continue
        code = {answer.value: answer.code for answer in panel_field.answers}
        row[f"{panel_field.source.file}.{panel_field.source.code}"] = (
            [code[value] for value in cell] if isinstance(cell, list) else code.get(str(cell), cell)
        )
    return row


def _read(
    known: Known, catalogue: Catalogue, part: Part, group: int, condition: Condition
) -> ReadCondition:
    words = known.words.get(condition.field)
    confidence = known.doubts.get(condition.field, 0.973)
    other = known.others.get(condition.field)
    others = parse_filter({"where": {condition.field: other}}, catalogue).where if other else ()
    return ReadCondition(part, group, condition, confidence, (words,) if words else (), others)


def _people(catalogue: Catalogue) -> list[Respondent]:
    random = Random(7)
    return [_person(number, catalogue, random) for number in range(1, PEOPLE + 1)]


def _person(number: int, catalogue: Catalogue, random: Random) -> Respondent:
    cells: dict[str, Cell] = {}
    for panel_field in catalogue.fields:
        blank = not panel_field.personal and random.random() < 0.3
        cells[panel_field.name] = None if blank else _cell(panel_field, random)
    born = cells["birth_year"]
    assert isinstance(born, int)
    cells["age"] = REFERENCE_YEAR - born
    return Respondent(f"w{number:015d}", cells)


def _cell(panel_field: PanelField, random: Random) -> Cell:
    draw: Mapping[Kind, Callable[[], Cell]] = {
        Kind.NUMBER: lambda: (
            random.randint(1950, 2008) if panel_field.name == "birth_year" else random.randint(0, 3)
        ),
        Kind.TEXT: lambda: random.choice(["강남구", "중구", "해운대구"]),
        Kind.MULTI: lambda: (
            [a.value for a in panel_field.listed if random.random() < 2 / len(panel_field.listed)]
            or [panel_field.listed[0].value]
        ),
    }
    return draw.get(panel_field.kind, lambda: random.choice(panel_field.listed).value)()
