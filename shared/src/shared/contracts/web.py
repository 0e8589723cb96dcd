"""What web answers and tells: who a key or a person is, projects and members."""

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, Field

from shared.contracts.ids import ApiKeyId, ProjectId, UserId
from shared.contracts.message import Fact, Request, View

_USER = "us_00000000007000400000000001"
_PROJECT = "pj_00000000007000400000000002"
_KEY = "ak_00000000007000400000000003"
_OTHERS = ("prompts", "documents", "llm_gateway", "workflows")

Role = Literal["viewer", "context_engineer", "admin"]


class KeyIdentity(View):
    """Who an API key acts as: one project, and the scopes that it was given."""

    api_key_id: ApiKeyId
    project_id: ProjectId
    owner_id: UserId
    scopes: list[str]


class Membership(View):
    """A person's role in a project; None for somebody who is not, or no longer, a member."""

    role: Role | None


class IntrospectKey(Request[KeyIdentity]):
    """Say whose API key this is. An unknown, expired or revoked key is the problem `api-key-refused`.

    Asked by the edge of each service before it knows a caller, so it needs no identity of a person.
    """

    subject: ClassVar[str] = "request.web.introspect_key.v1"
    action: ClassVar[str] = "keys.introspect"
    callers: ClassVar[tuple[str, ...]] = _OTHERS
    answer: ClassVar[type[BaseModel]] = KeyIdentity
    sample: ClassVar[dict[str, Any]] = {"api_key": "sk_example"}
    api_key: str = Field(max_length=200, repr=False)


class GetMembership(Request[Membership]):
    """Say which role a person has in the project now. Long work asks it at each step."""

    subject: ClassVar[str] = "request.web.get_membership.v1"
    action: ClassVar[str] = "members.check"
    callers: ClassVar[tuple[str, ...]] = _OTHERS
    answer: ClassVar[type[BaseModel]] = Membership
    sample: ClassVar[dict[str, Any]] = {"user_id": _USER}
    user_id: UserId


class ProjectCreated(Fact):
    """A project was made."""

    subject: ClassVar[str] = "fact.web.project.created.v1"
    sample: ClassVar[dict[str, Any]] = {"project_id": _PROJECT, "slug": "personal"}
    project_id: ProjectId
    slug: str


class ProjectRenamed(Fact):
    """A project has another name; its address stays."""

    subject: ClassVar[str] = "fact.web.project.renamed.v1"
    sample: ClassVar[dict[str, Any]] = {"project_id": _PROJECT, "name": "Fiction"}
    project_id: ProjectId
    name: str


class UserSignedUp(Fact):
    """A person has an account."""

    subject: ClassVar[str] = "fact.web.user.signed_up.v1"
    sample: ClassVar[dict[str, Any]] = {"user_id": _USER}
    user_id: UserId


class ApiKeyCreated(Fact):
    """An API key was made."""

    subject: ClassVar[str] = "fact.web.api_key.created.v1"
    sample: ClassVar[dict[str, Any]] = {"api_key_id": _KEY}
    api_key_id: ApiKeyId


class ApiKeyRevoked(Fact):
    """An API key is no longer good; caches forget it at once."""

    subject: ClassVar[str] = "fact.web.api_key.revoked.v1"
    sample: ClassVar[dict[str, Any]] = {"api_key_id": _KEY}
    api_key_id: ApiKeyId
