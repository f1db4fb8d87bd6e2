"""Fetches a model of manifest.toml; the same as `panelens download [MODEL] [--from FILE]`."""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from server.errors import PanelensError
from server.model.download import download
from server.settings import Settings


def main() -> int:
    """Prints the path of the model, or says on stderr what to do."""
    settings = Settings()
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("model", nargs="?", default=settings.model)
    arguments.add_argument("--from", dest="from_file", type=Path, metavar="FILE")
    chosen = arguments.parse_args()
    console = Console(stderr=True)
    try:
        path = download(
            chosen.model, settings=settings, from_file=chosen.from_file, console=console
        )
    except PanelensError as error:
        console.print(error.detail, style="red", markup=False)
        return 1
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
