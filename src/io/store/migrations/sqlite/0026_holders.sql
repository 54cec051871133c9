-- The twin of this file is in ../postgres; a test compares the two schemas.
-- Whom a token stands for: by these its roles reach calls, callbacks, tickets and customers.
ALTER TABLE tokens ADD COLUMN agent      TEXT NOT NULL DEFAULT ''; -- empty: they have no phone
ALTER TABLE tokens ADD COLUMN department TEXT NOT NULL DEFAULT '';
ALTER TABLE tokens ADD COLUMN shop       TEXT NOT NULL DEFAULT ''; -- policy pack
