-- The twin of this file is in ../postgres; a test compares the two schemas.
-- How notices reach people: one delivery for each notice and channel, and again where an
-- acknowledgement is missing.
ALTER TABLE notices ADD COLUMN routed_at    INTEGER;                     -- NULL: its deliveries are not made yet
ALTER TABLE notices ADD COLUMN address      TEXT    NOT NULL DEFAULT ''; -- of a customer who is told; empty: by the routes
ALTER TABLE notices ADD COLUMN confirm_by   INTEGER;                     -- unacknowledged then, it is a task
ALTER TABLE notices ADD COLUMN rounds       INTEGER NOT NULL DEFAULT 0;  -- how often it was sent
ALTER TABLE notices ADD COLUMN asked_at     INTEGER;                     -- when it was sent last
ALTER TABLE notices ADD COLUMN acked_at     INTEGER;
ALTER TABLE notices ADD COLUMN acked_by     TEXT    NOT NULL DEFAULT '';
ALTER TABLE notices ADD COLUMN ack_note     TEXT    NOT NULL DEFAULT '';
ALTER TABLE notices ADD COLUMN escalated_at INTEGER;
CREATE INDEX notices_unrouted  ON notices (id) WHERE routed_at IS NULL;
CREATE INDEX notices_unacked   ON notices (asked_at) WHERE wants_ack = 1 AND acked_at IS NULL AND escalated_at IS NULL;
CREATE INDEX notices_topic     ON notices (topic, id);
CREATE INDEX notices_recipient ON notices (recipient, id);

-- A file that goes with a notice.
CREATE TABLE notice_files (
    notice_id INTEGER PRIMARY KEY REFERENCES notices (id),
    name      TEXT    NOT NULL,
    text      TEXT    NOT NULL
) STRICT;

CREATE TABLE notice_deliveries (
    id           INTEGER PRIMARY KEY,
    notice_id    INTEGER NOT NULL REFERENCES notices (id),
    channel      TEXT    NOT NULL,
    round        INTEGER NOT NULL,                     -- 0, then one more for each reminder
    about        TEXT    NOT NULL,                     -- what may go into one message with it
    urgent       INTEGER NOT NULL,
    message_id   TEXT    NOT NULL DEFAULT '',          -- given before it is sent, and kept: sent twice it is known again
    attempts     INTEGER NOT NULL DEFAULT 0,
    next_at      INTEGER NOT NULL,
    leased_until INTEGER NOT NULL DEFAULT 0,           -- somebody is sending it
    sent_at      INTEGER,
    given_up_at  INTEGER,
    error        TEXT    NOT NULL DEFAULT '',          -- of the last attempt
    created_at   INTEGER NOT NULL,
    UNIQUE (notice_id, channel, round)
) STRICT;
CREATE INDEX notice_deliveries_due     ON notice_deliveries (channel, id) WHERE sent_at IS NULL AND given_up_at IS NULL;
CREATE INDEX notice_deliveries_sent    ON notice_deliveries (channel, sent_at) WHERE sent_at IS NOT NULL;
CREATE INDEX notice_deliveries_about   ON notice_deliveries (channel, about, sent_at) WHERE sent_at IS NOT NULL;

-- How channels fare.
CREATE TABLE notice_channels (
    name          TEXT    PRIMARY KEY,
    last_sent_at  INTEGER,
    failing_since INTEGER,                             -- NULL: the last message arrived
    alarmed_at    INTEGER,
    error         TEXT    NOT NULL DEFAULT '',
    held_until    INTEGER                              -- it asked to be left alone until then
) STRICT;

-- How far notices were made from what is stored.
CREATE TABLE notice_marks (
    name  TEXT    PRIMARY KEY,
    place INTEGER NOT NULL
) STRICT;

-- Callbacks that were done and are not told of yet: written by whoever ends one.
CREATE TABLE callbacks_to_tell (
    callback_id INTEGER PRIMARY KEY
) STRICT;
CREATE TRIGGER callbacks_that_are_done AFTER UPDATE OF state ON callbacks
WHEN NEW.state = 'done' AND OLD.state <> 'done'
BEGIN
    INSERT INTO callbacks_to_tell (callback_id) VALUES (NEW.id) ON CONFLICT DO NOTHING;
END;

-- Who is on call in the nights of a month.
CREATE TABLE rosters (
    id           INTEGER PRIMARY KEY,
    pack         TEXT    NOT NULL,
    month        TEXT    NOT NULL,                     -- 2026-07
    state        TEXT    NOT NULL CHECK (state IN ('draft', 'published')),
    changed_by   TEXT    NOT NULL,
    changed_at   INTEGER NOT NULL,
    published_by TEXT    NOT NULL DEFAULT '',
    published_at INTEGER,
    UNIQUE (pack, month)
) STRICT;
CREATE TABLE roster_duties (
    roster_id INTEGER NOT NULL REFERENCES rosters (id),
    date      TEXT    NOT NULL,                        -- the day on whose evening the night begins
    role      TEXT    NOT NULL,
    position  INTEGER NOT NULL,
    person    TEXT    NOT NULL,
    phone     TEXT    NOT NULL,
    extension TEXT    NOT NULL,
    PRIMARY KEY (roster_id, date, role, position)
) STRICT;
CREATE TABLE roster_swaps (
    id         INTEGER PRIMARY KEY,
    roster_id  INTEGER NOT NULL REFERENCES rosters (id),
    date       TEXT    NOT NULL,
    role       TEXT    NOT NULL,
    person     TEXT    NOT NULL,
    substitute TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    created_by TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX roster_swaps_of ON roster_swaps (roster_id, id);

-- Teams that go out by day in turn, and whose turn it was.
CREATE TABLE roster_teams (
    pack      TEXT    NOT NULL,
    position  INTEGER NOT NULL,
    name      TEXT    NOT NULL,
    phone     TEXT    NOT NULL,
    extension TEXT    NOT NULL,
    PRIMARY KEY (pack, position),
    UNIQUE (pack, name)
) STRICT;
CREATE TABLE roster_turns (
    id      INTEGER PRIMARY KEY,
    pack    TEXT    NOT NULL,
    subject TEXT    NOT NULL,                          -- what it was for: call:..., ticket:...
    team    TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    UNIQUE (pack, subject)
) STRICT;

-- When agents are to be there, when they came, and when they are away.
CREATE TABLE shifts (
    id         INTEGER PRIMARY KEY,
    pack       TEXT    NOT NULL,
    person     TEXT    NOT NULL,
    starts_at  INTEGER NOT NULL,
    ends_at    INTEGER NOT NULL,
    arrived_at INTEGER,
    told_at    INTEGER,                                -- when it was judged
    UNIQUE (pack, person, starts_at)
) STRICT;
CREATE INDEX shifts_by_start ON shifts (starts_at);
CREATE TABLE leaves (
    id         INTEGER PRIMARY KEY,
    person     TEXT    NOT NULL,
    from_day   TEXT    NOT NULL,
    to_day     TEXT    NOT NULL,                       -- inclusive
    reason     TEXT    NOT NULL,
    created_by TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX leaves_of ON leaves (person, from_day);

-- Whether a phone, or a person, is there, as the registrar and people say.
CREATE TABLE presence (
    who     TEXT    PRIMARY KEY,                       -- an extension, or a person
    present INTEGER NOT NULL,
    since   INTEGER NOT NULL
) STRICT;
