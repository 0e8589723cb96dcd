-- Documents, and the generations that were ordered for them.

CREATE TABLE documents (
    project_id uuid NOT NULL,
    id uuid NOT NULL,
    title text NOT NULL,
    title_is_given boolean NOT NULL,
    status text NOT NULL CHECK (status IN ('generating', 'ready', 'cancelled', 'interrupted', 'failed')),
    content text NOT NULL,
    excerpt text NOT NULL,
    words integer NOT NULL,
    tags text[] NOT NULL,
    archived boolean NOT NULL DEFAULT false,
    revision integer NOT NULL DEFAULT 1 CHECK (revision >= 1),
    author_id uuid NOT NULL,
    -- Where the text came from; NULL for a text that a person brought.
    prompt_id uuid,
    prompt_title text,
    prompt_version integer,
    prompt_version_id uuid,
    prompt_content_hash text,
    snippets jsonb NOT NULL,
    included jsonb NOT NULL,
    prompt_values jsonb NOT NULL,
    model text,
    simulated boolean,
    generation_id uuid,
    -- The generation whose whole text the content is; NULL once a person changed it.
    text_generation_id uuid,
    finish_reason text,
    detail text,
    -- Sums over all generations of the document; cost is NULL where a part is unknown.
    input_tokens bigint,
    output_tokens bigint,
    cost_usd numeric,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    -- Words of title and text as the service splits them, in one column: joining two for each row took four times as long.
    -- No GIN index: row level security lets no index answer @@, which is not leakproof. A scan of 10,000 takes 50 ms.
    search tsvector NOT NULL,
    PRIMARY KEY (project_id, id),
    CHECK (status <> 'generating' OR generation_id IS NOT NULL)
);
SELECT protect_table('documents');
CREATE INDEX documents_shown ON documents (project_id, archived, id DESC) WHERE deleted_at IS NULL;

-- A row is the order and its grant: the full request, who ordered it, in which role.
CREATE TABLE generation_orders (
    project_id uuid NOT NULL,
    id uuid NOT NULL,
    document_id uuid NOT NULL,
    actor_id uuid NOT NULL,
    role text,
    request_id text NOT NULL,
    request jsonb NOT NULL,
    prompt_version_id uuid,
    continues uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- Ask the gateway when nothing was heard until then.
    check_after timestamptz NOT NULL,
    ended_at timestamptz,
    status text CHECK (status IN ('completed', 'cancelled', 'interrupted', 'failed')),
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, document_id) REFERENCES documents (project_id, id),
    FOREIGN KEY (project_id, continues) REFERENCES generation_orders (project_id, id),
    CHECK ((ended_at IS NULL) = (status IS NULL))
);
SELECT protect_table('generation_orders');
SELECT open_to_relay('generation_orders');
CREATE INDEX generation_orders_document ON generation_orders (project_id, document_id);
CREATE INDEX generation_orders_silent ON generation_orders (check_after) WHERE ended_at IS NULL;
