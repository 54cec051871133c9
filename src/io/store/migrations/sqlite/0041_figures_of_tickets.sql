-- The twin of this file is in ../postgres; a test compares the two schemas.
-- What reports count of tickets stands beside their bodies, and points taken off by their time.
ALTER TABLE tickets ADD COLUMN acknowledged INTEGER NOT NULL DEFAULT 0;  -- 1: the department signed for it
ALTER TABLE tickets ADD COLUMN in_time INTEGER NOT NULL DEFAULT 0;       -- stages with a deadline that were done by it
ALTER TABLE tickets ADD COLUMN breached INTEGER NOT NULL DEFAULT 0;      -- stages whose deadline passed
ALTER TABLE tickets ADD COLUMN first_contact INTEGER NOT NULL DEFAULT 0; -- 1: solved on the first contact
ALTER TABLE tickets ADD COLUMN reported_at INTEGER;                      -- when it was reported upward
ALTER TABLE tickets ADD COLUMN state_since INTEGER NOT NULL DEFAULT 0;   -- since when it has stood where it is
UPDATE tickets SET
    acknowledged = json_extract(body, '$.acknowledged') IS NOT NULL,
    in_time = (SELECT COUNT(*) FROM json_each(body, '$.stages') s
               WHERE COALESCE(json_extract(s.value, '$.rule.reminder'), 0) = 0 AND json_extract(s.value, '$.due') IS NOT NULL
                 AND json_extract(s.value, '$.done_at') IS NOT NULL AND json_extract(s.value, '$.breached_at') IS NULL),
    breached = (SELECT COUNT(*) FROM json_each(body, '$.stages') s
                WHERE COALESCE(json_extract(s.value, '$.rule.reminder'), 0) = 0 AND json_extract(s.value, '$.due') IS NOT NULL
                  AND json_extract(s.value, '$.breached_at') IS NOT NULL),
    first_contact = COALESCE(json_extract(body, '$.first_contact'), 0),
    reported_at = json_extract(body, '$.reported_at'),
    state_since = COALESCE((SELECT MAX(json_extract(s.value, '$.began_at')) FROM json_each(body, '$.stages') s
                            WHERE json_extract(s.value, '$.done_at') IS NULL), opened_at);
CREATE INDEX tickets_still_open ON tickets (opened_at, id) WHERE closed_at IS NULL;
CREATE TABLE ticket_points (
    ticket_id INTEGER NOT NULL REFERENCES tickets (id),
    number    INTEGER NOT NULL,                         -- counts the points of a ticket, from 1
    at        INTEGER NOT NULL,
    who       TEXT    NOT NULL,
    points    INTEGER NOT NULL,                         -- negative
    PRIMARY KEY (ticket_id, number)
) STRICT;
CREATE INDEX ticket_points_at ON ticket_points (at);
INSERT INTO ticket_points (ticket_id, number, at, who, points)
    SELECT t.id, p.key + 1, json_extract(p.value, '$.at'), json_extract(p.value, '$.who'),
           json_extract(p.value, '$.points')
    FROM tickets t, json_each(t.body, '$.points') p;
-- What rang at the phones of agents, for how fast they answered.
CREATE INDEX agent_states_offered ON agent_states (began_at) WHERE state = 'offered';
