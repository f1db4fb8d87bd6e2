"""A running server on a free port, an HTTP client for it, and a real Chromium."""

import socket
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from playwright.async_api import Browser, Page, async_playwright, expect

from server.filter import load_catalogue
from server.settings import Settings
from server.web.app import create_app

from .panel import InMemoryServices, StoredServices, stored_panel

CHROMIUM = "/usr/bin/chromium"
# What Chromium says of an honest 4xx, and htmx of a request that was cancelled.
EXPECTED = ("Failed to load resource", "htmx:afterRequest", "htmx:sendAbort")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def everything(settings: Settings) -> Iterator[StoredServices]:
    catalogue = load_catalogue("welcome")
    with (
        tempfile.TemporaryDirectory(prefix="panelens-", ignore_cleanup_errors=True) as folder,
        stored_panel(catalogue, Path(folder)) as database,
    ):
        yield StoredServices(catalogue, database, settings)


@pytest.fixture
def services(everything: StoredServices) -> Iterator[StoredServices]:
    """The product, whole again after each test."""
    everything.questions_asked.clear()
    yield everything
    everything.model_fault = everything.database_fault = None
    everything.labelled = 41
    everything.held_back = False


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(data_folder=tmp_path_factory.mktemp("data"), page_size=20, pool_size=2)


@pytest.fixture(scope="session")
def address(everything: StoredServices, settings: Settings) -> Iterator[str]:
    """Where the server answers."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(settings, everything, lifespan=everything.running),
            log_level="warning",
            ws="none",
        )
    )
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listening.close()


@pytest.fixture
async def http(address: str, services: StoredServices) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without JavaScript, as far as HTTP goes: it goes where it is sent to."""
    async with httpx.AsyncClient(base_url=address, timeout=20, follow_redirects=True) as client:
        yield client


@pytest.fixture
async def in_memory(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The pages over the same people, searched in memory."""
    app = create_app(settings, InMemoryServices(load_catalogue("welcome")))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://memory") as client:
        yield client


@pytest.fixture(scope="session")
def installed() -> None:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"{CHROMIUM} is not installed")


@pytest.fixture(scope="session")
async def chromium(installed: None) -> AsyncIterator[Browser]:
    expect.set_options(timeout=20_000)  # what is waited for comes, on a machine that is busy too
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def page(chromium: Browser, address: str, services: StoredServices) -> AsyncIterator[Page]:
    """A browser page that fails the test when anything is logged as an error."""
    context = await chromium.new_context(base_url=address, locale="ko-KR")
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text)
            if message.type == "error" and not message.text.startswith(EXPECTED)
            else None
        ),
    )
    yield page
    await context.close()
    assert complaints == []
