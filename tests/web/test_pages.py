"""The pages as plain HTML: what a browser without JavaScript gets."""

import json
import re
from hashlib import sha256
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import psycopg
import pytest

from server.catalogue import Words
from server.errors import DatabaseAway, ModelAway
from server.filter import load_catalogue
from server.resources import folder
from server.settings import Settings
from server.web.app import create_app

from .panel import QUESTIONS, InMemoryServices, Known, StoredServices, finding_one

ASKED = "수도권 기혼 여성 중 우울한 사람을 직업별로 5명"
KOREAN = {"accept-language": "ko"}
ENGLISH = {"accept-language": "en"}


def asking(question: str) -> str:
    return f"/?q={quote(question)}"


async def test_the_start_page_offers_the_panels_own_examples(http: httpx.AsyncClient) -> None:
    response = await http.get("/", headers=ENGLISH)
    assert response.status_code == 200
    assert "100 men in their 20s in Seoul" in response.text
    assert '<html lang="en">' in response.text
    assert response.headers["content-language"] == "en"


async def test_the_box_suggests_a_question_of_the_panel_that_is_served(settings: Settings) -> None:
    welcome = load_catalogue("welcome")
    for examples, suggested in (
        (Words(ko=("소나무가 몇 그루?",)), 'placeholder="예: 소나무가 몇 그루?"'),
        (Words(), None),
    ):
        served = InMemoryServices(welcome.model_copy(update={"examples": examples}))
        transport = httpx.ASGITransport(app=create_app(settings, served))
        async with httpx.AsyncClient(transport=transport, base_url="http://memory") as client:
            text = (await client.get("/", headers=KOREAN)).text
        assert suggested in text if suggested else "placeholder=" not in text


async def test_an_answer_says_what_was_understood_and_what_was_not(
    http: httpx.AsyncClient,
) -> None:
    text = (await http.get(asking(ASKED), headers=KOREAN)).text
    assert "5명 요청, 3명 일치" in text
    assert '<mark class="unsupported">우울한</mark>' in text
    assert "합성 데이터" in text
    assert "62%" in text and "확인 필요" in text
    assert "92.7%" in text and "정답 질문 41개" in text
    assert "나이는 2025년 기준" in text
    assert "chip-not" in text
    assert "panel_welcome" in text and "from matched" in text


async def test_what_was_read_instead_of_a_slip_is_said(http: httpx.AsyncClient) -> None:
    text = (await http.get(asking("서울사는 여셩"), headers=KOREAN)).text
    assert "“서울사는”을(를) “서울 사는”(으)로 읽음 · “여셩”을(를) “여성”(으)로 읽음" in text
    assert '<mark class="understood">여셩</mark>' in text


async def test_a_question_ends_where_its_filter_is_and_is_read_once(
    http: httpx.AsyncClient, services: InMemoryServices
) -> None:
    asked = f"/?q={quote(f'  {ASKED} ')}&c=age,job&s=age&lang=ko"
    led = await http.get(asked, follow_redirects=False)
    assert led.status_code == 303
    address = urlsplit(led.headers["location"])
    said = parse_qs(address.query)
    assert address.path == "/" and said["q"] == [ASKED]
    assert (said["c"], said["s"], said["lang"]) == (["age,job"], ["age"], ["ko"])
    assert json.loads(said["f"][0])["by"] == ["job"]
    text = (await http.get(led.headers["location"])).text
    assert "62%" in text and '<mark class="unsupported">우울한</mark>' in text
    assert services.questions_asked == [ASKED]


async def test_a_question_of_which_nothing_was_understood_stays_a_question(
    http: httpx.AsyncClient,
) -> None:
    response = await http.get(asking("행복한 연예인"), follow_redirects=False)
    assert response.status_code == 200, "its filter would find everyone"


async def test_the_same_answer_in_english(http: httpx.AsyncClient) -> None:
    text = (await http.get(asking(ASKED), headers=ENGLISH)).text
    assert "5 wanted, 3 match" in text
    assert "Seoul · Gyeonggi · Incheon" in text
    assert "please check" in text


