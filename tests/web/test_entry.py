"""Who may enter: sign-in, sessions, tokens, roles, forms of other sites, and what is written down."""

import asyncio
import gc
import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from html import unescape
from itertools import permutations
from tempfile import SpooledTemporaryFile
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import AsyncConnection

from server.access.entry import Entry
from server.access.limits import network_of
from server.access.people import change_password, person_with_password, remove_person
from server.access.person import Role
from server.access.secrets import check_password, hash_password
from server.access.sessions import (
    SessionLimits,
    add_token,
    revoke_token,
    session_person,
    start_session,
)
from server.catalogue import Catalogue
from server.errors import NoChanges, TooBusy
from server.web import exporting

from .guarded import PASSWORD, Guarded, guarded
from .panel import StoredServices

WOMEN = {"filter": {"where": {"gender": ["여성"]}}, "page_size": 5}
WOMEN_PAGE = {"f": '{"where":{"gender":["여성"]}}', "lang": "en"}
RARE = {"filter": {"where": {"gender": ["여성"], "age": {"min": 33, "max": 34}}, "by": ["region"]}}


@pytest.fixture(scope="module")
def door(everything: StoredServices) -> Iterator[Guarded]:
    with guarded(everything.catalogue, everything.database) as server:
        yield server


@pytest.fixture(scope="module")
def catalogue(everything: StoredServices) -> Catalogue:
    return everything.catalogue


PLACES = [
    "/", "/codebook", "/respondents/w000000000000001", "/api/catalogue", "/api/openapi.json",
    "/audit", "/nothing/here",
]  # fmt: skip


@pytest.mark.parametrize("path", PLACES)
async def test_nobody_in_particular_sees_nothing(door: Guarded, path: str) -> None:
    async with door.program() as http:
        answer = await http.get(path)
        if path.startswith("/api/"):
            assert answer.status_code == 401
            assert answer.json()["code"] == "not-signed-in"
            assert answer.headers["www-authenticate"] == "Bearer"
        else:
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/sign-in?next=%2F")


async def test_every_address_of_the_api_asks_who_it_is(door: Guarded) -> None:
    async with door.program(Role.OWNER) as http:
        paths = (await http.get("/api/openapi.json")).json()["paths"]
    async with door.program() as http:
        for path, methods in paths.items():
            for method in methods:
                answer = await http.request(method, path.replace("{", "").replace("}", ""))
                assert path in ("/healthz", "/readyz") or answer.status_code == 401, path


async def test_a_load_balancer_may_ask_whether_it_works_and_learns_no_more(door: Guarded) -> None:
    async with door.program() as http:
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get("/readyz")).json()["details"] == {}


async def test_a_right_password_leads_where_one_wanted_to_go(door: Guarded) -> None:
    async with door.program() as http:
        sent = await http.get("/codebook?q=가")
        form = await http.get(sent.headers["location"])
        assert 'value="/codebook?q=%EA%B0%80"' in form.text
        answer = await door.sign_in(
            http, door.names[Role.VIEWER], form={"next": "/codebook?q=%EA%B0%80"}
        )
        assert (answer.status_code, answer.headers["location"]) == (303, "/codebook?q=%EA%B0%80")
        page = await http.get("/codebook")
        assert page.status_code == 200
        assert door.names[Role.VIEWER] in page.text


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/\r\nx:y",
    ],
)
async def test_signing_in_leads_to_no_other_site(door: Guarded, elsewhere: str) -> None:
    async with door.program() as http:
        answer = await door.sign_in(http, door.names[Role.VIEWER], form={"next": elsewhere})
        assert answer.headers["location"] == "/"


async def test_a_wrong_name_and_a_wrong_password_are_told_alike(everything: StoredServices) -> None:
    with guarded(everything.catalogue, everything.database) as door:
        async with door.program() as http:
            texts = [
                (await door.sign_in(http, name, "not the password")).text.replace(name, "")
                for name in (door.names[Role.OWNER], "nobody-of-that-name")
            ]
        assert texts[0] == texts[1]
        assert ("nobody-of-that-name", "sign-in", "", False) in await door.audit()


async def test_a_guesser_is_stopped_and_others_are_not(everything: StoredServices) -> None:
    with guarded(everything.catalogue, everything.database) as door:
        async with door.program() as http:
            tried = [
                (await door.sign_in(http, door.names[Role.OWNER], f"guess number {n}")).status_code
                for n in range(7)
            ]
            assert tried == [403] * 5 + [429] * 2
            right = await door.sign_in(http, door.names[Role.OWNER])
            assert right.status_code == 429
            assert right.headers["retry-after"] == "300"
            english = await http.get("/sign-in?lang=en")
            assert english.status_code == 200  # and it is remembered
            refused = await door.sign_in(http, door.names[Role.OWNER])
            assert "Try again in five minutes" in refused.text
            other = await door.sign_in(http, door.names[Role.VIEWER])
            assert other.status_code == 303


async def test_another_spelling_of_a_name_is_no_new_try(everything: StoredServices) -> None:
    with guarded(everything.catalogue, everything.database) as door:
        name = door.names[Role.OWNER]
        spellings = [name, f" {name}", name.replace(" ", "\u3000"), " ".join(name), f"{name}\t"]
        async with door.program() as http:
            for spelling in spellings:
                assert (await door.sign_in(http, spelling, "a wrong one")).status_code == 403
            assert (await door.sign_in(http, name)).status_code == 429


async def test_guesses_that_come_all_at_once_are_counted_one_after_the_other(
    everything: StoredServices,
) -> None:
    with guarded(everything.catalogue, everything.database) as door:
        async with door.program() as http:
            guesses = [
                door.sign_in(http, door.names[Role.OWNER], f"guess number {n}") for n in range(12)
            ]
            tried = [answer.status_code for answer in await asyncio.gather(*guesses)]
    assert (tried.count(403), tried.count(429)) == (5, 7)


