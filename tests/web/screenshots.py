"""Pictures of every page and figures of their weight and time, from a running server.

`uv run python -m tests.web.screenshots http://127.0.0.1:8000` writes web/screenshots/ anew and
prints the tables of web/README.md; with `figures` behind the address it leaves the pictures be.
"""

import gzip
import statistics
import sys
import time
from pathlib import Path
from urllib.parse import quote

import httpx
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FOLDER = Path(__file__).resolve().parents[2] / "web" / "screenshots"
QUESTION = "수도권에 사는 30대 기혼 여성 100명"
FILTER = '{"where":{"age":{"min":30,"max":39},"region":["서울","경기","인천"]}}'
BY_FILTER = f"f={quote(FILTER)}"
# name: address, width, colours, language
PICTURES = {
    "start": ("/", 1280, "light", "ko-KR"),
    "answer": (f"/?q={quote(QUESTION)}", 1280, "light", "ko-KR"),
    "answer-night": (f"/?q={quote(QUESTION)}", 1280, "dark", "en-GB"),
    "answer-phone": (f"/?q={quote(QUESTION)}", 360, "light", "ko-KR"),
    "answer-4k": (f"/?q={quote(QUESTION)}", 3840, "light", "ko-KR"),
    "profile": (f"/?{BY_FILTER}", 1280, "light", "ko-KR"),
    "profile-phone": (f"/?{BY_FILTER}", 360, "dark", "en-GB"),
    "list": (f"/?{BY_FILTER}&c=age,region,job,phone_brand&s=-age", 1280, "light", "ko-KR"),
    "edit": (f"/edit?{BY_FILTER}&field=region&place=where", 1280, "light", "ko-KR"),
    "figures": (f"/figures?{BY_FILTER}", 1280, "light", "ko-KR"),
    "segments": (f"/segments?{BY_FILTER}", 1280, "light", "ko-KR"),
    "history": ("/history", 1280, "light", "ko-KR"),
    "codebook": ("/codebook?q=%ED%9C%B4%EB%8C%80%ED%8F%B0", 1280, "light", "ko-KR"),
    "accuracy": ("/accuracy", 1280, "light", "ko-KR"),
    "nobody": (
        "/?f=%7B%22where%22%3A%7B%22age%22%3A%7B%22min%22%3A150%7D%7D%7D",
        1280,
        "light",
        "ko-KR",
    ),
}
# What is clicked first, for what opens beside a page.
CLICKED = {
    "profile": ".people tbody a",
    "profile-phone": ".people tbody a",
    "list": "a[href^='/columns']",
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


def take(browser: Browser, address: str) -> None:
    """One PNG a page, as a screen shows it."""
    FOLDER.mkdir(exist_ok=True)
    for name, (path, width, scheme, language) in PICTURES.items():
        context = browser.new_context(
            base_url=address,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            locale=language,
        )
        page = context.new_page()
        page.goto(path, timeout=120_000)
        page.wait_for_load_state("networkidle")
        if name in CLICKED:
            page.locator(CLICKED[name]).first.click()
            page.wait_for_load_state("networkidle")
        page.screenshot(path=FOLDER / f"{name}.png")
        context.close()


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
        if "figures" not in sys.argv[2:]:
            take(browser, sys.argv[1])
        look(browser, sys.argv[1])
        browser.close()
    measure(sys.argv[1])
