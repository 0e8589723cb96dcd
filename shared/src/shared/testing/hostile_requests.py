"""Requests that nobody would write, made from a service's OpenAPI document and sent to its app in this process."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from httpx2 import AsyncClient, InvalidURL
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


@dataclass
class HostileRequests:
    """Sends what fits the document, and what does not, to each operation: the same requests in every run.

    `known_ids` are path parameters of rows that exist, taken every second time so that requests get past the 404;
    never for DELETE, which would take the rows away from the others.
    """

    client: AsyncClient
    document: dict[str, Any]
    known_ids: Mapping[str, str]
    examples: int = 6
    sent: int = field(default=0, init=False)
    failures: list[str] = field(default_factory=list, init=False)

    async def send(self) -> list[str]:
        """Send them all; list those that were answered with 5xx."""
        loop = asyncio.get_running_loop()
        read = schemathesis.openapi.from_dict(self.document).get_all_operations()
        operations = [found.ok() for found in read if isinstance(found, Ok)]
        for cases in [each.as_strategy(generation_mode=mode) for each in operations for mode in MODES]:
            await asyncio.to_thread(self._probe, loop, cases)
        return self.failures

    def _probe(self, loop: asyncio.AbstractEventLoop, cases: SearchStrategy[Any]) -> None:
        """Hypothesis is synchronous and the app's connections belong to the loop: so this runs beside it."""

        @given(cases)
        @settings(
            max_examples=self.examples,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def probe(case: Any) -> None:
            asyncio.run_coroutine_threadsafe(self._send(case), loop).result()

        probe()

    async def _send(self, case: Any) -> None:
        if self.sent % 2 and case.method != "DELETE":
            case.path_parameters.update({name: self.known_ids[name] for name in case.path_parameters})
        self.sent += 1
        sent = case.as_transport_kwargs(base_url=str(self.client.base_url).rstrip("/"))
        body = {"content": json.dumps(sent["json"])} if "json" in sent else {"content": sent.get("data")}
        try:
            answer = await self.client.request(
                sent["method"], sent["url"], headers=_own_headers(sent), params=sent["params"], **body
            )
        except (InvalidURL, UnicodeEncodeError):
            # What no client can put on the wire reaches no server.
            return
        if answer.status_code >= 500:
            self.failures.append(f"{case.method} {sent['url']} {sent['params']} {body}: {answer.text}")


def _own_headers(sent: dict[str, Any]) -> dict[str, str]:
    """Leave the key of the client in place: without it every answer would be 401."""
    return {name: value for name, value in sent["headers"].items() if name.lower() in {"content-type", "if-match"}}
