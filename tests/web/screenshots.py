"""Pictures of every page and figures of their weight and time, from a running server.

`uv run python -m tests.web.screenshots http://127.0.0.1:8000` writes web/screenshots/ anew and
prints the tables of web/README.md. With names of pictures behind the address it takes only those
(`small`: what the small product shows of evaluations and of its door), with `figures` none. States that nobody can ask a running server for, and what
belongs to its owner, are pictures of the tests' small product.
"""

import asyncio
import gzip
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import quote

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from server.access.person import Role
from server.filter import load_catalogue
from server.settings import Settings
from server.web.app import create_app

from .guarded import PASSWORD, guarded, serving
from .panel import StoredServices, stored_panel
from .states import STATES
from .test_measuring import MEN, WOMEN, evaluated

CHROMIUM = "/usr/bin/chromium"
FOLDER = Path(__file__).resolve().parents[2] / "web" / "screenshots"
QUESTION = "수도권에 사는 30대 기혼 여성 100명"
ASKED = f"/?q={quote(QUESTION)}"
FILTER = '{"where":{"age":{"min":30,"max":39},"region":["서울","경기","인천"]}}'
BY_FILTER = f"f={quote(FILTER)}"
NOBODY = quote('{"where":{"gender":["여성"],"age":{"min":150}},"limit":100}')
DIVIDED = quote('{"where":{"age":{"min":20,"max":29}},"by":["gender","region"]}')
SEGMENTS = {
    "서울의 30대 기혼": '{"where":{"region":["서울"],"age":{"min":30,"max":39},"marital_status":["기혼"]}}',
    "서울의 30대 미혼": '{"where":{"region":["서울"],"age":{"min":30,"max":39},"marital_status":["미혼"]}}',
}


Shown = TypeVar("Shown")


@dataclass(frozen=True, slots=True)
class Picture:
    """How a page is looked at; `clicked` is opened first, one after the other."""

    path: str
    width: int = 1280
    height: int = 900
    scheme: Literal["light", "dark"] = "light"
    language: str = "ko-KR"
    clicked: tuple[str, ...] = ()
    on_paper: bool = False
    typed: str = ""
    scrolled_to: str = ""


def night(picture: Picture) -> Picture:
    """In the dark, and in English."""
    return replace(picture, scheme="dark", language="en-GB")


def phone(picture: Picture) -> Picture:
    """On the narrowest screen."""
    return replace(picture, width=360, height=780)


def paper(picture: Picture) -> Picture:
    """On a sheet of A4."""
    return replace(picture, width=794, height=1123, on_paper=True)


PICTURES = {
    "start": Picture("/"),
    "answer": Picture(ASKED),
    "answer-night": night(Picture(ASKED)),
    "answer-phone": phone(Picture(ASKED)),
    "answer-4k": Picture(ASKED, width=3840, height=2160),
    "answer-paper": paper(Picture(ASKED)),
    "edit": Picture(f"/?{BY_FILTER}", clicked=("a.chip-text >> nth=1",)),
    "edit-phone": phone(Picture(f"/edit?{BY_FILTER}&field=car_model")),
    "add": Picture(f"/edit?{BY_FILTER}", language="en-GB"),
    "divided": Picture(f"/?f={DIVIDED}", language="en-GB"),
    "who": Picture(f"/figures?{BY_FILTER}"),
    "who-phone": phone(night(Picture(f"/figures?{BY_FILTER}"))),
    "list": Picture(
        f"/?{BY_FILTER}&c=age,region,job,phone_brand&s=-age", clicked=("a[href^='/columns']",)
    ),
    "people": Picture(f"/?{BY_FILTER}", scrolled_to=".paging"),
    "profile": Picture(f"/?{BY_FILTER}", clicked=(".people tbody a",)),
    "profile-phone": phone(night(Picture(f"/?{BY_FILTER}", clicked=(".people tbody a",)))),
    "near": Picture(f"/near?{BY_FILTER}"),
    "segments": Picture(f"/segments?{BY_FILTER}"),
    "compare": Picture("/compare?{segments}"),
    "compare-phone": phone(night(Picture("/compare?{segments}"))),
    "history": Picture("/history"),
    "codebook": Picture(f"/codebook?q={quote('휴대폰')}"),
    "codebook-phone": phone(night(Picture("/codebook?q=smoking"))),
    "accuracy": Picture("/accuracy"),
    "accuracy-phone": phone(Picture("/accuracy")),
    "nobody": Picture(f"/?f={NOBODY}"),
    "nothing-understood": Picture(f"/?q={quote('키가 큰 외계인')}"),
}
TIMED = {
    "start": "/",
    "answer to a filter": f"/?{BY_FILTER}",
    "edit form": f"/edit?{BY_FILTER}&field=car_model",
    "who they are": f"/figures?{BY_FILTER}",
    "segments": "/segments",
    "history": "/history",
    "codebook": "/codebook",
}
RUNS = 30
SEEN = ("start", "answer to a filter", "who they are", "codebook")
LOOKS = 5
# What Lighthouse measures of a first look, by the browser's own account of it.
OBSERVED = """
window.seen = {lcp: 0, cls: 0, tbt: 0};
const on = (type, add) => new PerformanceObserver(
  list => list.getEntries().forEach(add)).observe({type, buffered: true});
on('largest-contentful-paint', entry => { seen.lcp = entry.startTime; });
on('layout-shift', entry => { if (!entry.hadRecentInput) seen.cls += entry.value; });
on('longtask', entry => { seen.tbt += entry.duration - 50; });
"""
TOLD = """
() => {
  const files = performance.getEntriesByType('resource');
  const page = performance.getEntriesByType('navigation')[0];
  const bytes = files.reduce((sum, file) => sum + file.transferSize, page.transferSize);
  return {...window.seen, requests: files.length + 1, kb: bytes / 1000};
}
"""


