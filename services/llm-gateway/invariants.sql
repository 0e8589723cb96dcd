-- Each statement finds rows only where a guarantee is broken. Run them after every fault test, as a superuser: row
-- level security hides the rows from everybody else.

-- usage without its attempt, unless the answer came from the cache
SELECT u.project_id, u.attempt_id FROM usage AS u
LEFT JOIN provider_attempts AS a ON a.project_id = u.project_id AND a.id = u.attempt_id
WHERE (a.id IS NULL) <> u.cache_hit;

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

-- a call of another team that nobody settled although its process is gone
SELECT a.project_id, a.id FROM provider_attempts AS a
WHERE a.endpoint IS NOT NULL AND a.status = 'started' AND a.started_at < now() - interval '60 seconds'
    AND NOT EXISTS (
        SELECT FROM gateway_processes AS p WHERE p.id = a.owner AND p.seen_at > now() - interval '60 seconds');

-- money held for an attempt that is not open
SELECT h.project_id, h.attempt_id FROM budget_holds AS h
LEFT JOIN provider_attempts AS a ON a.project_id = h.project_id AND a.id = h.attempt_id
WHERE a.status IS DISTINCT FROM 'started';

-- money held of a budget that is gone
SELECT h.project_id, h.attempt_id FROM budget_holds AS h
LEFT JOIN budgets AS b ON b.project_id = h.project_id AND b.id = h.budget_id
WHERE b.id IS NULL;

-- a budget that holds more or less than its holds
SELECT b.project_id, b.id FROM budgets AS b
WHERE b.held_usd <> (
    SELECT coalesce(sum(h.usd), 0) FROM budget_holds AS h
    WHERE h.project_id = b.project_id AND h.budget_id = b.id);

-- a budget that counts less, or more, than was spent in its scope since its period began. Calls that began before
-- every process knew of the budget may be left out, and a call of unknown cost counts with the whole of its hold
SELECT b.project_id, b.id FROM budgets AS b CROSS JOIN LATERAL (
    SELECT coalesce(sum(u.cost_usd), 0) AS most, count(*) FILTER (WHERE u.cost_usd IS NULL) AS unpriced,
        coalesce(sum(u.cost_usd) FILTER (WHERE a.started_at > b.created_at + interval '15 seconds'), 0) AS least
    FROM usage AS u
    JOIN provider_attempts AS a ON a.project_id = u.project_id AND a.id = u.attempt_id
    WHERE u.project_id = b.project_id AND u.created_at >= b.period_start
        AND CASE b.scope WHEN 'project' THEN true WHEN 'user' THEN u.actor_id = b.scope_id
            WHEN 'key' THEN u.api_key_id = b.scope_id ELSE u.run_id = b.scope_id END
) AS used
WHERE b.spent_usd < used.least OR (used.unpriced = 0 AND b.spent_usd > used.most);

-- a closed day whose sums are not those of its usage
SELECT d.project_id, d.day FROM (
    SELECT project_id, grouped_by, day, sum(calls) AS calls, sum(cost_usd) AS cost_usd
    FROM usage_days GROUP BY project_id, grouped_by, day
) AS d CROSS JOIN LATERAL (
    SELECT count(*) AS calls, coalesce(sum(u.cost_usd), 0) AS cost_usd FROM usage AS u
    WHERE u.project_id = d.project_id AND (u.created_at AT TIME ZONE 'UTC')::date = d.day
) AS used
WHERE d.calls <> used.calls OR d.cost_usd <> used.cost_usd;

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
