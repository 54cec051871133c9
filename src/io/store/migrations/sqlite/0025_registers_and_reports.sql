-- The twin of this file is in ../postgres; a test compares the two schemas.
-- What people write into the rows of registers. The rows themselves are calls, callbacks, tickets;
-- a word that is written anew leaves the old one standing.
CREATE TABLE register_notes (
    id     INTEGER PRIMARY KEY,
    record TEXT    NOT NULL,                            -- callback:12, call:01K..., ticket:3
    word   TEXT    NOT NULL,                            -- feedback, adopted, ...
    text   TEXT    NOT NULL,
    actor  TEXT    NOT NULL,
    at     INTEGER NOT NULL
) STRICT;
CREATE INDEX register_notes_of ON register_notes (record, id);
-- Only erasure takes a text away, and leaves the line.
CREATE TRIGGER register_notes_are_not_updated BEFORE UPDATE ON register_notes WHEN NEW.text <> ''
BEGIN SELECT RAISE(ABORT, 'a register is annotated, never edited'); END;
CREATE TRIGGER register_notes_are_not_deleted BEFORE DELETE ON register_notes
BEGIN SELECT RAISE(ABORT, 'a register is annotated, never edited'); END;

-- Reports of periods.
CREATE TABLE reports (
    id        INTEGER PRIMARY KEY,
    report    TEXT    NOT NULL,                         -- id of its file
    pack      TEXT    NOT NULL,
    from_day  TEXT    NOT NULL,                         -- 2026-03-01
    to_day    TEXT    NOT NULL,                         -- inclusive
    state     TEXT    NOT NULL CHECK (state IN ('draft', 'submitted', 'reviewed', 'approved')),
    figures   TEXT,                                     -- JSON, since it was handed in; NULL: those of the moment
    texts     TEXT    NOT NULL,                         -- JSON object: what people wrote, by field
    due_at    INTEGER NOT NULL,
    made_at   INTEGER NOT NULL,
    made_by   TEXT    NOT NULL,
    late      INTEGER NOT NULL DEFAULT 0,               -- 1: not handed in when it was due
    version   INTEGER NOT NULL DEFAULT 1,
    UNIQUE (report, from_day)
) STRICT;
CREATE INDEX reports_made ON reports (made_at, id);
CREATE TABLE report_log (
    id        INTEGER PRIMARY KEY,
    report_id INTEGER NOT NULL REFERENCES reports (id),
    at        INTEGER NOT NULL,
    actor     TEXT    NOT NULL,
    action    TEXT    NOT NULL,
    detail    TEXT    NOT NULL
) STRICT;
CREATE INDEX report_log_of ON report_log (report_id, id);
-- What a report decided is to be done.
CREATE TABLE report_actions (
    id        INTEGER PRIMARY KEY,
    report_id INTEGER NOT NULL REFERENCES reports (id),
    field     TEXT    NOT NULL,
    text      TEXT    NOT NULL,
    created_by TEXT   NOT NULL,
    created_at INTEGER NOT NULL,
    closed_by TEXT,
    closed_at INTEGER,
    result    TEXT    NOT NULL DEFAULT '',
    CHECK ((closed_at IS NULL) = (closed_by IS NULL))
) STRICT;
CREATE INDEX report_actions_open ON report_actions (id) WHERE closed_at IS NULL;

-- Penalties that are proposed count once a manager has approved them (PRF-06).
ALTER TABLE score_events ADD COLUMN proposed   INTEGER NOT NULL DEFAULT 0;       -- 1: it needs a decision
ALTER TABLE score_events ADD COLUMN approved   INTEGER;                          -- NULL: not decided; 0: refused
ALTER TABLE score_events ADD COLUMN decided_by TEXT;
ALTER TABLE score_events ADD COLUMN decided_at INTEGER;

-- From a call to the callback it was made for, and from a callback to what was deadline-bound.
CREATE INDEX callbacks_of_entries ON callbacks (entry_id) WHERE entry_id IS NOT NULL;
CREATE INDEX callbacks_closed_at  ON callbacks (closed_at, id) WHERE closed_at IS NOT NULL;
CREATE INDEX callbacks_owed_by    ON callbacks (deadline, id);
CREATE INDEX events_at            ON events (at, id);
CREATE INDEX notices_made         ON notices (created_at, id);
