-- The twin of this file is in ../sqlite; a test compares the two schemas.
-- Submitted sheets are linked. Only an erasure takes words out of one, and says so first.
CREATE TRIGGER custody_of_sheets AFTER INSERT ON audit_sheets
FOR EACH ROW WHEN (NEW.state = 'submitted') EXECUTE FUNCTION custody_of_row('sheet', 'sheet');
DROP TRIGGER audit_sheets_are_not_edited ON audit_sheets;
CREATE OR REPLACE FUNCTION refuse_audit_sheet_edit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE'
       AND EXISTS (SELECT 1 FROM tombstones WHERE kind = 'sheet' AND subject = 'sheet:' || OLD.id) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a submitted sheet is not edited' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER audit_sheets_are_not_edited BEFORE UPDATE OR DELETE ON audit_sheets
FOR EACH ROW WHEN (OLD.state = 'submitted') EXECUTE FUNCTION refuse_audit_sheet_edit();
INSERT INTO custody_pending (kind, subject)
    SELECT 'sheet', 'sheet:' || id FROM audit_sheets WHERE state = 'submitted' ORDER BY id;