async def test_one_match_of_many_wanted_is_said_of_one(
    http: httpx.AsyncClient, services: StoredServices
) -> None:
    wanted = finding_one(services) | {"limit": 100}
    shown = (await http.get("/", params={"f": json.dumps(wanted)}, headers=ENGLISH)).text
    assert "100 wanted, 1 matches" in shown


async def test_a_chip_is_removed_by_a_plain_link_without_asking_the_model(
    http: httpx.AsyncClient, services: InMemoryServices
) -> None:
    text = (await http.get(asking(ASKED), headers=KOREAN)).text
    removing = re.search(r'href="([^"]+)"[^>]*aria-label="빼기: 결혼 여부"', text)
    assert removing is not None
    text = (await http.get(unescape(removing.group(1)), headers=KOREAN)).text
    assert "빼기: 결혼 여부" not in text
    assert "빼기: 지역" in text
    assert ASKED in text
    assert "모델에는 묻지 않았습니다" in text
    assert services.questions_asked == [ASKED]


async def test_nothing_understood_shows_nobody(http: httpx.AsyncClient) -> None:
    response = await http.get(asking("행복한 연예인"), headers=KOREAN)
    assert response.status_code == 200
    assert "아무도 찾지 않았습니다" in response.text
    assert 'id="people-title"' not in response.text


async def test_too_few_labelled_questions_are_called_so(
    http: httpx.AsyncClient, services: InMemoryServices
) -> None:
    services.labelled = 3
    text = (await http.get(asking("여성"), headers=ENGLISH)).text
    assert "Not enough data yet" in text
    assert "92.7%" not in text


def people_on(text: str) -> list[str]:
    """The ids on a page, in its order."""
    return list(dict.fromkeys(re.findall(r'href="/respondents/(w\d+)', text)))


def leads(text: str, rel: str) -> str | None:
    """Where the list's link of that kind leads."""
    found = re.search(rf'<a rel="{rel}" href="([^"]+)"', text)
    return None if found is None else unescape(found[1])


async def test_pages_follow_on_and_end(http: httpx.AsyncClient) -> None:
    address: str | None = f"/?f={quote('{}')}"
    seen: list[str] = []
    numbers = 0
    while address is not None:
        text = (await http.get(address, headers=KOREAN)).text
        seen += people_on(text)
        numbers += 1
        address = leads(text, "next")
    assert len(seen) == len(set(seen)) == 400
    assert numbers == 20 and "381–400" in text
    last = (await http.get(str(leads(text, "first")), headers=KOREAN)).text
    last = (await http.get(str(leads(last, "last")), headers=KOREAN)).text
    assert people_on(last) == seen[-20:] and leads(last, "next") is None
    assert "마지막 쪽" in last
    before = (await http.get(str(leads(last, "prev")), headers=KOREAN)).text
    assert people_on(before) == seen[-40:-20] and "끝에서 2쪽" in before


async def test_the_list_ends_at_the_wanted_number(http: httpx.AsyncClient) -> None:
    thirty = quote('{"limit":30}')
    first = (await http.get(f"/?f={thirty}", headers=KOREAN)).text
    second = (await http.get(str(leads(first, "next")), headers=KOREAN)).text
    assert len({*people_on(first), *people_on(second)}) == 30
    assert "21–30" in second and leads(second, "next") is None


@pytest.mark.parametrize(
    "place", ["after=nonsense", f"before={'0' * 36}", "page=7", "after=" + "0" * 36]
)
async def test_a_place_that_is_none_shows_the_first_page(
    http: httpx.AsyncClient, place: str
) -> None:
    first = (await http.get(f"/?f={quote('{}')}", headers=KOREAN)).text
    some = (await http.get(f"/?f={quote('{}')}&{place}", headers=KOREAN)).text
    assert people_on(some) == people_on(first)
    assert "1–20" in some


