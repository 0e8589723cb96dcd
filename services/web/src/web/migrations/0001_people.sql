-- People, projects and keys.
-- A session, a sign-in link and an account are looked up before any project is known: users, sessions, sign_in_links
-- and sign_in_attempts belong to no project and have no row level security. The other tables have it.
-- The relay role only reads, at the door: whose session or key this is, and where that person is a member.

CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text NOT NULL,
    name text NOT NULL,
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_email ON users (lower(email));
GRANT SELECT, INSERT ON users TO web_app;
GRANT SELECT (id, email, name) ON users TO web_relay;

CREATE TABLE sessions (
    token_hash bytea PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    created_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_last_seen ON sessions (last_seen_at);
GRANT SELECT, INSERT, DELETE ON sessions TO web_app;
GRANT SELECT, UPDATE (last_seen_at) ON sessions TO web_relay;

CREATE TABLE sign_in_links (
    token_hash bytea PRIMARY KEY,
    user_id uuid REFERENCES users (id),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
GRANT SELECT, INSERT, DELETE, UPDATE (used_at) ON sign_in_links TO web_app;

-- One row for an account and an address, so that one statement counts and answers.
CREATE TABLE sign_in_attempts (
    who bytea PRIMARY KEY,
    tries integer NOT NULL,
    window_ends_at timestamptz NOT NULL
);
CREATE INDEX sign_in_attempts_end ON sign_in_attempts (window_ends_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON sign_in_attempts TO web_app;

CREATE TABLE projects (
    project_id uuid PRIMARY KEY,
    slug text NOT NULL UNIQUE,
    name text NOT NULL,
    personal boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
SELECT protect_table('projects');

CREATE TABLE members (
    project_id uuid NOT NULL REFERENCES projects (project_id),
    user_id uuid NOT NULL REFERENCES users (id),
    role text NOT NULL CHECK (role IN ('viewer', 'context_engineer', 'admin')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, user_id)
);
CREATE INDEX members_user ON members (user_id);
SELECT protect_table('members');

CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    project_id uuid NOT NULL REFERENCES projects (project_id),
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

CREATE POLICY door ON projects FOR SELECT TO web_relay USING (true);
CREATE POLICY door ON members FOR SELECT TO web_relay USING (true);
CREATE POLICY door ON api_keys FOR SELECT TO web_relay USING (true);
GRANT SELECT ON projects, members, api_keys TO web_relay;
