"""Loading: all or nothing, nothing lost in silence, and the same files again change nothing."""

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from server.access.loads import load_audited
from server.catalogue import ID_LENGTH_MAX
from server.errors import BrokenFile, DatabaseAway, SetupError
from server.filter import load_catalogue
from server.panel.load import LoadReport, RejectedValue, UnknownKey, load_files
from server.panel.report import UnlistedNames

CATALOGUE = load_catalogue("welcome")
CLEAN = [
    {"mb_sn": "w1", "welcome_1st.Q10": "M", "welcome_1st.Q11": "1971", "welcome_2nd.Q13": ",2,,,5"},
    {"mb_sn": "w2", "welcome_1st.Q10": "여자", "welcome_1st.Q12_1": "세종특별자치시"},
]


def _file(folder: Path, content: object, name: str = "result.json") -> Path:
    path = folder / name
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    path.write_text(text, "utf-8")
    return path


def _load(database: str, *files: Path, synthetic: bool = False) -> LoadReport:
    return load_files(database, CATALOGUE, files, reference_year=2025, synthetic=synthetic)


def _people(database: str, columns: str = "gender, birth_year, region, drinking") -> list[Any]:
    with psycopg.connect(database) as connection:
        return connection.execute(
            f"select respondent_id, {columns} from panel_welcome.respondent_in_words order by 1"
        ).fetchall()


def _count(database: str, table: str) -> int:
    with psycopg.connect(database) as connection:
        (count,) = connection.execute(f"select count(*) from {table}").fetchone() or (0,)
    return int(count)


def test_codes_and_words_become_answers(database: str, tmp_path: Path) -> None:
    report = _load(database, _file(tmp_path, CLEAN))
    assert (report.rows_read, report.rows_stored, report.rows_changed) == (2, 2, 2)
    assert (report.values_rejected, report.unknown_keys) == (0, ())
    assert _people(database) == [
        ("w1", "남성", 1971, None, ["맥주", CATALOGUE.field("drinking").answers[4].value]),
        ("w2", "여성", None, "세종", None),
    ]


def test_the_same_file_again_changes_nothing(database: str, tmp_path: Path) -> None:
    file = _file(tmp_path, CLEAN)
    _load(database, file)
    assert _load(database, file).rows_changed == 0


def test_a_correction_changes_its_respondent_only(database: str, tmp_path: Path) -> None:
    _load(database, _file(tmp_path, CLEAN))
    corrected = [CLEAN[0] | {"welcome_1st.Q11": ""}, CLEAN[1]]
    assert _load(database, _file(tmp_path, corrected)).rows_changed == 1
    assert _people(database, "birth_year") == [("w1", None), ("w2", None)]


def test_files_are_joined_and_leave_each_others_answers_alone(
    database: str, tmp_path: Path
) -> None:
    profile = _file(tmp_path, "mb_sn,Q10,Q11\nw1,M,1971\nw2,F,\n", "welcome_1st.csv")
    second = _file(tmp_path, "mb_sn,Q10\nw1,1\nw3,2\n", "welcome_2nd.csv")
    poll = _file(
        tmp_path,
        "고유번호,성별,나이,문항1\nw1,여,30,1\nw2,,1990년 1월 2일 (만 35 세),2\n",
        "qpoll_20250106.csv",
    )
    _load(database, profile, second, poll)
    activity = CATALOGUE.field("physical_activity").answers
    assert _people(database, "gender, birth_year, car_owned, physical_activity") == [
        ("w1", "남성", 1971, "있다", [activity[0].value]),
        ("w2", "여성", 1990, None, [activity[1].value]),
        ("w3", None, None, "없다", None),
    ]


def test_a_value_that_nobody_knows_is_kept_aside_and_the_rest_is_stored(
    database: str, tmp_path: Path
) -> None:
    rows = [{"mb_sn": "w1", "welcome_2nd.Q5": "무직 ", "welcome_1st.Q10": "F", "혈액형": "A"}]
    report = _load(database, _file(tmp_path, rows))
    rejected = RejectedValue("result.json", 1, "w1", "job", "무직", "not one of the listed answers")
    assert report.rejected == (rejected,)
    assert report.unknown_keys == (UnknownKey("result.json", "혈액형", "not in the catalogue"),)
    assert _people(database, "gender, job") == [("w1", "여성", None)]
    with psycopg.connect(database) as connection:
        assert connection.execute(
            "select row, respondent_id, field, value, reason, values_rejected "
            "from panelens.rejected_value join panelens.load on load.id = load_id"
        ).fetchall() == [(1, "w1", "job", "무직", "not one of the listed answers", 1)]