@pytest.mark.parametrize(
    "question",
    [
        "<script>alert(1)</script>",
        '" onfocus="alert(1)',
        "</title><b>x",
        "'; drop table respondent; --",
        "{{ 7*7 }} %(n)s %s",
        "👩‍👩‍👧‍👦 東京に住む三十代の女性",
    ],
)
async def test_what_was_typed_is_only_ever_text(http: httpx.AsyncClient, question: str) -> None:
    text = (await http.get(asking(question), headers=KOREAN)).text
    assert "<script>alert" not in text and "<b>x" not in text and not re.search(r"\b49\b", text)
    assert '" onfocus="' not in text
    assert question in unescape(text)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/?q=", 422, "질문이 비어 있습니다"),
        ("/?q=%20%20", 422, "질문이 비어 있습니다"),
        (f"/?q={'a' * 1001}", 422, "1,000자까지"),
        ("/?f=nonsense", 422, "이 패널에 없는 조건"),
        ("/?f=%7B%22nope%22%3A1%7D", 422, "nope"),
        (f"/?f={'[' * 5000}", 422, "이 패널에 없는 조건"),
        ("/nowhere", 404, "찾는 것이 없습니다"),
        ("/respondents/nobody", 404, "찾는 것이 없습니다"),
        ("/static/panelens.css", 404, "찾는 것이 없습니다"),
    ],
)
async def test_errors_are_pages_in_the_readers_language(
    http: httpx.AsyncClient, path: str, status: int, words: str
) -> None:
    response = await http.get(path, headers=KOREAN)
    assert response.status_code == status
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert words in response.text


@pytest.mark.parametrize(
    "path", ["/respondents/50%25", "/respondents/a%23b", "/respondents/%EA%B0%80"]
)
async def test_another_language_is_a_link_to_the_same_page(
    http: httpx.AsyncClient, path: str
) -> None:
    assert f'href="{path}?lang=en"' in (await http.get(path, headers=KOREAN)).text


@pytest.mark.parametrize(
    "path",
    [
        "/?f={}&u={}&c=age&c=job&s=age",
        "/edit?f={}&field=age&place=where",
        "/columns?f={}&c=age",
        "/figures?f={}&by=age",
        "/near?f={}",
        "/segments?f={}",
        "/compare?s=1&s=2&by=age",
        "/history?lang=ko",
        "/codebook?q=age&lang=ko",
        "/accuracy?run=3",
        "/accuracy/compare?before=1&after=2",
        "/audit?before=900",
        "/sign-in?next=/segments",
        "/nowhere?page=2",
    ],
)
async def test_another_language_keeps_all_that_the_page_is_about(
    http: httpx.AsyncClient, path: str
) -> None:
    page = await http.get(path, headers=KOREAN)
    found = re.search(r'<a href="([^"]+)" lang="en" hreflang="en">', page.text)
    assert found is not None
    link = unescape(found[1])
    asked = parse_qs(urlsplit(path).query) | {"lang": ["en"]}
    assert (urlsplit(link).path, parse_qs(urlsplit(link).query)) == (urlsplit(path).path, asked)
    other = await http.get(link)
    assert other.status_code == page.status_code and '<html lang="en">' in other.text


async def test_another_language_is_never_on_another_host(http: httpx.AsyncClient) -> None:
    request = http.build_request("GET", "/")
    request.extensions["target"] = b"//evil.example/x"
    page = await http.send(request)
    assert page.status_code == 404
    assert re.findall(r'href="([^"]+)" lang="en"', page.text) == ["/evil.example/x?lang=en"]


async def test_what_answers_a_form_leads_to_no_language_that_no_link_can_show(
    http: httpx.AsyncClient,
) -> None:
    refused = await http.post("/segments/999999/delete", headers=KOREAN)
    assert refused.status_code == 404 and "<html" in refused.text
    assert "hreflang" not in refused.text and 'id="languages"' not in refused.text


async def test_a_question_asked_while_the_model_loads_is_asked_again_by_the_page(
    http: httpx.AsyncClient, services: InMemoryServices
) -> None:
    services.model_fault = ModelAway("loading")
    response = await http.get(asking("여성"), headers=ENGLISH)
    assert response.status_code == 503
    assert response.headers["retry-after"] == "5"
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in response.text
    assert "The language model is not ready." in response.text


async def test_a_profile_without_database_says_so_and_tries_again(
    http: httpx.AsyncClient, services: InMemoryServices
) -> None:
    services.database_fault = DatabaseAway("refused")
    response = await http.get("/respondents/w000000000000001", headers=ENGLISH)
    assert response.status_code == 503
    assert '<meta http-equiv="refresh" content="5">' in response.text


