-- The twin of this file is in ../postgres; a test compares the two schemas.
-- The outbox of notices: written in the transaction of what they tell of, so that nothing is
-- lost and nothing is told of what did not happen.
CREATE TABLE notices (
    id          INTEGER PRIMARY KEY,
    key         TEXT    NOT NULL UNIQUE,              -- a second one with the same key is not queued
    topic       TEXT    NOT NULL,
    recipient   TEXT    NOT NULL,                     -- person, role or department; empty: by the topic's routes
    subject     TEXT    NOT NULL,                     -- ticket:12
    pack        TEXT    NOT NULL,
    facts       TEXT    NOT NULL,                     -- JSON object
    wants_ack   INTEGER NOT NULL DEFAULT 0,
    created_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX notices_subject ON notices (subject, id);
