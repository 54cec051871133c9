-- People who log in. Of passwords only the argon2 hash is kept.
CREATE TABLE accounts (
    id         INTEGER PRIMARY KEY,
    name       TEXT   NOT NULL UNIQUE,
    password   TEXT,                                -- PHC string; NULL: none yet, a link makes one
    roles      TEXT   NOT NULL,                     -- JSON array of words
    agent      TEXT   NOT NULL DEFAULT '',
    department TEXT   NOT NULL DEFAULT '',
    shop       TEXT   NOT NULL DEFAULT '',
    totp       TEXT,                                -- base 32; NULL: no one-time codes
    totp_step  INTEGER NOT NULL DEFAULT 0,          -- last step whose code was used
    locked_at  INTEGER,                             -- since when a person has locked it
    failures   INTEGER NOT NULL DEFAULT 0,          -- wrong passwords and codes in a row
    failed_at  INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
) STRICT;

-- Sessions of browsers. Only the hash of a cookie is kept.
CREATE TABLE sessions (
    hash       TEXT   PRIMARY KEY,                  -- hex SHA-256
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    began_at   INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,
    address    TEXT   NOT NULL
) STRICT;
CREATE INDEX sessions_of ON sessions (account_id);

-- Links that work once.
CREATE TABLE account_links (
    hash       TEXT   PRIMARY KEY,                  -- hex SHA-256
    kind       TEXT   NOT NULL CHECK (kind IN ('first', 'password', 'login')),
    account_id INTEGER REFERENCES accounts (id),    -- NULL for the first
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT;

-- The counts of a list by state and result, and by the reason of each, from the index alone.
DROP INDEX entries_counted;
CREATE INDEX entries_counted ON entries (list_id, state, disposition, reason);
