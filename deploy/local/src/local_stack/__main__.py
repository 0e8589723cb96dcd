"""`python -m local_stack up [--data DIR] [--port N]`: what `make run` runs.

`python -m local_stack link [--data DIR]` prints another sign-in link into the stack that runs.
"""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from pydantic import ValidationError

from local_stack.output import Terminal
from local_stack.settings import REPOSITORY, LocalStackSettings
from local_stack.stack import LocalStack
from shared.embedded.errors import EmbeddedServerError

STOPPED_BY_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# make passes on a signal that its whole process group has received already.
SAME_SIGNAL_SECONDS = 1.0


def main() -> int:
    """Run until a signal; return 1 with one sentence when it cannot start."""
    terminal = Terminal()
    try:
        arguments = _arguments(LocalStackSettings())
        stack = _stack_of_the_user(terminal, arguments)
        asyncio.run(_link(stack) if arguments.command == "link" else _up(stack, terminal))
    except EmbeddedServerError as error:
        terminal.problem(str(error))
        return 1
    except ValidationError as error:
        for wrong in error.errors():
            name = "_".join(map(str, wrong["loc"])).upper()
            terminal.problem(f"The setting SCRIPTORIUM_{name} cannot be {wrong['input']!r}: {wrong['msg']}.")
        return 1
    return 0


def _arguments(settings: LocalStackSettings) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="local_stack", description=__doc__)
    commands = parser.add_subparsers(required=True, dest="command")
    up = commands.add_parser("up", help="start all and keep it running")
    link = commands.add_parser("link", help="print a sign-in link into the stack that runs")
    for command in (up, link):
        command.add_argument("--data", type=Path, default=settings.data, help="data folder (SCRIPTORIUM_DATA)")
    up.add_argument("--port", type=int, default=settings.port, help="port of the web application (SCRIPTORIUM_PORT)")
    return parser.parse_args()


def _stack_of_the_user(terminal: Terminal, arguments: argparse.Namespace) -> LocalStack:
    return LocalStack(
        REPOSITORY / arguments.data,
        getattr(arguments, "port", None),
        service_settings=LocalStackSettings().for_services(),
        uses_provider_keys=True,
        terminal=terminal,
    )


async def _link(stack: LocalStack) -> None:
    sys.stdout.write(await stack.sign_in_link_of_running() + "\n")


async def _up(stack: LocalStack, terminal: Terminal) -> None:
    stop = _on_signals(terminal)
    starting = asyncio.create_task(stack.start())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if stopping.done():
        starting.cancel()
    try:
        await starting
        link = await stack.sign_in_link()
        terminal.box(
            [f"Scriptorium is ready at {stack.web_url}", "Sign in with this link (once, within 15 minutes):", link]
        )
        await stopping
    except asyncio.CancelledError:
        terminal.progress("stopped while starting")
    finally:
        stopping.cancel()
        await stack.stop()
    terminal.progress("all stopped; the data stays in " + str(stack.folder))


def _on_signals(terminal: Terminal) -> asyncio.Event:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    first_at = 0.0

    def handle() -> None:
        nonlocal first_at
        if not stop.is_set():
            first_at = loop.time()
            terminal.progress("stopping; once more ends everything at once")
            stop.set()
        elif loop.time() - first_at > SAME_SIGNAL_SECONDS:
            # Children die with us: asking twice is the emergency exit.
            os._exit(130)

    for number in STOPPED_BY_SIGNALS:
        loop.add_signal_handler(number, handle)
    return stop


if __name__ == "__main__":
    sys.exit(main())
