"""API keys for the browser."""

from typing import Any

from shared.contracts.ids import ApiKeyId
from shared.contracts.prompts import Done
from web import schemas
from web.api.edge import BrowserRouter, EdgeOf, MemberCall
from web.domain import ApiKey, NewApiKey

router = BrowserRouter(prefix="/api/keys", tags=["keys"])


def _shown(key: ApiKey) -> dict[str, Any]:
    """Leave the hash out."""
    return {name: getattr(key, name) for name in schemas.ApiKeyView.model_fields}


@router.get("", action="keys.manage")
async def list_keys(edge: EdgeOf, call: MemberCall) -> schemas.ApiKeyList:
    """List the keys of the project, the revoked ones included."""
    return schemas.ApiKeyList(items=[schemas.ApiKeyView(**_shown(key)) for key in await edge.keys.list(call)])


@router.post("", action="keys.manage", status_code=201)
async def create_key(body: NewApiKey, edge: EdgeOf, call: MemberCall) -> schemas.CreatedApiKey:
    """Make a key. Its text is in this answer and nowhere else: the same request again is refused."""
    key, text = await edge.keys.create(call, body)
    return schemas.CreatedApiKey(api_key=text, **_shown(key))


@router.delete("/{api_key_id}", action="keys.manage")
async def revoke_key(api_key_id: ApiKeyId, edge: EdgeOf, call: MemberCall) -> Done:
    """End a key everywhere at once."""
    return await edge.keys.revoke(call, api_key_id)