# Of the small product: what cannot be had from a running one on demand, or belongs to its owner.
OF_STATES = {
    "no-address": ("nowhere", Picture("", language="en-GB")),
    "refused": ("refused", Picture("")),
    "model-loading": ("model-loading", Picture("")),
    "model-loading-phone": ("model-loading", phone(night(Picture("")))),
    "too-busy": ("too-busy", Picture("", language="en-GB")),
    "too-heavy": ("too-heavy", Picture("")),
    "database-away": ("database-away", Picture("")),
    "database-away-meanwhile": ("database-away-meanwhile", Picture("")),
}


def take(browser: Browser, address: str) -> None:
    """One PNG a page, as a screen or a sheet shows it."""
    FOLDER.mkdir(exist_ok=True)
    with _kept(address) as segments:
        for name, picture in _asked_for(PICTURES):
            path = picture.path.replace("{segments}", segments)
            with _looking(browser, address, picture) as page:
                _shoot(page, replace(picture, path=path), name)


def take_states(browser: Browser) -> None:
    """What the small product shows when something is away, and who may enter it."""
    if not _asked_for(OF_STATES) and "small" not in sys.argv:
        return
    catalogue = load_catalogue("welcome")
    with (
        tempfile.TemporaryDirectory(prefix="panelens-", ignore_cleanup_errors=True) as folder,
        stored_panel(catalogue, Path(folder)) as database,
    ):
        settings = Settings(data_folder=Path(folder) / "data", page_size=20, pool_size=2)
        services = StoredServices(catalogue, database, settings)
        with serving(create_app(settings, services, lifespan=services.running)) as address:
            for name, (state, how) in _asked_for(OF_STATES):
                picture = replace(how, path=STATES[state].path, typed=STATES[state].typed)
                with _looking(browser, address, picture) as page:
                    page.goto("/")
                    STATES[state].force(services)
                    _shoot(page, picture, name)
                services.model_fault = services.database_fault = None
            if not sys.argv[2:] or "small" in sys.argv:
                _take_accuracy(browser, address)
                _take_coming(browser, address, services)
                _take_the_door(browser, database)


def _asked_for(pictures: Mapping[str, Shown]) -> list[tuple[str, Shown]]:
    """Those that are named behind the address; all without a name."""
    names = sys.argv[2:] or list(pictures)
    return [(name, shown) for name, shown in pictures.items() if name in names]


def _take_accuracy(browser: Browser, address: str) -> None:
    """Two evaluations side by side, and a correction that waits for review."""

    async def evaluate() -> tuple[int, int]:
        async with httpx.AsyncClient(base_url=address, timeout=60) as http:
            everyone = {"question": "모두", "filter": {}, "tags": ["ko"]}
            women = {"question": "여성", "tags": ["ko"]}
            before = await evaluated(http, everyone, {**women, "filter": MEN})
            after = await evaluated(http, everyone, {**women, "filter": WOMEN})
            body = {"question": "여성", "verdict": "corrected", "filter": MEN}
            await http.post("/api/corrections", json=body)
            return before, after

    with ThreadPoolExecutor(1) as aside:  # the browser's driver has a loop running in this thread
        before, after = aside.submit(lambda: asyncio.run(evaluate())).result()
    for name, path in {
        "accuracy-compare": f"/accuracy/compare?before={before}&after={after}",
        "review": "/accuracy/review",
    }.items():
        with _looking(browser, address, Picture(path)) as page:
            _shoot(page, Picture(path), name)


def _take_coming(browser: Browser, address: str, services: StoredServices) -> None:
    """A question that is being read, with a way to cancel it."""
    services.held_back = True
    with _looking(browser, address, Picture("/")) as page:
        page.goto("/")
        page.locator("#question").fill("서울 20대 남자 100명")
        page.keyboard.press("Enter")
        page.locator("#cancel").wait_for()
        page.screenshot(path=FOLDER / "reading.png")
        services.held_back = False
        page.wait_for_load_state("networkidle")


