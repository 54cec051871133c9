-- The twin of this file is in ../postgres; a test compares the two schemas.
-- Submitted sheets are linked. Only an erasure takes words out of one, and says so first.
CREATE TRIGGER custody_of_sheets AFTER INSERT ON audit_sheets WHEN NEW.state = 'submitted'
BEGIN
    INSERT INTO custody_pending (kind, subject) VALUES ('sheet', 'sheet:' || NEW.id);
END;
DROP TRIGGER audit_sheets_are_not_updated;
CREATE TRIGGER audit_sheets_are_not_updated BEFORE UPDATE ON audit_sheets
WHEN OLD.state = 'submitted'
     AND NOT EXISTS (SELECT 1 FROM tombstones WHERE kind = 'sheet' AND subject = 'sheet:' || OLD.id)
BEGIN SELECT RAISE(ABORT, 'a submitted sheet is not edited'); END;
INSERT INTO custody_pending (kind, subject)
    SELECT 'sheet', 'sheet:' || id FROM audit_sheets WHERE state = 'submitted' ORDER BY id;
