"""PostgreSQL refuses to run as root: how to run it when we are root (containers, CI)."""

import os
import shutil
import signal
from pathlib import Path

from shared.embedded.errors import EmbeddedServerError

UNPRIVILEGED_ID = 65534
# Reading is enough to reach folders under root's home; containers often grant only the wider one.
CAPABILITIES = {"dac_read_search": 2, "dac_override": 1}


def is_superuser() -> bool:
    """Tell whether this process runs as root."""
    return os.geteuid() == 0


def as_unprivileged_user(command: list[str], death_signal: signal.Signals) -> list[str]:
    """Return `command` unchanged for normal users; for root, one that drops to an unprivileged id.

    No permission of any folder is widened: the server keeps one capability to pass through
    folders that only root may enter. Changing the id clears the parent-death signal, so it is set again here.
    """
    if not is_superuser():
        return command
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        message = "PostgreSQL does not run as root and `setpriv` is not installed: start as another user."
        raise EmbeddedServerError(message)
    identity = [f"--reuid={UNPRIVILEGED_ID}", f"--regid={UNPRIVILEGED_ID}", "--clear-groups"]
    death = [f"--pdeathsig={death_signal.name.removeprefix('SIG')}"]
    return [setpriv, *identity, *_pass_through_option(), *death, "--", *command]


def _pass_through_option() -> list[str]:
    bounding_set = _bounding_set()
    for name, bit in CAPABILITIES.items():
        if bounding_set >> bit & 1:
            return [f"--inh-caps=+{name}", f"--ambient-caps=+{name}"]
    return []


def _bounding_set() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapBnd:"):
            return int(line.split()[1], 16)
    return 0
