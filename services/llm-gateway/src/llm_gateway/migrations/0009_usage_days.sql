-- Sums of usage by day, for days that are over: a month of a busy project is read in milliseconds instead of seconds.

CREATE TABLE usage_days (
    project_id uuid NOT NULL,
    grouped_by text NOT NULL CHECK (grouped_by IN ('model', 'provider', 'task', 'prompt_version', 'user', 'key', 'run')),
    -- UTC.
    day date NOT NULL,
    -- A name, or the id of what the calls are grouped by; empty where they have none.
    group_name text NOT NULL,
    calls bigint NOT NULL,
    failed_calls bigint NOT NULL,
    cache_hits bigint NOT NULL,
    input_tokens bigint NOT NULL,
    cached_input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    reasoning_tokens bigint NOT NULL,
    cost_usd numeric NOT NULL,
    failed_cost_usd numeric NOT NULL,
    unpriced_calls bigint NOT NULL,
    estimated_calls bigint NOT NULL,
    simulated_calls bigint NOT NULL,
    PRIMARY KEY (project_id, grouped_by, day, group_name)
);
SELECT protect_table('usage_days');
SELECT open_to_relay('usage_days');
CREATE INDEX usage_days_by_day ON usage_days (day);

-- Rows come in the order of their time: a few pages of index find a day of all projects.
CREATE INDEX usage_times ON usage USING brin (created_at);

-- What is being written in a project, or waits.
CREATE INDEX generations_unfinished ON generations (project_id, created_at) WHERE finished_at IS NULL;
