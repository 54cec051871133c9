-- Pages of the console over years of rows: tickets by deadline, those of a person, cases of an agent,
-- customers of a pack whose callbacks are to be looked at.
CREATE INDEX tickets_by_due ON tickets ((COALESCE(due_at, 9223372036854775807)), id);
CREATE INDEX tickets_owed   ON tickets ((COALESCE(due_at, 9223372036854775807)), id)
    WHERE phase IN ('open', 'verifying');
CREATE INDEX tickets_of_owner ON tickets (owner, id);
CREATE INDEX audit_cases_agent ON audit_cases (agent, id);
CREATE INDEX customers_review_of_pack ON customers (pack, review_at)
    WHERE review_at IS NOT NULL AND merged_into IS NULL;
