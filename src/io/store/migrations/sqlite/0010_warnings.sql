-- The twin of this file is in ../postgres; a test compares the two schemas.
-- What a person should look at, found by the daemon itself: once for its day.
CREATE TABLE warnings (
    id             INTEGER PRIMARY KEY,
    pack           TEXT    NOT NULL,
    day            TEXT    NOT NULL,                   -- 2026-03-03
    code           TEXT    NOT NULL,                   -- stable word: missing_slip, report_missing, under_quota, ...
    subject        TEXT    NOT NULL,                   -- what it is about
    detail         TEXT    NOT NULL,
    raised_at      INTEGER NOT NULL,
    settled_at     INTEGER,                            -- NULL: it still holds
    settled_by     TEXT    NOT NULL DEFAULT '',
    settled_reason TEXT    NOT NULL DEFAULT '',
    UNIQUE (pack, day, code, subject)
) STRICT;
CREATE INDEX warnings_open ON warnings (pack, day) WHERE settled_at IS NULL;

-- Closed records of a month, kept by a named person: found as before, changed no more (ARC-08).
CREATE TABLE archives (
    id         INTEGER PRIMARY KEY,
    pack       TEXT    NOT NULL,
    month      TEXT    NOT NULL,                       -- 2026-03
    keeper     TEXT    NOT NULL,
    callbacks  INTEGER NOT NULL,
    events     INTEGER NOT NULL,
    created_by TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX archives_of_pack ON archives (pack, month);
ALTER TABLE callbacks ADD COLUMN archive_id INTEGER REFERENCES archives (id);
ALTER TABLE events    ADD COLUMN archive_id INTEGER REFERENCES archives (id);

CREATE INDEX callbacks_event ON callbacks (event_id) WHERE event_id IS NOT NULL;

-- Whichever way an event is withdrawn: what is owed for it is owed no more, and is owed again
-- when the event is there again.
CREATE TRIGGER callbacks_of_withdrawn_events AFTER UPDATE OF withdrawn_at ON events
WHEN NEW.withdrawn_at IS NOT NULL AND OLD.withdrawn_at IS NULL
BEGIN
    UPDATE callbacks SET state = 'excused', outcome = 'withdrawn', reason = 'event_withdrawn',
           detail = COALESCE(NEW.withdrawn_reason, ''), closed_at = NEW.withdrawn_at, changed_at = NEW.withdrawn_at
     WHERE event_id = NEW.id AND state IN ('waiting', 'open');
END;
CREATE TRIGGER callbacks_of_returned_events AFTER UPDATE OF withdrawn_at ON events
WHEN NEW.withdrawn_at IS NULL AND OLD.withdrawn_at IS NOT NULL
BEGIN
    UPDATE callbacks SET state = 'waiting', outcome = NULL, reason = 'event_returned', detail = '', closed_at = NULL,
           entry_id = NULL, merged_into = NULL
     WHERE event_id = NEW.id AND state = 'excused' AND reason = 'event_withdrawn';
END;
