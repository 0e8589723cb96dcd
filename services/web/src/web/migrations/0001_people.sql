-- People and projects. A session, a sign-in link and an account are looked up before any project is known, so
-- users, sessions, sign_in_links, sign_in_attempts and projects carry no project_id and no row level security.
-- members and api_keys have both: the app role sees one project's rows; the relay role looks them up at the door.

CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text NOT NULL,
    name text NOT NULL,
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_email ON users (lower(email));

CREATE TABLE projects (
    id uuid PRIMARY KEY,
    slug text NOT NULL UNIQUE,
    name text NOT NULL,
    personal boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE members (
    project_id uuid NOT NULL REFERENCES projects (id),
    user_id uuid NOT NULL REFERENCES users (id),
    role text NOT NULL CHECK (role IN ('viewer', 'context_engineer', 'admin')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, user_id)
);
CREATE INDEX members_user ON members (user_id);
SELECT protect_table('members');
SELECT open_to_relay('members');

CREATE TABLE sessions (
    token_hash bytea PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    created_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE sign_in_links (
    token_hash bytea PRIMARY KEY,
    user_id uuid REFERENCES users (id),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);

CREATE TABLE sign_in_attempts (
    who bytea NOT NULL,
    failed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sign_in_attempts_who ON sign_in_attempts (who, failed_at);

CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    project_id uuid NOT NULL REFERENCES projects (id),
    owner_id uuid NOT NULL REFERENCES users (id),
    name text NOT NULL,
    prefix text NOT NULL,
    secret_hash bytea NOT NULL,
    scopes text[] NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX api_keys_project ON api_keys (project_id, created_at);
SELECT protect_table('api_keys');
SELECT open_to_relay('api_keys');

GRANT SELECT, INSERT, UPDATE, DELETE ON users, projects, sessions, sign_in_links, sign_in_attempts TO web_app, web_relay;
