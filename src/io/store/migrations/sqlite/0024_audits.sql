-- The twin of this file is in ../postgres; a test compares the two schemas.
-- The draw of a month: the list is frozen first, the seed comes later.
CREATE TABLE audit_draws (
    id           INTEGER PRIMARY KEY,
    month        TEXT    NOT NULL,                      -- 2026-03
    pack         TEXT    NOT NULL,                      -- empty: calls of all packs
    state        TEXT    NOT NULL CHECK (state IN ('frozen', 'drawn')),
    form_version TEXT    NOT NULL,
    rule         TEXT    NOT NULL,                      -- JSON: how is drawn
    list_sha256  TEXT    NOT NULL,                      -- of the published list
    calls        INTEGER NOT NULL,
    left_out     INTEGER NOT NULL,                      -- answered calls of the month that no person had
    source       TEXT    NOT NULL,                      -- where the seed will come from, said beforehand
    frozen_by    TEXT    NOT NULL,
    frozen_at    INTEGER NOT NULL,
    seed         TEXT,
    seeded_by    TEXT,
    seeded_at    INTEGER,
    result       TEXT,                                  -- JSON: picks and each agent's part
    UNIQUE (month, pack),
    CHECK ((state = 'drawn') = (seed IS NOT NULL))
) STRICT;

CREATE TABLE audit_population (
    draw_id INTEGER NOT NULL REFERENCES audit_draws (id),
    key     TEXT    NOT NULL,                           -- SHA-256 of period and call
    call_id TEXT    NOT NULL REFERENCES calls (id),
    agent   TEXT    NOT NULL,
    rule    TEXT    NOT NULL,
    weekday INTEGER NOT NULL,
    hour    INTEGER NOT NULL,
    risk    TEXT    NOT NULL,
    must    TEXT    NOT NULL,                           -- reasons joined by blanks
    PRIMARY KEY (draw_id, key)
) STRICT;
CREATE TRIGGER audit_population_is_not_updated BEFORE UPDATE ON audit_population
BEGIN SELECT RAISE(ABORT, 'a frozen list is not edited'); END;
CREATE TRIGGER audit_population_is_not_deleted BEFORE DELETE ON audit_population
BEGIN SELECT RAISE(ABORT, 'a frozen list is not edited'); END;

-- Several auditors score one call and compare.
CREATE TABLE audit_sessions (
    id      INTEGER PRIMARY KEY,
    title   TEXT    NOT NULL,
    call_id TEXT    NOT NULL REFERENCES calls (id),
    made_by TEXT    NOT NULL,
    made_at INTEGER NOT NULL
) STRICT;

-- One call in the hands of one auditor.
CREATE TABLE audit_cases (
    id          INTEGER PRIMARY KEY,
    draw_id     INTEGER REFERENCES audit_draws (id),
    session_id  INTEGER REFERENCES audit_sessions (id),
    call_id     TEXT    NOT NULL REFERENCES calls (id),
    agent       TEXT    NOT NULL,                       -- who is scored
    why         TEXT    NOT NULL,                       -- JSON array of reasons
    probability REAL,                                   -- with which it was drawn
    auditor     TEXT    NOT NULL,
    second      INTEGER NOT NULL,                       -- 1: a second look that knows nothing of the first
    due_at      INTEGER,
    made_by     TEXT    NOT NULL,
    made_at     INTEGER NOT NULL,
    CHECK (auditor <> agent)
) STRICT;
CREATE INDEX audit_cases_draw    ON audit_cases (draw_id, id) WHERE draw_id IS NOT NULL;
CREATE INDEX audit_cases_session ON audit_cases (session_id, id) WHERE session_id IS NOT NULL;
CREATE INDEX audit_cases_call    ON audit_cases (call_id, id);
CREATE INDEX audit_cases_auditor ON audit_cases (auditor, id);

-- Every form by which something was scored, so that an old sheet can be retraced.
CREATE TABLE audit_forms (
    version TEXT    PRIMARY KEY,
    pack    TEXT    NOT NULL,
    form    TEXT    NOT NULL,                           -- JSON
    used_at INTEGER NOT NULL                            -- first
) STRICT;

CREATE TABLE audit_sheets (
    id                INTEGER PRIMARY KEY,
    case_id           INTEGER NOT NULL REFERENCES audit_cases (id),
    version           INTEGER NOT NULL,
    state             TEXT    NOT NULL CHECK (state IN ('draft', 'submitted')),
    auditor           TEXT    NOT NULL,
    pack              TEXT    NOT NULL,
    form_version      TEXT    NOT NULL,
    scorecard_version TEXT    NOT NULL,                 -- of the evidence that filled it in
    body              TEXT    NOT NULL,                 -- JSON: marks, rulings, notes
    result            TEXT    NOT NULL,                 -- JSON of the score; of a draft {}
    score             REAL,
    grade             TEXT    NOT NULL,
    critical          TEXT    NOT NULL,                 -- JSON array of ids
    reason            TEXT    NOT NULL,                 -- why it was corrected; empty: the first
    saved_at          INTEGER NOT NULL,
    submitted_at      INTEGER,
    sha256            TEXT    NOT NULL,                 -- of body and result, once submitted
    UNIQUE (case_id, version),
    CHECK ((state = 'submitted') = (submitted_at IS NOT NULL)),
    CHECK ((state = 'submitted') = (score IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX audit_sheets_one_draft ON audit_sheets (case_id) WHERE state = 'draft';
CREATE TRIGGER audit_sheets_are_not_updated BEFORE UPDATE ON audit_sheets WHEN OLD.state = 'submitted'
BEGIN SELECT RAISE(ABORT, 'a submitted sheet is not edited'); END;
CREATE TRIGGER audit_sheets_are_not_deleted BEFORE DELETE ON audit_sheets WHEN OLD.state = 'submitted'
BEGIN SELECT RAISE(ABORT, 'a submitted sheet is not edited'); END;

CREATE TABLE audit_appeals (
    id         INTEGER PRIMARY KEY,
    sheet_id   INTEGER NOT NULL UNIQUE REFERENCES audit_sheets (id),
    agent      TEXT    NOT NULL,
    text       TEXT    NOT NULL,
    made_at    INTEGER NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('open', 'upheld', 'rejected')),
    reviewer   TEXT    NOT NULL,                        -- empty while it is open
    answer     TEXT    NOT NULL,
    decided_at INTEGER
) STRICT;

-- Places in recordings that are played in training.
CREATE TABLE audit_examples (
    id      INTEGER PRIMARY KEY,
    call_id TEXT    NOT NULL REFERENCES calls (id),
    kind    TEXT    NOT NULL CHECK (kind IN ('good', 'bad')),
    item    TEXT    NOT NULL,                           -- of the form; empty: the whole
    from_ms INTEGER NOT NULL,
    to_ms   INTEGER NOT NULL,
    title   TEXT    NOT NULL,
    note    TEXT    NOT NULL,
    made_by TEXT    NOT NULL,
    made_at INTEGER NOT NULL
) STRICT;
