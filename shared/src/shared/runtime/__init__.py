"""How a service runs: settings, logs, telemetry, readiness, background work, graceful stop."""

from shared.runtime.house import House, open_house
from shared.runtime.logs import logger
from shared.runtime.process import run
from shared.runtime.settings import ServiceSettings

__all__ = ["House", "ServiceSettings", "logger", "open_house", "run"]
