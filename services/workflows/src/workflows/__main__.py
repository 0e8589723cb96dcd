"""Run workflows: `python -m workflows serve | migrate | openapi`."""

from shared.runtime import run
from workflows.main import opened
from workflows.settings import WorkflowsSettings

if __name__ == "__main__":
    run("workflows", WorkflowsSettings, opened, None)
