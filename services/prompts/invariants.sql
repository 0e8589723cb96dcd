-- Each query returns rows only where something that must never happen has happened. Run with a role that sees all
-- projects. The first column says what is wrong.

-- A prompt has versions 1 to latest_version, without a gap.
SELECT 'version numbers have a gap' AS violation, p.project_id, p.id
FROM prompts p
LEFT JOIN prompt_versions v ON v.project_id = p.project_id AND v.prompt_id = p.id
GROUP BY p.project_id, p.id, p.latest_version
HAVING count(v.id) <> p.latest_version OR coalesce(max(v.number), 0) <> p.latest_version;

-- What a prompt's row repeats is what its latest version says.
SELECT 'a prompt differs from its latest version' AS violation, p.project_id, p.id
FROM prompts p
JOIN prompt_versions v ON v.project_id = p.project_id AND v.prompt_id = p.id AND v.number = p.latest_version
WHERE p.template <> v.template OR p.parameters <> v.parameters;

-- A label names a version that is there.
SELECT 'a label points at a missing version' AS violation, l.project_id, l.prompt_id AS id
FROM prompt_labels l
LEFT JOIN prompt_versions v ON v.project_id = l.project_id AND v.prompt_id = l.prompt_id AND v.number = l.version
WHERE v.id IS NULL OR l.label = 'latest';

-- Two live prompts of a set never share a slug, two live snippets never a name.
SELECT 'a slug is there twice' AS violation, project_id, min(id::text) AS id
FROM prompts WHERE deleted_at IS NULL
GROUP BY project_id, set_id, slug HAVING count(*) > 1;

SELECT 'a snippet name is there twice' AS violation, project_id, min(id::text) AS id
FROM snippets WHERE deleted_at IS NULL
GROUP BY project_id, name HAVING count(*) > 1;

-- A snippet has versions 1 to version, without a gap, and says what the last one says.
SELECT 'snippet versions have a gap' AS violation, s.project_id, s.id
FROM snippets s
LEFT JOIN snippet_versions v ON v.project_id = s.project_id AND v.snippet_id = s.id
GROUP BY s.project_id, s.id, s.version
HAVING count(v.id) <> s.version OR coalesce(max(v.number), 0) <> s.version;

SELECT 'a snippet differs from its latest version' AS violation, s.project_id, s.id
FROM snippets s
JOIN snippet_versions v ON v.project_id = s.project_id AND v.snippet_id = s.id AND v.number = s.version
WHERE s.content <> v.content OR s.content_hash <> v.content_hash;

-- A rewrite that runs is looked after every ten seconds, and none runs longer than any model writes.
SELECT 'a rewrite was not looked after' AS violation, project_id, id
FROM optimizations WHERE status = 'running' AND looked_at < now() - interval '120 seconds';

SELECT 'a rewrite has been running too long' AS violation, project_id, id
FROM optimizations WHERE status = 'running' AND created_at < now() - interval '20 minutes';

-- An outbox row waits for the relay for moments only.
SELECT 'an outbox row was not published' AS violation, project_id, id
FROM outbox WHERE created_at < now() - interval '60 seconds';
