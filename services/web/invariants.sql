-- Each query returns rows only where something that must never happen has happened. Run with a role that sees all
-- projects. The first column says what is wrong.

-- Who is a member is a person, and is so of a project that is there.
SELECT 'a member of a missing project' AS violation, m.project_id, m.user_id AS id
FROM members m LEFT JOIN projects p ON p.project_id = m.project_id WHERE p.project_id IS NULL;

SELECT 'a member who is nobody' AS violation, m.project_id, m.user_id AS id
FROM members m LEFT JOIN users u ON u.id = m.user_id WHERE u.id IS NULL;

-- Somebody can always let others in.
SELECT 'a project without an admin' AS violation, p.project_id, p.project_id AS id
FROM projects p
WHERE NOT EXISTS (SELECT FROM members m WHERE m.project_id = p.project_id AND m.role = 'admin');

SELECT 'a person without a personal project' AS violation, NULL::uuid AS project_id, u.id
FROM users u
WHERE NOT EXISTS (
    SELECT FROM members m JOIN projects p ON p.project_id = m.project_id WHERE m.user_id = u.id AND p.personal
);

SELECT 'a personal project of several people' AS violation, p.project_id, p.project_id AS id
FROM projects p JOIN members m ON m.project_id = p.project_id
WHERE p.personal GROUP BY p.project_id HAVING count(*) > 1;

SELECT 'a session of nobody' AS violation, NULL::uuid AS project_id, s.user_id AS id
FROM sessions s LEFT JOIN users u ON u.id = s.user_id WHERE u.id IS NULL;

-- A link that sets up is used once in the life of an installation.
SELECT 'set up twice' AS violation, NULL::uuid AS project_id, NULL::uuid AS id
FROM sign_in_links WHERE user_id IS NULL AND used_at IS NOT NULL HAVING count(*) > 1;

SELECT 'a key of a missing project or of nobody' AS violation, k.project_id, k.id
FROM api_keys k
LEFT JOIN projects p ON p.project_id = k.project_id
LEFT JOIN users u ON u.id = k.owner_id
WHERE p.project_id IS NULL OR u.id IS NULL;

SELECT 'a key that may do nothing, or manage people' AS violation, project_id, id
FROM api_keys WHERE cardinality(scopes) = 0 OR scopes && ARRAY['open', 'keys.manage', 'projects.manage'];

-- Only hashes are kept: SHA-256 and HMAC-SHA-256 have 32 bytes, argon2 says its name.
SELECT 'a secret that is not hashed' AS violation, NULL::uuid AS project_id, id
FROM users WHERE password_hash NOT LIKE '$argon2id$%'
UNION ALL
SELECT 'a secret that is not hashed', project_id, id FROM api_keys WHERE octet_length(secret_hash) <> 32;

-- An outbox row waits for the relay for moments only.
SELECT 'an outbox row was not published' AS violation, project_id, id
FROM outbox WHERE created_at < now() - interval '60 seconds';
