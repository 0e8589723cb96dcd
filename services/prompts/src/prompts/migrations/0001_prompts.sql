-- Sets, prompts, immutable versions, labels, snippets and rewrites by a model.

-- Searching splits at everything that is not a letter, a digit or _, so that and/or or {{ a.b }} are found by each word.
CREATE FUNCTION search_words(title text, description text, tags text[], template text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN to_tsvector('simple'::regconfig,
    regexp_replace(title || ' ' || description || ' ' || tags::text || ' ' || template, '[^[:alnum:]_]+', ' ', 'g'));

CREATE TABLE prompt_sets (
    project_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT uuidv7(),
    slug text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, slug)
);
SELECT protect_table('prompt_sets');

-- template, latest_version, parameters and the three lists repeat what the latest version says: lists, search and
-- "who uses this" read one row.
CREATE TABLE prompts (
    project_id uuid NOT NULL,
    id uuid NOT NULL,
    set_id uuid NOT NULL,
    slug text NOT NULL,
    title text NOT NULL,
    description text NOT NULL,
    tags text[] NOT NULL,
    default_model text,
    latest_version integer NOT NULL,
    template text NOT NULL,
    parameters jsonb NOT NULL,
    snippet_uses jsonb NOT NULL,
    snippet_names text[] NOT NULL,
    includes text[] NOT NULL,
    archived boolean NOT NULL DEFAULT false,
    revision integer NOT NULL DEFAULT 1,
    author_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    words tsvector GENERATED ALWAYS AS (search_words(title, description, tags, template)) STORED,
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, set_id) REFERENCES prompt_sets (project_id, id)
);
CREATE UNIQUE INDEX prompts_slug ON prompts (project_id, set_id, slug) WHERE deleted_at IS NULL;
CREATE INDEX prompts_newest ON prompts (project_id, updated_at DESC, id DESC) WHERE deleted_at IS NULL;
-- No GIN indexes on words and the lists: row level security keeps operators that are not leakproof, such as @@ and @>,
-- away from indexes. Reading all prompts of a project instead takes 30 ms for 10,000 of them.
SELECT protect_table('prompts');

CREATE TABLE prompt_versions (
    project_id uuid NOT NULL,
    id uuid NOT NULL,
    prompt_id uuid NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    content_hash text NOT NULL,
    template text NOT NULL,
    parameters jsonb NOT NULL,
    message text NOT NULL,
    author_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, prompt_id, number),
    FOREIGN KEY (project_id, prompt_id) REFERENCES prompts (project_id, id)
);
SELECT protect_table('prompt_versions');

CREATE TABLE prompt_labels (
    project_id uuid NOT NULL,
    prompt_id uuid NOT NULL,
    label text NOT NULL CHECK (label <> 'latest'),
    version integer NOT NULL,
    moved_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, prompt_id, label),
    FOREIGN KEY (project_id, prompt_id, version) REFERENCES prompt_versions (project_id, prompt_id, number)
);
SELECT protect_table('prompt_labels');

CREATE TABLE snippets (
    project_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    content text NOT NULL,
    content_hash text NOT NULL,
    version integer NOT NULL,
    snippet_names text[] NOT NULL,
    revision integer NOT NULL DEFAULT 1,
    author_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    PRIMARY KEY (project_id, id)
);
CREATE UNIQUE INDEX snippets_name ON snippets (project_id, name) WHERE deleted_at IS NULL;
SELECT protect_table('snippets');

CREATE TABLE snippet_versions (
    project_id uuid NOT NULL,
    id uuid NOT NULL,
    snippet_id uuid NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    content text NOT NULL,
    content_hash text NOT NULL,
    author_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, snippet_id, number),
    FOREIGN KEY (project_id, snippet_id) REFERENCES snippets (project_id, id)
);
SELECT protect_table('snippet_versions');

CREATE TABLE optimizations (
    project_id uuid NOT NULL,
    id uuid NOT NULL,
    generation_id uuid NOT NULL,
    status text NOT NULL CHECK (status IN ('running', 'ready', 'refused', 'failed')),
    original text NOT NULL,
    model text,
    text text,
    lost text[] NOT NULL DEFAULT '{}',
    added text[] NOT NULL DEFAULT '{}',
    detail text,
    simulated boolean,
    author_id uuid NOT NULL,
    request_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    looked_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, generation_id),
    CHECK ((status = 'ready') = (text IS NOT NULL)),
    CHECK ((status = 'running') = (finished_at IS NULL))
);
CREATE INDEX optimizations_running ON optimizations (looked_at) WHERE status = 'running';
SELECT protect_table('optimizations');
SELECT open_to_relay('optimizations');

-- security_invoker: row level security sees the app role, not the view's owner.
CREATE VIEW live_prompts WITH (security_invoker = true) AS
SELECT
    p.project_id, p.id, s.slug AS set_slug, p.slug, p.title, p.description, p.tags, p.default_model, p.latest_version,
    p.parameters, p.archived, p.revision, p.author_id, p.created_at, p.updated_at, p.words,
    (SELECT coalesce(jsonb_object_agg(l.label, l.version), '{}')
        FROM prompt_labels l WHERE l.project_id = p.project_id AND l.prompt_id = p.id) AS labels,
    (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'name', u.name, 'version', u.version,
            'found', EXISTS (
                SELECT FROM snippets n
                WHERE n.project_id = p.project_id AND n.name = u.name AND n.deleted_at IS NULL
                    AND coalesce(u.version, 1) <= n.version))
            ORDER BY u.place), '[]')
        FROM ROWS FROM (jsonb_to_recordset(p.snippet_uses) AS (name text, version integer))
            WITH ORDINALITY AS u (name, version, place)) AS snippets
FROM prompts p
JOIN prompt_sets s ON s.project_id = p.project_id AND s.id = p.set_id
WHERE p.deleted_at IS NULL;

CREATE VIEW live_snippets WITH (security_invoker = true) AS
SELECT
    n.project_id, n.id, n.name, n.description, n.content, n.version, n.content_hash, n.revision, n.author_id,
    n.created_at, n.updated_at, coalesce(u.used_by, 0) AS used_by
FROM snippets n
LEFT JOIN (
    SELECT p.project_id, m.name, count(*) AS used_by
    FROM prompts p, unnest(p.snippet_names) AS m (name)
    WHERE p.deleted_at IS NULL
    GROUP BY p.project_id, m.name
) u ON u.project_id = n.project_id AND u.name = n.name
WHERE n.deleted_at IS NULL;

DO $$
BEGIN
    EXECUTE format('GRANT SELECT ON live_prompts, live_snippets TO %I', service_role_name('app'));
END
$$;
