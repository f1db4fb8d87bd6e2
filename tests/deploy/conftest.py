"""Moto's server in a process of its own, Terraform applied to it once, and loud words when not.

Nearly all of the minutes that applying takes are the provider's own pauses. So it begins before the
first test and goes on beside the others; the tests that want the stack come last.
"""

import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest

from .terraform import Terraform, copied, initialise

SCRIPT = Path(__file__).resolve().parents[2] / "deploy" / "rds.py"
REGION = "ap-northeast-2"
_not_tried: list[str] = []


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """A check that this machine cannot make is told at the end, not only as an s among dots."""
    for reason in dict.fromkeys(_not_tried):
        terminalreporter.write_line(f"NOT CHECKED HERE: {reason}", yellow=True, bold=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests that wait for the stack come after all others."""
    items.sort(key=_wants_the_stack)


def _wants_the_stack(item: pytest.Item) -> bool:
    return "applied" in getattr(item, "fixturenames", ())


def not_here(reason: str) -> None:
    """Leave the test out and say so where nobody overlooks it."""
    _not_tried.append(reason)
    pytest.skip(reason)


@dataclass(frozen=True, slots=True)
class Cloud:
    """Moto's server: an AWS whose state can be looked at."""

    address: str

    def client(self, service: str, region: str = REGION) -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.address,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.address,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": REGION,
        }


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = tmp_path_factory.mktemp("moto") / "said.txt"
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with said.open("wb") as output:
        server = subprocess.Popen(
            [Path(sys.executable).with_name("moto_server"), "-H", "127.0.0.1", "-p", str(port)],
            # Without its copies of Amazon's own policies nothing can be attached to a role.
            env={**env, "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"},
            stdout=output,
            stderr=output,
        )
    try:
        deadline = time.monotonic() + 120
        while not _answers(port):
            assert server.poll() is None and time.monotonic() < deadline, said.read_text()
            time.sleep(0.2)
        yield Cloud(f"http://127.0.0.1:{port}")
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture(scope="session", autouse=True)
def applying(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Future[Terraform | str] | None]:
    """The whole stack on its way into moto, when a test wants it."""
    if not any(map(_wants_the_stack, request.session.items)):
        yield None
        return
    cloud: Cloud = request.getfixturevalue("cloud")
    folder = tmp_path_factory.mktemp("applied") / "terraform"
    with ThreadPoolExecutor(1) as background:
        yield background.submit(_apply, cloud, folder)


@pytest.fixture(scope="session")
def applied(applying: Future[Terraform | str]) -> Terraform:
    """The whole stack, created in moto."""
    terraform = applying.result()
    if isinstance(terraform, str):
        not_here(f"deploy/terraform was not applied, only read as text: {terraform}")
        raise AssertionError
    return terraform


def _apply(cloud: Cloud, folder: Path) -> Terraform | str:
    copied(folder)
    # Moto creates budgets but cannot be asked who is told of them, and the provider waits for
    # that answer; rules.tftest.hcl looks at the budget instead.
    (folder / "budget.tf").unlink()
    terraform = initialise(folder, **cloud.environment)
    if isinstance(terraform, Terraform):
        image = cloud.client("ec2").describe_images()["Images"][0]["ImageId"]
        settings = {
            "domain": "panel.example.org",
            "alarm_email": "operator@example.org",
            "image_id": image,
            "elastic_ip": True,
        }
        (folder / "terraform.tfvars.json").write_text(json.dumps(settings), "utf-8")
        terraform.run("apply", "-auto-approve", "-no-color", "-input=false", "-parallelism=20")
    return terraform


@pytest.fixture
def drills() -> ModuleType:
    """deploy/rds.py."""
    spec = importlib.util.spec_from_file_location("rds_script", SCRIPT)
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
