-- The twin of this file is in ../sqlite; a test compares the two schemas.
-- Promises of open tickets that are not kept yet: what a desk lists by its time. The words stand in the
-- ticket.
CREATE TABLE ticket_promises (
    ticket_id BIGINT NOT NULL REFERENCES tickets (id),
    number    BIGINT NOT NULL,                         -- counts a ticket's promises, from 1
    at        BIGINT NOT NULL,                         -- what was promised for then
    made_by   TEXT   NOT NULL,
    PRIMARY KEY (ticket_id, number)
);
CREATE INDEX ticket_promises_at ON ticket_promises (at);
INSERT INTO ticket_promises (ticket_id, number, at, made_by)
    SELECT t.id, CAST(p ->> 'no' AS BIGINT), CAST(p ->> 'at' AS BIGINT), p ->> 'by'
    FROM tickets t CROSS JOIN LATERAL jsonb_array_elements(CAST(t.body AS jsonb) -> 'promises') p
    WHERE t.phase IN ('open', 'verifying') AND p ->> 'kept_at' IS NULL;
