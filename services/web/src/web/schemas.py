"""What the browser sends and gets beside the other services' contracts."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.contracts.ids import ApiKeyId, ProjectId, UserId
from shared.contracts.llm_gateway import Generation, GenerationRequest, GenerationStatus, Segment
from shared.contracts.message import Command, View
from shared.contracts.web import Role
from web.domain import Name

Email = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254)]
# NIST SP 800-63B: length is what counts; the upper bound keeps hashing cheap.
Password = Annotated[str, StringConstraints(min_length=10, max_length=200)]


class UserView(View):
    """The person who is signed in."""

    id: UserId
    email: str
    name: str


class ProjectView(View):
    """A project as its member sees it; `slug` is its address."""

    id: ProjectId
    slug: str
    name: str
    role: Role
    personal: bool


class Session(View):
    """Who is signed in, where they are a member, and what they may do in the project that the header names."""

    set_up: bool
    user: UserView | None
    projects: list[ProjectView]
    capabilities: list[str]


class SetUp(Command):
    """The first account: its token comes with the sign-in link."""

    token: str = Field(max_length=200)
    email: Email
    name: Name
    password: Password


class SignIn(Command):
    """E-mail and password, or the token of a sign-in link."""

    email: str | None = Field(default=None, max_length=254)
    password: str | None = Field(default=None, max_length=200)
    token: str | None = Field(default=None, max_length=200)


class Status(View):
    """What runs here. Without a session only `version` and `set_up` are told.

    `gateway_url` is where other programs ask models with an API key; None where the operator did not say it.
    """

    version: str
    set_up: bool
    simulated: bool | None
    default_model: str | None
    gateway_url: str | None = None


class ProjectName(Command):
    """A project's new name."""

    name: Name


class ApiKeyView(View):
    """A key as lists show it: its beginning, never the whole."""

    id: ApiKeyId
    name: str
    prefix: str
    scopes: list[str]
    expires_at: datetime | None
    revoked_at: datetime | None
    created_at: datetime


class CreatedApiKey(ApiKeyView):
    """A new key with its text, which is shown this once."""

    api_key: str


class ApiKeyList(View):
    """The keys of a project, newest first."""

    items: list[ApiKeyView]


class SearchHit(View):
    """One thing that was found."""

    kind: Literal["prompt", "document", "snippet"]
    id: str
    title: str
    subtitle: str


class SearchHits(View):
    """What was found, best first within each kind."""

    items: list[SearchHit]


class GenerationProgress(View):
    """What is known of a running generation; money is absent when the price is unknown."""

    status: GenerationStatus
    output_tokens: int
    cost_usd: Decimal | None
    estimated: bool


class PlaygroundQuestion(Command):
    """What is asked of a model to try it."""

    request: GenerationRequest


class GenerationEvents(View):
    """The events of a generation's stream by name; each comes alone, as `event` and `data`."""

    segment: Segment
    progress: GenerationProgress
    end: Generation


class ReplayEvents(View):
    """The events of a generation that is played again by name."""

    segment: Segment
    end: Generation


class Change(View):
    """Something in the project changed: read it again."""

    entity: str
    id: str
    action: str
    time: str


class ProjectEvents(View):
    """The events of a project's stream by name; `hello` means that everything may have changed."""

    hello: dict[str, str]
    change: Change
