"""Many questions at once: the model works through them, and everything else still answers."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from .running import Served

pytestmark = pytest.mark.slow

LONG = (
    "서울 30대 기혼 여성 중 애플 폰을 쓰고 자녀가 두 명 이상이며 월 가구소득이 500만원 이상인 사람"
)
# Not in the panel's own words, so the model is asked.
UNSAID = "요새 살림이 나아졌다는 여성"
AT_ONCE = 4


def test_a_slow_question_holds_up_nothing_else(served: Served, http: httpx.Client) -> None:
    with ThreadPoolExecutor(AT_ONCE) as people:
        asked = [
            people.submit(ask, served, f"{UNSAID}, {LONG} {n}명") for n in range(1, AT_ONCE + 1)
        ]
        assert http.get("/healthz").status_code == 200
        assert http.get("/readyz").status_code == 200
        found = http.post("/api/search", json={"filter": {"where": {"gender": ["여성"]}}})
        assert found.status_code == 200
        assert not all(question.done() for question in asked)
        assert {question.result() for question in asked} == {200}


def test_a_full_queue_says_try_again(served: Served) -> None:
    """Seventeen may wait; whoever is refused is told so and nobody is forgotten."""
    with ThreadPoolExecutor(30) as people:
        answers = list(people.map(lambda n: ask(served, f"{UNSAID} {n}명"), range(1, 31)))
    assert set(answers) == {200, 503}
    assert answers.count(200) >= 16


def ask(served: Served, question: str) -> int:
    with served.client() as http:
        return http.post("/api/interpret", json={"question": question}).status_code
