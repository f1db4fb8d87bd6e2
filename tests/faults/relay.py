"""A line to a database that a test can cut or refuse: TCP on one side, its socket on the other."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from psycopg.conninfo import conninfo_to_dict, make_conninfo

BLOCK_BYTES = 65_536


class Relay:
    """Passes bytes between its port and the cluster's Unix socket, for as long as it may."""

    def __init__(self, database: str) -> None:
        self._given = conninfo_to_dict(database)
        self._target = Path(str(self._given["host"])) / f".s.PGSQL.{self._given['port']}"
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._accept)
        self.is_refusing = False

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    @property
    def conninfo(self) -> str:
        """The database's address by way of this line."""
        return make_conninfo(
            "",
            host="127.0.0.1",
            port=self.port,
            user=self._given["user"],
            dbname=self._given["dbname"],
        )

    def cut(self) -> int:
        """Cut every connection; how many there were."""
        with self._lock:
            lines, self._open = self._open, []
        for line in lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()
        return len(lines) // 2

    @contextmanager
    def away(self) -> Iterator[None]:
        """Nobody gets through."""
        self.is_refusing = True
        self.cut()
        try:
            yield
        finally:
            self.is_refusing = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listening.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            try:
                if self.is_refusing:
                    raise ConnectionRefusedError
                far.connect(str(self._target))
            except OSError:
                near.close()
                far.close()
                continue
            with self._lock:
                self._open += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=(one, other), daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while block := source.recv(BLOCK_BYTES):
            target.sendall(block)
    for line in (source, target):
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)
