-- The twin of this file is in ../postgres; a test compares the two schemas.
-- How much of an import's file has been read, and the text of rows that were not taken.
ALTER TABLE imports     ADD COLUMN bytes      INTEGER NOT NULL DEFAULT 0;
ALTER TABLE imports     ADD COLUMN bytes_read INTEGER NOT NULL DEFAULT 0;
ALTER TABLE import_rows ADD COLUMN text       TEXT    NOT NULL DEFAULT '';
-- A person who puts an entry back begins a new series of attempts: retry rules count the
-- calls of the entry's present series only.
ALTER TABLE entries     ADD COLUMN series     INTEGER NOT NULL DEFAULT 0;
ALTER TABLE calls       ADD COLUMN series     INTEGER NOT NULL DEFAULT 0;
