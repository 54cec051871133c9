-- The twin of this file is in ../sqlite; a test compares the two schemas.
-- Lists of calls and counts stay quick with a million calls in the store: each filter has an
-- index in the order in which pages are read, and counts are read from indexes alone.
DROP INDEX calls_time;
DROP INDEX calls_campaign;
CREATE INDEX calls_time         ON calls (reserved_at, id);
CREATE INDEX calls_of_campaign  ON calls (campaign_id, reserved_at, id);
CREATE INDEX calls_with_result  ON calls (disposition, reserved_at, id);
CREATE INDEX calls_over_trunk   ON calls (trunk, reserved_at, id);
CREATE INDEX calls_by_length    ON calls ((COALESCE(ended_at - answered_at, 0)), id);
CREATE INDEX calls_with_alarm   ON calls (reserved_at, id) WHERE alarm IS NOT NULL;
CREATE INDEX calls_inbound      ON calls (reserved_at, id) WHERE direction = 'inbound';
-- The counts by state and result; what changed last, and the pace of late.
CREATE INDEX entries_counted    ON entries (list_id, state, disposition);
CREATE INDEX entries_changed    ON entries (list_id, changed_at, id);

-- Ended calls of each campaign by result, kept by the database itself whoever ends a call.
-- Placed: an attempt that was released before any trunk was tried counts nowhere.
CREATE TABLE call_tallies (
    campaign_id BIGINT NOT NULL REFERENCES campaigns (id),
    disposition TEXT    NOT NULL,
    calls       BIGINT NOT NULL,
    PRIMARY KEY (campaign_id, disposition)
);
INSERT INTO call_tallies (campaign_id, disposition, calls)
SELECT campaign_id, disposition, COUNT(*) FROM calls
WHERE campaign_id IS NOT NULL AND state = 'ended' AND (started_at IS NOT NULL OR disposition <> 'cancelled')
GROUP BY campaign_id, disposition;
CREATE FUNCTION tally_call() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO call_tallies (campaign_id, disposition, calls) VALUES (NEW.campaign_id, NEW.disposition, 1)
    ON CONFLICT (campaign_id, disposition) DO UPDATE SET calls = call_tallies.calls + 1;
    RETURN NULL;
END $$;
CREATE TRIGGER calls_are_tallied_at_their_end AFTER UPDATE OF state ON calls
FOR EACH ROW WHEN (NEW.state = 'ended' AND OLD.state <> 'ended' AND NEW.campaign_id IS NOT NULL
     AND (NEW.started_at IS NOT NULL OR NEW.disposition <> 'cancelled'))
EXECUTE FUNCTION tally_call();
