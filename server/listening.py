"""The socket that is served: inherited from the service manager, or bound here."""

import os
import socket

from server.errors import SetupError
from server.settings import Settings

# The first descriptor that systemd hands over (sd_listen_fds(3)).
FIRST = 3


def listening_socket(settings: Settings) -> socket.socket:
    """The inherited socket, which outlives a restart, or a new one, taken before anything slow.

    Whoever connects before the server is up waits in it.
    """
    return inherited_socket() or _bound(settings)


def inherited_socket() -> socket.socket | None:
    """The one socket that systemd opened for this very process; SetupError for several."""
    if os.environ.pop("LISTEN_PID", "") != str(os.getpid()):
        return None
    count = os.environ.pop("LISTEN_FDS", "0")
    os.environ.pop("LISTEN_FDNAMES", None)
    if count == "0":
        return None
    if count != "1":
        raise SetupError(f"{count} sockets were handed over: one ListenStream= is served, no more")
    os.set_inheritable(FIRST, False)
    return socket.socket(fileno=FIRST)


def shown(listening: socket.socket) -> str:
    """Where it listens, as a person would type it."""
    name = listening.getsockname()
    if isinstance(name, str):
        return name
    host = f"[{name[0]}]" if listening.family == socket.AF_INET6 else name[0]
    return f"http://{host}:{name[1]}"


def host_of(listening: socket.socket) -> str:
    """The address it listens on; empty for a socket in the file system."""
    name = listening.getsockname()
    return "" if isinstance(name, str) else str(name[0])


def _bound(settings: Settings) -> socket.socket:
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = found[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            # Until it listens, another process that may reuse the address can bind it too.
            listening.listen()
        except OSError:
            listening.close()
            raise
    except OSError as error:
        raise SetupError(
            f"cannot listen on {settings.host}, port {settings.port}: {error.strerror}. "
            "Choose another address with --host and --port"
        ) from error
    return listening
