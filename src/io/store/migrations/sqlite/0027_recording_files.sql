-- The twin of this file is in ../postgres; a test compares the two schemas.
-- Every form in which the sound of a recording or of a spoken comment was stored. A recording without a row
-- lies as its plain WAV where `calls.recording` says. Rows stay: what is gone says when and why.
CREATE TABLE recording_files (
    id         INTEGER PRIMARY KEY,
    call_id    TEXT    NOT NULL REFERENCES calls (id),
    name       TEXT    NOT NULL,                      -- as calls.recording or answers.comment has it
    form       TEXT    NOT NULL CHECK (form IN ('wav', 'flac')),
    sealed     TEXT    NOT NULL,                      -- id of the key; empty: not encrypted
    place      TEXT    NOT NULL,                      -- empty: the recordings folder; else file:// or s3://
    path       TEXT    NOT NULL,                      -- below the place
    bytes      INTEGER NOT NULL,                      -- as stored
    sha256     TEXT    NOT NULL,                      -- of the bytes as stored
    wav_bytes  INTEGER NOT NULL,                      -- of the plain WAV
    wav_sha256 TEXT    NOT NULL,                      -- of the plain WAV; never another in a later row
    at         INTEGER NOT NULL,
    gone_at    INTEGER,
    gone_why   TEXT    NOT NULL DEFAULT '',
    removed_at INTEGER,                               -- when its bytes were taken away; NULL: that is owed
    CHECK ((gone_at IS NULL) = (gone_why = '')),
    CHECK (removed_at IS NULL OR gone_at IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX recording_files_now    ON recording_files (name) WHERE gone_at IS NULL;
CREATE INDEX recording_files_of_name       ON recording_files (name, id);
CREATE INDEX recording_files_of_call       ON recording_files (call_id, id);
CREATE INDEX recording_files_to_be_removed ON recording_files (id) WHERE gone_at IS NOT NULL AND removed_at IS NULL;
CREATE TRIGGER recording_files_are_not_deleted BEFORE DELETE ON recording_files
BEGIN SELECT RAISE(ABORT, 'the history of a recording is not edited'); END;
CREATE TRIGGER recording_files_only_go BEFORE UPDATE ON recording_files
WHEN OLD.removed_at IS NOT NULL
  OR (OLD.gone_at IS NOT NULL AND (NEW.gone_at IS NOT OLD.gone_at OR NEW.gone_why <> OLD.gone_why))
  OR NEW.call_id <> OLD.call_id OR NEW.name <> OLD.name OR NEW.form <> OLD.form OR NEW.sealed <> OLD.sealed
  OR NEW.place <> OLD.place OR NEW.path <> OLD.path OR NEW.bytes <> OLD.bytes OR NEW.sha256 <> OLD.sha256
  OR NEW.wav_bytes <> OLD.wav_bytes OR NEW.wav_sha256 <> OLD.wav_sha256 OR NEW.at <> OLD.at
BEGIN SELECT RAISE(ABORT, 'the history of a recording is not edited'); END;

-- Recordings that a person keeps from being deleted.
CREATE TABLE recording_holds (
    id         INTEGER PRIMARY KEY,
    call_id    TEXT    NOT NULL REFERENCES calls (id),
    reason     TEXT    NOT NULL CHECK (reason <> ''),
    put_by     TEXT    NOT NULL,
    put_at     INTEGER NOT NULL,
    lifted_by  TEXT    NOT NULL DEFAULT '',
    lifted_at  INTEGER,
    lifted_why TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX recording_holds_now ON recording_holds (call_id) WHERE lifted_at IS NULL;
CREATE INDEX recording_holds_of_call    ON recording_holds (call_id, id);

-- Everything that holds a call's recording now.
CREATE VIEW held_calls (call_id, kind, reference, reason) AS
    SELECT call_id, 'by_hand', put_by, reason FROM recording_holds WHERE lifted_at IS NULL
    UNION ALL
    SELECT l.call_id, 'complaint', t.number, 'an open complaint knows of the call'
    FROM ticket_calls l JOIN tickets t ON t.id = l.ticket_id
    WHERE t.complaint = 1 AND t.phase IN ('open', 'verifying')
    UNION ALL
    SELECT c.id, 'complaint', t.number, 'an open complaint of the same number'
    FROM calls c JOIN tickets t ON t.phone = c.phone
    WHERE t.phone <> '' AND t.complaint = 1 AND t.phase IN ('open', 'verifying')
    UNION ALL
    SELECT p.call_id, 'draw', d.month, 'the draw of its month waits for the seed'
    FROM audit_population p JOIN audit_draws d ON d.id = p.draw_id WHERE d.state = 'frozen'
    UNION ALL
    SELECT a.call_id, 'audit', a.auditor, 'an auditor has not handed in the sheet'
    FROM audit_cases a
    WHERE NOT EXISTS (SELECT 1 FROM audit_sheets s WHERE s.case_id = a.id AND s.state = 'submitted')
    UNION ALL
    SELECT a.call_id, 'appeal', p.agent, 'an appeal is not decided'
    FROM audit_appeals p JOIN audit_sheets s ON s.id = p.sheet_id JOIN audit_cases a ON a.id = s.case_id
    WHERE p.state = 'open'
    UNION ALL
    SELECT call_id, 'example', title, 'it is played in training' FROM audit_examples;
