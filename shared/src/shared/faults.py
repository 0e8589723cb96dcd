"""Named places at which a test can kill or freeze this process. Inert unless the environment arms one.

`FAULT_POINTS="after_attempt_row=kill:3"` kills at the third passing; `=stop` freezes (SIGSTOP); `=sleep:0.5` waits.
"""

import os
import signal
import time
from collections import Counter

_passed: Counter[str] = Counter()
_armed: dict[str, tuple[str, str]] = {}


def arm(points: str) -> None:
    """Read `name=action[:argument]` pairs, separated by commas. Called once at start with the environment's value."""
    _armed.clear()
    for pair in filter(None, points.split(",")):
        name, _, action = pair.partition("=")
        verb, _, argument = action.partition(":")
        _armed[name.strip()] = (verb, argument)


def fault_point(name: str) -> None:
    """Do nothing, or what a test armed for this place."""
    if name not in _armed:
        return
    _passed[name] += 1
    verb, argument = _armed[name]
    if verb == "sleep":
        time.sleep(float(argument or "0.1"))
    elif _passed[name] == int(argument or "1"):
        os.kill(os.getpid(), signal.SIGSTOP if verb == "stop" else signal.SIGKILL)