def _take_the_door(browser: Browser, database: str) -> None:
    """Signing in, a session that ended meanwhile, and what the owner reads."""
    with guarded(load_catalogue("welcome"), database) as door:
        for name, picture in {
            "sign-in": Picture("/"),
            "sign-in-phone": phone(night(Picture("/"))),
        }.items():
            with _looking(browser, door.address, picture) as page:
                _shoot(page, picture, name)
        with _looking(browser, door.address, Picture("/audit")) as page:
            page.goto("/audit")
            page.locator("#name").fill(door.names[Role.OWNER])
            page.locator("#password").fill(PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_url("**/audit")
            page.request.get(f"/export?{BY_FILTER}&as=csv")
            _shoot(page, Picture("/audit"), "audit")
            page.request.post("/sign-out", max_redirects=0)
            page.context.add_cookies(
                [{"name": "panelens_session", "value": "over", "url": door.address}]
            )
            _shoot(page, Picture(f"/?{BY_FILTER}"), "session-ended")


@contextmanager
def _looking(browser: Browser, address: str, picture: Picture) -> Iterator[Page]:
    context = browser.new_context(
        base_url=address,
        viewport={"width": picture.width, "height": picture.height},
        color_scheme=picture.scheme,
        locale=picture.language,
        reduced_motion="reduce",
    )
    context.set_default_timeout(120_000)
    try:
        yield context.new_page()
    finally:
        context.close()


def _shoot(page: Page, picture: Picture, name: str) -> None:
    if picture.on_paper:
        page.emulate_media(media="print")
    if picture.typed:
        page.locator("#question").fill(picture.typed)
        page.keyboard.press("Enter")
        page.get_by_role("alert").wait_for()
    else:
        page.goto(picture.path)
    page.wait_for_load_state("networkidle")
    for place in picture.clicked:
        page.locator(place).first.click()
        page.wait_for_load_state("networkidle")
    if picture.scrolled_to:
        page.locator(picture.scrolled_to).scroll_into_view_if_needed()
    page.screenshot(path=FOLDER / f"{name}.png", animations="disabled")


@contextmanager
def _kept(address: str) -> Iterator[str]:
    """Two segments to compare, for as long as the pictures are taken."""
    with httpx.Client(base_url=address, timeout=120) as http:
        for name, query in SEGMENTS.items():
            http.post("/segments", data={"name": name, "f": query})
        listed = http.get("/segments?lang=en").text
        numbers = [
            found[1]
            for name in SEGMENTS
            if (found := re.search(rf'value="(\d+)" aria-label="Compare: {name}"', listed))
        ]
        try:
            yield "&".join(f"s={number}" for number in numbers)
        finally:
            for number in numbers:
                http.post(f"/segments/{number}/delete")


def measure(address: str) -> None:
    """Server time and weight of every page, one line each; static files are loaded once."""
    print("| page | median | 95 % | gzipped |\n|---|---|---|---|")
    with httpx.Client(base_url=address, timeout=60) as http:
        for name, path in TIMED.items():
            times = []
            for _ in range(RUNS):
                began = time.perf_counter()
                response = http.get(path)
                response.raise_for_status()
                times.append((time.perf_counter() - began) * 1000)
            times.sort()
            weight = len(gzip.compress(response.content, 6)) / 1000
            worst = times[int(RUNS * 0.95)]
            median = statistics.median(times)
            print(f"| {name} | {median:.0f} ms | {worst:.0f} ms | {weight:.1f} kB |")
        page = http.get("/").text
        files = [part.split('"')[0] for part in page.split('"/static/')[1:]]
        loaded = [page.encode(), *(http.get(f"/static/{file}").content for file in files)]
        first = sum(len(gzip.compress(content, 6)) for content in loaded) / 1000
        print(f"\nFirst load of the start page with its {len(files)} files: {first:.0f} kB.")


def look(browser: Browser, address: str) -> None:
    """What a browser with nothing in its cache sees of a page, medians of a few looks."""
    print("\n| page | requests | gzipped | LCP | CLS | TBT |\n|---|---|---|---|---|---|")
    for name in SEEN:
        told = [_look(browser, f"{address}{TIMED[name]}") for _ in range(LOOKS)]
        middle = {key: statistics.median(one[key] for one in told) for key in told[0]}
        print(
            f"| {name} | {middle['requests']:.0f} | {middle['kb']:.0f} kB | {middle['lcp']:.0f} ms "
            f"| {middle['cls']:.3f} | {middle['tbt']:.0f} ms |"
        )


def _look(browser: Browser, address: str) -> dict[str, float]:
    context = browser.new_context(locale="ko-KR", viewport={"width": 1280, "height": 900})
    context.add_init_script(OBSERVED)
    page = context.new_page()
    page.goto(address, timeout=120_000)
    page.wait_for_load_state("networkidle")
    told: dict[str, float] = page.evaluate(TOLD)
    context.close()
    return told


if __name__ == "__main__":
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        if "figures" not in sys.argv:
            take(browser, sys.argv[1])
            take_states(browser)
        if sys.argv[2:] in ([], ["figures"]):
            look(browser, sys.argv[1])
            measure(sys.argv[1])
        browser.close()
