"""One running house for all stories of a test process."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from local_stack.stack import LocalStack
from tests.member import Member, member_at


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalStack]:
    """Start servers, services and simulator as `make run` does, on free ports and an empty folder."""
    folder: Path = tmp_path_factory.mktemp("stack")
    async with LocalStack(folder, is_durable=False, service_settings={"LOG_LEVEL": "warning"}) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def admin(stack: LocalStack) -> AsyncIterator[Member]:
    """Set the house up, unless a story in the browser has done so, and keep its first admin signed in."""
    async with member_at(stack.web_url) as member:
        if (await member.get("/api/session"))["set_up"]:
            await member.sign_in()
        else:
            await member.set_up(await stack.sign_in_link())
        yield member
