"""The model catalogue of this installation."""

from llm_gateway.providers.catalogue import KNOWN_MODELS, SIMULATED_MODELS
from llm_gateway.providers.connections import SIMULATOR, Connection, Providers
from llm_gateway.providers.prices import find_rates
from shared.call import Call
from shared.contracts.llm_gateway import ListModels, Model, ModelCatalogue


async def list_models(providers: Providers, _call: Call, _command: ListModels) -> ModelCatalogue:
    """List the models by provider, those first that can be asked; say of the others what is missing."""
    unique = {connection.provider: connection for connection in providers.connections}.values()
    ordered = sorted(unique, key=lambda connection: (connection.missing is not None, connection.provider == SIMULATOR))
    items = [_model(connection, name) for connection in ordered for name in _names(providers, connection)]
    return ModelCatalogue(items=items, default_model=providers.default_model)


def _names(providers: Providers, connection: Connection) -> list[str]:
    if connection.provider == SIMULATOR:
        return list(SIMULATED_MODELS)
    names = list(KNOWN_MODELS.get(connection.provider, ()))
    provider, _, chosen = providers.default_model.partition("/")
    is_unlisted = provider == connection.provider and chosen not in names
    return [chosen, *names] if is_unlisted else names


def _model(connection: Connection, name: str) -> Model:
    rates = find_rates(connection.provider, name)
    return Model(
        id=f"{connection.provider}/{name}",
        provider=connection.provider,
        name=name,
        simulated=connection.provider == SIMULATOR,
        available=connection.missing is None,
        unavailable_reason=connection.missing,
        context_tokens=rates.context_tokens if rates else None,
        input_usd_per_million=rates.input_usd_per_million if rates else None,
        output_usd_per_million=rates.output_usd_per_million if rates else None,
    )
