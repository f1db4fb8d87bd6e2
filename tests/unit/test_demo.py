"""The demo panel keeps the published shares, and its fields depend on each other."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from server.catalogue import Catalogue, Kind, PanelField, find_catalogue, read_catalogue
from server.errors import SetupError
from server.panel.demo import DemoSummary, read_recipe, write_demo
from server.panel.demo_recipe import BLANK, Recipe, check_recipe, find_recipe
from server.panel.dirt import raw_key

POINTS = 1.5
Row = dict[str, Any]
SPELLED: dict[tuple[str, str], frozenset[str]] = {}


def read_codes(field: PanelField, raw: str) -> frozenset[str]:
    """The short names of answers, however they are spelled."""
    if (field.name, raw) not in SPELLED:
        value = {a.code: a.value for a in field.answers}
        codes = (code.strip() for code in raw.strip("[]").split(","))
        SPELLED[field.name, raw] = frozenset(value[c] for c in codes if c in value)
    return SPELLED[field.name, raw]


@dataclass(frozen=True)
class Panel:
    catalogue: Catalogue
    recipe: Recipe
    summary: DemoSummary
    rows: list[Row]
    people: list[Row]
    keys: dict[str, str]

    def answers(self, row: Row, name: str) -> frozenset[str]:
        """The short names of a person's answers."""
        raw = row.get(self.keys[name], "")
        return read_codes(self.catalogue.field(name), str(raw)) if raw else frozenset()

    def age(self, row: Row) -> int | None:
        born = row.get("welcome_1st.Q11")
        return self.summary.reference_year - born if isinstance(born, int) else None

    def share(self, name: str, value: str, who: Callable[[Row], bool] = lambda _: True) -> float:
        """Percent of those who answered."""
        answered = [a for r in self.people if who(r) and (a := self.answers(r, name))]
        return 100 * sum(value in a for a in answered) / len(answered)

    def aged(self, low: int, high: int) -> Callable[[Row], bool]:
        return lambda row: (age := self.age(row)) is not None and low <= age <= high


@pytest.fixture(scope="session")
def welcome() -> Catalogue:
    return read_catalogue(find_catalogue("welcome"))


