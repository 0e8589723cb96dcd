-- A segment says what it is and when it was written: `text` is the answer; `think` is what the model thought before it;
-- `draft` is JSON that is still to be checked, and an empty draft says that the model begins it anew.
ALTER TABLE segments
    ADD COLUMN kind text NOT NULL DEFAULT 'text' CHECK (kind IN ('text', 'think', 'draft')),
    -- Of older segments this is the time of the migration; their replay takes no time.
    ADD COLUMN created_at timestamptz NOT NULL DEFAULT now();

-- Thought and drafted: not in `characters`, which counts the answer, and yet written by the model and paid for.
ALTER TABLE generations ADD COLUMN aside_characters bigint NOT NULL DEFAULT 0;