def test_a_name_that_an_open_list_does_not_hold_is_stored_as_written_and_told_of(
    database: str, tmp_path: Path
) -> None:
    names = ["수원", "수원시 ", "어느 새 구", "다른 구", "어느 새 구"]
    rows = [{"mb_sn": f"w{n}", "district": name} for n, name in enumerate(names)]
    report = _load(database, _file(tmp_path, rows))
    unlisted = UnlistedNames("result.json", "district", 3, ("어느 새 구", "다른 구"))
    assert (report.unlisted, report.values_rejected) == ((unlisted,), 0)
    stored = ["수원시", "수원시", "어느 새 구", "다른 구", "어느 새 구"]
    assert [name for _, name in _people(database, "district")] == stored


def test_a_rejected_value_leaves_the_answer_that_was_there(database: str, tmp_path: Path) -> None:
    _load(database, _file(tmp_path, CLEAN))
    before = _people(database)
    rows = [
        {"mb_sn": "w1", "gender": "남자 아님", "birth_year": "", "age": "서른", "drinking": ["?"]},
        {"mb_sn": "w2", "gender": "여자 아님", "birth_year": "이천", "region": "세종"},
        {"mb_sn": "w3", "gender": "?"},
    ]
    report = _load(database, _file(tmp_path, rows))
    assert (report.values_rejected, report.answers_kept, report.rows_changed) == (6, 4, 1)
    assert _people(database) == [*before, ("w3", None, None, None, None)]


def test_a_blank_still_removes_the_answer_and_of_repeated_ids_the_last_row_says_which(
    database: str, tmp_path: Path
) -> None:
    _load(database, _file(tmp_path, CLEAN))
    rows = [{"mb_sn": "w1", "gender": "?"}, {"mb_sn": "w1", "gender": ""}]
    assert _load(database, _file(tmp_path, rows)).answers_kept == 0
    rows = [{"mb_sn": "w2", "gender": ""}, {"mb_sn": "w2", "gender": "?"}]
    assert _load(database, _file(tmp_path, rows)).answers_kept == 1
    assert _people(database, "gender") == [("w1", None), ("w2", "여성")]


def test_of_several_answers_those_that_are_known_take_the_place_of_the_old(
    database: str, tmp_path: Path
) -> None:
    _load(database, _file(tmp_path, CLEAN))
    report = _load(database, _file(tmp_path, [{"mb_sn": "w1", "drinking": ["1", "?"]}]))
    assert (report.values_rejected, report.answers_kept) == (1, 0)
    assert _people(database, "drinking")[0] == (
        "w1", [CATALOGUE.field("drinking").answers[0].value],
    )  # fmt: skip


def test_ages_are_read_to_the_year_of_the_panel(database: str, tmp_path: Path) -> None:
    _load(database, _file(tmp_path, [{"mb_sn": "w1", "age": 30}]))
    load_files(
        database, CATALOGUE, [_file(tmp_path, [{"mb_sn": "w2", "age": 30}])], reference_year=2020
    )
    assert _people(database, "birth_year, age") == [("w1", 1995, 30), ("w2", 1995, 30)]


def test_a_repeated_header_is_skipped_and_of_repeated_ids_the_last_row_holds(
    database: str, tmp_path: Path
) -> None:
    rows = "mb_sn,gender\nw1,남\nmb_sn,gender\nw1,여\n"
    report = _load(database, _file(tmp_path, rows, "all.csv"))
    assert (report.rows_read, report.header_rows, report.duplicate_rows) == (3, 1, 1)
    assert report.values_rejected == 0
    assert _people(database, "gender") == [("w1", "여성")]


def test_of_birth_year_and_age_the_year_goes_first(database: str, tmp_path: Path) -> None:
    rows = [
        {"mb_sn": "w1", "age": 30, "birth_year": 1971},
        {"mb_sn": "w2", "birth_year": "", "age": 30},
    ]
    _load(database, _file(tmp_path, rows))
    assert _people(database, "birth_year, age") == [("w1", 1971, 54), ("w2", 1995, 30)]


