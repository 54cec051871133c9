-- Times are milliseconds since 1970 in UTC. Ids of calls are 26-character texts that sort by time.
-- The twin of this file is ../postgres/0001_first_call.sql; a test compares the two schemas.
CREATE TABLE lists (
    id          INTEGER PRIMARY KEY,
    name        TEXT    NOT NULL UNIQUE CHECK (name <> ''),
    created_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE campaigns (
    id              INTEGER PRIMARY KEY,
    name            TEXT    NOT NULL UNIQUE CHECK (name <> ''),
    list_id         INTEGER NOT NULL UNIQUE REFERENCES lists (id),
    state           TEXT    NOT NULL CHECK (state IN ('draft', 'running', 'paused', 'ending', 'done', 'stopped')),
    priority        INTEGER NOT NULL,
    settings        TEXT    NOT NULL,                  -- JSON of CampaignSettings
    blocked         TEXT    NOT NULL DEFAULT '',       -- why the whole campaign places no call now: a stable word
    blocked_detail  TEXT    NOT NULL DEFAULT '',       -- its figures, for people
    created_at      INTEGER NOT NULL,
    changed_at      INTEGER NOT NULL
) STRICT;

CREATE TABLE entries (
    id           INTEGER PRIMARY KEY,
    list_id      INTEGER NOT NULL REFERENCES lists (id),
    row_key      TEXT    NOT NULL,                     -- external id, or the number where there is none
    external_id  TEXT    NOT NULL,
    phone        TEXT    NOT NULL,
    extension    TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    language     TEXT    NOT NULL,
    priority     INTEGER NOT NULL,
    fields       TEXT    NOT NULL,                     -- JSON object, text to text
    state        TEXT    NOT NULL CHECK (state IN ('pending', 'dialling', 'done', 'failed', 'stopped')),
    disposition  TEXT,
    reason       TEXT    NOT NULL,                     -- stable word: why (not) called
    detail       TEXT    NOT NULL,                     -- its figures, for people
    due_at       INTEGER NOT NULL,
    attempts     INTEGER NOT NULL DEFAULT 0,
    last_call    TEXT,
    created_at   INTEGER NOT NULL,
    changed_at   INTEGER NOT NULL,
    UNIQUE (list_id, row_key)
) STRICT;
-- The order in which the dialler takes them.
CREATE INDEX entries_order ON entries (list_id, state, priority DESC, due_at, id);
-- The next moment at which one is due, and the counts by state.
CREATE INDEX entries_due   ON entries (list_id, state, due_at);
CREATE INDEX entries_phone ON entries (phone);
CREATE INDEX entries_dialling ON entries (id) WHERE state = 'dialling';

-- An attempt is a call that was reserved: the row is written before the INVITE leaves.
CREATE TABLE calls (
    id             TEXT    PRIMARY KEY,
    direction      TEXT    NOT NULL CHECK (direction IN ('outbound', 'inbound')),
    state          TEXT    NOT NULL CHECK (state IN ('reserved', 'ended')),
    campaign_id    INTEGER REFERENCES campaigns (id),
    entry_id       INTEGER REFERENCES entries (id),
    phone          TEXT    NOT NULL,
    trunk          TEXT,
    script         TEXT,
    reserved_at    INTEGER NOT NULL,
    started_at     INTEGER,
    ringing_at     INTEGER,
    early_media_at INTEGER,
    answered_at    INTEGER,
    ended_at       INTEGER,
    disposition    TEXT,
    sip_status     INTEGER,
    q850           INTEGER,
    blame          TEXT,
    ended_by       TEXT,
    detail         TEXT    NOT NULL DEFAULT '',
    amd            TEXT,                               -- JSON of the verdict and its timing
    quality        TEXT,                               -- JSON of loss, jitter, MOS
    recording      TEXT,                               -- path relative to the recordings folder
    recording_ms   INTEGER,
    sha256         TEXT,
    left_dbfs      REAL,
    right_dbfs     REAL,
    missing_frames INTEGER,
    alarm          TEXT,                               -- e.g. answered without a sound recording
    -- An outcome is there exactly when the call is over.
    CHECK ((state = 'ended') = (disposition IS NOT NULL)),
    CHECK ((state = 'ended') = (ended_at IS NOT NULL))
) STRICT;
CREATE INDEX calls_phone    ON calls (phone, reserved_at);
CREATE INDEX calls_campaign ON calls (campaign_id, id);
CREATE INDEX calls_entry    ON calls (entry_id, disposition);
CREATE INDEX calls_time     ON calls (reserved_at);
CREATE INDEX calls_open     ON calls (id) WHERE state = 'reserved';
-- Whatever goes wrong above it: one open attempt for a number, and one for an entry.
CREATE UNIQUE INDEX calls_one_per_phone ON calls (phone)    WHERE state = 'reserved' AND entry_id IS NOT NULL;
CREATE UNIQUE INDEX calls_one_per_entry ON calls (entry_id) WHERE state = 'reserved' AND entry_id IS NOT NULL;

CREATE TABLE answers (
    call_id   TEXT    NOT NULL REFERENCES calls (id),
    seq       INTEGER NOT NULL,
    question  TEXT    NOT NULL,
    keys      TEXT,                                    -- NULL: nothing was pressed
    meaning   TEXT,
    score     INTEGER,
    comment   TEXT,
    at        INTEGER NOT NULL,
    PRIMARY KEY (call_id, seq)
) STRICT;

CREATE TABLE traces (
    call_id   TEXT PRIMARY KEY REFERENCES calls (id),
    messages  TEXT NOT NULL                            -- JSON array of sip::TraceItem
) STRICT;

CREATE TABLE do_not_call (
    phone      TEXT    PRIMARY KEY,
    reason     TEXT    NOT NULL,
    call_id    TEXT,                                   -- the call in which it was asked for
    created_by TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE imports (
    id         INTEGER PRIMARY KEY,
    list_id    INTEGER NOT NULL REFERENCES lists (id),
    file_name  TEXT    NOT NULL,
    sha256     TEXT    NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('running', 'done', 'stopped')),
    added      INTEGER NOT NULL DEFAULT 0,
    changed    INTEGER NOT NULL DEFAULT 0,
    unchanged  INTEGER NOT NULL DEFAULT 0,
    duplicate  INTEGER NOT NULL DEFAULT 0,
    rejected   INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX imports_list ON imports (list_id, id);

CREATE TABLE import_rows (
    import_id  INTEGER NOT NULL REFERENCES imports (id),
    line       INTEGER NOT NULL,
    result     TEXT    NOT NULL CHECK (result IN ('added', 'changed', 'unchanged', 'duplicate', 'rejected')),
    reason     TEXT    NOT NULL,
    entry_id   INTEGER REFERENCES entries (id),
    PRIMARY KEY (import_id, line)
) STRICT;

CREATE TABLE tokens (
    id         INTEGER PRIMARY KEY,
    name       TEXT    NOT NULL UNIQUE CHECK (name <> ''),
    hash       TEXT    NOT NULL UNIQUE,                -- hex SHA-256 of the secret
    scope      TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER
) STRICT;

CREATE TABLE audit_log (
    id      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    actor   TEXT    NOT NULL,
    action  TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    detail  TEXT    NOT NULL
) STRICT;
CREATE INDEX audit_time ON audit_log (at);

-- Writes the database refused for what they are, set aside so that they block no other.
CREATE TABLE dead_letters (
    id      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    call_id TEXT,
    reason  TEXT    NOT NULL,
    body    TEXT    NOT NULL
) STRICT;

CREATE TRIGGER audit_log_is_not_updated BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is not edited'); END;
CREATE TRIGGER audit_log_is_not_deleted BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is not edited'); END;
