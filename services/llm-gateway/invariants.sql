-- Each statement finds rows only where a guarantee is broken. Run them after every fault test, as a superuser: row
-- level security hides the rows from everybody else.

-- usage without its attempt
SELECT u.project_id, u.attempt_id FROM usage AS u
LEFT JOIN provider_attempts AS a ON a.project_id = u.project_id AND a.id = u.attempt_id
WHERE a.id IS NULL;

-- a settled attempt without usage
SELECT a.project_id, a.id FROM provider_attempts AS a
LEFT JOIN usage AS u ON u.project_id = a.project_id AND u.attempt_id = a.id
WHERE a.status <> 'started' AND u.attempt_id IS NULL;

-- usage of an attempt that is still open
SELECT a.project_id, a.id FROM provider_attempts AS a
JOIN usage AS u ON u.project_id = a.project_id AND u.attempt_id = a.id
WHERE a.status = 'started';

-- an open attempt of a generation that ended
SELECT a.project_id, a.id FROM provider_attempts AS a
JOIN generations AS g ON g.project_id = a.project_id AND g.id = a.generation_id
WHERE a.status = 'started' AND g.finished_at IS NOT NULL;

-- two open attempts of one generation
SELECT project_id, generation_id FROM provider_attempts
WHERE status = 'started' GROUP BY project_id, generation_id HAVING count(*) > 1;

-- an attempt that nobody settled although its owner's lease ran out long ago
SELECT a.project_id, a.id FROM provider_attempts AS a
JOIN generations AS g ON g.project_id = a.project_id AND g.id = a.generation_id
WHERE a.status = 'started' AND a.started_at < now() - interval '60 seconds'
    AND (g.lease_until IS NULL OR g.lease_until < now() - interval '60 seconds');

-- a running generation that nobody took over
SELECT project_id, id FROM generations
WHERE status = 'running' AND lease_until < now() - interval '60 seconds';

-- an ended generation whose hash is not the hash of its segments
SELECT g.project_id, g.id FROM generations AS g
WHERE g.finished_at IS NOT NULL AND g.content_hash IS DISTINCT FROM (
    SELECT encode(sha256(convert_to(coalesce(string_agg(s.text, '' ORDER BY s.number), ''), 'UTF8')), 'hex')
    FROM segments AS s WHERE s.project_id = g.project_id AND s.generation_id = g.id AND s.kind = 'text');

-- segments with a gap, or not as many as the generation says
SELECT g.project_id, g.id FROM generations AS g
LEFT JOIN segments AS s ON s.project_id = g.project_id AND s.generation_id = g.id
GROUP BY g.project_id, g.id
HAVING count(s.number) <> g.last_segment OR coalesce(max(s.number), 0) <> g.last_segment;

-- characters that do not add up
SELECT g.project_id, g.id FROM generations AS g
LEFT JOIN segments AS s ON s.project_id = g.project_id AND s.generation_id = g.id
GROUP BY g.project_id, g.id
HAVING coalesce(sum(length(s.text)) FILTER (WHERE s.kind = 'text'), 0) <> g.characters;

-- a continued text that does not begin with the text that it continues
SELECT g.project_id, g.id FROM generations AS g
WHERE g.continues IS NOT NULL AND EXISTS (
    SELECT FROM segments AS s
    LEFT JOIN segments AS c ON c.project_id = g.project_id AND c.generation_id = g.id AND c.number = s.number
    WHERE s.project_id = g.project_id AND s.generation_id = g.continues AND c.text IS DISTINCT FROM s.text);

-- an end without its reason
SELECT project_id, id FROM generations
WHERE (status IN ('failed', 'interrupted') AND problem IS NULL) OR (status = 'completed' AND finish_reason IS NULL);

-- a fact or job that nobody published
SELECT project_id, id FROM outbox WHERE created_at < now() - interval '60 seconds';

-- a message that needs attention
SELECT project_id, id FROM dead_letters;
