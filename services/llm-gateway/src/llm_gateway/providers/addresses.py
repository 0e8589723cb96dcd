"""Where a project may send requests to: public addresses, and what the operator allows by name.

A name is checked when it is saved and again at each connection, which then goes to the very address that was
checked: a name that points elsewhere a moment later leads nowhere.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

import httpcore2
from aiohttp.abc import AbstractResolver, ResolveResult

from shared.problems import Invalid

# One reading only: no user, no escape, no backslash, about which two parsers could disagree.
_URL = re.compile(r"https?://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(:(?!0)\d{1,5})?(/[A-Za-z0-9._~-]+)*/?")
# A name ends in a word; a number in any base is an address in disguise.
_NAME = re.compile(r"([a-z0-9-]+\.)*[a-z][a-z0-9-]*\.?")
_PORTS = {"http": 80, "https": 443}
# RFC 6052: the last 32 bits are an IPv4 address that a translator sends it to.
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")

type Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRefusedError(OSError):
    """The host is at no address that a project may reach."""


class AddressRules:
    """Decides about hosts. `allowed` are the operator's exceptions: `host` or `host:port`."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        """Take the exceptions."""
        self._allowed = frozenset(entry.strip().lower() for entry in allowed)

    def check_url(self, url: str) -> None:
        """Pass for an address that may be kept. Raises Invalid with the reason; no name is looked up."""
        reason = self._refusal(url)
        if reason is not None:
            raise _invalid(reason)

    async def check_host(self, url: str) -> None:
        """Look the host up and pass where it may be reached. Raises Invalid with the reason."""
        host, port, _ = _parts(url)
        try:
            await self.resolve(host, port)
        except AddressRefusedError:
            raise _invalid(_PRIVATE) from None
        except OSError:
            sentence = "This host cannot be found. Check the address, or try again."
            raise _invalid(sentence) from None

    async def resolve(self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[str]:
        """Find the addresses of a host, all of which may be reached. Raises AddressRefusedError, or OSError."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not self._admits(host, port) and not all(map(is_public, addresses)):
            raise AddressRefusedError(_PRIVATE)
        return addresses

    def _admits(self, host: str, port: int) -> bool:
        name = host.lower().rstrip(".")
        return name in self._allowed or f"{name}:{port}" in self._allowed

    def _refusal(self, url: str) -> str | None:
        if not _URL.fullmatch(url):
            return "Write the address as https://host/path, without user, query or special characters."
        try:
            host, port, scheme = _parts(url)
        except ValueError:
            return "This port does not exist."
        if self._admits(host, port):
            return None
        if scheme != "https":
            return "The address must begin with https://, because a key travels to it."
        address = _literal(host)
        if address is None:
            return None if _NAME.fullmatch(host) else "This host is no name."
        return None if is_public(str(address)) else _PRIVATE


_PRIVATE = (
    "This host is on a private network. The operator of this installation can allow it with LLM_GATEWAY_ALLOWED_HOSTS."
)


def is_public(text: str) -> bool:
    """Whether an address is one of the public internet, also where it hides another one."""
    address: Address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        hidden = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in _TRANSLATED:
            hidden = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if hidden is not None:
            return is_public(str(hidden))
    return address.is_global and not address.is_multicast


class GuardedResolver(AbstractResolver):
    """For aiohttp: resolves to checked addresses. Literal addresses pass it by: `check_url` knows those."""

    def __init__(self, rules: AddressRules) -> None:
        """Take the rules."""
        self._rules = rules

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Find the addresses of a host. Raises AddressRefusedError, which aiohttp shows as a connection error."""
        addresses = await self._rules.resolve(host, port, family)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Nothing is kept open."""


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """For httpx2: connects to checked addresses; TLS still verifies the name."""

    def __init__(self, rules: AddressRules) -> None:
        """Take the rules."""
        self._rules = rules
        self._plain = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  the base class says so
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first address that answers. Raises httpcore2.ConnectError or ConnectTimeout."""
        refused: Exception = httpcore2.ConnectError("the host has no address")
        for address in await self._resolved(host, port, timeout):
            try:
                return await self._plain.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                refused = error
        raise refused

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._plain.sleep(seconds)

    async def _resolved(self, host: str, port: int, seconds: float | None) -> list[str]:
        try:
            async with asyncio.timeout(seconds):
                return await self._rules.resolve(host, port)
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore2.ConnectError(str(error)) from error


def _parts(url: str) -> tuple[str, int, str]:
    """Host, port and scheme. Raises ValueError for a port above 65535."""
    parts = urlsplit(url)
    port = parts.port if parts.port is not None else _PORTS[parts.scheme]
    return (parts.hostname or "").lower(), port, parts.scheme


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _invalid(reason: str) -> Invalid:
    return Invalid.of([{"name": "base_url", "code": "address_refused", "message": reason}])
