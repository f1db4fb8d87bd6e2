"""Data files: every form gives the same rows, a torn one says where it broke."""

import json
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest

from server.errors import BrokenFile
from server.filter import load_catalogue
from server.panel.records import Column, Keys, read_records

CATALOGUE = load_catalogue("welcome")
PEOPLE = [{"mb_sn": "w1", "gender": "남"}, {"mb_sn": "w2", "gender": "여"}]


def _file(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def _rows(path: Path) -> list[dict[str, object]]:
    return [dict(row) for _, row in read_records(path)]


def _ids(path: Path) -> list[object]:
    keys = Keys(CATALOGUE, path)
    return [keys.respondent_id(row) for row in _rows(path)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", json.dumps(PEOPLE)),
        ("bom.json", "\ufeff" + json.dumps(PEOPLE, ensure_ascii=False, indent=1)),
        ("a.jsonl", "\n".join(json.dumps(p) for p in PEOPLE)),
        ("lines.json", "\n\n".join(json.dumps(p) for p in PEOPLE) + "\n"),
        ("a.csv", "mb_sn,gender\nw1,남\nw2,여\n"),
        ("bom.csv", "\ufeffmb_sn,gender\r\nw1,남\r\n\r\nw2,여\r\n"),
        ("korean.csv", "mb_sn;gender\nw1;남\nw2;여\n".encode("cp949")),
        ("tabs.txt", 'mb_sn\tgender\n"w1"\t남\nw2\t여\t\n'),
        ("quoted.csv", '"mb_sn";"gender"\n"w1";"남"\n"w2";"여"\n'),
    ],
)
def test_every_form_gives_the_same_rows(tmp_path: Path, name: str, content: str | bytes) -> None:
    assert _rows(_file(tmp_path, name, content)) == PEOPLE


def test_a_delimiter_in_a_question_is_part_of_it(tmp_path: Path) -> None:
    asked = "주로 쓰는 가전(TV, 냉장고,\n세탁기, 청소기)"
    content = f'"mb_sn";"{asked}";gender\nw1;"1,2";남\n'
    rows = _rows(_file(tmp_path, "a.csv", content))
    assert rows == [{"mb_sn": "w1", asked: "1,2", "gender": "남"}]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "mb_sn\t성별\r\nw1\t여성\r\n"),
        ("a.txt", "고유번호,성별\nw1,여성\n"),
        ("a.json", '[{"mb_sn": "w1", "성별": "여성"}]'),
        ("a.jsonl", '{"mb_sn": "w1", "성별": "여성"}\n'),
    ],
)
def test_utf_16_is_named_with_what_to_do(
    tmp_path: Path, name: str, content: str, encoding: str
) -> None:
    with pytest.raises(BrokenFile, match=rf"{name}: .* UTF-16 .*: save it as UTF-8"):
        _rows(_file(tmp_path, name, content.encode(encoding)))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("array.json", '[{"mb_sn": "w1", "성별": "여성"}]'),
        ("lines.jsonl", '{"mb_sn": "w1", "성별": "여성"}\n'),
        ("ids.json", '{"w1": {"성별": "여성"}}'),
    ],
)
def test_json_of_another_encoding_is_told_without_its_rows(
    tmp_path: Path, name: str, content: str
) -> None:
    with pytest.raises(BrokenFile, match=r"bytes that are not UTF-8: .* save it as UTF-8") as told:
        _rows(_file(tmp_path, name, content.encode("cp949")))
    assert "w1" not in told.value.detail
    assert "\\x" not in told.value.detail


def test_a_mistake_among_hangul_is_told_without_its_rows(tmp_path: Path) -> None:
    """The parser shows what is around it, cut inside of characters."""
    for blanks in range(3):
        torn = '[{"mb_sn": "w1", "' + " " * blanks + "가" * 40 + '": ?}]'
        with pytest.raises(BrokenFile) as told:
            _rows(_file(tmp_path, "a.json", torn))
        assert told.value.detail.endswith("lexical error: invalid char in json text.")


