-- What reports count of tickets stands beside their bodies, and points taken off by their time.
ALTER TABLE tickets ADD COLUMN acknowledged BIGINT NOT NULL DEFAULT 0;   -- 1: the department signed for it
ALTER TABLE tickets ADD COLUMN in_time BIGINT NOT NULL DEFAULT 0;        -- stages with a deadline that were done by it
ALTER TABLE tickets ADD COLUMN breached BIGINT NOT NULL DEFAULT 0;       -- stages whose deadline passed
ALTER TABLE tickets ADD COLUMN first_contact BIGINT NOT NULL DEFAULT 0;  -- 1: solved on the first contact
ALTER TABLE tickets ADD COLUMN reported_at BIGINT;                       -- when it was reported upward
ALTER TABLE tickets ADD COLUMN state_since BIGINT NOT NULL DEFAULT 0;    -- since when it has stood where it is
UPDATE tickets t SET
    acknowledged = CASE WHEN CAST(t.body AS jsonb) ->> 'acknowledged' IS NULL THEN 0 ELSE 1 END,
    in_time = (SELECT COUNT(*) FROM jsonb_array_elements(CAST(t.body AS jsonb) -> 'stages') s
               WHERE COALESCE(s -> 'rule' ->> 'reminder', 'false') = 'false' AND s ->> 'due' IS NOT NULL
                 AND s ->> 'done_at' IS NOT NULL AND s ->> 'breached_at' IS NULL),
    breached = (SELECT COUNT(*) FROM jsonb_array_elements(CAST(t.body AS jsonb) -> 'stages') s
                WHERE COALESCE(s -> 'rule' ->> 'reminder', 'false') = 'false' AND s ->> 'due' IS NOT NULL
                  AND s ->> 'breached_at' IS NOT NULL),
    first_contact = CASE WHEN CAST(t.body AS jsonb) ->> 'first_contact' = 'true' THEN 1 ELSE 0 END,
    reported_at = CAST(CAST(t.body AS jsonb) ->> 'reported_at' AS BIGINT),
    state_since = COALESCE((SELECT MAX(CAST(s ->> 'began_at' AS BIGINT))
                            FROM jsonb_array_elements(CAST(t.body AS jsonb) -> 'stages') s
                            WHERE s ->> 'done_at' IS NULL), t.opened_at);
CREATE INDEX tickets_still_open ON tickets (opened_at, id) WHERE closed_at IS NULL;
CREATE TABLE ticket_points (
    ticket_id BIGINT NOT NULL REFERENCES tickets (id),
    number    BIGINT NOT NULL,                          -- counts the points of a ticket, from 1
    at        BIGINT NOT NULL,
    who       TEXT   NOT NULL,
    points    BIGINT NOT NULL,                          -- negative
    PRIMARY KEY (ticket_id, number)
);
CREATE INDEX ticket_points_at ON ticket_points (at);
INSERT INTO ticket_points (ticket_id, number, at, who, points)
    SELECT t.id, p.place, CAST(p.value ->> 'at' AS BIGINT), p.value ->> 'who', CAST(p.value ->> 'points' AS BIGINT)
    FROM tickets t
    CROSS JOIN LATERAL jsonb_array_elements(CAST(t.body AS jsonb) -> 'points') WITH ORDINALITY AS p (value, place);
-- What rang at the phones of agents, for how fast they answered.
CREATE INDEX agent_states_offered ON agent_states (began_at) WHERE state = 'offered';
