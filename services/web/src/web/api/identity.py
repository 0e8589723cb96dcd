"""Who is here: setting up, signing in and out, status, search."""

import asyncio
from importlib.metadata import version

from fastapi import Request, Response

from shared import policy
from shared.call import Call
from shared.contracts.documents import DocumentPage, ListDocuments
from shared.contracts.ids import encode_id
from shared.contracts.llm_gateway import ListModels
from shared.contracts.prompts import Done, ListPrompts, ListSnippets, PromptPage, SnippetPage
from shared.http import request_id_of
from shared.problems import Problem
from web import schemas
from web.api.edge import PROJECT_HEADER, Ask, BrowserRouter, EdgeOf, MemberCall, PossibleVisitor, SessionOf
from web.domain import SignInRefused, Visitor
from web.operations.accounts import Credentials, NewAccount

router = BrowserRouter(prefix="/api", tags=["identity"])
HITS_PER_KIND = 7
MOST_HITS = 20


def _view(visitor: Visitor | None, project: str | None, *, set_up: bool) -> schemas.Session:
    """Show a session. A project header that leads nowhere leaves the capabilities empty."""
    if visitor is None:
        return schemas.Session(set_up=set_up, user=None, projects=[], capabilities=[])
    capabilities = policy.allowed_actions(visitor.identity_in(project)) if visitor.knows(project) else []
    projects = [
        schemas.ProjectView(id=m.project_id, slug=m.slug, name=m.name, role=m.role, personal=m.personal)
        for m in visitor.memberships
    ]
    user = schemas.UserView(id=visitor.user.id, email=visitor.user.email, name=visitor.user.name)
    return schemas.Session(set_up=set_up, user=user, projects=projects, capabilities=capabilities)


@router.get("/session", action="open")
async def get_session(request: Request, edge: EdgeOf, visitor: PossibleVisitor) -> schemas.Session:
    """Say who is signed in; nobody is an answer too."""
    set_up = visitor is not None or await edge.accounts.is_set_up()
    return _view(visitor, request.headers.get(PROJECT_HEADER), set_up=set_up)


@router.post("/setup", action="open", status_code=201)
async def set_up(
    body: schemas.SetUp, request: Request, response: Response, edge: EdgeOf, earlier: SessionOf
) -> schemas.Session:
    """Make the first account with the token of the sign-in link, and sign it in."""
    account = NewAccount(body.email, body.name, body.password)
    session = await edge.accounts.set_up(body.token, account, request_id_of(request), earlier)
    edge.give_session(response, session)
    return _view(await edge.accounts.visitor(session), None, set_up=True)


@router.post("/session", action="open")
async def sign_in(
    body: schemas.SignIn, request: Request, response: Response, edge: EdgeOf, earlier: SessionOf
) -> schemas.Session:
    """Sign in with e-mail and password, or with a sign-in link's token.

    The browser gets a new session each time; the one that it came with ends.
    """
    if body.token:
        session = await edge.accounts.sign_in_by_link(body.token, earlier)
    elif body.email and body.password:
        address = request.client.host if request.client else ""
        session = await edge.accounts.sign_in(Credentials(body.email.strip(), body.password, address), earlier)
    else:
        text = "Type your e-mail and your password."
        raise SignInRefused(text)
    edge.give_session(response, session)
    return _view(await edge.accounts.visitor(session), None, set_up=True)


@router.delete("/session", action="open")
async def sign_out(response: Response, edge: EdgeOf, session: SessionOf) -> Done:
    """End the session; saying it twice changes nothing."""
    if session:
        await edge.accounts.sign_out(session)
    edge.take_session(response)
    return Done()


@router.get("/status", action="open")
async def get_status(request: Request, edge: EdgeOf, visitor: PossibleVisitor) -> schemas.Status:
    """Say which version runs and, to those who are in one of their projects, whether models are simulated."""
    told = version("scriptorium-web")
    project = request.headers.get(PROJECT_HEADER)
    if visitor is None or not visitor.knows(project):
        set_up = visitor is not None or await edge.accounts.is_set_up()
        return schemas.Status(version=told, set_up=set_up, simulated=None, default_model=None, gateway_url=None)
    call = Call(visitor.identity_in(project), request_id_of(request))
    catalogue = await edge.bus.request(call, ListModels())
    simulated = next((m.simulated for m in catalogue.items if m.id == catalogue.default_model), None)
    return schemas.Status(
        version=told,
        set_up=True,
        simulated=simulated,
        default_model=catalogue.default_model,
        gateway_url=edge.gateway_url,
    )


@router.get("/search", action="prompts.read")
async def search(q: str, ask: Ask) -> schemas.SearchHits:
    """Find prompts, documents and snippets by the words that begin in them.

    A part that is away is left out; where all are, that is the answer.
    """
    words = q.replace("\0", " ")[:200]
    asked = (
        ask(ListPrompts(query=words, limit=HITS_PER_KIND)),
        ask(ListDocuments(query=words, limit=HITS_PER_KIND)),
        ask(ListSnippets(query=words)),
    )
    answers = await asyncio.gather(*asked, return_exceptions=True)
    failures = [answer for answer in answers if isinstance(answer, BaseException)]
    bugs = [failure for failure in failures if not isinstance(failure, Problem)]
    if bugs or len(failures) == len(answers):
        raise next(iter(bugs or failures))
    items = [hit for answer in answers for hit in _hits(answer)]
    return schemas.SearchHits(items=items[:MOST_HITS])


def _hits(answer: object) -> list[schemas.SearchHit]:
    if isinstance(answer, PromptPage):
        return [
            schemas.SearchHit(kind="prompt", id=encode_id("pr", p.id), title=p.title, subtitle=p.description or p.slug)
            for p in answer.items
        ]
    if isinstance(answer, DocumentPage):
        return [
            schemas.SearchHit(kind="document", id=encode_id("do", d.id), title=d.title, subtitle=d.prompt_title or "")
            for d in answer.items
        ]
    if isinstance(answer, SnippetPage):
        return [
            schemas.SearchHit(kind="snippet", id=s.name, title=f"@{s.name}", subtitle=s.description)
            for s in answer.items[:HITS_PER_KIND]
        ]
    return []


@router.patch("/projects/current", action="projects.manage")
async def rename_project(body: schemas.ProjectName, edge: EdgeOf, call: MemberCall) -> Done:
    """Give the project another name; its address stays."""
    await edge.accounts.rename_project(call, body.name)
    return Done()
