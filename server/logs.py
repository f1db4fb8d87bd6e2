"""How the process speaks to its operator: lines for a terminal, or JSON for a journal."""

import logging
import traceback
from types import TracebackType

from pythonjsonlogger.json import JsonFormatter

from server.errors import PanelensError
from server.settings import Settings
from server.web.observing import request_id

_Raised = tuple[type[BaseException], BaseException, TracebackType | None]


def set_up_logs(settings: Settings) -> None:
    """Begin to log as the settings say; in text, requests are not worth a line each."""
    root = logging.getLogger()
    if settings.log_format == "text":
        return
    handler = logging.StreamHandler()
    handler.setFormatter(
        Careful(
            "%(asctime)s %(levelname)s %(name)s %(message)s",
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
        )
    )
    handler.addFilter(_name_the_request)
    root.handlers[:] = [handler]
    logging.getLogger("panelens.requests").setLevel(logging.INFO)


class Careful(JsonFormatter):
    """JSON without what people asked or answered: an unexpected error's own words may quote it."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, with errors that are not ours reduced to their kind."""
        if isinstance(record.args, tuple):
            record = logging.makeLogRecord(
                {**vars(record), "args": tuple(_told(part) for part in record.args)}
            )
        return super().format(record)

    def formatException(self, ei: _Raised | tuple[None, None, None]) -> str:  # noqa: N802  (logging's own)
        """Where it happened and of which kind it was."""
        kind, _, trail = ei
        frames = traceback.format_tb(trail) if trail else []
        return "".join([*frames, kind.__name__ if kind else ""])


def _told(part: object) -> object:
    """What is no error as it is; an error by its kind and its cause's, in which nothing is quoted."""
    if not isinstance(part, BaseException):
        return part
    cause = part.__cause__
    return _kind(part) if cause is None else f"{_kind(part)} from {_kind(cause)}"


def _kind(error: BaseException) -> str:
    code = error.code if isinstance(error, PanelensError) else getattr(error, "sqlstate", None)
    return f"{type(error).__name__} ({code})" if code else type(error).__name__


def _name_the_request(record: logging.LogRecord) -> bool:
    identity = request_id.get()
    if identity is not None:
        record.request_id = identity
    return True
