-- The twin of this file is in ../postgres; a test compares the two schemas.
-- The customer archive, what happened to its customers, and how each of it came in.
CREATE TABLE intakes (
    id                INTEGER PRIMARY KEY,
    pack              TEXT    NOT NULL,
    intake            TEXT    NOT NULL,               -- section of the pack; empty: customers alone, or by the row
    source            TEXT    NOT NULL,               -- system or person it comes from
    channel           TEXT    NOT NULL,               -- file, api, folder
    file_name         TEXT    NOT NULL,
    sha256            TEXT    NOT NULL,
    bytes             INTEGER NOT NULL,
    bytes_read        INTEGER NOT NULL DEFAULT 0,
    state             TEXT    NOT NULL CHECK (state IN ('running', 'done', 'stopped', 'undone')),
    added             INTEGER NOT NULL DEFAULT 0,
    changed           INTEGER NOT NULL DEFAULT 0,
    unchanged         INTEGER NOT NULL DEFAULT 0,
    duplicate         INTEGER NOT NULL DEFAULT 0,
    rejected          INTEGER NOT NULL DEFAULT 0,
    skipped           INTEGER NOT NULL DEFAULT 0,
    warned            INTEGER NOT NULL DEFAULT 0,
    late              INTEGER NOT NULL DEFAULT 0,
    customers_added   INTEGER NOT NULL DEFAULT 0,
    customers_changed INTEGER NOT NULL DEFAULT 0,
    collected_by      TEXT    NOT NULL DEFAULT '',
    handed_over_by    TEXT    NOT NULL DEFAULT '',
    created_by        TEXT    NOT NULL,
    created_at        INTEGER NOT NULL,
    undone_by         TEXT,
    undone_at         INTEGER,
    undone_reason     TEXT
) STRICT;
CREATE INDEX intakes_of_pack ON intakes (pack, intake, created_at);

