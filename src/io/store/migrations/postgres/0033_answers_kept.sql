-- The twin of this file is in ../sqlite; a test compares the two schemas.
-- Answers to requests that came with an Idempotency-Key, kept for a day.
CREATE TABLE kept_answers (
    holder     TEXT    NOT NULL,                    -- who asked
    key        TEXT    NOT NULL,                    -- theirs
    request    TEXT    NOT NULL,                    -- hex SHA-256 of method, path and body
    created_at BIGINT  NOT NULL,
    status     BIGINT ,                             -- NULL: it is being answered
    body       TEXT,                                -- NULL: none, or it held a secret
    PRIMARY KEY (holder, key)
);
CREATE INDEX kept_answers_by_age ON kept_answers (created_at);
