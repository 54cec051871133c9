-- The twin of this file is in ../postgres; a test compares the two schemas.
-- The chain of custody. What is to be linked is noted by triggers in the transaction of the fact, so
-- that no writer can forget, and linked by one task. Each fact is linked once.
CREATE TABLE custody_pending (
    id      INTEGER PRIMARY KEY,
    kind    TEXT    NOT NULL,                           -- word of custody::Kind
    subject TEXT    NOT NULL                            -- call:01K..., call:01K.../2, sheet:3
) STRICT;

CREATE TABLE custody_chain (
    seq     INTEGER PRIMARY KEY,                        -- from 1, without a gap
    at      INTEGER NOT NULL,                           -- when it was linked
    kind    TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    digest  TEXT    NOT NULL,                           -- hex SHA-256 of salt and content; zeros: gone before
    hash    TEXT    NOT NULL,                           -- hex SHA-256 over the hash before and all of this
    salt    TEXT,                                       -- NULL: none was needed, or the content was erased
    UNIQUE (kind, subject)
) STRICT;
CREATE INDEX custody_chain_at ON custody_chain (at, seq);
CREATE INDEX custody_chain_of ON custody_chain (subject);
CREATE TRIGGER custody_chain_is_not_updated BEFORE UPDATE ON custody_chain
WHEN NEW.salt IS NOT NULL OR NEW.seq <> OLD.seq OR NEW.at <> OLD.at OR NEW.kind <> OLD.kind
     OR NEW.subject <> OLD.subject OR NEW.digest <> OLD.digest OR NEW.hash <> OLD.hash
BEGIN SELECT RAISE(ABORT, 'the chain is not edited'); END;
CREATE TRIGGER custody_chain_is_not_deleted BEFORE DELETE ON custody_chain
BEGIN SELECT RAISE(ABORT, 'the chain is not edited'); END;

-- The end of the chain at the end of each day.
CREATE TABLE custody_roots (
    day     TEXT    PRIMARY KEY,                        -- 2026-03-03, in the zone of the calendar
    seq     INTEGER NOT NULL,
    hash    TEXT    NOT NULL,
    made_at INTEGER NOT NULL
) STRICT;
CREATE TRIGGER custody_roots_are_not_updated BEFORE UPDATE ON custody_roots
BEGIN SELECT RAISE(ABORT, 'a root is not edited'); END;
CREATE TRIGGER custody_roots_are_not_deleted BEFORE DELETE ON custody_roots
BEGIN SELECT RAISE(ABORT, 'a root is not edited'); END;

-- How far the daemon's own look at the files has come.
CREATE TABLE custody_checks (
    id          INTEGER PRIMARY KEY,
    started_at  INTEGER NOT NULL,
    reached     TEXT    NOT NULL,                       -- the last file that was read; empty: none
    files       INTEGER NOT NULL,
    bytes       INTEGER NOT NULL,
    problems    INTEGER NOT NULL,
    finished_at INTEGER                                 -- NULL: it goes on
) STRICT;

-- What was erased, by whom and why; the digest of what it was stands in the chain.
CREATE TABLE tombstones (
    id      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    actor   TEXT    NOT NULL,
    reason  TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    was     TEXT    NOT NULL,                           -- digest that was linked; empty: not linked yet
    remains TEXT    NOT NULL                            -- digest of what is left of it; empty: nothing
) STRICT;
CREATE INDEX tombstones_of ON tombstones (kind, subject, id);
CREATE TRIGGER tombstones_are_not_updated BEFORE UPDATE ON tombstones
BEGIN SELECT RAISE(ABORT, 'a tombstone is not edited'); END;
CREATE TRIGGER tombstones_are_not_deleted BEFORE DELETE ON tombstones
BEGIN SELECT RAISE(ABORT, 'a tombstone is not edited'); END;

-- Files whose rows were erased, until they are gone from the disk.
CREATE TABLE files_to_remove (
    path  TEXT    PRIMARY KEY,                          -- relative to the recordings folder
    since INTEGER NOT NULL
) STRICT;

-- Who was given sound, words or names. Requests for the parts of one listening are one access: it is
-- prolonged until it rests, and then closed.
CREATE TABLE accesses (
    id       INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    who      TEXT    NOT NULL,                          -- name of the token, or local
    place    TEXT    NOT NULL,                          -- address of the client, or local
    what     TEXT    NOT NULL,                          -- listen, comment, waveform, transcript, picture, export, report
    subject  TEXT    NOT NULL,                          -- call:01K..., customer:3, register:...
    detail   TEXT    NOT NULL,
    from_ms  INTEGER,                                   -- first and last part of a recording that was sent
    to_ms    INTEGER,
    requests INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    ended_at INTEGER                                    -- NULL: more may come
) STRICT;
CREATE INDEX accesses_of   ON accesses (subject, id);
CREATE INDEX accesses_by   ON accesses (who, id);
CREATE INDEX accesses_open ON accesses (last_at) WHERE ended_at IS NULL;
CREATE TRIGGER accesses_are_not_updated BEFORE UPDATE ON accesses
WHEN OLD.ended_at IS NOT NULL OR NEW.id <> OLD.id OR NEW.at <> OLD.at OR NEW.who <> OLD.who OR NEW.place <> OLD.place
     OR NEW.what <> OLD.what OR NEW.subject <> OLD.subject OR NEW.detail <> OLD.detail
