"""What operations work with."""

from dataclasses import dataclass

from prompts.templating.pool import TemplatePool
from shared.bus import Bus
from shared.postgres import Database


@dataclass(frozen=True)
class Desk:
    """The service's database, its renderers, and the bus to ask others with."""

    database: Database
    templates: TemplatePool
    bus: Bus