def test_a_torn_file_loads_nothing_at_all(database: str, tmp_path: Path) -> None:
    whole = _file(tmp_path, CLEAN)
    torn = _file(tmp_path, json.dumps(CLEAN)[:-5], "torn.json")
    with pytest.raises(BrokenFile, match=r"torn\.json, after row 1"):
        _load(database, whole, torn)
    assert _people(database) == []
    assert _count(database, "panelens.load") == 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('[{"mb_sn": "w1", "혈액형": "A"}]', "no key is one of panel 'welcome', not even 혈액형"),
        ('[{"name": "w1", "gender": "남"}]', "no row has an id under the key 'mb_sn'"),
    ],
)
def test_a_file_about_something_else_is_refused(
    database: str, tmp_path: Path, content: str, reason: str
) -> None:
    with pytest.raises(BrokenFile, match=reason):
        _load(database, _file(tmp_path, content))


@pytest.mark.parametrize("raw", ["", None, "w\x001", "w" * 300, "w" * (ID_LENGTH_MAX + 1), ["w1"]])
def test_a_row_without_an_id_is_reported(database: str, tmp_path: Path, raw: object) -> None:
    report = _load(database, _file(tmp_path, [{"mb_sn": raw, "gender": "남"}, CLEAN[0]]))
    assert [(r.row, r.field, r.reason) for r in report.rejected] == [(1, "mb_sn", "not an id")]
    assert report.rows_stored == 1


@pytest.mark.parametrize(
    "name", ["\\N", "a\\tb", "O'Neil", "한글", "1,2", "{}", '"', "w" * ID_LENGTH_MAX]
)
def test_ids_and_names_may_hold_any_letter(database: str, tmp_path: Path, name: str) -> None:
    _load(database, _file(tmp_path, [{"mb_sn": name, "district": name}]))
    assert _people(database, "district") == [(name, name)]


def test_real_people_take_the_place_of_synthetic_ones(database: str, tmp_path: Path) -> None:
    _load(database, _file(tmp_path, [{"mb_sn": "demo", "gender": "남"}]), synthetic=True)
    report = _load(database, _file(tmp_path, CLEAN))
    assert report.demo_removed == 1
    assert [row[0] for row in _people(database)] == ["w1", "w2"]


@pytest.mark.parametrize("content", ["[]", "mb_sn,gender\n"])
def test_a_file_that_holds_nobody_removes_nobody(
    database: str, tmp_path: Path, content: str
) -> None:
    _load(database, _file(tmp_path, CLEAN), synthetic=True)
    with pytest.raises(BrokenFile, match="holds no row"):
        _load(database, _file(tmp_path, content, "empty.csv"))
    assert [row[0] for row in _people(database)] == ["w1", "w2"]


def test_synthetic_people_never_join_real_ones(database: str, tmp_path: Path) -> None:
    file = _file(tmp_path, CLEAN)
    _load(database, file)
    with pytest.raises(SetupError, match="real people"):
        _load(database, file, synthetic=True)


def test_memory_and_progress_go_by_batches(database: str, tmp_path: Path) -> None:
    file = _file(tmp_path, [{"mb_sn": f"w{n}", "gender": "남"} for n in range(4_500)])
    heard: list[int] = []
    load_files(
        database,
        CATALOGUE,
        [file],
        reference_year=2025,
        progress=lambda _, rows: heard.append(rows),
    )
    assert heard == [2_000, 4_000, 4_500]


def test_a_load_is_written_down_with_what_it_changed(database: str, tmp_path: Path) -> None:
    load_audited(database, CATALOGUE, [_file(tmp_path, CLEAN)], reference_year=2025)
    (who, act, about, done) = _audit(database)[-1]
    assert who.startswith("terminal:")
    assert (act, done) == ("change", True)
    assert about == "load welcome: result.json (2 people, 2 new or changed)"


def test_a_refused_load_is_written_down_too(database: str, tmp_path: Path) -> None:
    whole = _file(tmp_path, CLEAN)
    torn = _file(tmp_path, json.dumps(CLEAN)[:-5], "torn.json")
    with pytest.raises(BrokenFile):
        load_audited(database, CATALOGUE, [whole, torn], reference_year=2025)
    assert [row[2:] for row in _audit(database)] == [
        ("load welcome: result.json, torn.json", False)
    ]


def test_what_cannot_be_written_down_is_not_loaded(database: str, tmp_path: Path) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("alter table panelens.audit add check (about not like 'load%')")
    with pytest.raises(psycopg.errors.CheckViolation):
        load_audited(database, CATALOGUE, [_file(tmp_path, CLEAN)], reference_year=2025)
    assert _people(database) == []


def _audit(database: str) -> list[Any]:
    with psycopg.connect(database) as connection:
        rows = connection.execute("select who, act, about, done from panelens.audit order by id")
        return rows.fetchall()


def test_without_a_database_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(DatabaseAway):
        _load("host=/nowhere", _file(tmp_path, CLEAN))