async def test_strangers_who_try_secrets_are_not_looked_up_for_ever(
    everything: StoredServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[str] = []

    async def nobody(_: AsyncConnection, secret: str) -> None:
        looked_up.append(secret)

    monkeypatch.setattr("server.access.entry.token_person", nobody)
    with guarded(everything.catalogue, everything.database, requests_a_minute=3) as door:
        async with door.program() as http:
            tried = [
                await http.get("/codebook", headers={"authorization": f"Bearer pnl_{n}"})
                for n in range(5)
            ]
    assert [answer.status_code for answer in tried] == [401, 401, 401, 429, 429]
    assert len(looked_up) == 3


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("2001:db8:1:2::3", "2001:db8:1:2:ffff::4", True),
        ("2001:db8:1:2::3", "2001:db8:1:3::3", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("", "", True),
    ],
)
def test_a_customers_ipv6_network_counts_as_one_address(one: str, other: str, alike: bool) -> None:
    assert (network_of(one) == network_of(other)) is alike


@pytest.mark.parametrize("name", ["", "\0", "x" * 100_000, "' or 1=1 --", "<script>", "\ud800"])
async def test_odd_names_are_wrong_names(everything: StoredServices, name: str) -> None:
    with guarded(everything.catalogue, everything.database) as door:
        async with door.program() as http:
            body = (
                b"name=" + name.encode("utf-8", "surrogatepass").hex(" ").replace(" ", "%").encode()
            )
            if name:
                body = body.replace(b"name=", b"name=%")
            answer = await http.post(
                "/sign-in",
                content=body + b"&password=whatever+it+is",
                headers={"content-type": "application/x-www-form-urlencoded"},
            )
        assert answer.status_code in (403, 413)
        assert "<script>alert" not in answer.text
        assert 'value="<script>' not in answer.text


async def test_the_cookie_is_out_of_reach_of_scripts_and_bound_to_https(door: Guarded) -> None:
    async with door.program() as http:
        plain = await door.sign_in(http, door.names[Role.VIEWER])
        secure = await door.sign_in(
            http, door.names[Role.VIEWER], headers={"x-forwarded-proto": "https"}
        )
    assert plain.headers["set-cookie"].startswith("panelens_session=")
    cookie = secure.headers["set-cookie"]
    assert cookie.startswith("__Host-panelens_session=")
    for part in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie
    assert "HttpOnly" in plain.headers["set-cookie"]


async def test_signing_out_ends_the_session_itself(door: Guarded) -> None:
    async with door.person(Role.VIEWER) as http:
        secret = http.cookies["panelens_session"]
        assert (await http.post("/sign-out")).headers["location"] == "/sign-in"
        http.cookies.set("panelens_session", secret)
        assert (await http.get("/")).status_code == 303


@pytest.mark.parametrize(
    "lapse",
    ["seen_at = now() - interval '13 hours'", "started_at = now() - interval '8 days'"],
)
async def test_a_session_ends_by_itself(door: Guarded, lapse: str) -> None:
    async with door.person(Role.VIEWER) as http:
        assert (await http.get("/codebook")).status_code == 200
        with psycopg.connect(door.database, autocommit=True) as connection:
            connection.execute(f"update panelens.session set {lapse}".encode())
        led = await http.get("/codebook")
        assert led.status_code == 303
        form = f"{led.headers['location']}&lang=en"
        assert "Your session has ended." in (await http.get(form)).text
        http.cookies.clear()
        assert "Your session has ended." not in (await http.get(form)).text


async def test_a_session_in_use_goes_on(door: Guarded) -> None:
    async with door.person(Role.VIEWER) as http:
        with psycopg.connect(door.database, autocommit=True) as connection:
            connection.execute("update panelens.session set seen_at = now() - interval '11 hours'")
        assert (await http.get("/codebook")).status_code == 200
        with psycopg.connect(door.database) as connection:
            seen = connection.execute(
                "select bool_or(seen_at > now() - interval '1 minute') from panelens.session"
            ).fetchone()
        assert seen == (True,)


@pytest.mark.parametrize("how", ["removed", "given another password"])
async def test_a_person_who_is_changed_is_signed_out(everything: StoredServices, how: str) -> None:
    with guarded(everything.catalogue, everything.database) as door:
        async with door.person(Role.RESEARCHER) as http:
            name = door.names[Role.RESEARCHER]
            if how == "removed":
                await door.do(lambda connection: remove_person(connection, name=name))
            else:
                await door.do(
                    lambda connection: change_password(
                        connection, name=name, password="another password"
                    )
                )
            assert (await http.get("/codebook")).status_code == 303
            old = await door.sign_in(http, name)
            assert old.status_code == 403


@pytest.mark.parametrize("cost", ["of today", "of an earlier time"])
@pytest.mark.parametrize("how", ["removed", "given another password"])
async def test_whoever_is_changed_while_their_password_is_checked_is_not_signed_in(
    everything: StoredServices, monkeypatch: pytest.MonkeyPatch, how: str, cost: str
) -> None:
    with guarded(everything.catalogue, everything.database) as door:
        name = door.names[Role.VIEWER]
        if how == "removed":
            change = partial(remove_person, name=name)
        else:
            change = partial(change_password, name=name, password="another password")

        def checked_before(password: str, hashed: str) -> tuple[bool, str | None]:
            right, renewed = check_password(password, hashed)
            asyncio.run(door.do(change))
            return right, renewed if cost == "of today" else hash_password(password)

        async with door.program() as http:
            with monkeypatch.context() as meanwhile:
                meanwhile.setattr("server.access.people.check_password", checked_before)
                refused = await door.sign_in(http, name)
            assert refused.status_code == 403 and "set-cookie" not in refused.headers
            assert (await door.audit())[0] == (name, "sign-in", "", False)
            assert (await door.sign_in(http, name)).status_code == 403
            changed = await door.sign_in(http, name, "another password")
            assert changed.status_code == (403 if how == "removed" else 303)


