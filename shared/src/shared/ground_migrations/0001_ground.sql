-- What every service's database holds: tenancy functions, outbox, inbox, dead letters, idempotency keys.
-- Role names follow from the database's owner: <service>_owner, <service>_app, <service>_relay.

CREATE FUNCTION current_projects() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE
RETURN string_to_array(nullif(current_setting('app.projects', true), ''), ',')::uuid[];

CREATE FUNCTION service_role_name(kind text) RETURNS text LANGUAGE sql STABLE
RETURN regexp_replace(current_user::text, '_owner$', '_' || kind);

-- Rows of a protected table are seen and written only for the projects named in the transaction.
CREATE FUNCTION protect_table(protected regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', protected);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', protected);
    EXECUTE format(
        'CREATE POLICY tenant ON %s TO %I USING (project_id = ANY (current_projects())) WITH CHECK (project_id = ANY (current_projects()))',
        protected, service_role_name('app'));
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO %I', protected, service_role_name('app'));
END
$$;

-- The relay role works on rows of all projects: outbox, leases, reapers.
CREATE FUNCTION open_to_relay(opened regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE POLICY relay ON %s TO %I USING (true) WITH CHECK (true)', opened, service_role_name('relay'));
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO %I', opened, service_role_name('relay'));
END
$$;

CREATE TABLE outbox (
    id uuid PRIMARY KEY,
    project_id uuid NOT NULL,
    subject text NOT NULL,
    payload bytea NOT NULL,
    headers jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
SELECT protect_table('outbox');
SELECT open_to_relay('outbox');

CREATE FUNCTION announce_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('outbox', '');
    RETURN NULL;
END
$$;
CREATE TRIGGER outbox_announced AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION announce_outbox();

CREATE TABLE inbox (
    reader text NOT NULL,
    event_id uuid NOT NULL,
    project_id uuid NOT NULL,
    claimed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, reader, event_id)
);
SELECT protect_table('inbox');
SELECT open_to_relay('inbox');

CREATE TABLE dead_letters (
    id uuid PRIMARY KEY DEFAULT uuidv7(),
    project_id uuid NOT NULL,
    reader text NOT NULL,
    event_id uuid NOT NULL,
    subject text NOT NULL,
    payload bytea NOT NULL,
    headers jsonb NOT NULL,
    deliveries integer NOT NULL,
    error text NOT NULL,
    buried_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (project_id, reader, event_id)
);
SELECT protect_table('dead_letters');
SELECT open_to_relay('dead_letters');

CREATE TABLE idempotency_keys (
    project_id uuid NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    answer jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, key)
);
SELECT protect_table('idempotency_keys');
SELECT open_to_relay('idempotency_keys');
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
