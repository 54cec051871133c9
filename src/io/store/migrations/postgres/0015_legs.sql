-- The twin of this file is in ../sqlite; a test compares the two schemas.
-- Calls that somebody of ours was rung for.
ALTER TABLE calls ADD COLUMN hung_up_first    TEXT;                              -- customer, agent, system; NULL: nobody talked
ALTER TABLE calls ADD COLUMN hung_up_first_at BIGINT;
-- Each phone that was rung for a call, in the order in which it was rung.
CREATE TABLE legs (
    call_id     TEXT COLLATE "C" NOT NULL REFERENCES calls (id),
    number      BIGINT NOT NULL,
    kind        TEXT NOT NULL,                        -- agent, trunk, supervisor
    target      TEXT NOT NULL,                        -- extension or number that was rung
    agent       TEXT,                                 -- NULL: an outside number
    started_at  BIGINT NOT NULL,
    ringing_at  BIGINT,
    answered_at BIGINT,
    ended_at    BIGINT NOT NULL,
    result      TEXT NOT NULL,                        -- talked, busy, no_answer, ...
    ended_by    TEXT NOT NULL,                        -- us, peer, fault
    PRIMARY KEY (call_id, number)
);
CREATE INDEX legs_agent ON legs (agent, started_at);
-- Times of silence in the recording, by order of a person.
CREATE TABLE recording_pauses (
    call_id TEXT COLLATE "C" NOT NULL REFERENCES calls (id),
    from_at BIGINT NOT NULL,
    to_at   BIGINT,                                   -- NULL: to the end of the call
    actor   TEXT NOT NULL,
    PRIMARY KEY (call_id, from_at)
);