@pytest.mark.parametrize("indent", [None, 2])
def test_an_object_by_id(tmp_path: Path, indent: int | None) -> None:
    content = json.dumps({"w1": {"gender": "남"}, "w2": {"gender": "여"}}, indent=indent)
    assert _ids(_file(tmp_path, "a.json", content)) == ["w1", "w2"]


@pytest.mark.parametrize("held", ["mb_sn", "respondent_id", "고유번호", "패널id", "id", "패널 ID"])
def test_in_an_object_by_id_the_id_that_a_row_holds_goes_before_its_key(
    tmp_path: Path, held: str
) -> None:
    rows = {"0": {held: "w1", "gender": "남"}, "1": {"gender": "여", held: "w2"}}
    assert _ids(_file(tmp_path, "a.json", json.dumps(rows))) == ["w1", "w2"]


def test_a_workbook(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for cells in (["mb_sn", "gender", None], ["w1", "남", None], [None] * 3, ["w2", "여", "!"]):
        book.active.append(cells)  # type: ignore[union-attr]  # a new workbook has a sheet
    book.save(tmp_path / "a.xlsx")
    assert _rows(tmp_path / "a.xlsx") == [PEOPLE[0], PEOPLE[1] | {"": "!"}]


@pytest.mark.parametrize("stated", ["A1", "A1:B2", "A1:A3"])
def test_a_workbook_is_read_past_the_size_that_it_states(tmp_path: Path, stated: str) -> None:
    book = openpyxl.Workbook()
    for cells in (["mb_sn", "gender"], ["w1", "남"], ["w2", "여"]):
        book.active.append(cells)  # type: ignore[union-attr]  # a new workbook has a sheet
    book.save(tmp_path / "whole.xlsx")
    with ZipFile(tmp_path / "whole.xlsx") as whole, ZipFile(tmp_path / "a.xlsx", "w") as stale:
        for part in whole.namelist():
            content = whole.read(part)
            stale.writestr(part, content.replace(b'ref="A1:B3"', f'ref="{stated}"'.encode()))
    assert _rows(tmp_path / "a.xlsx") == PEOPLE


def test_a_damaged_workbook_is_refused_wherever_the_damage_is(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for n in range(300):
        book.active.append([f"w{n}", "남"])  # type: ignore[union-attr]  # a new workbook has a sheet
    book.save(tmp_path / "a.xlsx")
    whole = (tmp_path / "a.xlsx").read_bytes()
    refused = 0
    for place in range(0, len(whole), 97):
        torn = bytearray(whole)
        torn[place] ^= 0x10
        try:
            _rows(_file(tmp_path, "torn.xlsx", bytes(torn)))
        except BrokenFile as error:
            refused += 1
            assert "torn.xlsx" in error.detail
    assert refused > 10  # where nothing reads a byte, nothing is missed


def test_rows_are_numbered_from_one(tmp_path: Path) -> None:
    numbers = [n for n, _ in read_records(_file(tmp_path, "a.json", json.dumps(PEOPLE)))]
    assert numbers == [1, 2]


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("torn.json", '[{"mb_sn": "w1"}, {"mb_sn": ', "after row 1, before byte 28"),
        ("rest.json", '[{"mb_sn": "w1"}] rest', "after row 1"),
        ("text.json", "no json at all", "after row 0"),
        ("bare.json", "[1, 2]", "row 1: expected an object"),
        ("scalars.json", '{"w1": 5, "w2":\n 6}', "row 1: expected an object"),
        ("torn.csv", "mb_sn,gender\nw1,남\nw2", "line 3: 1 cells under a header of 2"),
        ("quote.csv", 'mb_sn,gender\nw1,"남\n', "line 2"),
        ("twice.csv", "mb_sn,mb_sn\nw1,w1\n", "two columns are called 'mb_sn'"),
        ("bytes.csv", b"\xff\xfe\x81", "neither UTF-8 nor cp949"),
        ("torn.xlsx", b"PK\x03\x04 half a workbook", "not a whole XLSX workbook"),
    ],
)
def test_a_torn_file_says_where(
    tmp_path: Path, name: str, content: str | bytes, place: str
) -> None:
    with pytest.raises(BrokenFile) as caught:
        _rows(_file(tmp_path, name, content))
    assert name in caught.value.detail
    assert place in caught.value.detail


