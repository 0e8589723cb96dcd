"""Where a project may send requests to, and how its keys rest."""

import base64
import secrets
import socket
from typing import Any

import aiohttp
import httpx2
import pytest

from llm_gateway.providers.addresses import AddressRefusedError, AddressRules, GuardedResolver, is_public
from llm_gateway.providers.sealing import SealBrokenError, Sealer
from llm_gateway.providers.transport import Access, http_client
from shared.contracts.ids import new_id
from shared.problems import Invalid


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",  # noqa: S104  an address that is refused
        "10.0.0.1",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_an_address_that_is_not_public_is_refused_however_it_is_written(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_a_public_address_passes(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://models.example.com/v1",
        "https://127.0.0.1/v1",
        "https://[::1]/v1",
        "https://[::ffff:127.0.0.1]/v1",
        "https://2130706433/v1",
        "https://0x7f000001/v1",
        "https://0177.0.0.1/v1",
        "https://127.1/v1",
        "https://169.254.169.254/latest",
        "https://user:word@models.example.com/v1",
        "https://models.example.com@127.0.0.1/v1",
        "https://models.example.com\\@127.0.0.1/v1",
        "https://models.example.com/v1?key=1",
        "https://models.example.com/v1#part",
        "https://models.example.com/%2e%2e",
        "https://models.example.com:0/v1",
        "https://models.example.com:99999/v1",
        "https://mödels.example.com/v1",
        "https://models.example.com/v1\r\nHost: other",
        "https:///v1",
        "ftp://models.example.com/v1",
        "file:///etc/passwd",
        "models.example.com/v1",
        "",
    ],
)
def test_an_address_with_a_trick_is_refused_before_anything_is_looked_up(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        AddressRules().check_url(url)
    assert [error["name"] for error in refused.value.extensions["errors"]] == ["base_url"]  # type: ignore[union-attr,index,call-overload]


@pytest.mark.parametrize(
    "url",
    [
        "https://models.example.com",
        "https://models.example.com/",
        "https://models.example.com:8443/openai/v1",
        "https://8.8.8.8/v1",
        "https://[2606:4700::1111]/v1",
    ],
)
def test_a_usual_address_passes(url: str) -> None:
    AddressRules().check_url(url)


def test_what_the_operator_lists_may_be_private_and_plain_at_that_port_only() -> None:
    rules = AddressRules(["127.0.0.1:11434", "gpu-box"])
    rules.check_url("http://127.0.0.1:11434/v1")
    rules.check_url("http://GPU-box:8000/v1")
    for url in ("http://127.0.0.1:11435/v1", "http://localhost:11434/v1"):
        with pytest.raises(Invalid):
            rules.check_url(url)


async def test_a_name_that_leads_to_this_machine_is_refused_unless_it_is_listed() -> None:
    with pytest.raises(AddressRefusedError):
        await AddressRules().resolve("localhost", 443)
    with pytest.raises(Invalid, match="private network"):
        await AddressRules().check_host("https://localhost/v1")
    assert await AddressRules(["localhost"]).resolve("localhost", 443)


async def test_a_name_that_is_nowhere_says_so() -> None:
    with pytest.raises(Invalid, match="cannot be found"):
        await AddressRules().check_host("https://nowhere.invalid/v1")


async def test_a_name_of_which_one_address_is_private_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, "8.8.8.8", "10.0.0.1")
    with pytest.raises(AddressRefusedError):
        await AddressRules().resolve("models.example.com", 443)


def answers(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Have every name lead to these addresses."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_options: found)


def guarded(rules: AddressRules | None) -> httpx2.AsyncClient:
    return http_client(Access("compatible", "", "k", "k", 2, 2, 2, rules=rules))


async def test_a_name_that_was_public_when_it_was_saved_and_is_not_any_more_is_not_connected(
    simulator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(simulator.url.rpartition(":")[2])
    rules = AddressRules()
    answers(monkeypatch, "8.8.8.8")
    await rules.check_host(f"https://models.example.com:{port}/v1")
    answers(monkeypatch, "127.0.0.1")
    async with guarded(rules) as client:
        with pytest.raises(httpx2.ConnectError, match="private network"):
            await client.get(f"http://models.example.com:{port}/healthz")
    connector = aiohttp.TCPConnector(resolver=GuardedResolver(rules))
    async with aiohttp.ClientSession(connector=connector) as session:
        with pytest.raises(aiohttp.ClientConnectorError) as refused:
            await session.get(f"http://models.example.com:{port}/healthz")
    assert isinstance(refused.value.os_error, AddressRefusedError)


async def test_a_listed_name_is_connected_by_both_clients(simulator: Any) -> None:
    address = simulator.url.replace("127.0.0.1", "localhost")
    rules = AddressRules([address.removeprefix("http://")])
    async with guarded(rules) as client:
        assert (await client.get(f"{address}/healthz")).status_code == 200
    connector = aiohttp.TCPConnector(resolver=GuardedResolver(rules))
    async with aiohttp.ClientSession(connector=connector) as session, session.get(f"{address}/healthz") as response:
        assert response.status == 200


async def test_literal_addresses_are_checked_at_connecting_too(simulator: Any) -> None:
    async with guarded(AddressRules()) as client:
        with pytest.raises(httpx2.ConnectError):
            await client.get(f"{simulator.url}/healthz")


def new_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def test_a_sealed_key_opens_for_its_connection_only() -> None:
    sealer, project, connection = Sealer(new_key()), new_id(), new_id()
    sealed = sealer.seal("sk-canary", project, connection)
    assert sealer.open(sealed, project, connection) == "sk-canary"
    for owner in ((new_id(), connection), (project, new_id()), (connection, project)):
        with pytest.raises(SealBrokenError):
            sealer.open(sealed, *owner)


def test_the_same_key_is_sealed_into_other_bytes_each_time() -> None:
    sealer, project, connection = Sealer(new_key()), new_id(), new_id()
    first, second = (sealer.seal("sk-canary", project, connection) for _ in range(2))
    assert first != second
    assert b"canary" not in first


def test_any_changed_byte_breaks_the_seal() -> None:
    sealer, project, connection = Sealer(new_key()), new_id(), new_id()
    sealed = sealer.seal("sk-canary", project, connection)
    for place in range(len(sealed)):
        broken = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(SealBrokenError):
            sealer.open(broken, project, connection)


def test_after_a_rotation_old_seals_open_and_new_ones_need_the_new_key() -> None:
    old, new, project, connection = new_key(), new_key(), new_id(), new_id()
    sealed = Sealer(old).seal("sk-canary", project, connection)
    rotated = Sealer(new, [old])
    assert rotated.open(sealed, project, connection) == "sk-canary"
    with pytest.raises(SealBrokenError):
        Sealer(old).open(rotated.seal("sk-canary", project, connection), project, connection)


@pytest.mark.parametrize("key", ["", "short", "A" * 44, base64.b64encode(bytes(31)).decode()])
def test_a_sealing_key_that_is_none_stops_the_start(key: str) -> None:
    with pytest.raises(ValueError, match="32 random bytes"):
        Sealer(key)
