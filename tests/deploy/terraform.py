"""Terraform as the tests run it: a copy of the folder, a provider from this machine, no account."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "deploy" / "terraform"
PROVIDER = "registry.terraform.io/hashicorp/aws"
# Where Terraform looks by itself, and where an image's maker may have put a mirror.
_USUAL = ("~/.terraform.d/plugins", "/usr/local/share/terraform/plugins", "/usr/share/terraform")
_PLACES = ("/opt", "/usr/local/share", "/var/lib")


@dataclass(frozen=True, slots=True)
class Terraform:
    """An initialised copy of deploy/terraform and where its provider came from."""

    folder: Path
    provider: str
    surroundings: Mapping[str, str]

    def run(self, *arguments: str) -> str:
        """What one command prints; AssertionError with all of it when it fails."""
        done = subprocess.run(
            ["terraform", *arguments],
            cwd=self.folder,
            env=dict(self.surroundings),
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout


def copied(into: Path) -> Path:
    """The folder without what a person's own Terraform left in it."""
    kept_out = shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.tfvars")
    return Path(shutil.copytree(SOURCE, into, ignore=kept_out))


def surroundings(**more: str) -> dict[str, str]:
    """This process's environment without what would lead to a real account or a missing file."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    if not Path(kept.get("TF_CLI_CONFIG_FILE", "/")).is_file():
        kept.pop("TF_CLI_CONFIG_FILE", None)
    ours = {"AWS_EC2_METADATA_DISABLED": "true", "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    return {**kept, **ours, **more}


def initialise(folder: Path, **more: str) -> Terraform | str:
    """Terraform with a provider, or the reason why there is none."""
    if shutil.which("terraform") is None:
        return "terraform is not installed"
    said = ""
    for mirror in [*_mirrors(), None]:
        terraform = Terraform(folder, str(mirror or "the registry"), surroundings(**more))
        chosen = [f"-plugin-dir={mirror}"] if mirror else []
        try:
            terraform.run("init", "-no-color", "-input=false", *chosen)
        except (AssertionError, subprocess.TimeoutExpired) as failure:
            said = str(failure)
        else:
            return terraform
    return f"no AWS provider, neither on this machine nor from the registry: {said[-400:]}"


def _mirrors() -> Iterator[Path]:
    named = [os.environ[n] for n in ("TF_PLUGIN_DIR", "TF_PLUGIN_CACHE_DIR") if n in os.environ]
    usual = [Path(place).expanduser() for place in (*named, *_USUAL)]
    found = [p for place in _PLACES for p in Path(place).glob(f"*/{PROVIDER}")]
    yield from (place for place in usual if (place / PROVIDER).is_dir())
    yield from (p.parents[2] for p in found)
