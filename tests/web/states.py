"""States in which a page has to be honest, forced on the small product: for axe and for pictures."""

from dataclasses import dataclass
from urllib.parse import quote

from server.errors import DatabaseAway, ModelAway, PanelensError, TooBusy, TooHeavy

from .panel import InMemoryServices

WOMEN = quote('{"where":{"gender":["여성"]}}')
NOBODY = quote('{"where":{"gender":["여성"],"age":{"min":90}},"limit":100}')


@dataclass(frozen=True, slots=True)
class State:
    """What is asked while something is away: an address, or a question typed on the page there."""

    path: str
    model: PanelensError | None = None
    database: PanelensError | None = None
    typed: str = ""

    def force(self, services: InMemoryServices) -> None:
        """Let it be so."""
        services.model_fault, services.database_fault = self.model, self.database


STATES = {
    "nobody": State(f"/?f={NOBODY}"),
    "nothing-understood": State(f"/?q={quote('행복한 연예인')}"),
    "nowhere": State("/nowhere"),
    "refused": State("/?f=%7B%22where%22%3A%7B%22regoin%22%3A%5B%22%EC%84%9C%EC%9A%B8%22%5D%7D%7D"),
    "model-loading": State(f"/?q={quote('여성')}", model=ModelAway("loading")),
    "too-busy": State(f"/?q={quote('여성')}", model=TooBusy()),
    "too-heavy": State(f"/?f={WOMEN}", database=TooHeavy()),
    "database-away": State(f"/?f={WOMEN}", database=DatabaseAway()),
    "database-away-meanwhile": State("/", database=DatabaseAway(), typed="여성"),
}
