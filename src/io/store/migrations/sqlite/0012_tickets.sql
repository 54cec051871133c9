-- The twin of this file is in ../postgres; a test compares the two schemas.
-- Tickets: what customers brought to us, until they have said that it is solved. `body` is the
-- ticket as the rules work on it; the other columns are what lists and turns look for.
CREATE TABLE tickets (
    id          INTEGER PRIMARY KEY,
    pack        TEXT    NOT NULL,
    number      TEXT    NOT NULL,                     -- KF20260303-0001
    kind        TEXT    NOT NULL,
    severity    TEXT    NOT NULL,
    category    TEXT    NOT NULL,
    source      TEXT    NOT NULL,
    phase       TEXT    NOT NULL CHECK (phase IN ('open', 'verifying', 'closed', 'joined')),
    state       TEXT    NOT NULL,                     -- the word for people
    owner       TEXT    NOT NULL CHECK (owner <> ''),
    department  TEXT    NOT NULL,
    customer_id INTEGER REFERENCES customers (id),
    phone       TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    matter      TEXT    NOT NULL,
    complaint   INTEGER NOT NULL,                     -- 1: routine surveys of the customer rest
    dissatisfied INTEGER NOT NULL,
    level       INTEGER NOT NULL,
    meeting     TEXT    NOT NULL,                     -- empty, open or decided
    opened_at   INTEGER NOT NULL,
    due_at      INTEGER,                              -- the earliest deadline that is owed
    next_at     INTEGER,                              -- when time alone has something to do
    closed_at   INTEGER,
    version     INTEGER NOT NULL,
    body        TEXT    NOT NULL,                     -- JSON of the ticket
    UNIQUE (pack, number)
) STRICT;
CREATE INDEX tickets_next     ON tickets (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX tickets_due      ON tickets (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX tickets_phone    ON tickets (phone, id) WHERE phone <> '';
CREATE INDEX tickets_customer ON tickets (customer_id, id) WHERE customer_id IS NOT NULL;
CREATE INDEX tickets_opened   ON tickets (opened_at, id);

-- The last number of a day.
CREATE TABLE ticket_numbers (
    prefix TEXT    NOT NULL,
    pack   TEXT    NOT NULL,
    day    TEXT    NOT NULL,
    last   INTEGER NOT NULL,
    PRIMARY KEY (prefix, pack, day)
) STRICT;

-- The timeline: every call, comment, file and change, by whom and when.
CREATE TABLE ticket_log (
    id        INTEGER PRIMARY KEY,
    ticket_id INTEGER NOT NULL REFERENCES tickets (id),
    at        INTEGER NOT NULL,
    actor     TEXT    NOT NULL,
    action    TEXT    NOT NULL,
    detail    TEXT    NOT NULL,
    call_id   TEXT
) STRICT;
CREATE INDEX ticket_log_of ON ticket_log (ticket_id, id);

CREATE TABLE ticket_calls (
    ticket_id INTEGER NOT NULL REFERENCES tickets (id),
    call_id   TEXT    NOT NULL REFERENCES calls (id),
    PRIMARY KEY (ticket_id, call_id)
) STRICT;
CREATE INDEX ticket_calls_by_call ON ticket_calls (call_id);

-- Callbacks that tickets asked for. One that ended is settled once its ticket knows of it.
CREATE TABLE ticket_callbacks (
    callback_id INTEGER PRIMARY KEY REFERENCES callbacks (id),
    ticket_id   INTEGER NOT NULL REFERENCES tickets (id),
    purpose     TEXT    NOT NULL,
    settled_at  INTEGER
) STRICT;
CREATE INDEX ticket_callbacks_of   ON ticket_callbacks (ticket_id);
CREATE INDEX ticket_callbacks_open ON ticket_callbacks (callback_id) WHERE settled_at IS NULL;

CREATE TABLE ticket_files (
    id        INTEGER PRIMARY KEY,
    ticket_id INTEGER NOT NULL REFERENCES tickets (id),
    name      TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    path      TEXT    NOT NULL,                     -- relative to the recordings folder
    sha256    TEXT    NOT NULL,
    bytes     INTEGER NOT NULL,
    added_by  TEXT    NOT NULL,
    added_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX ticket_files_of ON ticket_files (ticket_id, id);

-- Links by which a department sees and reports its ticket without a login.
CREATE TABLE ticket_links (
    hash       TEXT    PRIMARY KEY,                 -- hex SHA-256 of the secret
    ticket_id  INTEGER NOT NULL REFERENCES tickets (id),
    department TEXT    NOT NULL,
    created_by TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

-- The number that was dialled, of an inbound call; and whether its ticket was seen to.
ALTER TABLE calls ADD COLUMN dialled  TEXT    NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN ticketed INTEGER NOT NULL DEFAULT 0;
UPDATE calls SET ticketed = 1 WHERE state = 'ended';
CREATE INDEX calls_unticketed ON calls (id) WHERE state = 'ended' AND ticketed = 0;
-- Customers who were not content in a callback that a person closed.
CREATE INDEX callbacks_dissatisfied ON callbacks (closed_at) WHERE outcome = 'dissatisfied';
