"""The models that a project can ask, and those that it could."""

from llm_gateway.domain.connections import SIMULATOR, Connection
from llm_gateway.operations.catalogue import Catalogue, ProjectCatalogue
from shared.call import Call
from shared.contracts.llm_gateway import ListModels, Model, ModelCatalogue


async def list_models(catalogue: Catalogue, call: Call, _command: ListModels) -> ModelCatalogue:
    """List the models by connection, those first that can be asked; say of the others what is missing."""
    found = await catalogue.of(call.project_id)
    ordered = sorted(
        found.connections.values(), key=lambda each: (each.missing is not None, each.provider == SIMULATOR)
    )
    items = [_model(found, connection, name) for connection in ordered for name in _names(found, connection)]
    return ModelCatalogue(items=items, default_model=found.default_model)


def _names(found: ProjectCatalogue, connection: Connection) -> list[str]:
    names = found.names_of(connection)
    prefix, _, chosen = found.default_model.partition("/")
    is_unlisted = prefix == connection.name and chosen not in names
    return [chosen, *names] if is_unlisted else names


def _model(found: ProjectCatalogue, connection: Connection, name: str) -> Model:
    known = found.described(connection, name)
    full = f"{connection.name}/{name}"
    return Model(
        id=full,
        provider=connection.provider,
        name=name,
        simulated=connection.provider == SIMULATOR,
        available=connection.missing is None,
        unavailable_reason=connection.missing,
        context_tokens=known.context_tokens,
        max_output_tokens=known.max_output_tokens,
        input_usd_per_million=known.rates.input_usd_per_million if known.rates else None,
        output_usd_per_million=known.rates.output_usd_per_million if known.rates else None,
        capabilities=list(known.capabilities),
        retires_on=known.retires_on,
        aliases=found.aliases_of(full),
    )
