-- The twin of this file is in ../sqlite; a test compares the two schemas.
-- What an answer says beside its score: of whom, about what, and that somebody is not content.
ALTER TABLE answers ADD COLUMN rated_function TEXT;                              -- NULL: it rates nobody
ALTER TABLE answers ADD COLUMN rated_person   TEXT;                              -- NULL also: nobody said who
ALTER TABLE answers ADD COLUMN dimension      TEXT;                              -- for a mean of its own
ALTER TABLE answers ADD COLUMN dissatisfied   BIGINT NOT NULL DEFAULT 0;          -- 1: the script says so
-- JSON array of the steps of the script, each with its time.
ALTER TABLE calls ADD COLUMN steps TEXT;
-- JSON object: what a person filled in when they closed a callback by hand.
ALTER TABLE callbacks ADD COLUMN filled TEXT NOT NULL DEFAULT '{}';
