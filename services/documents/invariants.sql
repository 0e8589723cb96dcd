-- One row for each violation, none in a sound database. Run after every fault test, as a superuser: row level security
-- hides the rows from everybody else.

SELECT 'generating_without_generation' AS violation, project_id, id FROM documents
WHERE status = 'generating' AND generation_id IS NULL
UNION ALL
SELECT 'generating_longer_than_10_minutes', d.project_id, d.id FROM documents d
JOIN generation_orders o ON o.project_id = d.project_id AND o.id = d.generation_id
WHERE d.status = 'generating' AND o.created_at < now() - interval '10 minutes'
UNION ALL
SELECT 'generating_but_its_order_ended', d.project_id, d.id FROM documents d
JOIN generation_orders o ON o.project_id = d.project_id AND o.id = d.generation_id
WHERE d.status = 'generating' AND o.ended_at IS NOT NULL
UNION ALL
SELECT 'ended_but_its_order_is_open', d.project_id, d.id FROM documents d
JOIN generation_orders o ON o.project_id = d.project_id AND o.id = d.generation_id
WHERE d.status <> 'generating' AND o.ended_at IS NULL
UNION ALL
SELECT 'two_open_orders', project_id, document_id FROM generation_orders
WHERE ended_at IS NULL GROUP BY project_id, document_id HAVING count(*) > 1
UNION ALL
SELECT 'generation_never_ordered', d.project_id, d.id FROM documents d
WHERE d.generation_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM generation_orders o WHERE o.project_id = d.project_id AND o.id = d.generation_id)
UNION ALL
SELECT 'text_of_a_generation_of_another_document', d.project_id, d.id FROM documents d
WHERE d.text_generation_id IS NOT NULL
    AND NOT EXISTS (
        SELECT FROM generation_orders o
        WHERE o.project_id = d.project_id AND o.id = d.text_generation_id AND o.document_id = d.id
    )
UNION ALL
SELECT 'status_differs_from_order', d.project_id, d.id FROM documents d
JOIN generation_orders o ON o.project_id = d.project_id AND o.id = d.generation_id
WHERE o.status IS NOT NULL AND d.status <> CASE o.status WHEN 'completed' THEN 'ready' ELSE o.status END
UNION ALL
SELECT 'revision_below_1', project_id, id FROM documents WHERE revision < 1
UNION ALL
SELECT 'excerpt_is_not_the_beginning', project_id, id FROM documents WHERE excerpt <> left(content, 200)
UNION ALL
SELECT 'generated_without_usage', project_id, id FROM documents
WHERE generation_id IS NOT NULL AND status = 'ready' AND (input_tokens IS NULL OR output_tokens IS NULL)
UNION ALL
SELECT 'outbox_row_older_than_a_minute', project_id, id FROM outbox WHERE created_at < now() - interval '1 minute'
UNION ALL
SELECT 'dead_letter', project_id, id FROM dead_letters;
