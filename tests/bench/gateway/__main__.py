"""`python -m tests.bench.gateway [TARGET ...]`: measure the gateways and write their part of docs/benchmarks.md.

With names of targets (direct, Scriptorium, LiteLLM, Portkey) only those are measured and nothing is written.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.bench.gateway.accounting import accounted_for, calls_of
from tests.bench.gateway.measuring import Figures, measure
from tests.bench.gateway.programs import UnavailableError, provider
from tests.bench.gateway.report import table, write_gateways
from tests.bench.gateway.targets import TARGETS


async def main(names: list[str]) -> None:
    """Measure one target after the other, each alone on the machine."""
    every: list[Figures] = []
    absent: dict[str, str] = {}
    accounts = ""
    with tempfile.TemporaryDirectory(prefix="scriptorium-bench-") as folder:
        async with provider(Path(folder)) as provider_url:
            for name in names or TARGETS:
                try:
                    async with TARGETS[name](provider_url) as target:
                        before = await calls_of(provider_url)
                        every.append(await measure(target))
                        accounts += await accounted_for(target, await calls_of(provider_url) - before)
                except UnavailableError as reason:
                    absent[name] = str(reason)
                    sys.stderr.write(f"{name}: {reason}\n")
    if names:
        sys.stdout.write(f"{table(every)}\n{accounts}\n")
    else:
        write_gateways(every, absent, accounts)


if __name__ == "__main__":
    if unknown := set(sys.argv[1:]) - set(TARGETS):
        sys.exit(f"Unknown: {', '.join(unknown)}. Targets are {', '.join(TARGETS)}.")
    asyncio.run(main(sys.argv[1:]))
