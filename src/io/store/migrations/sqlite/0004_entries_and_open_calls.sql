-- The twin of this file is in ../postgres; a test compares the two schemas.
-- Open calls in the order in which they are listed, and entries of a list in theirs.
DROP INDEX calls_open;
CREATE INDEX calls_open       ON calls (reserved_at, id) WHERE state = 'reserved';
CREATE INDEX entries_of_list  ON entries (list_id, id);
CREATE INDEX entries_in_state ON entries (list_id, state, id);
