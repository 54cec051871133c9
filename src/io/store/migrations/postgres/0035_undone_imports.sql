-- An import of a dial list can be taken back, and says so; a row that was not taken has a stable word
-- for its reason and names its column.
ALTER TABLE imports     ADD COLUMN undone_at     BIGINT;
ALTER TABLE imports     ADD COLUMN undone_by     TEXT;
ALTER TABLE imports     ADD COLUMN undone_reason TEXT;
ALTER TABLE import_rows ADD COLUMN code          TEXT NOT NULL DEFAULT '';
ALTER TABLE import_rows ADD COLUMN field         TEXT NOT NULL DEFAULT '';
CREATE INDEX import_rows_of_entries ON import_rows (entry_id) WHERE entry_id IS NOT NULL;

-- Customers are found by a number plate or an order, whatever the pack.
CREATE INDEX events_of_any_matter ON events (matter) WHERE matter <> '';
