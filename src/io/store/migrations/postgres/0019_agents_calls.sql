-- The twin of this file is in ../sqlite; a test compares the two schemas.
-- Calls that agents begin, and what comes after an agent.
ALTER TABLE calls ADD COLUMN begun_by    TEXT;                                   -- the agent; NULL: no agent began it
ALTER TABLE calls ADD COLUMN callback_id BIGINT REFERENCES callbacks (id);      -- for which the agent dialled
ALTER TABLE calls ADD COLUMN abandoned   BIGINT NOT NULL DEFAULT 0;             -- 1: the customer answered, and nobody was there
ALTER TABLE calls ADD COLUMN survey_owed BIGINT NOT NULL DEFAULT 0;             -- 1: they talked with an agent, to be looked at
CREATE INDEX calls_begun ON calls (begun_by, reserved_at) WHERE begun_by IS NOT NULL;
CREATE INDEX calls_survey_owed ON calls (id) WHERE survey_owed = 1;
CREATE INDEX calls_abandoned ON calls (campaign_id, ended_at) WHERE abandoned = 1;
-- Whose card is open for a callback, and until when nobody else is given it.
ALTER TABLE callbacks ADD COLUMN preview_by    TEXT;
ALTER TABLE callbacks ADD COLUMN preview_until BIGINT;
-- SIP messages of the further legs of a call.
CREATE TABLE leg_traces (
    call_id  TEXT COLLATE "C" NOT NULL REFERENCES calls (id),
    number   BIGINT NOT NULL,
    messages TEXT NOT NULL,                            -- JSON
    PRIMARY KEY (call_id, number)
);
