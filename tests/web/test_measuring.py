"""The API of accuracy, as a program meets it: evaluate, correct, review, export, compare."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter

from server.accuracy.corrections import Waiting
from server.accuracy.history import Comparison, StoredRun
from server.errors import ModelAway
from server.web.schemas import ComparedBody, EvaluationBody, JobBody, NearBody

from .panel import QUESTIONS, InMemoryServices
from .test_api import problem

SEOUL_MEN = "서울 20대 남자 100명"
WOMEN = {"where": {"gender": ["여성"]}}
MEN = {"where": {"gender": ["남성"]}}


def gold(*questions: str) -> list[dict[str, Any]]:
    return [{"question": q, "filter": dict(QUESTIONS[q].filter), "tags": ["t"]} for q in questions]


async def finished(http: httpx.AsyncClient, started: httpx.Response) -> dict[str, Any]:
    """The job once it is over, asked for at the address it was given."""
    assert started.status_code == 202, started.text
    for _ in range(1200):
        job: dict[str, Any] = (await http.get(started.headers["location"])).json()
        JobBody.model_validate(job)
        if job["state"] != "running":
            return job
        await asyncio.sleep(0.05)
    raise AssertionError("the evaluation never ended")


async def evaluated(http: httpx.AsyncClient, *questions: dict[str, Any]) -> int:
    job = await finished(http, await http.post("/api/evaluations", json={"gold": questions}))
    assert (job["state"], job["read"]) == ("finished", len(questions))
    return int(job["run"])


async def test_an_evaluation_is_started_polled_and_read(http: httpx.AsyncClient) -> None:
    wrong = {"question": "여성", "filter": MEN}
    run = await evaluated(http, *gold(SEOUL_MEN), wrong)
    said = (await http.get(f"/api/evaluations/{run}")).json()
    assert (said["questions"], said["exact"], said["person"]) == (2, 0.5, "local")
    assert said["by_tag"]["t"]["exact"] == 1
    assert said["by_operator"]["limit"]["correct"] == 1
    TypeAdapter(EvaluationBody).validate_python(said)
    runs = (await http.get("/api/evaluations")).json()
    assert TypeAdapter(list[StoredRun]).validate_python(runs)[-1].run_id == run


async def test_two_evaluations_are_compared(http: httpx.AsyncClient) -> None:
    before = await evaluated(http, {"question": "여성", "filter": MEN})
    after = await evaluated(http, {"question": "여성", "filter": WOMEN})
    compared = (await http.get(f"/api/evaluations/{before}/compare/{after}")).json()
    assert [(d["question"], d["change"]) for d in compared["differences"]] == [("여성", "better")]
    TypeAdapter(Comparison).validate_python(compared)
    problem(await http.get(f"/api/evaluations/{before}/compare/99999"), 404, "not-found")


async def test_a_second_evaluation_waits_until_the_first_is_over(http: httpx.AsyncClient) -> None:
    first = await http.post("/api/evaluations", json={"gold": gold(SEOUL_MEN) * 20})
    second = await http.post("/api/evaluations", json={"gold": gold(SEOUL_MEN)})
    problem(second, 503, "too-busy")
    await finished(http, first)


async def test_a_model_that_goes_away_ends_the_evaluation_with_a_reason(
    http: httpx.AsyncClient, services: InMemoryServices
) -> None:
    services.model_fault = ModelAway("gone")
    job = await finished(http, await http.post("/api/evaluations", json={"gold": gold("여성")}))
    assert (job["state"], job["run"], job["problem"]["code"]) == ("failed", None, "model-away")


async def test_a_broken_question_is_named_and_nothing_is_evaluated(
    http: httpx.AsyncClient,
) -> None:
    broken = [*gold("여성"), {"question": "x", "filter": {"where": {"regoin": ["서울"]}}}]
    refused = await http.post("/api/evaluations", json={"gold": broken})
    detail = problem(refused, 422, "broken-file")["detail"]
    assert "line 2, filter" in detail and "regoin" in detail


async def test_a_correction_becomes_gold_and_is_evaluated(
    http: httpx.AsyncClient, services: InMemoryServices
) -> None:
    body = {"question": "여성", "verdict": "corrected", "filter": MEN, "unsupported": ["키 큰"]}
    said = await http.post("/api/corrections", json=body)
    assert said.status_code == 201
    number = said.json()["id"]
    listed = (await http.get("/api/corrections")).json()
    TypeAdapter(list[Waiting]).validate_python(listed)
    waiting = next(w for w in listed if w["id"] == number)
    assert (waiting["original"], waiting["corrected"]) == (WOMEN, MEN)
    assert (waiting["person"], waiting["verdict"]) == ("local", "corrected")
    accepted = await http.post(f"/api/corrections/{number}/review", json={"accepted": True})
    assert accepted.status_code == 204
    exported = [json.loads(line) for line in (await http.get("/api/gold")).text.splitlines()]
    assert {
        "question": "여성", "filter": MEN, "unsupported": ["키 큰"], "tags": ["accepted"],
    } in exported  # fmt: skip
    job = await finished(http, await http.post("/api/evaluations"))
    summary = (await http.get(f"/api/evaluations/{job['run']}")).json()
    assert summary["by_tag"]["accepted"]["questions"] >= 1
    again = await http.post(f"/api/corrections/{number}/review", json={"accepted": False})
    problem(again, 404, "not-found")


@pytest.mark.parametrize("phrase", ["a\x00b", "a\x1bb", " ", "가" * 61, "\ud800"])
async def test_what_is_no_phrase_is_refused_however_it_is_sent(
    http: httpx.AsyncClient, phrase: str
) -> None:
    for verdict in ("right", "wrong", "corrected"):
        said = {
            "question": "여성",
            "verdict": verdict,
            "filter": MEN,
            "unsupported": ["키 큰", phrase],
        }
        headers = {"content-type": "application/json"}
        answer = await http.post("/api/corrections", content=json.dumps(said), headers=headers)
        problem(answer, 422, "invalid-input")
    if phrase == "\ud800":
        return  # no form can send it
    form = {"question": "여성", "filter": json.dumps(MEN)}
    shown = {**form, "verdict": "wrong", "unsupported": ["키 큰", phrase]}
    assert (await http.post("/corrections", data=shown)).status_code == 422
    typed = {**form, "verdict": "corrected", "lacking": f"키 큰, {phrase}"}
    blank = not phrase.strip()  # nothing between two commas
    assert (await http.post("/corrections", data=typed)).status_code == (200 if blank else 422)


async def test_what_was_accepted_can_be_exported_and_imported(http: httpx.AsyncClient) -> None:
    body = {"question": "모두", "verdict": "corrected", "filter": MEN, "unsupported": [" 키  큰 "]}
    number = (await http.post("/api/corrections", json=body)).json()["id"]
    await http.post(f"/api/corrections/{number}/review", json={"accepted": True})
    exported = (await http.get("/api/gold")).text
    assert ["키 큰"] in [json.loads(line).get("unsupported") for line in exported.splitlines()]
    assert (await http.post("/api/gold", content=exported)).json() == {"added": 0}


async def test_a_verdict_on_a_reading_that_lacks_very_much_is_kept(http: httpx.AsyncClient) -> None:
    phrases = [f"{letter}한" for letter in "가나다라마바사아자차카"]
    form = {"question": "여성", "verdict": "wrong", "filter": "{}", "unsupported": phrases}
    assert (await http.post("/corrections", data=form)).status_code == 200


async def test_a_verdict_is_about_the_reading_that_was_shown(
    http: httpx.AsyncClient, services: InMemoryServices
) -> None:
    body = {"question": "여성", "verdict": "wrong", "filter": MEN}
    number = (await http.post("/api/corrections", json=body)).json()["id"]
    waiting = next(w for w in (await http.get("/api/corrections")).json() if w["id"] == number)
    assert (waiting["original"], waiting["corrected"]) == (MEN, None)
    assert services.questions_asked == []


async def test_what_is_exported_is_imported(http: httpx.AsyncClient) -> None:
    lines = "\n".join(json.dumps(line) for line in gold(SEOUL_MEN, "모두"))
    assert (await http.post("/api/gold", content=lines)).json()["added"] == 2
    exported = (await http.get("/api/gold")).text
    assert (await http.post("/api/gold", content=exported)).json() == {"added": 0}
    problem(await http.post("/api/gold", content='{"question": 1}'), 422, "broken-file")


async def test_near_misses_say_which_condition_is_missed(http: httpx.AsyncClient) -> None:
    query = {"where": {"region": ["서울"], "gender": ["여성"]}}
    said = (await http.post("/api/near", json={"filter": query, "count": 5})).json()
    assert len(NearBody.model_validate(said).near) == 5
    for each in said["near"]:
        lacks = each["missed"]["field"]
        kept = {"region": "서울", "gender": "여성"}
        assert each["respondent"][lacks] != kept.pop(lacks)
        assert all(each["respondent"][name] == value for name, value in kept.items())


async def test_groups_are_held_side_by_side(http: httpx.AsyncClient) -> None:
    response = await http.post("/api/compare", json={"filters": [WOMEN, MEN], "by": ["region"]})
    ComparedBody.model_validate(response.json())
    (field,) = response.json()["fields"]
    women, men = field["groups"]
    assert women["people"] > 0 and men["people"] > 0 and women["shared"] == 0
    for answer in field["answers"]:
        one, other = answer["shares"]
        assert one["difference_low"] <= one["difference"] <= one["difference_high"]
        assert abs(one["difference"] - (one["share"] - other["share"])) < 1e-12
    refused = await http.post("/api/compare", json={"filters": [WOMEN], "by": ["regoin"]})
    problem(refused, 422, "invalid-filter")
