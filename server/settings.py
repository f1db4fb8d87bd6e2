"""What an operator can set, one environment variable a line, all beginning with PANELENS_."""

from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from server.errors import SetupError


def _data_folder() -> Path:
    return Path(platformdirs.user_data_dir("panelens", appauthor=False))


class Settings(BaseSettings):
    """Settings of one process; made once by the command line and handed down.

    A variable that is empty is as good as absent: files of variables have such lines.
    """

    model_config = SettingsConfigDict(
        env_prefix="PANELENS_", env_ignore_empty=True, frozen=True, extra="forbid"
    )

    database_url: Annotated[
        str | None,
        Field(description="PostgreSQL to use; without it an embedded one is started"),
    ] = None
    data_folder: Annotated[
        Path,
        Field(
            default_factory=_data_folder,
            description="where models, the embedded database and training's checkpoints are kept",
        ),
    ]
    catalogue: Annotated[
        str, Field(description="name of a folder in grammars/, or a path to a catalogue.yaml")
    ] = "welcome"
    model: Annotated[str, Field(description="name of a model in models/manifest.toml")] = "default"
    reference_year: Annotated[
        int,
        Field(
            ge=1900,
            le=2200,
            description="age is this year minus the birth year; a panel keeps its year until "
            "`serve` runs with another one set",
        ),
    ] = 2025
    host: Annotated[str, Field(description="address to listen on")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="port to listen on")] = 8000
    question_length: Annotated[int, Field(ge=10, description="longest question, in characters")] = (
        1000
    )
    queue_length: Annotated[
        int, Field(ge=1, description="questions that may wait for the model; over it: 503")
    ] = 16
    queue_seconds: Annotated[
        float,
        Field(gt=0, description="seconds a question waits for the model to begin; over it: 503"),
    ] = 30
    stop_seconds: Annotated[
        int,
        Field(ge=1, description="seconds in which requests are answered after SIGTERM, at most"),
    ] = 20
    model_threads: Annotated[
        int,
        Field(
            ge=1, description="processor threads of the model; as many questions at once, 4 at most"
        ),
    ] = 2
    pool_size: Annotated[int, Field(ge=1, description="most connections for searches")] = 4
    statement_timeout_ms: Annotated[
        int, Field(ge=100, description="time limit of one search statement, in milliseconds")
    ] = 5000
    page_size: Annotated[
        int, Field(ge=1, le=1000, description="respondents shown when no count was asked for")
    ] = 100
    metrics_port: Annotated[
        int | None,
        Field(
            ge=1,
            le=65535,
            description="port on 127.0.0.1 that gives Prometheus its figures at /metrics",
        ),
    ] = None
    log_format: Annotated[
        Literal["text", "json"],
        Field(
            description="json: one object a line, with request ids and a line for every request, "
            "never what was asked or of whom"
        ),
    ] = "text"
    sign_in: Annotated[
        bool,
        Field(
            description="people must sign in also when the server listens on this machine only, "
            "as behind a proxy; on any other address they always must"
        ),
    ] = False
    session_idle_minutes: Annotated[
        int, Field(ge=1, description="minutes without a request after which a session ends")
    ] = 720
    session_days: Annotated[
        int, Field(ge=1, le=365, description="days after which a session ends in any case")
    ] = 7
    requests_a_minute: Annotated[
        int, Field(ge=1, description="requests a person who signed in may send a minute")
    ] = 600
    questions_a_minute: Annotated[
        int, Field(ge=1, description="of these, questions that the model must read")
    ] = 60
    smallest_count: Annotated[
        int,
        Field(
            ge=0,
            description="results of fewer people than this are not shown to anybody; 0 shows all",
        ),
    ] = 0


def read_settings(
    *, host: str | None = None, port: int | None = None, catalogue: str | None = None
) -> Settings:
    """The settings of the environment; what was given on the command line wins."""
    given = {"host": host, "port": port, "catalogue": catalogue}
    try:
        return Settings.model_validate({k: v for k, v in given.items() if v is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).upper()
        raise SetupError(f"PANELENS_{name}: {first['msg']}") from error
