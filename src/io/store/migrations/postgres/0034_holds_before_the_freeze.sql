-- The twin of this file is in ../sqlite; a test compares the two schemas.
-- What must be audited is held before its month is frozen, so that evidence is there when the list is made.
-- A call that is in no list 40 days later is in none: its month was frozen without it.
CREATE INDEX audit_population_of_call ON audit_population (call_id);
DROP VIEW held_calls;
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
    SELECT call_id, 'example', title, 'it is played in training' FROM audit_examples
    UNION ALL
    SELECT v.call_id, 'must_audit', v.agent, 'it must be audited, and its month is not frozen yet'
    FROM call_evidence v
    WHERE v.audit <> '[]' AND v.agent IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM audit_population p WHERE p.call_id = v.call_id)
      AND NOT EXISTS (SELECT 1 FROM audit_draws d WHERE d.frozen_at > v.made_at + 3456000000);

-- What was looked at and came to no ticket is forgotten after some days: nobody asks for it again.
CREATE INDEX ticket_findings_of_nothing ON ticket_findings (found_at) WHERE ticket_id IS NULL;
