-- The W3C traceparent of the order, so that a generation from the queue or of a lost process stays in its trace.

ALTER TABLE generations ADD COLUMN traceparent text;
