-- The twin of this file is in ../postgres; a test compares the two schemas.
-- Results and trunks are known when a call ends: until then it stands in no index of them, so
-- that its end adds to each instead of taking away and adding.
DROP INDEX calls_with_result;
DROP INDEX calls_over_trunk;
CREATE INDEX calls_with_result ON calls (disposition, reserved_at, id) WHERE disposition IS NOT NULL;
CREATE INDEX calls_over_trunk  ON calls (trunk, reserved_at, id) WHERE trunk IS NOT NULL;
