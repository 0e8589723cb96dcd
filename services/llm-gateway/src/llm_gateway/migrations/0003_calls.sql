-- Calls of other teams have no generation: their attempts and usage say by themselves who asked for what.

-- One row a process, no tenant's data. Whose process is not seen any more, its open calls are settled by the others.
CREATE TABLE gateway_processes (
    id uuid PRIMARY KEY,
    seen_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE gateway_processes ENABLE ROW LEVEL SECURITY;
ALTER TABLE gateway_processes FORCE ROW LEVEL SECURITY;
SELECT open_to_relay('gateway_processes');

ALTER TABLE generations ADD COLUMN api_key_id uuid, ADD COLUMN run_id uuid;

ALTER TABLE provider_attempts DROP CONSTRAINT provider_attempts_project_id_generation_id_number_key;
CREATE UNIQUE INDEX provider_attempts_of_generation
    ON provider_attempts (project_id, generation_id, number) WHERE generation_id IS NOT NULL;
ALTER TABLE provider_attempts
    ALTER COLUMN generation_id DROP NOT NULL,
    ALTER COLUMN epoch DROP NOT NULL,
    ADD COLUMN endpoint text CHECK (endpoint IN ('chat_completions', 'responses', 'embeddings', 'messages')),
    ADD COLUMN owner uuid,
    ADD COLUMN request_id text,
    ADD COLUMN actor_id uuid,
    ADD COLUMN api_key_id uuid,
    ADD COLUMN run_id uuid,
    ADD COLUMN prompt_version_id uuid,
    ADD COLUMN simulated boolean,
    -- What a lost process is taken to have spent on reading.
    ADD COLUMN input_characters bigint,
    ADD CHECK (num_nonnulls(generation_id, endpoint) = 1),
    ADD CHECK (endpoint IS NULL
        OR num_nonnulls(owner, request_id, actor_id, simulated, input_characters) = 5),
    ADD CHECK (generation_id IS NULL OR epoch IS NOT NULL);
SELECT open_to_relay('provider_attempts');
CREATE INDEX provider_attempts_by_response ON provider_attempts (project_id, provider_response_id)
    WHERE endpoint = 'responses' AND provider_response_id IS NOT NULL;

-- A hit of the response cache is usage without an attempt: nobody was called.
ALTER TABLE usage
    DROP CONSTRAINT usage_project_id_attempt_id_fkey,
    ALTER COLUMN generation_id DROP NOT NULL,
    ADD COLUMN endpoint text,
    ADD COLUMN api_key_id uuid,
    ADD COLUMN run_id uuid,
    ADD COLUMN cache_hit boolean NOT NULL DEFAULT false,
    ADD COLUMN first_token_milliseconds integer,
    ADD COLUMN duration_milliseconds integer,
    ADD CHECK (NOT cache_hit OR cost_usd = 0);
SELECT open_to_relay('usage');
DROP INDEX usage_by_generation;
CREATE INDEX usage_by_generation ON usage (project_id, generation_id) WHERE generation_id IS NOT NULL;
DROP INDEX usage_by_actor;
DROP INDEX usage_by_prompt_version;
CREATE INDEX usage_by_prompt_version ON usage (project_id, prompt_version_id, created_at)
    WHERE prompt_version_id IS NOT NULL;
