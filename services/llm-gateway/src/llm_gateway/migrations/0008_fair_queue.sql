-- The queue is read project by project, so that each one's oldest is found without passing over the others'.
DROP INDEX generations_waiting;
CREATE INDEX generations_waiting ON generations (project_id, created_at) WHERE status = 'queued';