async def test_another_reading_tells_alternatives_from_conditions(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways = [{"phone_brand": ["애플"]}, {"car_maker": ["테슬라"], "region": ["서울"]}]
    read = {"where": {"gender": ["여성"]}, "either": ways}
    known = Known(read, doubts={"gender": 0.5}, others={"gender": ["남성"]})
    monkeypatch.setitem(QUESTIONS, "애플이나 서울에서 테슬라", known)
    text = (await http.get(asking("애플이나 서울에서 테슬라"), headers=ENGLISH)).text
    listed = text[text.index('<ul aria-labelledby="others-title">') :]
    others = re.findall(r"<li><a [^>]*>(.*?)</a></li>", listed[: listed.index("</ul>")])
    either = "Phone brand: Apple or Region: Seoul + Car maker: Tesla"
    assert others == [f"<strong>Gender: male</strong> · {either}", either]


@pytest.mark.parametrize(
    "path",
    [
        "/compare?s=4&s=7&by=age",
        "/export?as=xlsx&f=%7B%7D",
        "/accuracy?run=5",
        "/accuracy/compare?before=1&after=2",
        "/respondents/w000000000000001?lang=en",
        "/history",
    ],
)
async def test_what_is_tried_again_is_what_was_asked_for(
    http: httpx.AsyncClient, services: InMemoryServices, path: str
) -> None:
    services.database_fault = DatabaseAway("refused")
    response = await http.get(path, headers=ENGLISH)
    assert response.status_code == 503
    assert [unescape(a) for a in re.findall(r'<a href="([^"]+)">Try now', response.text)] == [path]


async def test_a_chosen_division_is_tried_again_as_it_was_chosen(
    http: httpx.AsyncClient, services: InMemoryServices
) -> None:
    services.database_fault = DatabaseAway("refused")
    part = await http.get("/figures?f={}&by=age", headers={**ENGLISH, "hx-request": "true"})
    assert part.status_code == 503
    assert 'hx-get="/figures?f={}&amp;by=age"' in part.text


REPEATING = ("http-equiv", "hx-trigger", "tries again by itself")


@pytest.mark.parametrize("headers", [{}, {"hx-request": "true"}])
async def test_what_was_sent_is_not_tried_again_by_a_page_that_cannot(
    http: httpx.AsyncClient, services: InMemoryServices, headers: dict[str, str]
) -> None:
    services.database_fault = DatabaseAway("refused")
    sent = {"name": "x", "f": "{}"}
    response = await http.post("/segments", data=sent, headers={**ENGLISH, **headers})
    assert response.status_code == 503
    assert not [word for word in REPEATING if word in response.text]


async def test_a_fragment_that_nothing_fetches_again_does_not_say_so(
    http: httpx.AsyncClient, services: InMemoryServices
) -> None:
    services.database_fault = DatabaseAway("refused")
    asked = {**ENGLISH, "hx-request": "true"}
    drawer = await http.get("/respondents/w000000000000001", headers=asked)
    part = await http.get("/people?f={}", headers=asked)
    assert drawer.status_code == part.status_code == 503
    assert not [word for word in REPEATING if word in drawer.text]
    assert 'hx-trigger="every 5s"' in part.text and REPEATING[-1] in part.text


async def test_an_unexpected_error_is_a_page_with_an_incident_number(
    http: httpx.AsyncClient, services: InMemoryServices
) -> None:
    services.database_fault = RuntimeError("password=hunter2")
    response = await http.get(asking("여성"), headers=ENGLISH)
    assert response.status_code == 500
    assert re.search(r"Incident number: <code>[0-9a-f]{8}</code>", response.text)
    assert "hunter2" not in response.text


async def test_a_profile_is_grouped_by_source_and_leads_to_the_codebook(
    http: httpx.AsyncClient,
) -> None:
    text = (await http.get("/respondents/w000000000000001", headers=KOREAN)).text
    assert "welcome_1st" in text and "welcome_2nd" in text
    assert "회원님께서 현재 살고 계신 지역은 어디인가요?" in text
    assert 'href="/codebook#region"' in text
    assert re.search(r'<code title="코드">\d+</code>', text)


async def test_a_profile_says_which_year_the_panel_counts_ages_to(
    http: httpx.AsyncClient, services: StoredServices
) -> None:
    with psycopg.connect(services.database, autocommit=True) as owner:
        for year in (2031, 2025):
            owner.execute("update panel_welcome.panel set reference_year = %s", [year])
            text = (await http.get("/respondents/w000000000000001", headers=ENGLISH)).text
            assert f"Ages as of {year}" in text


async def test_htmx_gets_a_profile_without_its_frame(http: httpx.AsyncClient) -> None:
    asked = {**KOREAN, "hx-request": "true"}
    some = (await http.get("/respondents/w000000000000001", headers=asked)).text
    assert "<html" not in some and "welcome_1st" in some
    gone = await http.get("/respondents/nobody", headers=asked)
    assert gone.status_code == 404 and "찾는 것이 없습니다" in gone.text


async def test_the_codebook_is_searched_on_the_server(http: httpx.AsyncClient) -> None:
    whole = (await http.get("/codebook", headers=ENGLISH)).text
    some = (await http.get(f"/codebook?q={quote('테슬라')}", headers=ENGLISH)).text
    assert 'id="car_maker"' in whole and 'id="gender"' in whole
    assert 'id="car_maker"' in some and 'id="gender"' not in some
    none = (await http.get("/codebook?q=zzzz", headers=ENGLISH)).text
    assert "No field holds these words." in none


async def test_htmx_gets_the_middle_and_caches_keep_both_apart(http: httpx.AsyncClient) -> None:
    fragment = await http.get(asking("여성"), headers={**KOREAN, "hx-request": "true"})
    assert "<html" not in fragment.text
    assert 'id="languages"' in fragment.text and 'hx-swap-oob="true"' in fragment.text
    assert "HX-Request" in fragment.headers["vary"]
    restored = await http.get(
        asking("여성"), headers={"hx-request": "true", "hx-history-restore-request": "true"}
    )
    assert "<html" in restored.text


async def test_the_chosen_language_is_kept_in_links_and_remembered(
    http: httpx.AsyncClient,
) -> None:
    response = await http.get(f"{asking('여성')}&lang=en", headers=KOREAN)
    assert "respondents match" in response.text
    assert re.search(r'href="/respondents/w\d+\?lang=en"', response.text)
    assert '<input type="hidden" name="lang" value="en">' in response.text
    cookie = response.headers["set-cookie"]
    assert "panelens_language=en" in cookie and "HttpOnly" in cookie and "SameSite=lax" in cookie
    later = await http.get("/codebook", headers=KOREAN)
    assert '<html lang="en">' in later.text


@pytest.mark.parametrize("path", ["/", "/nowhere", "/api/nowhere", "/healthz"])
async def test_every_response_carries_the_security_headers(
    http: httpx.AsyncClient, path: str
) -> None:
    headers = (await http.get(path)).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"


async def test_pages_hold_no_inline_style_or_script(http: httpx.AsyncClient) -> None:
    for path in ("/", asking(ASKED), "/codebook", "/respondents/w000000000000001", "/nowhere"):
        text = (await http.get(path)).text
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", text)
        assert "http://" not in text and "https://" not in text


async def test_static_files_never_change_under_their_address(http: httpx.AsyncClient) -> None:
    text = (await http.get("/")).text
    addresses = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', text))
    assert len(addresses) == 4
    for address in addresses:
        response = await http.get(address)
        digest = sha256(response.content).hexdigest()[:12]
        assert f".{digest}." in address
        assert "immutable" in response.headers["cache-control"]


@pytest.mark.parametrize(
    "vendor", [folder("web") / "static" / "vendor", Path(__file__).parent / "vendor"]
)
def test_vendored_files_are_what_was_published(vendor: Path) -> None:
    lines = [line.split("  ") for line in (vendor / "SHA256SUMS").read_text().splitlines()]
    sums = {name: digest for digest, name in lines}
    files = {p.relative_to(vendor).as_posix(): p for p in vendor.rglob("*") if p.is_file()}
    assert set(files) == {*sums, "SHA256SUMS"}
    for name, digest in sums.items():
        assert sha256(files[name].read_bytes()).hexdigest() == digest
