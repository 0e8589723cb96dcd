"""The garbage collector of a process that lives long.

Measured on the gateway under load: the collector's rounds over everything that was imported took two fifths of its
time, and stopped every call for 100 ms and more. What is there after the start never becomes garbage.
"""

import asyncio
import gc

# Provider SDKs and the like are imported in the background after the start.
LATE_IMPORTS_SECONDS = 15.0
# Calls make thousands of objects that reference counting frees by itself: looking for cycles among them can wait.
YOUNG_OBJECTS = 5_000


def spare_what_stays() -> None:
    """Leave what is there now, and what the next seconds import, out of the collector's rounds. In a running loop."""
    _spare()
    asyncio.get_running_loop().call_later(LATE_IMPORTS_SECONDS, _spare)


def _spare() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 20)
