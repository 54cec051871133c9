-- The twin of this file is in ../sqlite; a test compares the two schemas.
-- Every form in which a recording is stored anew is linked, and that it is gone.
CREATE TRIGGER custody_of_stored_files AFTER INSERT ON recording_files
FOR EACH ROW EXECUTE FUNCTION custody_of_row('stored', 'stored');
CREATE TRIGGER custody_of_files_stored_gone AFTER INSERT ON recording_files
FOR EACH ROW WHEN (NEW.gone_at IS NOT NULL) EXECUTE FUNCTION custody_of_row('gone', 'stored');
CREATE TRIGGER custody_of_gone_files AFTER UPDATE OF gone_at ON recording_files
FOR EACH ROW WHEN (NEW.gone_at IS NOT NULL AND OLD.gone_at IS NULL)
EXECUTE FUNCTION custody_of_row('gone', 'stored');
