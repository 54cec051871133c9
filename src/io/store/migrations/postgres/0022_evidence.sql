-- The twin of this file is in ../sqlite; a test compares the two schemas.
-- Times in which somebody of ours had the customer, who heard nobody.
CREATE TABLE call_holds (
    call_id TEXT COLLATE "C" NOT NULL REFERENCES calls (id),
    from_at BIGINT NOT NULL,
    to_at   BIGINT NOT NULL,
    PRIMARY KEY (call_id, from_at)
);

-- Evidence on calls: made once after the end, from signalling and the recording. Calls from before
-- have none.
ALTER TABLE calls ADD COLUMN heard BIGINT NOT NULL DEFAULT 0;        -- 1: looked at
UPDATE calls SET heard = 1 WHERE state = 'ended';
CREATE INDEX calls_unheard ON calls (id) WHERE state = 'ended' AND heard = 0;

CREATE TABLE call_evidence (
    call_id   TEXT COLLATE "C" PRIMARY KEY REFERENCES calls (id),
    made_at   BIGINT NOT NULL,
    pack      TEXT    NOT NULL,                         -- of the scorecard
    version   TEXT    NOT NULL,                         -- of the scorecard
    agent     TEXT,                                     -- who had the customer first; NULL: the robot alone
    talk_ms   BIGINT NOT NULL,
    heard_ms  BIGINT,                                  -- length of what was heard; NULL: no recording
    heard     TEXT    NOT NULL,                         -- JSON: turns of both channels; judged again from here
    worst     TEXT    NOT NULL,                         -- severity of the gravest finding
    audit     TEXT    NOT NULL,                         -- JSON array: why it must be audited
    problem   TEXT    NOT NULL,                         -- why the recording was not heard; empty: none
    transcription TEXT NOT NULL,                        -- empty, wanted, attached, or why it failed
    review_at BIGINT                                   -- when the register is looked at; NULL: done
);
CREATE INDEX call_evidence_review ON call_evidence (review_at) WHERE review_at IS NOT NULL;
CREATE INDEX call_evidence_wanted ON call_evidence (call_id) WHERE transcription = 'wanted';
CREATE INDEX call_evidence_audit  ON call_evidence (call_id) WHERE audit <> '[]';

CREATE TABLE findings (
    call_id  TEXT COLLATE "C" NOT NULL REFERENCES calls (id),
    number   BIGINT NOT NULL,
    detector TEXT    NOT NULL,
    value    DOUBLE PRECISION    NOT NULL,
    unit     TEXT    NOT NULL,
    start_ms BIGINT,                                   -- in the recording; NULL: the whole call
    end_ms   BIGINT,
    severity TEXT    NOT NULL CHECK (severity IN ('info', 'hint', 'warn', 'fail', 'critical')),
    charge   TEXT    NOT NULL CHECK (charge IN ('nobody', 'agent', 'system')),
    agent    TEXT,                                      -- who is charged
    rule     TEXT    NOT NULL,                          -- phrase or step
    detail   TEXT    NOT NULL,
    PRIMARY KEY (call_id, number)
);
CREATE INDEX findings_of_detector ON findings (detector, call_id, number) WHERE severity <> 'info';
CREATE INDEX findings_of_agent    ON findings (agent, call_id, number) WHERE agent IS NOT NULL;
CREATE INDEX findings_grave       ON findings (call_id, number) WHERE severity <> 'info';

-- What was said, where somebody attached it.
CREATE TABLE transcripts (
    call_id TEXT COLLATE "C" PRIMARY KEY REFERENCES calls (id),
    lines   TEXT    NOT NULL,                           -- JSON array
    source  TEXT    NOT NULL,                           -- `command`, or who attached it
    made_at BIGINT NOT NULL
);
