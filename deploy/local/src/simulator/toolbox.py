"""The tools that a call offers, and which of them the model takes."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from simulator.refusals import Refusal

type ToolMode = Literal["auto", "none", "required"]

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")


@dataclass(frozen=True, slots=True)
class Tool:
    """A function of the caller's that the model may ask for, with the JSON Schema of its arguments."""

    name: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The tools of one call and how free the model is in using them.

    `forced` names the only one that it may and must take. `characters` is the size of their definitions.
    """

    tools: tuple[Tool, ...] = ()
    mode: ToolMode = "auto"
    forced: str | None = None
    is_parallel: bool = True
    characters: int = 0

    def chosen(self, request: str) -> list[Tool]:
        """The tools that the model calls for this newest user message: those it names, or the one it must take.

        An empty `request` stands for a turn that is no user message: then only a must leads to a call.
        """
        if self.mode == "none":
            return []
        if self.forced is not None:
            return [tool for tool in self.tools if tool.name == self.forced]
        named = [tool for tool in self.tools if _is_named(tool.name, request)]
        if not named and self.mode == "required":
            named = list(self.tools[:1])
        return named if self.is_parallel else named[:1]


def read_tool(name: object, schema: object, param: str) -> Tool:
    """One definition of a tool; raises Refusal for a name or a schema that cannot be."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        message = f"Invalid '{param}.name': expected 1 to 128 letters, digits, underscores or hyphens."
        raise Refusal(kind="invalid_request", message=message, param=f"{param}.name")
    if schema is not None and not isinstance(schema, dict):
        message = f"Invalid schema for function '{name}': it is not an object."
        raise Refusal(kind="invalid_request", message=message, param=f"{param}.parameters")
    return Tool(name, schema or {"type": "object", "properties": {}})


def read_tool_list(tools: object) -> list[dict[str, Any]]:
    """The field `tools` as a list of objects; raises Refusal for anything else."""
    if tools is None:
        return []
    if not isinstance(tools, list) or not all(isinstance(tool, dict) for tool in tools):
        raise Refusal(kind="invalid_request", message="'tools' must be a list of tools", param="tools")
    return tools


def assemble_toolbox(
    tools: list[Tool], *, mode: ToolMode, forced: object, is_parallel: bool, definitions: object
) -> Toolbox:
    """The toolbox of one call; raises Refusal if a tool is forced that is not in it."""
    if forced is not None and forced not in {tool.name for tool in tools}:
        message = f"Tool choice '{forced}' not found in 'tools' parameter."
        raise Refusal(kind="invalid_request", message=message, param="tool_choice")
    size = len(json.dumps(definitions)) if tools else 0
    return Toolbox(tuple(tools), mode, str(forced) if forced is not None else None, is_parallel, size)


def _is_named(name: str, request: str) -> bool:
    spoken = re.escape(name).replace("_", "[_ ]").replace(r"\-", "[- ]")
    return re.search(rf"(?<![\w-]){spoken}(?![\w-])", request, re.IGNORECASE) is not None
