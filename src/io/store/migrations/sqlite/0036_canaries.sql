-- What a call was made for: NULL for business; 'test' and 'canary' count in no figure.
ALTER TABLE calls ADD COLUMN purpose TEXT;

-- Canaries of trunks that are over, and what was found of them.
CREATE TABLE canaries (
    id        INTEGER PRIMARY KEY,
    caller_id TEXT    NOT NULL UNIQUE,              -- call that went out
    called_id TEXT,                                 -- call that came back; NULL: none did
    trunk     TEXT    NOT NULL,
    day       TEXT    NOT NULL,                     -- in the calendar's zone
    number    TEXT    NOT NULL,                     -- that was called
    pressed   TEXT    NOT NULL,                     -- key
    asked_by  TEXT    NOT NULL,
    began_at  INTEGER NOT NULL,
    ended_at  INTEGER NOT NULL,
    mono_ms   INTEGER NOT NULL,                     -- from order to end by the monotonic clock
    back_at   INTEGER,
    back_by   TEXT    NOT NULL,                     -- trunk by which it came back
    problem   TEXT    NOT NULL,                     -- why it was not placed; empty: it was
    passed    INTEGER,                              -- NULL: nobody has looked yet
    checks    TEXT    NOT NULL DEFAULT '[]',        -- JSON
    judged_at INTEGER
) STRICT;
CREATE INDEX canaries_of ON canaries (trunk, began_at);
CREATE INDEX canaries_open ON canaries (id) WHERE passed IS NULL;

-- Who let a trunk be dialled on a day in spite of its canary, and why.
CREATE TABLE canary_overrides (
    trunk  TEXT    NOT NULL,
    day    TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    by     TEXT    NOT NULL,
    reason TEXT    NOT NULL,
    PRIMARY KEY (trunk, day)
) STRICT;
