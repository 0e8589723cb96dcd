-- Budgets with the money that running calls hold of them, and limits of speed.

CREATE TABLE budgets (
    project_id uuid NOT NULL,
    id uuid NOT NULL,
    scope text NOT NULL CHECK (scope IN ('project', 'user', 'key', 'run')),
    -- Whose money it is: the project itself, a person, an API key, a workflow run.
    scope_id uuid NOT NULL,
    period text NOT NULL CHECK (period IN ('day', 'week', 'month', 'total')),
    limit_usd numeric NOT NULL CHECK (limit_usd >= 0),
    raised_usd numeric NOT NULL DEFAULT 0 CHECK (raised_usd >= 0),
    raised_until timestamptz,
    period_start timestamptz NOT NULL DEFAULT now(),
    spent_usd numeric NOT NULL DEFAULT 0,
    held_usd numeric NOT NULL DEFAULT 0 CHECK (held_usd >= 0),
    -- The highest of 50, 80, 100 that was told in this period.
    told_percent smallint NOT NULL DEFAULT 0,
    revision integer NOT NULL DEFAULT 1,
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, scope, scope_id, period),
    CHECK ((raised_until IS NULL) = (raised_usd = 0))
);
SELECT protect_table('budgets');

-- Money that a call may still spend. The row goes in the transaction that settles the call's attempt.
CREATE TABLE budget_holds (
    project_id uuid NOT NULL,
    attempt_id uuid NOT NULL,
    budget_id uuid NOT NULL,
    usd numeric NOT NULL CHECK (usd >= 0),
    PRIMARY KEY (project_id, attempt_id, budget_id),
    FOREIGN KEY (project_id, budget_id) REFERENCES budgets (project_id, id) ON DELETE CASCADE
);
SELECT protect_table('budget_holds');
CREATE INDEX budget_holds_by_budget ON budget_holds (project_id, budget_id);

CREATE TABLE limits (
    project_id uuid NOT NULL,
    scope text NOT NULL CHECK (scope IN ('project', 'user', 'key')),
    scope_id uuid NOT NULL,
    requests_per_minute integer CHECK (requests_per_minute > 0),
    tokens_per_minute integer CHECK (tokens_per_minute > 0),
    parallel integer CHECK (parallel > 0),
    updated_by uuid NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, scope, scope_id)
);
SELECT protect_table('limits');
