-- The twin of this file is in ../sqlite; a test compares the two schemas.
-- The call that rings the number of a queue's callback now, written with its reservation: after a
-- crash nobody is rung again at once who may have been rung already.
ALTER TABLE queue_callbacks ADD COLUMN dialling TEXT;

-- Agents at work on a recorded day, for the estimate of its end; 0: not known.
ALTER TABLE recorded_days ADD COLUMN agent_count BIGINT NOT NULL DEFAULT 0;
