"""Fetches a model of manifest.toml: `panelens download [MODEL] [--from FILE]`."""

import sys

from server.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "download")
    main()
