-- The twin of this file is in ../postgres; a test compares the two schemas.
-- Callbacks that are owed, the days on which they were planned, and why each was or was not
-- called on a day. Days are texts such as 2026-03-03; other times are milliseconds in UTC.

-- Texts of the packs, so that an old callback still shows the rule it was made by.
CREATE TABLE policy_versions (
    pack       TEXT    NOT NULL,
    version    TEXT    NOT NULL,                       -- first 12 hex digits of the text's SHA-256
    number     INTEGER NOT NULL,                       -- 1, 2, 3 ... within the pack, for people
    text       TEXT    NOT NULL,                       -- the file as it was
    effective  TEXT,                                   -- first day in force; NULL: when it was loaded
    loaded_at  INTEGER NOT NULL,
    loaded_by  TEXT    NOT NULL,
    PRIMARY KEY (pack, version)
) STRICT;

CREATE TABLE callbacks (
    id            INTEGER PRIMARY KEY,
    pack          TEXT    NOT NULL,
    rule          TEXT    NOT NULL,
    version       TEXT    NOT NULL,                    -- of the pack, see policy_versions
    customer_id   INTEGER NOT NULL REFERENCES customers (id),
    subject       TEXT    NOT NULL,
    occurrence    INTEGER NOT NULL,
    origin        TEXT    NOT NULL,
    event_id      INTEGER,
    follows       INTEGER REFERENCES callbacks (id),
    method        TEXT    NOT NULL,
    earliest      INTEGER NOT NULL,
    due           INTEGER NOT NULL,
    deadline      INTEGER NOT NULL,                    -- exclusive
    sums          TEXT    NOT NULL,                    -- JSON of the steps of the three dates
    state         TEXT    NOT NULL CHECK (state IN ('waiting', 'open', 'done', 'excused')),
    reason        TEXT    NOT NULL,
    detail        TEXT    NOT NULL,
    outcome       TEXT,
    closed_at     INTEGER,
    call_id       TEXT,
    merged_into   INTEGER REFERENCES callbacks (id),
    breached_at   INTEGER,
    assignee      TEXT    NOT NULL DEFAULT '',
    note          TEXT    NOT NULL DEFAULT '',
    created_at    INTEGER NOT NULL,
    changed_at    INTEGER NOT NULL,
    entry_id      INTEGER REFERENCES entries (id),     -- the dialler's, once released
    released_day  TEXT,                                -- the last day on whose list it stood
    held_day      TEXT,                                -- a person keeps it off the list of this day
    UNIQUE (pack, rule, subject, occurrence),
    CHECK ((state IN ('done', 'excused')) = (closed_at IS NOT NULL)),
    CHECK ((state IN ('done', 'excused')) = (outcome IS NOT NULL))
) STRICT;
CREATE INDEX callbacks_open     ON callbacks (pack, due, id) WHERE state = 'open';
CREATE INDEX callbacks_breach   ON callbacks (deadline) WHERE state = 'open' AND breached_at IS NULL;
CREATE INDEX callbacks_customer ON callbacks (customer_id, id);
CREATE INDEX callbacks_released ON callbacks (entry_id) WHERE state = 'open' AND entry_id IS NOT NULL;
CREATE INDEX callbacks_joined   ON callbacks (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX callbacks_closed   ON callbacks (pack, closed_at, id);
CREATE INDEX callbacks_deadline ON callbacks (pack, deadline, id);

-- The list of one day of one pack.
CREATE TABLE day_plans (
    pack         TEXT    NOT NULL,
    day          TEXT    NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN ('draft', 'released', 'closed')),
    version      TEXT    NOT NULL,
    built_at     INTEGER NOT NULL,
    released_at  INTEGER,
    released_by  TEXT    NOT NULL DEFAULT '',
    summary      TEXT    NOT NULL,                     -- JSON: counts, warnings, when it ends
    PRIMARY KEY (pack, day)
) STRICT;

-- The why-ledger: for each callback and day one reason.
CREATE TABLE day_verdicts (
    day          TEXT    NOT NULL,
    callback_id  INTEGER NOT NULL REFERENCES callbacks (id),
    pack         TEXT    NOT NULL,
    verdict      TEXT    NOT NULL CHECK (verdict IN ('call', 'task', 'not', 'done', 'excused')),
    code         TEXT    NOT NULL,
    detail       TEXT    NOT NULL,
    start_at     INTEGER,                              -- when it is, or was, to be called
    windows      TEXT    NOT NULL DEFAULT '',
    updated_at   INTEGER NOT NULL,
    PRIMARY KEY (day, callback_id)
) STRICT;
CREATE INDEX day_verdicts_callback ON day_verdicts (callback_id, day);
CREATE INDEX day_verdicts_pack     ON day_verdicts (pack, day, callback_id);

-- Random samples, so that anybody can draw them again.
CREATE TABLE draws (
    id           INTEGER PRIMARY KEY,
    pack         TEXT    NOT NULL,
    rule         TEXT    NOT NULL,
    day          TEXT    NOT NULL,
    seed         TEXT    NOT NULL,
    frame_hash   TEXT    NOT NULL,                     -- SHA-256 of what was drawn from, in order
    frame_size   INTEGER NOT NULL,
    picks        TEXT    NOT NULL,                     -- JSON array of events
    drawn_at     INTEGER NOT NULL,
    UNIQUE (pack, rule, day)
) STRICT;

-- Whoever brings facts in, and however it ends: the customers whom they are about are looked
-- at again at once, by the same transaction. 0 lies before every moment.
CREATE TRIGGER customers_with_new_events AFTER INSERT ON events WHEN NEW.customer_id IS NOT NULL
BEGIN
    UPDATE customers SET review_at = 0 WHERE id = NEW.customer_id;
END;
CREATE TRIGGER customers_with_changed_events
AFTER UPDATE OF at, has_time, customer_id, matter, fields, withdrawn_at ON events
BEGIN
    UPDATE customers SET review_at = 0 WHERE id IN (OLD.customer_id, NEW.customer_id) AND merged_into IS NULL;
END;
CREATE TRIGGER customers_that_come_in AFTER INSERT ON customers
BEGIN
    UPDATE customers SET review_at = 0 WHERE id = NEW.id;
END;
CREATE TRIGGER customers_that_change AFTER UPDATE OF version ON customers
WHEN NEW.version <> OLD.version AND NEW.merged_into IS NULL
BEGIN
    UPDATE customers SET review_at = 0 WHERE id = NEW.id;
END;
-- What was owed to a customer is owed to the one they turned out to be.
CREATE TRIGGER callbacks_of_merged_customers AFTER UPDATE OF merged_into ON customers
WHEN NEW.merged_into IS NOT NULL AND COALESCE(OLD.merged_into, 0) <> NEW.merged_into
BEGIN
    UPDATE callbacks SET customer_id = NEW.merged_into WHERE customer_id = NEW.id;
END;
