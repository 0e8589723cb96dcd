"""The simulator's HTTP application: four model endpoints, the lists of models, the ledger and its health."""

import hashlib
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import takewhile
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator import wire_anthropic, wire_openai
from simulator.answers import compose_answer
from simulator.conversation import ModelCall, count_call_tokens
from simulator.delivery import Bill, Delivery, Plan, stream_script, whole_script
from simulator.faults import (
    FAULT_HEADER,
    FaultMemory,
    Faults,
    UnknownFaultError,
    parse_faults,
    rate_exceeded,
    split_model,
)
from simulator.ledger import Arrival, Call, Ledger
from simulator.refusals import CONTEXT_TOKENS, Refusal, context_exceeded, model_not_found
from simulator.wire import Json, Reply, Wire, dump, new_id
from simulator.wire_anthropic import Messages
from simulator.wire_embeddings import Embeddings
from simulator.wire_openai import ChatCompletions
from simulator.wire_responses import Responses

type Endpoint = Callable[[Request], Awaitable[Response]]

_MODELS = frozenset({wire_openai.MODEL, wire_anthropic.MODEL})


@dataclass(frozen=True, slots=True)
class SimulatorOptions:
    """How a simulator behaves when no fault says otherwise."""

    seed: int = 0
    chunk_seconds: float = 0.015
    ledger_file: Path | None = None


@dataclass(slots=True)
class _Simulator:
    options: SimulatorOptions
    ledger: Ledger
    memory: FaultMemory = field(default_factory=FaultMemory)


def create_app(options: SimulatorOptions) -> Starlette:
    """A simulator with an empty ledger of its own."""
    simulator = _Simulator(options, Ledger(options.ledger_file))
    wires: tuple[Wire, ...] = (ChatCompletions(), Responses(), Embeddings(), Messages())
    return Starlette(
        routes=[
            *(
                Route(f"{prefix}{wire.path}", _model_endpoint(simulator, wire), methods=["POST"])
                for wire in wires
                for prefix in wire.prefixes
            ),
            Route("/v1/models", _list_models, methods=["GET"]),
            Route("/v1/models/{model}", _show_model, methods=["GET"]),
            Route("/ledger", _ledger_endpoint(simulator), methods=["GET", "DELETE"]),
            Route("/healthz", _health, methods=["GET"]),
            Route("/readyz", _health, methods=["GET"]),
        ]
    )


def _model_endpoint(simulator: _Simulator, wire: Wire) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        body = _parse(await request.body())
        call = simulator.ledger.open(_arrival(request, wire, body))
        request_id = new_id("req_", 32)
        try:
            return _answer(simulator, wire, _Asked(request, body, call, request_id))
        except Refusal as refusal:
            return _refuse(simulator, wire, call, refusal, request_id)

    return endpoint


@dataclass(frozen=True, slots=True)
class _Asked:
    request: Request
    body: Json | None
    entry: Call
    request_id: str


def _parse(raw: bytes) -> Json | None:
    try:
        body = json.loads(raw)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _arrival(request: Request, wire: Wire, body: Json | None) -> Arrival:
    asked = body or {}
    return Arrival(
        path=wire.path,
        model=str(asked.get("model", "")),
        key=_key(request, wire),
        client_request_id=request.headers.get("x-client-request-id"),
        traceparent="traceparent" in request.headers,
        stream=asked.get("stream") is True,
    )


def _key(request: Request, wire: Wire) -> str:
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    named = (request.headers.get(name, "") for name in wire.key_headers)
    return next((key.removeprefix("Bearer ").strip() for key in named if key), bearer)


def _answer(simulator: _Simulator, wire: Wire, asked: _Asked) -> Response:
    if not asked.entry.key_hash:
        raise Refusal(kind="authentication", message="You didn't provide an API key.")
    if asked.body is None:
        raise Refusal(kind="invalid_request", message="We could not parse the JSON body of your request.")
    model_call = wire.read_call(asked.body)
    faults = _faults(wire, model_call, asked.request)
    _refuse_on_request(simulator, faults, asked)
    if (tokens := count_call_tokens(model_call)) > CONTEXT_TOKENS:
        raise context_exceeded(tokens)
    _forget_spent_flaw(simulator, faults, model_call)
    answer = compose_answer(simulator.options.seed, model_call, faults)
    reply = Reply(new_id(wire.response_id_prefix), int(time.time()), model_call, answer)
    return _deliver(simulator, wire, asked, reply, faults)