CREATE TABLE customers (
    id              INTEGER PRIMARY KEY,
    pack            TEXT    NOT NULL,
    external_id     TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    language        TEXT    NOT NULL,
    grade           TEXT    NOT NULL,
    preferred_hours TEXT    NOT NULL,
    quiet_hours     TEXT    NOT NULL,
    key_account     INTEGER NOT NULL,
    plan_every      TEXT    NOT NULL,                  -- an offset: 1mo; empty for none
    plan_from       INTEGER,
    owner           TEXT    NOT NULL,
    email           TEXT    NOT NULL,
    standing        TEXT    NOT NULL,
    fields          TEXT    NOT NULL,                  -- JSON object, text to text
    version         INTEGER NOT NULL,
    review_at       INTEGER,                           -- when rules that go by time alone look at them again
    merged_into     INTEGER REFERENCES customers (id), -- the customer they turned out to be
    intake_id       INTEGER REFERENCES intakes (id),   -- which brought them in
    intake_line     INTEGER,
    created_at      INTEGER NOT NULL,
    changed_at      INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX customers_external ON customers (pack, external_id) WHERE external_id <> '';
CREATE INDEX customers_review ON customers (review_at) WHERE review_at IS NOT NULL;
CREATE INDEX customers_named  ON customers (pack, name);
CREATE INDEX customers_merged ON customers (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX customers_intake ON customers (intake_id) WHERE intake_id IS NOT NULL;

-- Numbers with their history: one that was replaced has an end.
CREATE TABLE customer_phones (
    id          INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    pack        TEXT    NOT NULL,
    phone       TEXT    NOT NULL,
    extension   TEXT    NOT NULL,
    label       TEXT    NOT NULL,
    position    INTEGER NOT NULL,                      -- 0 is called first
    valid_from  INTEGER NOT NULL,
    valid_to    INTEGER
) STRICT;
CREATE INDEX customer_phones_by_phone ON customer_phones (pack, phone, customer_id) WHERE valid_to IS NULL;
CREATE INDEX customer_phones_of       ON customer_phones (customer_id, position);
CREATE INDEX customer_phones_anywhere ON customer_phones (phone);

-- Who changed what of a customer, when and why (ARC-02).
CREATE TABLE customer_versions (
    id          INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    version     INTEGER NOT NULL,                      -- the version that came of it
    at          INTEGER NOT NULL,
    actor       TEXT    NOT NULL,
    why         TEXT    NOT NULL,
    before      TEXT    NOT NULL,                      -- JSON of the customer; {} for one erased
    after       TEXT    NOT NULL,
    intake_id   INTEGER REFERENCES intakes (id)
) STRICT;
CREATE INDEX customer_versions_of     ON customer_versions (customer_id, id);
CREATE INDEX customer_versions_intake ON customer_versions (intake_id) WHERE intake_id IS NOT NULL;

CREATE TABLE events (
    id               INTEGER PRIMARY KEY,
    pack             TEXT    NOT NULL,
    kind             TEXT    NOT NULL,
    external_id      TEXT    NOT NULL CHECK (external_id <> ''),
    at               INTEGER NOT NULL,
    has_time         INTEGER NOT NULL,
    customer_id      INTEGER REFERENCES customers (id), -- NULL: withdrawn, and the customer removed with it
    matter           TEXT    NOT NULL,
    fields           TEXT    NOT NULL,                 -- JSON object, text to text
    checks           TEXT    NOT NULL DEFAULT '{}',    -- JSON: field to what the customer said of it (IMP-07)
    late             INTEGER NOT NULL,                 -- entered on a later day than received (IMP-02)
    received_at      INTEGER NOT NULL,
    intake_id        INTEGER REFERENCES intakes (id),  -- which brought it in, or back
    changed_in       INTEGER REFERENCES intakes (id),  -- which changed it last
    withdrawn_at     INTEGER,
    withdrawn_reason TEXT,
    UNIQUE (pack, kind, external_id)
) STRICT;
CREATE INDEX events_by_kind     ON events (pack, kind, at);
CREATE INDEX events_of_customer ON events (customer_id, at);
CREATE INDEX events_of_matter   ON events (pack, matter, kind) WHERE matter <> '';
CREATE INDEX events_of_intake   ON events (intake_id) WHERE intake_id IS NOT NULL;

CREATE TABLE intake_rows (
    intake_id   INTEGER NOT NULL REFERENCES intakes (id),
    line        INTEGER NOT NULL,
    result      TEXT    NOT NULL CHECK (result IN ('added', 'changed', 'unchanged', 'duplicate', 'rejected', 'skipped')),
    code        TEXT    NOT NULL,                      -- stable word of the reason or warning
    reason      TEXT    NOT NULL,
    text        TEXT    NOT NULL,                      -- a rejected row as the file has it
    event_id    INTEGER,
    customer_id INTEGER,
    before      TEXT,                                  -- JSON of the event before it was changed
    PRIMARY KEY (intake_id, line)
) STRICT;

-- Column mappings by source, remembered from the last time.
CREATE TABLE intake_sources (
    pack       TEXT    NOT NULL,
    source     TEXT    NOT NULL CHECK (source <> ''),
    mapping    TEXT    NOT NULL,                       -- JSON object, column to field
    changed_by TEXT    NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (pack, source)
) STRICT;

-- The register of callers against the list it was made from (IMP-06).
CREATE TABLE reconciliations (
    id         INTEGER PRIMARY KEY,
    pack       TEXT    NOT NULL,
    day        TEXT    NOT NULL,                       -- 2026-03-03
    source     TEXT    NOT NULL,
    kind       TEXT    NOT NULL CHECK (kind IN ('missing', 'extra', 'altered')),
    caller     TEXT    NOT NULL,
    line_key   TEXT    NOT NULL,
    detail     TEXT    NOT NULL,
    points     INTEGER NOT NULL,                       -- taken off the caller's score
    created_by TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX reconciliations_of_day ON reconciliations (pack, day, source);

-- Copies for other departments, to be sent (IMP-08).
CREATE TABLE intake_copies (
    id         INTEGER PRIMARY KEY,
    intake_id  INTEGER NOT NULL REFERENCES intakes (id),
    event_id   INTEGER NOT NULL REFERENCES events (id),
    recipient  TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    sent_at    INTEGER
) STRICT;
CREATE INDEX intake_copies_of_event ON intake_copies (event_id);
CREATE INDEX intake_copies_waiting  ON intake_copies (created_at) WHERE sent_at IS NULL;
