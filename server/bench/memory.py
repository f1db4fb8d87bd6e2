"""How much memory a measurement took."""

import resource
import sys
from pathlib import Path


def peak_memory_bytes() -> int:
    """The most memory this process has held at once."""
    status = Path("/proc/self/status")
    if status.exists():
        # getrusage would also count the parent as it was when it made this process.
        for line in status.read_text("ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
