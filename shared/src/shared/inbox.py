"""The inbox: a reader claims an event's id in the transaction of its effect, so that the effect happens once."""

from shared.call import Event
from shared.contracts.message import Fact, Job
from shared.postgres import Connection


async def claim(conn: Connection, reader: str, event: Event[Fact] | Event[Job]) -> bool:
    """Claim the event for `reader`, its durable's name. False: its effect is already committed, change nothing.

    A second delivery at the same moment waits here until the first commits or fails.
    """
    status = await conn.execute(
        "INSERT INTO inbox (reader, event_id, project_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        reader,
        event.envelope.id,
        event.envelope.project_id,
    )
    return bool(status.endswith(" 1"))