async def test_a_change_of_the_password_ends_a_session_that_it_had_to_wait_for(
    everything: StoredServices,
) -> None:
    limits = SessionLimits(idle_minutes=60, days=1)
    with guarded(everything.catalogue, everything.database) as door:
        name = door.names[Role.VIEWER]
        change = partial(change_password, name=name, password="another password")
        async with await AsyncConnection.connect(door.database) as signing_in:
            known = await person_with_password(signing_in, name=name, password=PASSWORD)
            assert known is not None
            secret = await start_session(signing_in, known, limits)
            assert secret is not None
            changing = asyncio.create_task(door.do(change))
            while not (changing.done() or await door.do(_somebody_waits)):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await changing
        assert await door.do(lambda conn: session_person(conn, secret, limits)) is None


async def _somebody_waits(connection: AsyncConnection) -> bool:
    cursor = await connection.execute("select exists (select from pg_locks where not granted)")
    return await cursor.fetchone() == (True,)


async def test_neither_passwords_nor_secrets_are_in_the_database(door: Guarded) -> None:
    async with door.person(Role.OWNER) as http:
        secrets = [http.cookies["panelens_session"], *door.tokens.values(), PASSWORD]
    with psycopg.connect(door.database) as connection:
        for table in ("person", "session", "token", "audit"):
            stored = str(
                connection.execute(f"select t::text from panelens.{table} t".encode()).fetchall()
            )
            assert not [s for s in secrets if s in stored or s.encode().hex() in stored]


async def test_a_token_opens_until_it_is_revoked_or_expires(door: Guarded) -> None:
    for end in ("revoked", "expired"):
        name = f"to be {end}"
        token = await door.do(partial(add_token, name=name, role=Role.VIEWER, days=1))
        headers = {"authorization": f"Bearer {token}"}
        async with door.program() as http:
            assert (await http.get("/api/catalogue", headers=headers)).status_code == 200
            if end == "revoked":
                await door.do(partial(revoke_token, name=name))
            else:
                with psycopg.connect(door.database, autocommit=True) as connection:
                    connection.execute(
                        "update panelens.token set expires_at = now() where name = 'to be expired'"
                    )
            assert (await http.get("/api/catalogue", headers=headers)).status_code == 401
    with psycopg.connect(door.database) as connection:
        used = connection.execute(
            "select bool_and(used_at is not null) from panelens.token where name like 'to be %'"
        ).fetchone()
    assert used == (True,)


async def test_a_program_without_entry_gets_no_sign_in_page_in_place_of_a_file(
    door: Guarded,
) -> None:
    headers = {"authorization": "Bearer pnl_expired"}
    async with door.program() as http:
        refused = await http.get("/export", params=SEGMENT, headers=headers)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == "Bearer"
        browser = {"authorization": "Basic a2ltOmtpbQ=="}  # a proxy's own sign-in
        assert (await http.get("/export", params=SEGMENT, headers=browser)).status_code == 303


@pytest.mark.parametrize("token", ["x", "pnl_", "pnl_" + "x" * 43, "' or true --", "\xff\xfe"])
async def test_what_is_no_token_opens_nothing(door: Guarded, token: str) -> None:
    async with door.program() as http:
        headers = {b"authorization": b"Bearer " + token.encode("latin-1")}
        answer = await http.get("/api/catalogue", headers=headers)
    assert answer.status_code == 401


ROLES_OF_PLACES = [
    ("/", Role.VIEWER),
    ("/api/catalogue", Role.VIEWER),
    ("/respondents/w000000000000001", Role.RESEARCHER),
    ("/api/respondents/w000000000000001", Role.RESEARCHER),
    ("/audit", Role.OWNER),
]


@pytest.mark.parametrize(("path", "needed"), ROLES_OF_PLACES)
@pytest.mark.parametrize("role", list(Role))
async def test_a_role_reaches_what_it_is_for(
    door: Guarded, path: str, needed: Role, role: Role
) -> None:
    order = list(Role)
    async with door.program(role) as http:
        answer = await http.get(path)
    assert answer.status_code == (200 if order.index(role) >= order.index(needed) else 403)


async def test_a_viewer_sees_people_without_their_ids(door: Guarded) -> None:
    async with door.program(Role.VIEWER) as http:
        seen = (await http.post("/api/search", json=WOMEN)).json()
        page = (await http.get("/", params=WOMEN_PAGE)).text
    async with door.program(Role.RESEARCHER) as http:
        known = (await http.post("/api/search", json=WOMEN)).json()
    assert seen["total"] == known["total"] > 0
    assert [p.pop("mb_sn") for p in known["respondents"]]
    assert seen["respondents"] == known["respondents"]
    assert "/respondents/" not in page
    assert "w0000000000" not in page


REFUSED_TO_VIEWERS = ("/export?", "/near?", "/corrections", "/segments?q=")


@pytest.mark.parametrize("role", list(Role))
async def test_what_a_role_would_be_refused_is_not_offered(door: Guarded, role: Role) -> None:
    async with door.program(role) as http:
        page = (await http.get("/", params={**WOMEN_PAGE, "q": "여성"})).text
    offered = [place in page for place in REFUSED_TO_VIEWERS]
    assert offered == [role != Role.VIEWER] * len(REFUSED_TO_VIEWERS)
    assert ('href="/audit?lang=en"' in page) is (role == Role.OWNER)


