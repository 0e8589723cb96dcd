"""Starts a program that does not outlive us: `launch.py PARENT_PID SIGNAL program [argument ...]`.

Runs as a script of its own without imports of ours, because the kernel's parent-death signal must
be asked for by the child between fork and exec, and Python forbids running code there in a process
with threads. Elsewhere than on Linux the program is started without that protection.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Arm the signal, give up when the parent is already gone, become the program."""
    parent, signal_number, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit("the parent process is gone")
    os.execv(command[0], command)  # noqa: S606  no shell is the point


if __name__ == "__main__":
    main()
