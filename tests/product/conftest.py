"""The real product: served once for the session, and small panels for what must be broken."""

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, async_playwright
from rich.console import Console

from server.catalogue import Catalogue
from server.filter import load_catalogue
from server.model.download import download
from server.panel.demo import write_demo
from server.settings import Settings

from .running import PATIENCE_SECONDS, Served, environment, panelens, serving

CHROMIUM = Path("/usr/bin/chromium")
FEW = 300

DataFolder = Callable[[], AbstractContextManager[Path]]


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue("welcome")


@pytest.fixture(scope="session")
def models() -> Path:
    """This machine's own folder of models; the model is fetched into it once and for all."""
    return download("default", settings=Settings(), console=Console(stderr=True)).parent


@pytest.fixture(scope="session")
def data_folder(models: Path) -> DataFolder:
    """Makes data folders that hold the model and nothing else."""

    @contextmanager
    def made() -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="panelens-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            folder.chmod(0o755)  # as root PostgreSQL runs as another user, who must get here
            (folder / "models").symlink_to(models)
            yield folder

    return made


@pytest.fixture(scope="session")
def served(data_folder: DataFolder) -> Iterator[Served]:
    """A server after its very first start: it made its database and the demo panel itself."""
    with data_folder() as folder, serving(folder) as served:
        yield served


@pytest.fixture
def http(served: Served) -> Iterator[httpx.Client]:
    with served.client() as client:
        yield client


@pytest.fixture(scope="session")
def few_people(tmp_path_factory: pytest.TempPathFactory, catalogue: Catalogue) -> Path:
    """A result.json of a few hundred synthetic people."""
    file = tmp_path_factory.mktemp("few") / "result.json"
    write_demo(catalogue, file, size=FEW)
    return file


@pytest.fixture
def small(data_folder: DataFolder, few_people: Path) -> Iterator[Path]:
    """A data folder whose panel is those few people: a server on it loads no demo."""
    with data_folder() as folder:
        done = panelens("load", few_people, "--synthetic", environment=environment(folder))
        assert done.returncode == 0, done.stderr
        yield folder


@pytest.fixture(scope="session")
def chromium() -> Path:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    return CHROMIUM


@pytest.fixture
async def page(served: Served, chromium: Path) -> AsyncIterator[Page]:
    """A browser page on the served product that fails the test when a script fails."""
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        context = await browser.new_context(base_url=served.address, locale="ko-KR")
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        await browser.close()
    assert complaints == []
