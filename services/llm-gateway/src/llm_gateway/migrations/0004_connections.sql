-- What a project brings of its own: accounts at providers, models with prices, names for chains of models, settings.

CREATE TABLE connections (
    project_id uuid NOT NULL,
    id uuid NOT NULL,
    -- The first part of the names of its models: `name/model`. The name of a provider replaces the installation's own.
    name text NOT NULL CHECK (name ~ '^[a-z][a-z0-9-]{0,39}$'),
    provider text NOT NULL CHECK (provider IN ('openai', 'anthropic', 'xai', 'groq', 'azure', 'compatible')),
    base_url text,
    -- AES-GCM under the installation's key, bound to project and connection; never read by an interface.
    sealed_key bytea,
    key_hint text,
    revision integer NOT NULL DEFAULT 1,
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, name)
);
SELECT protect_table('connections');

CREATE TABLE custom_models (
    project_id uuid NOT NULL,
    -- `connection/name`, as callers write it.
    model text NOT NULL,
    context_tokens integer CHECK (context_tokens > 0),
    max_output_tokens integer CHECK (max_output_tokens > 0),
    input_usd_per_million numeric CHECK (input_usd_per_million >= 0),
    cached_input_usd_per_million numeric CHECK (cached_input_usd_per_million >= 0),
    output_usd_per_million numeric CHECK (output_usd_per_million >= 0),
    capabilities text[] NOT NULL DEFAULT '{}',
    retires_on date,
    updated_by uuid NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, model)
);
SELECT protect_table('custom_models');

CREATE TABLE model_aliases (
    project_id uuid NOT NULL,
    name text NOT NULL CHECK (name ~ '^[a-z][a-z0-9.-]{0,79}$'),
    -- Asked in this order; the next one where the one before cannot answer.
    targets text[] NOT NULL CHECK (cardinality(targets) BETWEEN 1 AND 8),
    updated_by uuid NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, name)
);
SELECT protect_table('model_aliases');

CREATE TABLE gateway_settings (
    project_id uuid PRIMARY KEY,
    -- How long answers are kept for equal questions; NULL keeps none.
    cache_seconds integer CHECK (cache_seconds BETWEEN 1 AND 2592000),
    -- What a million tokens of an unpriced model are taken to cost at most; NULL refuses such models under a budget.
    unknown_price_ceiling_usd_per_million numeric CHECK (unknown_price_ceiling_usd_per_million >= 0),
    updated_by uuid NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);
SELECT protect_table('gateway_settings');
