-- The twin of this file is in ../postgres; a test compares the two schemas.
-- Every form in which a recording is stored anew is linked, and that it is gone.
CREATE TRIGGER custody_of_stored_files AFTER INSERT ON recording_files
BEGIN
    INSERT INTO custody_pending (kind, subject) VALUES ('stored', 'stored:' || NEW.id);
    INSERT INTO custody_pending (kind, subject)
        SELECT 'gone', 'stored:' || NEW.id WHERE NEW.gone_at IS NOT NULL;
END;
CREATE TRIGGER custody_of_gone_files AFTER UPDATE OF gone_at ON recording_files
WHEN NEW.gone_at IS NOT NULL AND OLD.gone_at IS NULL
BEGIN
    INSERT INTO custody_pending (kind, subject) VALUES ('gone', 'stored:' || NEW.id);
END;
