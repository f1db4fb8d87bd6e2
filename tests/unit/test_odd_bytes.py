"""Whatever is fed to the parsers, they answer or say what is wrong: no other error, no hang."""

import io
import json
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from server.accuracy.gold import parse_gold
from server.catalogue import check_catalogue, find_catalogue, read_catalogue
from server.errors import PanelensError, SetupError
from server.filter import Filter, load_catalogue, parse_filter
from server.grammar import build_grammar
from server.interpret.names import panel_names
from server.panel.records import Keys, read_records
from server.spelling import Reading, read

CATALOGUE = load_catalogue("welcome")
NAMES = panel_names(CATALOGUE)
WELCOME = yaml.safe_load(find_catalogue("welcome").read_text("utf-8"))
FILES = settings(
    max_examples=300,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
MANY = settings(
    max_examples=500, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([field.name for field in CATALOGUE.fields])
    | st.sampled_from(["where", "not", "either", "by", "limit", "min", "max", "all"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=8)
            | st.sampled_from([f.name for f in CATALOGUE.fields])
            | st.sampled_from(["where", "not", "either", "by", "limit", "min", "max", "all"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


def workbook(rows: list[list[str]]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]  # a new book has a sheet
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


SEEDS = (
    json.dumps([{"mb_sn": "w1", "gender": "여성"}, {"mb_sn": "w2", "Q10": ["1"]}]).encode(),
    b'{"w1": {"gender": "1"}, "w2": {}}',
    b'{"mb_sn": "w1"}\n{"mb_sn": "w2", "gender": 1}\n',
    'mb_sn,성별\nw1,여성\n"w2","남\n성"\n'.encode("cp949"),
    b"\xef\xbb\xbfmb_sn;gender\nw1;1\n",
    workbook([["mb_sn", "gender"], ["w1", "1"]]),
)


@st.composite
def torn(draw: st.DrawFn) -> bytes:
    """A good file with a piece cut out, doubled or overwritten: what a broken transfer leaves."""
    data = draw(st.sampled_from(SEEDS))
    start = draw(st.integers(0, len(data)))
    stop = draw(st.integers(start, len(data)))
    instead = draw(st.binary(max_size=12) | st.just(data[start:stop] * 2))
    return data[:start] + instead + data[stop:]


@pytest.mark.parametrize("name", ["result.json", "rows.jsonl", "welcome_1st.csv", "rows.xlsx"])
@given(data=st.binary(max_size=400) | torn())
@example(data=b"[" * 500)
@example(data=b'{"a":' * 500)
@example(data=b"PK\x03\x04" + b"\0" * 100)
@example(data=b"\xff\xfe" + "mb_sn,gender\nw1,1".encode("utf-16-le"))
@FILES
def test_a_file_is_read_or_refused(name: str, data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(data)
        try:
            for _, row in read_records(file):
                keys = Keys(CATALOGUE, file)
                assert all(isinstance(key, str) for key in row)
                assert keys is not None
        except PanelensError as error:
            assert error.status == 422
            assert error.detail


@given(raw=VALUES)
@example(raw={"where": {"age": {"min": 10**400}}})
@example(raw={"where": {"district": ["\0"]}})
@example(raw={"where": {"district": ["\ud800"]}})
@MANY
def test_a_filter_is_taken_or_refused(raw: Any) -> None:
    try:
        assert isinstance(parse_filter(raw, CATALOGUE), Filter)
    except PanelensError as error:
        assert error.code == "invalid-filter"
        assert len(error.detail) < 2000


@given(
    text=st.text(max_size=200)
    | st.text(st.sampled_from("+-|: \n=,{}[]0123성별서울region"), max_size=200)
)
@MANY
def test_what_the_model_could_never_write_is_refused_or_a_reading(text: str) -> None:
    with suppress(PanelensError, ValueError):
        assert isinstance(read(text, CATALOGUE), Reading)


@given(question=st.text(max_size=300))
@example(question="서울" * 500)
@example(question="ㅏ" * 1000)
@MANY
def test_names_are_looked_for_in_any_text(question: str) -> None:
    for mention in NAMES.find(question):
        assert mention is not None


@given(data=st.binary(max_size=300) | VALUES.map(lambda v: json.dumps(v, default=str).encode()))
@MANY
def test_a_gold_file_is_taken_or_refused(data: bytes) -> None:
    try:
        parse_gold(data, "gold.jsonl", CATALOGUE)
    except PanelensError as error:
        assert error.status == 422


@given(data=st.data())
@settings(
    max_examples=200, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)
def test_a_catalogue_with_anything_in_it_is_taken_or_refused(data: st.DataObject) -> None:
    raw = json.loads(json.dumps({**WELCOME, "fields": WELCOME["fields"][:4]}))
    place: Any = raw
    for _ in range(data.draw(st.integers(1, 4))):
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or data.draw(st.booleans()):
            place[key] = data.draw(VALUES)
            break
        place = place[key]
    try:
        build_grammar(check_catalogue(raw, "drawn"))
    except SetupError as error:
        assert "drawn" in error.detail


@given(data=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
@FILES
def test_a_catalogue_file_of_any_bytes_is_refused(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "catalogue.yaml"
        file.write_bytes(data)
        with pytest.raises(SetupError):
            read_catalogue(file)