async def test_a_viewer_pages_through_people_whose_ids_no_address_tells(door: Guarded) -> None:
    part = {"f": WOMEN_PAGE["f"], "s": "age"}
    async with door.program(Role.VIEWER) as http:
        text = (await http.get("/people", params=part, headers={"hx-request": "true"})).text
        assert "after=" in text and "w0000000000" not in text
        following = re.search(r'rel="next" href="[^"]+" hx-get="([^"]+)"', text)
        assert following is not None
        more = await http.get(unescape(following[1]), headers={"hx-request": "true"})
    assert more.status_code == 200 and "w0000000000" not in more.text
    assert more.text.count("<tr>") > 1


@pytest.mark.parametrize("part", ["count", "people"])
async def test_no_part_shows_a_group_that_is_too_small(
    everything: StoredServices, part: str
) -> None:
    with guarded(everything.catalogue, everything.database, smallest_count=40) as door:
        async with door.program(Role.OWNER) as http:
            asked = {"f": '{"where":{"age":{"min":33,"max":34}}}'}
            small = await http.get(f"/{part}", params=asked, headers={"hx-request": "true"})
            large = await http.get(f"/{part}", params=WOMEN_PAGE, headers={"hx-request": "true"})
    assert (small.status_code, large.status_code) == (403, 200)
    assert "/respondents/" not in small.text


async def test_groups_under_the_smallest_count_are_hidden_everywhere(
    everything: StoredServices,
) -> None:
    smallest = 40
    with guarded(everything.catalogue, everything.database, smallest_count=smallest) as door:
        async with door.program(Role.OWNER) as http:
            rare = await http.post("/api/search", json=RARE)
            page = await http.get("/", params={"f": '{"where":{"age":{"min":33,"max":34}}}'})
            many = (
                await http.post("/api/search", json={"filter": {"by": ["region", "gender"]}})
            ).json()
            narrow = await http.post(
                "/api/search",
                json={
                    "filter": {
                        "either": [{"gender": ["여성"]}, {"region": ["서울"], "age": {"max": 20}}]
                    }
                },
            )
    assert (rare.status_code, rare.json()["code"]) == (403, "too-few")
    assert "respondents" not in rare.json()
    assert page.status_code == 403
    assert many["breakdown_left_off"] >= 2
    assert all(line["count"] >= smallest for line in many["breakdown"])
    total = narrow.json()["total"]
    for condition in narrow.json()["conditions"]:
        for count in (condition["alone"], condition["without"]):
            assert count == 0 or count >= smallest
            assert count == total or abs(count - total) >= smallest


GROWN_WOMEN = {"where": {"gender": ["여성"], "region": ["경북"], "age": {"min": 22}}}


async def test_near_misses_of_large_groups_are_listed_however_few_are_asked_for(
    everything: StoredServices,
) -> None:
    query = {"where": {"gender": ["여성"], "age": {"min": 40}}}
    with guarded(everything.catalogue, everything.database, smallest_count=40) as door:
        async with door.program(Role.RESEARCHER) as http:
            some = await http.post("/api/near", json={"filter": query, "count": 5})
            page = await http.get("/near", params={"f": json.dumps(query)})
    assert (some.status_code, len(some.json()["near"])) == (200, 5)
    assert page.status_code == 200 and page.text.count("/respondents/") > 5


async def test_near_misses_of_a_condition_whose_counts_are_hidden_are_not_listed(
    everything: StoredServices, http: httpx.AsyncClient
) -> None:
    body = {"filter": GROWN_WOMEN, "count": 1000}
    everyone = [
        n["missed"]["field"] for n in (await http.post("/api/near", json=body)).json()["near"]
    ]
    too_young = everyone.count("age")
    assert 0 < too_young < min(everyone.count("gender"), everyone.count("region"))
    smallest = too_young + 1
    with guarded(everything.catalogue, everything.database, smallest_count=smallest) as door:
        async with door.program(Role.RESEARCHER) as guest:
            counted = await guest.post("/api/search", json={"filter": GROWN_WOMEN})
            near = await guest.post("/api/near", json=body)
            page = await guest.get("/near", params={"f": json.dumps(GROWN_WOMEN), "lang": "en"})
            two = {"where": {"region": ["경북"], "age": {"min": 22}}}
            none_left = await guest.post("/api/near", json={"filter": two})
    shown = {c["field"] for c in counted.json()["conditions"]}
    missed = [n["missed"]["field"] for n in near.json()["near"]]
    assert shown and "age" not in shown and set(missed) == shown
    assert {field: everyone.count(field) for field in shown} == Counter(missed)
    assert page.status_code == 200 and '<span class="funnel-label">Age' not in page.text
    assert (none_left.status_code, none_left.json()["code"]) == (403, "too-few")


async def test_nobody_and_too_few_are_told_alike(
    everything: StoredServices, http: httpx.AsyncClient
) -> None:
    few = {"where": {"gender": ["여성"], "region": ["제주"], "age": {"max": 19}}}
    none = {"where": {**few["where"], "children": {"min": 9}}}
    totals = [
        (await http.post("/api/search", json={"filter": query})).json()["total"]
        for query in (few, none)
    ]
    assert totals[0] > 0 == totals[1]
    everyone = {"where": {"gender": ["여성"]}}
    said = []
    with guarded(everything.catalogue, everything.database, smallest_count=totals[0] + 1) as door:
        async with door.program(Role.OWNER) as guest:
            guest.headers["accept-language"] = "en"
            for query in (few, none):
                asked = {"f": json.dumps(query)}
                answers = [
                    await guest.post("/api/search", json={"filter": query}),
                    await guest.post("/api/near", json={"filter": query}),
                    await guest.post(
                        "/api/compare", json={"filters": [query, everyone], "by": ["job"]}
                    ),
                    *[
                        await guest.get(f"/{part}", params=asked, headers={"hx-request": "true"})
                        for part in ("count", "people", "figures", "near", "export")
                    ],
                    await guest.post("/segments", data={"name": "few", **asked}),
                ]
                assert {answer.status_code for answer in answers} == {403}
                boxes = [re.search('<section class="problem.*', a.text, re.DOTALL) for a in answers]
                said.append([b[0] if b else a.text for a, b in zip(answers, boxes, strict=True)])
            nothing = await guest.post("/api/search", json={"question": "행복한 연예인"})
            unrestricted = await guest.post("/api/search", json={"filter": {"by": ["job"]}})
    assert said[0] == said[1]
    assert "perhaps nobody" in said[0][-1] and f"&lt; {totals[0] + 1}" in said[0][-1]
    assert (nothing.status_code, nothing.json()["total"]) == (200, 0)
    assert unrestricted.status_code == 200