@pytest.fixture(scope="session")
def panel(welcome: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Panel:
    path = tmp_path_factory.mktemp("demo") / "result.json"
    summary = write_demo(welcome, path)
    rows = json.loads(path.read_text("utf-8"))
    people = {row["mb_sn"]: row for row in rows if row["mb_sn"] != "mb_sn"}
    keys = {field.name: raw_key(field) for field in welcome.fields}
    recipe = read_recipe(find_recipe(welcome))
    return Panel(welcome, recipe, summary, rows, [*people.values()], keys)


def published(field: PanelField, recipe: Recipe) -> Iterable[tuple[str, float]]:
    """Percent per answer, among those who answered."""
    shares = recipe.of(field.name).shares or {a.value: a.count or 0 for a in field.answers}
    several = field.kind is Kind.MULTI
    counts = not recipe.of(field.name).shares
    whole = (field.respondents or 1) if counts else 100
    total = whole if several else sum(s for a, s in shares.items() if a != BLANK)
    return ((str(a), 100 * s / total) for a, s in shares.items() if a != BLANK)


def test_every_share_is_within_a_point_and_a_half(panel: Panel) -> None:
    far = []
    for field in panel.catalogue.fields:
        if not field.has_listed_answers or field.parent is not None:
            continue
        answered = [a for row in panel.people if (a := panel.answers(row, field.name))]
        given = Counter(answer for answers in answered for answer in answers)
        for answer, share in published(field, panel.recipe):
            drawn = 100 * given[answer] / len(answered)
            if abs(drawn - share) > POINTS:
                far.append((field.name, answer, round(share, 1), round(drawn, 1)))
    assert not far


def test_every_poll_has_exactly_its_published_respondents(panel: Panel) -> None:
    for field in panel.catalogue.fields:
        if field.respondents is not None:
            asked = [row for row in panel.people if raw_key(field) in row]
            assert len(asked) == field.respondents, field.name
            assert all(panel.answers(row, field.name) for row in asked), field.name


def test_the_panel_has_its_published_sizes_and_means(panel: Panel) -> None:
    full = [row for row in panel.people if "welcome_2nd.Q1" in row]
    ages = [age for row in panel.people if (age := panel.age(row)) is not None]
    incomes = [
        (answer.min + (99 if answer.max is None else answer.max - answer.min) / 2)
        for row in full
        for name in panel.answers(row, "personal_income")
        if (answer := panel.catalogue.field("personal_income").by_value[name]).min is not None
    ]
    owned = [len(panel.answers(row, "appliances")) for row in full]
    parents = [row for row in full if row["welcome_2nd.Q2"] not in ("", 0)]
    domestic = {"기아", "르노삼성", "쌍용", "쉐보레", "현대", "제네시스"}
    home_made = [row for row in full if panel.answers(row, "car_maker") & domestic]
    students = ("중/고등학생", "대학생/대학원생")
    assert len(panel.people) == 35_000
    assert len(full) == 19_000
    assert min(ages) >= 15
    assert max(ages) <= 102
    assert sum(ages) / len(ages) == pytest.approx(43.8, abs=0.3)
    assert sum(incomes) / len(incomes) == pytest.approx(316, abs=8)
    assert sum(owned) / len(owned) == pytest.approx(14.3, abs=0.1)
    assert 100 * len(parents) / len(full) == pytest.approx(46.8, abs=POINTS)
    assert 100 * len(home_made) / len(full) == pytest.approx(52.0, abs=POINTS)
    assert sum(panel.share("job", s) for s in students) == pytest.approx(9.65, abs=0.5)


def test_one_polls_ages_are_as_published(panel: Panel) -> None:
    poll = [r for r in panel.people if "qpoll_20250106.문항1" in r]
    known = [r for r in poll if panel.age(r) is not None]
    bands = {10: 0.5, 20: 6.4, 30: 15, 40: 25, 50: 32, 60: 16, 70: 3.2}
    for low, share in bands.items():
        inside = sum(panel.aged(low, low + 9)(r) for r in known)
        assert 100 * inside / len(known) == pytest.approx(share / 0.985, abs=POINTS)


@pytest.mark.parametrize("name", ["phone_model", "car_model", "district"])
def test_an_answer_belongs_to_its_parent(panel: Panel, name: str) -> None:
    field = panel.catalogue.field(name)
    several = panel.recipe.of(name).parents
    seen = 0
    for row in panel.people:
        parents = panel.answers(row, field.parent or "")
        for value in panel.answers(row, name) if parents else ():
            allowed = several.get(value, (field.by_value[value].parent,))
            assert parents <= set(allowed)
            seen += 1
    assert seen > 1000


def test_an_exclusive_answer_stands_alone(panel: Panel) -> None:
    for field in panel.catalogue.fields:
        alone = {a.value for a in field.answers if a.exclusive}
        for row in panel.people if alone else ():
            answers = panel.answers(row, field.name)
            assert not answers & alone or len(answers) == 1


def test_brands_are_known_only_of_those_who_use_them(panel: Panel) -> None:
    for row in panel.people:
        smoking = panel.answers(row, "smoking")
        assert not panel.answers(row, "cigarette_brand") or "일반 담배" in smoking
        assert not panel.answers(row, "heated_tobacco_brand") or any(
            s.startswith("궐련형") for s in smoking
        )
        assert not panel.answers(row, "car_maker") or "있다" in panel.answers(row, "car_owned")


def test_a_household_earns_no_less_than_its_member(panel: Panel) -> None:
    bands = panel.catalogue.field("personal_income").by_value
    for row in panel.people:
        for own in panel.answers(row, "personal_income"):
            for whole in panel.answers(row, "household_income"):
                lows = bands[own].min, bands[whole].min
                assert lows[0] is None or lows[1] is None or lows[0] <= lows[1]


def test_the_main_chatbot_is_one_that_was_used(panel: Panel) -> None:
    for row in panel.people:
        assert panel.answers(row, "ai_chatbot_main") <= panel.answers(row, "ai_chatbot_used")


def test_fields_depend_on_each_other(panel: Panel) -> None:
    married = [
        panel.share("marital_status", "기혼", panel.aged(a, a + 9)) for a in (20, 30, 40, 50)
    ]
    apple = [panel.share("phone_brand", "애플", panel.aged(a, a + 9)) for a in (20, 30, 40, 50, 60)]
    never = {
        sex: panel.share(
            "smoking",
            "담배를 피워본 적이 없다",
            lambda r, sex=sex: sex in panel.answers(r, "gender"),  # type: ignore[misc]  # mypy does not infer the default's type
        )
        for sex in ("남성", "여성")
    }
    assert married == sorted(married)
    assert married[-1] - married[0] > 50
    assert apple == sorted(apple, reverse=True)
    assert apple[0] - apple[-1] > 30
    assert never["여성"] - never["남성"] > 20


def test_children_of_the_unmarried_are_mostly_unknown(panel: Panel) -> None:
    blank = Counter(
        status
        for row in panel.people
        for status in panel.answers(row, "marital_status")
        if row["welcome_2nd.Q2"] == ""
    )
    assert blank["미혼"] > 0.7 * blank.total()
    assert 0.45 * 19_000 < blank.total() < 0.52 * 19_000


def test_about_one_row_in_a_hundred_is_unclean(panel: Panel) -> None:
    assert sum(panel.summary.dirty.values()) == pytest.approx(350, abs=5)
    assert {shape.name for shape in panel.recipe.dirt.shapes} == set(panel.summary.dirty)
    ids = Counter(row["mb_sn"] for row in panel.rows)
    assert ids["mb_sn"] == panel.summary.dirty["header"]
    assert len(panel.rows) == panel.summary.rows


def test_several_answers_are_spelled_in_three_ways(panel: Panel) -> None:
    drinks = [row["welcome_2nd.Q13"] for row in panel.people if "welcome_2nd.Q13" in row]
    assert any(isinstance(d, list) for d in drinks)
    assert any(isinstance(d, str) and ", " in d for d in drinks)
    assert any(isinstance(d, str) and d.startswith(",") for d in drinks)


def test_the_same_seed_gives_the_same_bytes(welcome: Catalogue, tmp_path: Path) -> None:
    one, two, other = (tmp_path / f"{n}.json" for n in range(3))
    summary = write_demo(welcome, one, size=1200, seed=7)
    assert replace(summary, path=two) == write_demo(welcome, two, size=1200, seed=7)
    write_demo(welcome, other, size=1200, seed=8)
    assert one.read_bytes() == two.read_bytes() != other.read_bytes()


def test_it_says_that_it_is_synthetic_and_how_far_it_is(welcome: Catalogue, tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    summary = write_demo(
        welcome, tmp_path / "d.json", size=700, progress=lambda *now: heard.append(now)
    )
    assert summary.synthetic
    assert heard[-1] == (700, 700)
    assert summary.asked["physical_activity"] == round(5118 * 700 / 35_000)


def test_a_catalogue_without_a_recipe_is_refused(welcome: Catalogue, tmp_path: Path) -> None:
    other = welcome.model_copy(update={"name": "elsewhere"})
    with pytest.raises(SetupError, match="no demo panel can be made"):
        write_demo(other, tmp_path / "d.json")
    assert not any(tmp_path.iterdir())


def test_a_recipe_may_not_name_what_the_catalogue_does_not_hold(panel: Panel) -> None:
    gender = panel.recipe.of("gender").model_copy(update={"shares": {"외계인": 1}})
    wrong = panel.recipe.model_copy(update={"fields": {**panel.recipe.fields, "gender": gender}})
    with pytest.raises(SetupError, match="외계인"):
        check_recipe(panel.catalogue, wrong)
