-- The twin of this file is in ../postgres; a test compares the two schemas.
-- Answers that did not come by telephone, and what people note on the way: ticks, visits' papers,
-- expenses, the score of callers, chosen customers.

-- Keys that sign what leaves the house, made by the program itself.
CREATE TABLE signing_keys (
    name       TEXT PRIMARY KEY,
    key        TEXT NOT NULL,                          -- hex digits
    created_at INTEGER NOT NULL
) STRICT;

-- What a customer wrote on the page of a questionnaire (SCH-33, CNT-16). The columns are those of
-- answers by telephone.
CREATE TABLE form_answers (
    callback_id    INTEGER NOT NULL REFERENCES callbacks (id),
    seq            INTEGER NOT NULL,
    question       TEXT NOT NULL,
    keys           TEXT,                               -- NULL: a comment
    meaning        TEXT,
    score          INTEGER,
    dissatisfied   INTEGER NOT NULL DEFAULT 0,
    rated_function TEXT,
    rated_person   TEXT,
    dimension      TEXT,
    comment        TEXT,                               -- in the customer's words
    at             INTEGER NOT NULL,
    PRIMARY KEY (callback_id, seq)
) STRICT;

-- What an agent ticks while the customer is on the line: blocks of the script (CNT-09), and
-- registered fields that agree with what the customer says or not (IMP-07).
CREATE TABLE callback_marks (
    callback_id INTEGER NOT NULL REFERENCES callbacks (id),
    kind        TEXT NOT NULL CHECK (kind IN ('block', 'field')),
    name        TEXT NOT NULL,
    result      TEXT NOT NULL CHECK (result IN ('done', 'skipped', 'match', 'mismatch')),
    note        TEXT NOT NULL,
    actor       TEXT NOT NULL,
    at          INTEGER NOT NULL,
    PRIMARY KEY (callback_id, kind, name)
) STRICT;

-- What counts for or against the score of a person, one row for each happening; the monthly
-- sheet sums the rows that were not withdrawn (IMP-06).
CREATE TABLE score_events (
    id           INTEGER PRIMARY KEY,
    key          TEXT NOT NULL UNIQUE,                 -- the same happening once
    pack         TEXT NOT NULL,
    person       TEXT NOT NULL,
    day          TEXT NOT NULL,                        -- 2026-03-03
    kind         TEXT NOT NULL,                        -- reconciliation, ...
    subject      TEXT NOT NULL,
    points       INTEGER NOT NULL,                   -- below zero: taken off
    detail       TEXT NOT NULL,
    created_by   TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    withdrawn_at INTEGER                             -- it was a mistake after all
) STRICT;
CREATE INDEX score_events_of_person ON score_events (person, day);
CREATE INDEX score_events_of_day    ON score_events (pack, day);

-- Customers chosen by what is known of them, under a name (ARC-05).
CREATE TABLE segments (
    pack       TEXT NOT NULL,
    name       TEXT NOT NULL,
    title      TEXT NOT NULL,
    tests      TEXT NOT NULL,                          -- JSON of archive::Segment
    changed_by TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (pack, name)
) STRICT;

-- Papers and samples that somebody takes along to a customer (ARC-09).
CREATE TABLE materials (
    id          INTEGER PRIMARY KEY,
    pack        TEXT NOT NULL,
    callback_id INTEGER REFERENCES callbacks (id),
    item        TEXT NOT NULL,
    holder      TEXT NOT NULL,
    out_at      INTEGER NOT NULL,
    due_back_at INTEGER NOT NULL,
    out_by      TEXT NOT NULL,
    closed_at   INTEGER,                             -- brought back, or excused
    closed_by   TEXT,
    excuse      TEXT,                                  -- why it does not come back; NULL: it came back
    CHECK ((closed_at IS NULL) = (closed_by IS NULL))
) STRICT;
CREATE INDEX materials_out ON materials (due_back_at) WHERE closed_at IS NULL;

-- What a callback cost the person who made it; amounts in fen (ARC-09).
CREATE TABLE expenses (
    id          INTEGER PRIMARY KEY,
    pack        TEXT NOT NULL,
    callback_id INTEGER REFERENCES callbacks (id),
    person      TEXT NOT NULL,
    day         TEXT NOT NULL,
    purpose     TEXT NOT NULL,
    amount      INTEGER NOT NULL CHECK (amount > 0),
    ceiling     INTEGER NOT NULL,                    -- the limit that held
    approved    INTEGER,                             -- NULL: not decided; 0: refused
    decided_by  TEXT,
    decided_at  INTEGER,
    reason      TEXT NOT NULL DEFAULT '',
    created_by  TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    CHECK ((approved IS NULL) = (decided_by IS NULL))
) STRICT;
CREATE INDEX expenses_of_person ON expenses (person, day);