async def test_kept_counts_that_tell_of_few_are_told_no_more(
    everything: StoredServices, http: httpx.AsyncClient
) -> None:
    counts = {}
    for name, query in {"grown": {"age": {"min": 22}}, "women": {"gender": ["여성"]}}.items():
        asked = {"where": query}
        counted = (await http.post("/api/search", json={"filter": asked})).json()
        counts[name] = counted["total"]
        await http.post("/segments", data={"name": name, "f": json.dumps(asked)})
    smallest = counted["population"] - counts["grown"] + 1
    assert smallest < counts["women"]
    with guarded(everything.catalogue, everything.database, smallest_count=smallest) as door:
        async with door.program(Role.VIEWER) as guest:
            page = (await guest.get("/segments", params={"lang": "en"})).text
    rows = dict(re.findall(r'>(grown|women)</a>.*?<td class="number">([^<]+)<', page, re.DOTALL))
    assert rows == {"grown": "–", "women": str(counts["women"])}


async def test_a_search_that_all_but_few_match_is_refused(
    everything: StoredServices, http: httpx.AsyncClient
) -> None:
    query = {"filter": {"where": {"age": {"min": 22}}}}
    counted = (await http.post("/api/search", json=query)).json()
    others = counted["population"] - counted["total"]
    assert 0 < others < counted["total"]
    asked, htmx = {"f": json.dumps(query["filter"])}, {"hx-request": "true"}
    for smallest, status in ((others, 200), (others + 1, 403)):
        with guarded(everything.catalogue, everything.database, smallest_count=smallest) as door:
            async with door.program(Role.OWNER) as guest:
                answer = await guest.post("/api/search", json=query)
                near = await guest.post("/api/near", json=query)
                told = [
                    await guest.get(f"/{part}", params=asked, headers=htmx)
                    for part in ("count", "people", "figures")
                ]
                women = {"where": {"gender": ["여성"]}}
                both = {"filters": [query["filter"], women], "by": ["region"]}
                compared = await guest.post("/api/compare", json=both)
        assert (answer.status_code, near.status_code) == (status, status)
        assert [one.status_code for one in (*told, compared)] == [status] * 4
    assert answer.json()["code"] == "too-few"


async def test_where_a_condition_is_hidden_none_is_said_to_cost_most(
    everything: StoredServices,
) -> None:
    asked = {"f": json.dumps({**GROWN_WOMEN, "limit": 400}), "lang": "en"}
    hidden = {"f": json.dumps({"where": {"region": ["경북"], "age": {"min": 22}}}), "lang": "en"}
    with guarded(everything.catalogue, everything.database) as door:
        async with door.program(Role.VIEWER) as http:
            open_page = (await http.get("/", params=asked)).text
            counted = (await http.post("/api/search", json={"filter": GROWN_WOMEN})).json()
    too_young = next(c["without"] for c in counted["conditions"] if c["field"] == "age")
    smallest = too_young - counted["total"] + 1
    assert "Most are lost to" in open_page and 'class="costliest"' in open_page
    assert "Numbers of too few people are not shown." not in open_page
    with guarded(everything.catalogue, everything.database, smallest_count=smallest) as door:
        async with door.program(Role.VIEWER) as http:
            page = (await http.get("/", params=asked)).text
            all_hidden = (await http.get("/", params=hidden)).text
    assert page.count('<span class="funnel-label">') == 1
    assert "Most are lost to" not in page and 'class="costliest"' not in page
    assert "Numbers of too few people are not shown." in page
    assert '<span class="funnel-label">' not in all_hidden
    assert "What each condition costs" in all_hidden
    assert "Numbers of too few people are not shown." in all_hidden


async def test_a_breakdown_whose_every_line_is_hidden_says_so(everything: StoredServices) -> None:
    query = {"where": {"region": ["서울"]}, "by": ["district"]}
    with guarded(everything.catalogue, everything.database) as door:
        async with door.program(Role.VIEWER) as http:
            counted = (await http.post("/api/search", json={"filter": query})).json()
    most = max(line["count"] for line in counted["breakdown"])
    assert 1 < most < counted["total"]
    with guarded(everything.catalogue, everything.database, smallest_count=most + 1) as door:
        async with door.program(Role.VIEWER) as http:
            page = (await http.get("/", params={"f": json.dumps(query), "lang": "en"})).text
    breakdown = page.partition('id="breakdown-title"')[2].partition("</section>")[0]
    assert f"{len(counted['breakdown'])} smaller lines are not shown." in breakdown
    assert "<table>" not in breakdown and "95 % interval" not in breakdown


