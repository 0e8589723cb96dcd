"""The browser's API: every route parses, authorises, and asks one operation or one other service."""

from web.api import documents, gateway, generations, identity, keys, money, prompts, snippets, streams

ROUTERS = (
    identity.router,
    prompts.router,
    prompts.tools,
    snippets.router,
    documents.router,
    generations.router,
    gateway.router,
    money.router,
    streams.router,
    keys.router,
)
