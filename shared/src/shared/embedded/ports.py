"""Ports of the embedded servers, always on the loopback address."""

import socket
from contextlib import ExitStack
from typing import Self

from pydantic import BaseModel, ConfigDict

LOOPBACK = "127.0.0.1"


class ServerPorts(BaseModel):
    """One TCP port a server."""

    model_config = ConfigDict(frozen=True)

    postgres: int
    nats: int
    redis: int

    @classmethod
    def free(cls) -> Self:
        """Choose three different ports on which nobody listens now."""
        postgres, nats, redis = free_ports(3)
        return cls(postgres=postgres, nats=nats, redis=redis)

    def are_free(self) -> bool:
        """Tell whether all three can be bound."""
        return all(is_free(port) for port in (self.postgres, self.nats, self.redis))


def free_ports(count: int) -> list[int]:
    """Choose `count` different ports that the kernel says are free; somebody may still be faster."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return [each.getsockname()[1] for each in sockets]


def is_free(port: int) -> bool:
    """Tell whether a server could bind `port` on the loopback address now."""
    with socket.socket() as probe:
        # Servers set it too: a port in TIME_WAIT after a restart counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