async def test_groups_within_each_other_are_refused_where_few_are_outside_in_any_order(
    everything: StoredServices, http: httpx.AsyncClient
) -> None:
    women = {"where": {"gender": ["여성"]}}
    nearly = {"where": {"gender": ["여성"], "age": {"max": 74}}}
    men = {"where": {"gender": ["남성"]}}
    totals = [
        (await http.post("/api/search", json={"filter": query})).json()["total"]
        for query in (women, nearly)
    ]
    few = totals[0] - totals[1]
    assert 0 < few < totals[1]
    for smallest, status in ((few, 200), (few + 1, 403)):
        with guarded(everything.catalogue, everything.database, smallest_count=smallest) as door:
            async with door.program(Role.VIEWER) as guest:
                for filters in permutations((nearly, women, men)):
                    body = {"filters": filters, "by": ["marital_status"]}
                    answer = await guest.post("/api/compare", json=body)
                    assert answer.status_code == status, answer.text
                    assert "overlaps" not in answer.text


async def test_a_comparison_does_not_say_how_many_there_are_where_few_did_not_answer(
    everything: StoredServices,
) -> None:
    groups = [{"where": {"region": [region]}} for region in ("경북", "세종")]
    field_name = "lunar_new_year_gift_pref"
    body = {"filters": groups, "by": [field_name]}
    with guarded(everything.catalogue, everything.database) as door:
        async with door.program(Role.RESEARCHER) as http:
            (open_field,) = (await http.post("/api/compare", json=body)).json()["fields"]
    silent = min(g["people"] - g["answered"] for g in open_field["groups"])
    assert silent > 0
    with guarded(everything.catalogue, everything.database, smallest_count=silent + 1) as door:
        async with door.program(Role.RESEARCHER) as http:
            (field,) = (await http.post("/api/compare", json=body)).json()["fields"]
            both = {**body, "by": ["phone_brand", field_name]}
            both_fields = (await http.post("/api/compare", json=both)).json()["fields"]
            telling = await http.post("/api/compare", json={**body, "by": [field_name, "region"]})
            for group in groups:
                form = {"name": json.dumps(group), "f": json.dumps(group)}
                await http.post("/segments", data=form)
            numbers = re.findall(r'name="s" value="(\d+)"', (await http.get("/segments")).text)
            asked = {"s": numbers[:2], "by": field_name, "lang": "en"}
            page = await http.get("/compare", params=asked)
    assert [(g["people"], g["shared"]) for g in field["groups"]] == [(None, None)] * 2
    assert [g["answered"] for g in field["groups"]] == [g["answered"] for g in open_field["groups"]]
    assert len(field["answers"]) > 1 and page.status_code == 200
    for shown in both_fields:
        assert [(g["people"], g["shared"]) for g in shown["groups"]] == [(None, None)] * 2
    assert telling.status_code == 403 and telling.json()["code"] == "too-few"
    assert '<th scope="row">Respondents</th><td>–</td><td>–</td>' in page.text
    assert "Numbers of too few people are not shown." in page.text


async def test_a_comparison_whose_every_line_is_hidden_does_not_say_that_nobody_answered(
    everything: StoredServices,
) -> None:
    groups = [{"where": {"region": [region]}} for region in ("서울", "경기")]
    with guarded(everything.catalogue, everything.database) as door:
        async with door.program(Role.RESEARCHER) as http:
            body = {"filters": groups, "by": ["district"]}
            (open_field,) = (await http.post("/api/compare", json=body)).json()["fields"]
    most = max(share["count"] for line in open_field["answers"] for share in line["shares"])
    assert 0 < most < min(group["answered"] for group in open_field["groups"])
    with guarded(everything.catalogue, everything.database, smallest_count=most + 1) as door:
        async with door.program(Role.RESEARCHER) as http:
            for group in groups:
                await http.post("/segments", data={"name": "one", "f": json.dumps(group)})
            numbers = re.findall(r'name="s" value="(\d+)"', (await http.get("/segments")).text)
            asked = {"s": numbers[:2], "by": "district", "lang": "en"}
            page = await http.get("/compare", params=asked)
    assert page.status_code == 200 and "<tbody>" not in page.text
    assert "Nobody of these segments answered this." not in page.text
    assert "Numbers of too few people are not shown." in page.text


FOREIGN: list[dict[str, str]] = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"origin": "https://evil.example"},
    {"origin": "null"},
]


@pytest.mark.parametrize("headers", FOREIGN)
async def test_a_form_of_another_site_does_nothing(door: Guarded, headers: dict[str, str]) -> None:
    async with door.person(Role.OWNER) as http:
        for path in ("/sign-out", "/sign-in", "/api/search"):
            answer = await http.post(path, headers=headers, data={"name": "x"})
            assert answer.status_code == 403
            assert "foreign-request" in answer.text
        assert (await http.get("/codebook")).status_code == 200


async def test_a_form_of_ones_own_site_is_taken(door: Guarded) -> None:
    for headers in ({"sec-fetch-site": "same-origin"}, {"origin": door.address}, {}):
        async with door.program() as http:
            answer = await door.sign_in(http, door.names[Role.VIEWER], headers=headers)
            assert answer.status_code == 303


async def test_sign_ins_and_sign_outs_are_written_down(door: Guarded) -> None:
    async with door.person(Role.OWNER) as http:
        await http.post("/sign-out")
    written = await door.audit()
    assert written[:2] == [
        (door.names[Role.OWNER], "sign-out", "", True),
        (door.names[Role.OWNER], "sign-in", "", True),
    ]


async def test_a_refused_change_is_written_down(door: Guarded) -> None:
    async with door.program(Role.VIEWER) as http:
        assert (await http.post("/nothing/here?x=<b>\u2028")).status_code == 404
    who, act, about, done = (await door.audit())[0]
    assert (who, act, done) == (
        f"token:viewer {door.names[Role.VIEWER].split()[1]}",
        "change",
        False,
    )
    assert about.startswith("POST /nothing/here?x=")


