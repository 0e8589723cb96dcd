-- Generations, their text, the calls to providers, and what each call cost.

CREATE TABLE generations (
    project_id uuid NOT NULL,
    id uuid NOT NULL,
    actor_id uuid NOT NULL,
    request_id text NOT NULL,
    task text NOT NULL,
    prompt_version_id uuid,
    origin jsonb NOT NULL,
    request jsonb NOT NULL,
    continues uuid,
    model text NOT NULL,
    provider text NOT NULL,
    simulated boolean NOT NULL,
    status text NOT NULL CHECK (status IN ('queued', 'running', 'completed', 'failed', 'cancelled', 'interrupted')),
    owner uuid,
    epoch bigint NOT NULL DEFAULT 0,
    lease_until timestamptz,
    cancel_requested boolean NOT NULL DEFAULT false,
    last_segment integer NOT NULL DEFAULT 0,
    inherited_segments integer NOT NULL DEFAULT 0,
    characters bigint NOT NULL DEFAULT 0,
    inherited_characters bigint NOT NULL DEFAULT 0,
    input_characters bigint NOT NULL,
    finish_reason text,
    content_hash text,
    problem jsonb,
    provider_response_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz,
    -- The id first: the statements for many generations find each row by it, however many projects they name.
    PRIMARY KEY (id, project_id),
    FOREIGN KEY (continues, project_id) REFERENCES generations (id, project_id),
    CHECK ((status = 'running') = (owner IS NOT NULL)),
    CHECK ((status = 'running') = (lease_until IS NOT NULL)),
    CHECK ((status IN ('queued', 'running')) = (finished_at IS NULL)),
    CHECK ((finished_at IS NULL) = (content_hash IS NULL))
) WITH (fillfactor = 70); -- room on each page, so that the update beside each segment stays off the indexes
SELECT protect_table('generations');
SELECT open_to_relay('generations');
CREATE INDEX generations_leased ON generations (lease_until) WHERE status = 'running';
CREATE INDEX generations_owned ON generations (owner) WHERE status = 'running';
CREATE INDEX generations_waiting ON generations (created_at) WHERE status = 'queued';

CREATE TABLE segments (
    project_id uuid NOT NULL,
    generation_id uuid NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    text text NOT NULL,
    PRIMARY KEY (project_id, generation_id, number),
    FOREIGN KEY (generation_id, project_id) REFERENCES generations (id, project_id)
);
SELECT protect_table('segments');

CREATE TABLE provider_attempts (
    project_id uuid NOT NULL,
    id uuid NOT NULL,
    generation_id uuid NOT NULL,
    number integer NOT NULL,
    epoch bigint NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    status text NOT NULL DEFAULT 'started' CHECK (status IN ('started', 'succeeded', 'failed', 'cancelled', 'abandoned')),
    provider_response_id text,
    error text,
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, generation_id, number),
    FOREIGN KEY (generation_id, project_id) REFERENCES generations (id, project_id),
    CHECK ((status = 'started') = (finished_at IS NULL))
);
SELECT protect_table('provider_attempts');
CREATE INDEX provider_attempts_open ON provider_attempts (started_at) WHERE status = 'started';

CREATE TABLE usage (
    project_id uuid NOT NULL,
    attempt_id uuid NOT NULL,
    generation_id uuid NOT NULL,
    actor_id uuid NOT NULL,
    task text NOT NULL,
    prompt_version_id uuid,
    provider text NOT NULL,
    model text NOT NULL,
    simulated boolean NOT NULL,
    input_tokens bigint NOT NULL,
    cached_input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    reasoning_tokens bigint NOT NULL,
    cost_usd numeric,
    estimated boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, attempt_id),
    FOREIGN KEY (project_id, attempt_id) REFERENCES provider_attempts (project_id, id),
    FOREIGN KEY (generation_id, project_id) REFERENCES generations (id, project_id)
);
SELECT protect_table('usage');
CREATE INDEX usage_by_generation ON usage (project_id, generation_id);
CREATE INDEX usage_by_time ON usage (project_id, created_at);
CREATE INDEX usage_by_actor ON usage (project_id, actor_id, created_at);
CREATE INDEX usage_by_prompt_version ON usage (project_id, prompt_version_id, created_at);
