"""Speed and memory of loading, searching and reading, with peers on the same machine."""