async def test_an_address_of_endless_parameters_is_refused_unread(
    door: Guarded,
) -> None:
    async with door.program() as http:
        refused = await http.get("/api/catalogue?" + "a&" * 20_000)
    assert refused.status_code == 422
    assert "more than 1000 parameters" in refused.json()["detail"]


SEGMENT = {"f": '{"where":{"gender":["여성"]}}'}


async def test_a_change_and_its_line_in_the_audit_are_there_together_or_not_at_all(
    door: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise TooBusy("no connection became free in time")

    async with door.program(Role.RESEARCHER) as http:
        monkeypatch.setattr(Entry, "write_down", full)
        kept = await http.post("/segments", data={"name": "written down", **SEGMENT})
        assert kept.status_code == 303
        assert (await door.audit())[0][1:] == ("change", "POST /segments", True)
        before = await door.audit()
        monkeypatch.setattr("server.access.guard.write_audit", full)
        refused = await http.post("/segments", data={"name": "never there", **SEGMENT})
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "3")
        assert await door.audit() == before
        assert "never there" not in (await http.get("/segments")).text


async def test_an_export_that_cannot_be_written_down_does_not_leave_and_is_said_to_be_busy(
    door: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise TooBusy("no connection became free in time")

    books: list[SpooledTemporaryFile[bytes]] = []

    def spooled(**options: int) -> SpooledTemporaryFile[bytes]:
        books.append(SpooledTemporaryFile(**options))  # type: ignore[call-overload]  # noqa: SIM115
        return books[-1]

    monkeypatch.setattr(exporting, "SpooledTemporaryFile", spooled)
    monkeypatch.setattr(Entry, "write_down", full)
    async with door.program(Role.RESEARCHER) as http:
        for form in ("csv", "xlsx", "json"):
            refused = await http.get("/export", params={**SEGMENT, "as": form})
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "3")
            assert "content-disposition" not in refused.headers
    gc.collect()
    assert [book.closed for book in books] == [True]


