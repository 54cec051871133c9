-- The twin of this file is in ../postgres; a test compares the two schemas.
-- Promises of open tickets that are not kept yet: what a desk lists by its time. The words stand in the
-- ticket.
CREATE TABLE ticket_promises (
    ticket_id INTEGER NOT NULL REFERENCES tickets (id),
    number    INTEGER NOT NULL,                        -- counts a ticket's promises, from 1
    at        INTEGER NOT NULL,                        -- what was promised for then
    made_by   TEXT    NOT NULL,
    PRIMARY KEY (ticket_id, number)
) STRICT;
CREATE INDEX ticket_promises_at ON ticket_promises (at);
INSERT INTO ticket_promises (ticket_id, number, at, made_by)
    SELECT t.id, json_extract(p.value, '$.no'), json_extract(p.value, '$.at'), json_extract(p.value, '$.by')
    FROM tickets t, json_each(t.body, '$.promises') p
    WHERE t.phase IN ('open', 'verifying') AND json_extract(p.value, '$.kept_at') IS NULL;
