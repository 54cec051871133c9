-- The twin of this file is in ../postgres; a test compares the two schemas.
-- What events, callbacks and calls made of tickets. A key that stands here does so once; without a
-- ticket it was looked at, and nothing came of it.
CREATE TABLE ticket_findings (
    key       TEXT    PRIMARY KEY,                    -- event:12/acceptance_failed, callback:7
    ticket_id INTEGER REFERENCES tickets (id),
    found_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX ticket_findings_of ON ticket_findings (ticket_id) WHERE ticket_id IS NOT NULL;

-- Departments that see a ticket: its own, and those whose stage has begun and is signed for.
CREATE TABLE ticket_departments (
    department TEXT    NOT NULL CHECK (department <> ''),
    ticket_id  INTEGER NOT NULL REFERENCES tickets (id),
    PRIMARY KEY (department, ticket_id)
) STRICT;
CREATE INDEX ticket_departments_of ON ticket_departments (ticket_id);
INSERT INTO ticket_departments (department, ticket_id) SELECT department, id FROM tickets WHERE department <> '';

-- Events of a kind in the order in which they came in.
CREATE INDEX events_by_kind_and_id ON events (pack, kind, id);
CREATE INDEX tickets_matter ON tickets (pack, matter) WHERE matter <> '';
-- Callbacks that were closed without a call.
CREATE INDEX callbacks_without_call ON callbacks (closed_at)
    WHERE state = 'done' AND call_id IS NULL AND merged_into IS NULL;
DROP INDEX callbacks_dissatisfied;

-- JSON array: roles of the company that the holder of a token has, by which approvals are signed.
ALTER TABLE tokens ADD COLUMN roles TEXT NOT NULL DEFAULT '[]';