def test_what_was_audited_stays(door: Guarded) -> None:
    with psycopg.connect(door.database, autocommit=True) as connection:
        for statement in (
            b"update panelens.audit set who = 'nobody'",
            b"delete from panelens.audit",
            b"truncate panelens.audit",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


async def test_an_owner_reads_what_was_done(door: Guarded) -> None:
    async with door.person(Role.OWNER) as http:
        page = await http.get("/audit", params={"lang": "en"})
        assert page.status_code == 200
        assert "sign-in" in page.text
        assert door.names[Role.OWNER] in page.text


async def test_earlier_acts_are_offered_only_where_there_are_any(
    door: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with door.person(Role.OWNER), door.person(Role.OWNER) as http:
        written = len(await door.audit())
        for rows, offered in ((written, False), (written - 1, True)):
            monkeypatch.setattr("server.web.signing.AUDIT_ROWS", rows)
            page = (await http.get("/audit")).text
            assert page.count("<tr><td>") == rows
            links = re.findall(r'rel="next" href="([^"]+)"', page)
            assert bool(links) == offered
        assert (await http.get(unescape(links[0]))).text.count("<tr><td>") == 1


async def test_who_asks_too_often_is_told_to_wait_and_others_go_on(
    everything: StoredServices,
) -> None:
    with guarded(
        everything.catalogue, everything.database, requests_a_minute=11, questions_a_minute=2
    ) as door:
        async with door.program(Role.VIEWER) as http:
            asked = [
                (await http.post("/api/interpret", json={"question": "여성"})).status_code
                for _ in range(4)
            ]
            assert asked == [200, 200, 429, 429]
            found = [
                (await http.post("/api/search", json={what: given})).status_code
                for what, given in (("question", "여성"), ("filter", {}))
            ]
            assert found == [429, 200]
            page = await http.get("/", params={"q": "여성", "lang": "en"})
            assert page.status_code == 429
            assert "Too many requests" in page.text
            codebook = [(await http.get("/codebook")).status_code for _ in range(6)]
            assert codebook == [200] * 4 + [429] * 2
            refused = await http.get("/api/catalogue")
            assert refused.json()["code"] == "too-many"
            assert refused.headers["retry-after"] == "60"
        async with door.program(Role.OWNER) as http:
            assert (await http.get("/codebook")).status_code == 200


async def test_a_correction_asks_the_model_as_often_as_a_question_may(
    everything: StoredServices,
) -> None:
    said = {"question": "여성", "verdict": "corrected", "filter": {}}
    with guarded(everything.catalogue, everything.database, questions_a_minute=2) as door:
        everything.questions_asked.clear()
        async with door.program(Role.RESEARCHER) as http:
            kept = [(await http.post("/api/corrections", json=said)).status_code for _ in range(3)]
            asked = await http.post("/api/interpret", json={"question": "여성"})
    assert kept == [201] * 3, "what a person says is kept all the same"
    assert asked.status_code == 429


async def test_who_waited_long_enough_for_a_password_check_is_told_to_come_back(
    door: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = asyncio.Semaphore(0)  # somebody's check never ends
    monkeypatch.setattr("server.access.entry.CHECK_WAIT_SECONDS", 0.1)
    monkeypatch.setattr(Entry, "_checks", checks)
    async with door.program() as http:
        answer = await door.sign_in(http, door.names[Role.VIEWER])
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")


async def test_many_at_the_door_at_once_are_all_let_in(door: Guarded) -> None:
    async with door.program() as http:
        tried = await asyncio.gather(
            *(door.sign_in(http, door.names[Role.VIEWER]) for _ in range(6))
        )
    assert {answer.status_code for answer in tried} == {303}


async def open_server(everything: StoredServices, **headers: Any) -> httpx.Response:
    with guarded(everything.catalogue, everything.database, sign_in=False) as door:
        async with door.program() as http:
            return await http.get("/codebook", headers=headers)


async def test_on_this_machine_it_is_open(everything: StoredServices) -> None:
    assert (await open_server(everything)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "panel.example"},
        {"host": "127.0.0.1.evil.example"},
        {"x-forwarded-for": "203.0.113.9"},
        {"forwarded": "for=203.0.113.9"},
    ],
)
async def test_an_open_server_answers_nobody_from_afar(
    everything: StoredServices, headers: dict[str, str]
) -> None:
    answer = await open_server(everything, **headers)
    assert answer.status_code == 401
    assert "PANELENS_SIGN_IN" in answer.text


async def test_an_export_is_for_researchers_and_is_written_down(door: Guarded) -> None:
    wanted = {"f": WOMEN_PAGE["f"], "as": "csv"}
    async with door.program(Role.VIEWER) as http:
        assert (await http.get("/export", params=wanted)).status_code == 403
    async with door.person(Role.RESEARCHER) as http:
        assert (await http.get("/export", params=wanted)).status_code == 200
    who, act, about, done = (await door.audit())[0]
    assert (who, act, done) == (door.names[Role.RESEARCHER], "export", True)
    assert about.startswith("GET /export?f=")


async def test_of_an_export_its_whole_filter_and_its_rows_are_written_down(door: Guarded) -> None:
    districts = [f"{n}번째로 아주 긴 이름을 가진 동네" for n in range(50)]
    query = {"either": [{"gender": ["여성"]}, {"district": districts}], "limit": 7}
    sent = {"x": "A" * 600, "q": "가" * 200, "f": json.dumps(query), "as": "json"}
    async with door.program(Role.RESEARCHER) as http:
        answer = await http.get("/export", params=sent)
        assert answer.status_code == 200 and len(answer.json()["respondents"]) == 7
    async with door.program(Role.OWNER) as http:
        page = unescape((await http.get("/audit")).text)
    _, act, about, _ = (await door.audit())[0]
    written = json.dumps(query, ensure_ascii=False, separators=(",", ":"))
    assert (act, about) == ("export", f"GET /export?f={written}&as=json&rows=7")
    assert about in page


async def test_what_of_the_api_carries_people_is_written_down(door: Guarded) -> None:
    women = '{"where":{"gender":["여성"]}}'
    carried: list[tuple[Role, str, str, Any, str]] = [
        (Role.VIEWER, "POST", "/api/search", WOMEN | {"offset": 3}, f"f={women}&offset=3&rows=5"),
        (Role.VIEWER, "POST", "/api/search", {"question": "여성", "page_size": 2},
         f"f={women}&offset=0&rows=2"),
        (Role.RESEARCHER, "POST", "/api/near", {"filter": json.loads(women), "count": 4},
         f"f={women}&rows=4"),
        (Role.RESEARCHER, "GET", "/api/respondents/w000000000000001", None,
         "id=w000000000000001&rows=1"),
        (Role.RESEARCHER, "GET", "/respondents/w000000000000001?lang=en", None,
         "id=w000000000000001&rows=1"),
    ]  # fmt: skip
    for role, method, path, body, about in carried:
        async with door.program(role) as http:
            assert (await http.request(method, path, json=body)).status_code == 200
        who, *rest = (await door.audit())[0]
        place = path.partition("/w0")[0]
        assert rest == ["export", f"{method} {place}?{about}", True]
        assert who == f"token:{role} {door.names[role].split()[1]}"


async def test_what_carries_nobody_is_not_written_down(door: Guarded) -> None:
    before = await door.audit()
    nobody = {"filter": {"where": {"age": {"min": 900}}}}
    async with door.program(Role.RESEARCHER) as http:
        for body in (nobody, WOMEN | {"offset": 5000}, {"question": "행복한 연예인"}):
            assert (await http.post("/api/search", json=body)).json()["respondents"] == []
        assert (await http.post("/api/near", json={"filter": {}})).json()["near"] == []
        groups = {"filters": [WOMEN["filter"]], "by": ["region"]}
        assert (await http.post("/api/compare", json=groups)).status_code == 200
        assert (await http.get("/respondents/nobody")).status_code == 404
        assert (await http.get("/", params=WOMEN_PAGE)).status_code == 200
    assert await door.audit() == before


async def test_people_that_cannot_be_written_down_do_not_leave_unless_nothing_can_be(
    door: Guarded, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    profile = "/api/respondents/w000000000000001"
    for refusal, status in ((TooBusy, 503), (NoChanges, 200)):

        async def refused(*_: object, refusal: type[Exception] = refusal) -> None:
            raise refusal("no")

        monkeypatch.setattr(Entry, "write_down", refused)
        async with door.program(Role.RESEARCHER) as http:
            found = await http.post("/api/search", json=WOMEN)
            seen = await http.get(profile)
            file = await http.get("/export", params=SEGMENT)
        assert (found.status_code, seen.status_code, file.status_code) == (status, status, 503)
        assert ("mb_sn" in found.text) is (status == 200)
    written = [record.getMessage() for record in caplog.records if "not audited" in record.message]
    assert len(written) == 2 and "GET /api/respondents'" in written[1]
    assert not any("w0000" in line or "여성" in line for line in written)


async def test_a_group_that_is_too_small_cannot_be_exported(everything: StoredServices) -> None:
    with guarded(everything.catalogue, everything.database, smallest_count=40) as door:
        async with door.program(Role.OWNER) as http:
            refused = await http.get(
                "/export", params={"f": '{"where":{"age":{"min":33,"max":34}}}'}
            )
    assert refused.status_code == 403
    assert "content-disposition" not in refused.headers
