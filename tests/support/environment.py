"""Which environment variables the product reads, found in its source."""

import re

from tests.support import house

READERS = re.compile(r'(?:os\.environ\.get\(|os\.environ\[|env_bool\(|env_list\(|env_secret\()\s*"(\w+)"')
# Set by the product itself for its own processes, or by the system.
INTERNAL = {"DJANGO_SETTINGS_MODULE", "PATH", "READY_ANNOUNCEMENT", "SUPERVISOR_PID", "WORKER_READY_FILE"}
INTERNAL |= {"PROMETHEUS_MULTIPROC_DIR", "SERVES_CLICKS"}


def variables() -> set[str]:
    return {name for file in house.modules() for name in READERS.findall(file.read_text())} - INTERNAL


def secrets() -> set[str]:
    """Those that may come from a file: NAME_FILE."""
    return {name for file in house.modules() for name in re.findall(r'env_secret\("(\w+)"', file.read_text())}
