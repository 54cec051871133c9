-- The twin of this file is in ../sqlite; a test compares the two schemas.
-- What the list of a day was decided on, so that it can be decided again (ringback replay).
CREATE TABLE recorded_days (
    pack       TEXT    NOT NULL,
    day        TEXT    NOT NULL,
    made_at    BIGINT  NOT NULL,                       -- the moment for which it was decided
    version    TEXT    NOT NULL,                       -- of the pack, see policy_versions
    calendar   TEXT    NOT NULL,                       -- as a calendar file
    line_count BIGINT  NOT NULL,                       -- lines for the estimate of its end; 0: not known
    callbacks  BIGINT  NOT NULL,
    PRIMARY KEY (pack, day)
);

-- One callback of the list: what was known of it, and what was decided.
CREATE TABLE recorded_inputs (
    pack        TEXT    NOT NULL,
    day         TEXT    NOT NULL,
    position    BIGINT  NOT NULL,
    customer_id BIGINT  NOT NULL,
    input       TEXT    NOT NULL,                      -- JSON
    decision    TEXT    NOT NULL,                      -- JSON
    PRIMARY KEY (pack, day, position)
);
CREATE INDEX recorded_inputs_customer ON recorded_inputs (customer_id);