READ = """
import resource, sys
from pathlib import Path
from server.errors import BrokenFile
from server.panel.records import read_records
resource.setrlimit(resource.RLIMIT_AS, (1_000_000_000, 1_000_000_000))
try:
    list(read_records(Path(sys.argv[1])))
except BrokenFile as error:
    print(error.detail)
"""


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("array.json", "[" * 100_000, "after row 0, before byte"),
        ("rows.json", json.dumps(PEOPLE)[:-1] + ', {"a":' * 100_000, "after row 0, before byte"),
        ("line.json", '{"a":' * 100_000, "after row 0, before byte"),
        ("lines.jsonl", '{"mb_sn": "w1"}\n' * 10_000 + '{"a":[' * 100_000, "before byte"),
        ("ids.json", '{"w1": {"a": 1},\n"w2":' + "[" * 100_000, "before byte"),
        ("strings.json", '[{"mb_sn": "]\\"]", "a":' * 100_000, "before byte"),
    ],
)
def test_a_file_nested_without_end_is_refused_before_it_takes_memory(
    tmp_path: Path, name: str, content: str, place: str
) -> None:
    """In a process that may have a gigabyte: unrefused, such a file takes several."""
    file = _file(tmp_path, name, content)
    done = subprocess.run(
        [sys.executable, "-c", READ, file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert name in done.stdout
    assert place in done.stdout
    assert "nested more than 64 deep" in done.stdout


def test_brackets_in_strings_are_no_nesting(tmp_path: Path) -> None:
    rows = [{"mb_sn": f"w{n}", "a": '[{"' * 50 + "\\" * n} for n in range(3_000)]
    assert _rows(_file(tmp_path, "a.json", json.dumps(rows))) == rows


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BrokenFile, match=r"none\.json: No such file"):
        _rows(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("file", "key", "name", "is_own"),
    [
        ("result.json", "welcome_1st.Q10", "gender", True),
        ("result.json", "gender", "gender", True),
        ("result.json", "성별", "gender", True),
        ("result.json", "귀하의 성별은", "gender", True),
        ("result.json", "Q13", "drinking", True),
        ("result.json", "qpoll_20250106.문항1", "physical_activity", True),
        ("welcome_1st.csv", "Q10", "gender", True),
        ("welcome_2nd.csv", "q10", "car_owned", True),
        ("qpoll_20250106.xlsx", "문항1", "physical_activity", True),
        ("qpoll_20250106.xlsx", "성별", "gender", False),
        ("qpoll_20250106.xlsx", "나이", "age", False),
        ("qpoll_20250304.xlsx", "문항2", "stress_relief_method", True),
    ],
)
def test_what_a_key_stands_for(file: str, key: str, name: str, is_own: bool) -> None:
    column = Keys(CATALOGUE, Path(file)).column(key)
    assert column == Column(CATALOGUE.field(name), is_own)


def test_a_code_of_several_files_is_left_out_with_both_meanings() -> None:
    reason = Keys(CATALOGUE, Path("result.json")).column("Q10")
    assert reason == "could be welcome_1st.Q10 or welcome_2nd.Q10"


def test_a_key_that_nobody_knows() -> None:
    assert Keys(CATALOGUE, Path("result.json")).column("혈액형") == "not in the catalogue"


@pytest.mark.parametrize("key", ["mb_sn", "MB_SN", "고유번호", "respondent_id"])
def test_the_respondents_id(key: str) -> None:
    assert Keys(CATALOGUE, Path("a.csv")).respondent_id({"x": 1, key: "w1"}) == "w1"
