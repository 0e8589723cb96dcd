"""The data folder of one set of servers: one user at a time."""

import errno
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.embedded.errors import EmbeddedServerError


@contextmanager
def locked_folder(folder: Path) -> Iterator[Path]:
    """Create `folder` and hold it; a second holder gets a sentence instead of a damaged database.

    The kernel drops the lock when the process ends, however it ends.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("a")
    except OSError as error:
        raise unusable_folder(folder, error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = (
                f"Another Scriptorium already runs on the data folder {folder}: "
                "stop it first, or choose another folder with SCRIPTORIUM_DATA."
            )
            raise EmbeddedServerError(message) from error
        yield folder.absolute()


def unusable_folder(folder: Path, error: OSError) -> EmbeddedServerError:
    """Say in a sentence why nothing can be written there."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return EmbeddedServerError(f"The disk of {folder} is full: free some space, or set SCRIPTORIUM_DATA.")
    return EmbeddedServerError(f"The data folder {folder} cannot be used ({error.strerror}): set SCRIPTORIUM_DATA.")