def _faults(wire: Wire, call: ModelCall, request: Request) -> Faults:
    name, spec = split_model(call.model)
    if name != wire.model and (name in _MODELS or not spec):
        raise model_not_found(call.model)
    try:
        parse_faults(spec)
    except UnknownFaultError as error:
        raise model_not_found(call.model) from error
    try:
        return parse_faults(spec, request.headers.get(FAULT_HEADER, ""))
    except UnknownFaultError as error:
        raise Refusal(kind="invalid_request", message=f"{FAULT_HEADER}: {error}") from error


def _refuse_on_request(simulator: _Simulator, faults: Faults, asked: _Asked) -> None:
    rate, identity = faults.calls_per_second, f"{asked.entry.key_hash} {asked.entry.model}"
    if rate is not None and not simulator.memory.has_room(identity, rate):
        raise rate_exceeded()
    refusal = faults.raised()
    if faults.refuse_once:
        refusal = refusal if simulator.memory.is_first(*_identities(asked)) else None
    if refusal is None and faults.error_after_chunks is not None and not asked.entry.stream:
        refusal = Refusal(kind="server_error", message="The server had an error while processing your request.")
    if refusal is not None:
        raise refusal


def _identities(asked: _Asked) -> list[str]:
    # A client may keep its request id for a retry or take a new one; the same body is the same call either way.
    body = hashlib.sha256(json.dumps(asked.body, sort_keys=True).encode()).hexdigest()
    return [body, *filter(None, [asked.entry.client_request_id])]


def _forget_spent_flaw(simulator: _Simulator, faults: Faults, call: ModelCall) -> None:
    # Asking again for better JSON makes the conversation longer, so it is known by how it began.
    begun = list(takewhile(lambda message: message.role != "assistant", call.messages))
    if faults.flaw_once and not simulator.memory.is_first(f"flaw {call.model} {begun}"):
        faults.json_flaw = None


def _deliver(simulator: _Simulator, wire: Wire, asked: _Asked, reply: Reply, faults: Faults) -> Response:
    entry, answer = asked.entry, reply.answer
    entry.status, entry.response_id, entry.task = HTTPStatus.OK, reply.response_id, answer.task
    pace = simulator.options.chunk_seconds if faults.pace_seconds is None else faults.pace_seconds
    headers = [(name.encode(), value.encode()) for name, value in wire.headers(asked.request_id).items()]
    plan = Plan(headers, faults, pace)
    if reply.call.stream:
        script = stream_script(plan, wire.transcript(reply), entry)
    else:
        script = whole_script(plan, dump(wire.whole(reply)), entry, len(answer.chunks))
    return Delivery(Bill(simulator.ledger, entry, answer), script)


def _refuse(simulator: _Simulator, wire: Wire, entry: Call, refusal: Refusal, request_id: str) -> Response:
    status, body = wire.refusal(refusal, request_id)
    entry.status = status
    simulator.ledger.close(entry, "refused")
    headers = wire.headers(request_id)
    if refusal.retry_after_seconds is not None:
        headers["retry-after"] = str(refusal.retry_after_seconds)
    return JSONResponse(body, status, headers)


async def _list_models(request: Request) -> Response:
    is_anthropic = "anthropic-version" in request.headers
    return JSONResponse(wire_anthropic.model_list() if is_anthropic else wire_openai.model_list())


async def _show_model(request: Request) -> Response:
    is_anthropic, model = "anthropic-version" in request.headers, request.path_params["model"]
    wire: Wire = Messages() if is_anthropic else ChatCompletions()
    if model != wire.model:
        status, body = wire.refusal(model_not_found(model), new_id("req_", 32))
        return JSONResponse(body, status)
    return JSONResponse(wire_anthropic.model_description() if is_anthropic else wire_openai.model_description())


def _ledger_endpoint(simulator: _Simulator) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        if request.method == "DELETE":
            simulator.ledger.clear()
            simulator.memory.clear()
            return Response(status_code=HTTPStatus.NO_CONTENT)
        return Response(simulator.ledger.as_json(), media_type="application/json")

    return endpoint


async def _health(_: Request) -> Response:
    return JSONResponse({"status": "ok"})
