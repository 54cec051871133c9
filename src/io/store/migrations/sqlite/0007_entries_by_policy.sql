-- The twin of this file is in ../postgres; a test compares the two schemas.
-- What a policy says of one entry, beside and before what its campaign says of all.
ALTER TABLE entries ADD COLUMN callback_id     INTEGER;                             -- the callback behind it
ALTER TABLE entries ADD COLUMN script          TEXT    NOT NULL DEFAULT '';         -- '' means the campaign's
ALTER TABLE entries ADD COLUMN caller_name     TEXT    NOT NULL DEFAULT '';         -- '' means the campaign's
ALTER TABLE entries ADD COLUMN deadline_at     INTEGER;                             -- exclusive
ALTER TABLE entries ADD COLUMN preferred_hours TEXT    NOT NULL DEFAULT '';         -- window text
ALTER TABLE entries ADD COLUMN quiet_hours     TEXT    NOT NULL DEFAULT '';         -- window text
ALTER TABLE entries ADD COLUMN exact_at        INTEGER;                             -- a promised call that is still to be placed
ALTER TABLE entries ADD COLUMN numbers         TEXT    NOT NULL DEFAULT '[]';       -- JSON array: further numbers, the next first
-- One entry for each callback, whatever is released twice.
CREATE UNIQUE INDEX entries_callback ON entries (callback_id) WHERE callback_id IS NOT NULL;
-- Promised calls, which are read before all others.
CREATE INDEX entries_promised ON entries (list_id, due_at) WHERE exact_at IS NOT NULL AND state = 'pending';