BEGIN SELECT RAISE(ABORT, 'an access is not edited'); END;
CREATE TRIGGER accesses_are_not_deleted BEFORE DELETE ON accesses
BEGIN SELECT RAISE(ABORT, 'an access is not edited'); END;

-- What is linked. Answers may be given anew while the call is up, so they are linked at its end.
CREATE TRIGGER custody_of_recordings AFTER UPDATE OF sha256 ON calls
WHEN NEW.sha256 IS NOT NULL AND OLD.sha256 IS NULL
BEGIN
    INSERT INTO custody_pending (kind, subject) VALUES ('recording', 'call:' || NEW.id);
END;
CREATE TRIGGER custody_of_answers AFTER UPDATE OF state ON calls
WHEN NEW.state = 'ended' AND OLD.state <> 'ended'
BEGIN
    INSERT INTO custody_pending (kind, subject)
        SELECT 'answer', 'call:' || call_id || '/' || seq FROM answers WHERE call_id = NEW.id ORDER BY seq;
    INSERT INTO custody_pending (kind, subject)
        SELECT 'comment', 'call:' || call_id || '/' || seq FROM answers
        WHERE call_id = NEW.id AND comment IS NOT NULL ORDER BY seq;
END;
CREATE TRIGGER custody_of_late_answers AFTER INSERT ON answers
WHEN EXISTS (SELECT 1 FROM calls WHERE id = NEW.call_id AND state = 'ended')
BEGIN
    INSERT INTO custody_pending (kind, subject) VALUES ('answer', 'call:' || NEW.call_id || '/' || NEW.seq);
    INSERT INTO custody_pending (kind, subject)
        SELECT 'comment', 'call:' || NEW.call_id || '/' || NEW.seq WHERE NEW.comment IS NOT NULL;
END;
CREATE TRIGGER custody_of_replies AFTER INSERT ON form_answers
BEGIN
    INSERT INTO custody_pending (kind, subject) VALUES ('reply', 'callback:' || NEW.callback_id || '/' || NEW.seq);
END;
CREATE TRIGGER custody_of_files AFTER INSERT ON ticket_files
BEGIN
    INSERT INTO custody_pending (kind, subject) VALUES ('file', 'file:' || NEW.id);
END;
CREATE TRIGGER custody_of_accesses AFTER INSERT ON accesses
BEGIN
    INSERT INTO custody_pending (kind, subject) VALUES ('access', 'access:' || NEW.id);
END;
CREATE TRIGGER custody_of_heard_parts AFTER UPDATE OF ended_at ON accesses
WHEN NEW.ended_at IS NOT NULL AND OLD.ended_at IS NULL
BEGIN
    INSERT INTO custody_pending (kind, subject) VALUES ('heard', 'access:' || NEW.id);
END;
CREATE TRIGGER custody_of_tombstones AFTER INSERT ON tombstones
BEGIN
    INSERT INTO custody_pending (kind, subject) VALUES ('tombstone', 'tombstone:' || NEW.id);
END;
CREATE TRIGGER custody_of_audit_lines AFTER INSERT ON audit_log
BEGIN
    INSERT INTO custody_pending (kind, subject) VALUES ('audit', 'audit:' || NEW.id);
END;

-- The chain begins with what is there already.
INSERT INTO custody_pending (kind, subject)
    SELECT 'recording', 'call:' || id FROM calls WHERE sha256 IS NOT NULL ORDER BY id;
INSERT INTO custody_pending (kind, subject)
    SELECT 'answer', 'call:' || a.call_id || '/' || a.seq FROM answers a JOIN calls c ON c.id = a.call_id
    WHERE c.state = 'ended' ORDER BY a.call_id, a.seq;
INSERT INTO custody_pending (kind, subject)
    SELECT 'comment', 'call:' || a.call_id || '/' || a.seq FROM answers a JOIN calls c ON c.id = a.call_id
    WHERE c.state = 'ended' AND a.comment IS NOT NULL ORDER BY a.call_id, a.seq;
INSERT INTO custody_pending (kind, subject)
    SELECT 'reply', 'callback:' || callback_id || '/' || seq FROM form_answers ORDER BY callback_id, seq;
INSERT INTO custody_pending (kind, subject) SELECT 'file', 'file:' || id FROM ticket_files ORDER BY id;
INSERT INTO custody_pending (kind, subject) SELECT 'audit', 'audit:' || id FROM audit_log ORDER BY id;
