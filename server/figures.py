"""Gives Prometheus the server's figures, on a port of its own that no proxy leads to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import Gauge, start_http_server

from server.errors import SetupError
from server.product import Product
from server.settings import Settings
from server.web.observing import Figures

_POOL = (
    ("connections", "pool_size", "Database connections that are open."),
    ("idle_connections", "pool_available", "Database connections that nobody uses."),
    ("waiting_for_connection", "requests_waiting", "Requests that wait for a connection."),
)


@contextmanager
def figures_served(settings: Settings, figures: Figures, product: Product) -> Iterator[None]:
    """Answer Prometheus for as long as this lasts, when a port is set."""
    if settings.metrics_port is None:
        yield
        return
    _watch(product, figures)
    try:
        server, thread = start_http_server(
            settings.metrics_port, addr="127.0.0.1", registry=figures.registry
        )
    except OSError as error:
        raise SetupError(
            f"cannot listen on 127.0.0.1, port {settings.metrics_port}: {error.strerror}. "
            "Choose another port with PANELENS_METRICS_PORT"
        ) from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _watch(product: Product, figures: Figures) -> None:
    """Figures that are looked up when somebody asks for them."""
    model = Gauge(
        "panelens_model_ready", "1 when questions can be read.", registry=figures.registry
    )
    model.set_function(lambda: float(product.reader is not None))
    for name, key, says in _POOL:
        gauge = Gauge(f"panelens_{name}", says, registry=figures.registry)
        gauge.set_function(_pool_figure(product, key))


def _pool_figure(product: Product, key: str) -> Callable[[], float]:
    return lambda: float(product.pool.get_stats().get(key, 0) if product.pool else 0)
