//! A house that has been at work for years: a hundred thousand rows behind every page of the console, made in
//! SQL beside a daemon that runs on SQLite. The test of the pages' sizes and the benchmark of their times stand
//! on the same rows.

/// Rows of each kind that there is one of for each call, customer or ticket.
pub const ROWS: u64 = 100_000;
const DAY: i64 = 86_400_000;

/// Statements that make the rows, over ticket 1 of `pack`, which is copied. `now` is the time in milliseconds,
/// `today` its day.
pub fn statements(rows: u64, pack: &str, now: i64, today: &str) -> Vec<String> {
    let n = format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})");
    // Evenly over five years.
    let step = 5 * 365 * DAY / i64::try_from(rows).unwrap_or(1);
    let call = "'01KJR0000000' || printf('%014d', i)";
    let phone = "'138' || printf('%08d', i)";
    let mut all = vec!["DROP TRIGGER customers_that_come_in".to_owned()];
    let mut add =
        |table: &str, values: String| all.push(format!("INSERT INTO {table} {n} SELECT {values} FROM n"));
    add(
        "customers (id, pack, external_id, name, language, grade, preferred_hours, quiet_hours, key_account, plan_every,
             owner, email, standing, fields, version, created_at, changed_at)",
        format!("1000 + i, '{pack}', 'K' || i, '客户' || i, '', '', '', '', 0, '', '', '', 'active', '{{}}', 1, {now}, {now}"),
    );
    add(
        "customer_phones (customer_id, pack, phone, extension, label, position, valid_from)",
        format!("1000 + i, '{pack}', {phone}, '', '', 0, 0"),
    );
    add(
        "calls (id, direction, state, phone, trunk, script, reserved_at, started_at, answered_at, ended_at, disposition,
             sip_status, q850, blame, ended_by, begun_by, ticketed, heard)",
        format!(
            "{call}, CASE i % 4 WHEN 0 THEN 'inbound' ELSE 'outbound' END, 'ended', {phone}, 'main', 'one-key',
             {now} - i * {step}, {now} - i * {step}, CASE i % 3 WHEN 0 THEN NULL ELSE {now} - i * {step} + 4000 END,
             {now} - i * {step} + 64000, CASE i % 3 WHEN 0 THEN 'no_answer' ELSE 'completed' END, 200, 16, 'none', 'peer',
             '客服' || (i % 25), 1, 1"
        ),
    );
    add(
        "legs (call_id, number, kind, target, agent, started_at, answered_at, ended_at, result, ended_by)",
        format!(
            "{call}, 1, 'agent', '8001', '客服' || (i % 25), {now} - i * {step}, {now} - i * {step} + 4000,
             {now} - i * {step} + 64000, 'talked', 'us'"
        ),
    );
    add(
        "answers (call_id, seq, question, keys, score, at)",
        format!("{call}, 1, 'satisfaction', '5', 1 + i % 5, {now} - i * {step}"),
    );
    // One in ten stands on the list of this day.
    add(
        "callbacks (pack, rule, version, customer_id, subject, occurrence, origin, method, earliest, due, deadline, sums,
             state, reason, detail, outcome, closed_at, call_id, assignee, created_at, changed_at)",
        format!(
            "'{pack}', 'first', 'v', 1000 + i, 's' || i, 0, 'event', 'phone', {now} - i * {step}, {now} - i * {step}, {now} - i * {step} + {DAY}, '[]',
             'done', 'finished', '', 'satisfied', {now} - i * {step}, {call}, '客服' || (i % 25), {now} - {DAY}, {now}"
        ),
    );
    all.push(format!(
        "INSERT INTO day_verdicts (day, callback_id, pack, verdict, code, detail, updated_at)
         SELECT '{today}', id, '{pack}', 'done', 'finished', '', {now} FROM callbacks WHERE pack = '{pack}' AND id % 10 = 0"
    ));
    all.push(format!(
        "INSERT INTO day_plans (pack, day, state, version, built_at, released_at, released_by, summary)
         VALUES ('{pack}', '{today}', 'released', 'v', {now}, {now}, 'li.wei', '{{}}')
         ON CONFLICT (pack, day) DO UPDATE SET state = 'released'"
    ));
    all.push(lists(&n, now));
    all.extend(tickets(&n, pack, now, step));
    all.extend(audits(&n, pack, now, call));
    all.extend(books(&n, pack, now));
    // What is linked in the chain is not what is looked at.
    all.push("DELETE FROM custody_pending".to_owned());
    all.push("ANALYZE".to_owned());
    all
}

/// A list of as many entries, and its import; a campaign that is paused.
fn lists(n: &str, now: i64) -> String {
    format!(
        "INSERT INTO lists (id, name, created_at) VALUES (900, 'large', {now});
         INSERT INTO campaigns (id, name, list_id, state, priority, settings, created_at, changed_at)
         VALUES (900, 'large', 900, 'paused', 5, '{{\"script\":\"one-key\"}}', {now}, {now});
         INSERT INTO entries (list_id, row_key, external_id, phone, extension, name, language, priority, fields, state,
             disposition, reason, detail, due_at, attempts, created_at, changed_at)
         {n} SELECT 900, 'B' || i, 'B' || i, '139' || printf('%08d', i), '', '客户' || i, '', 5, '{{}}',
             CASE i % 3 WHEN 0 THEN 'pending' WHEN 1 THEN 'done' ELSE 'failed' END,
             CASE i % 3 WHEN 1 THEN 'completed' WHEN 2 THEN 'no_answer' END,
             CASE i % 3 WHEN 0 THEN 'due' WHEN 1 THEN 'finished' ELSE 'attempts_spent' END, '', {now}, 1, {now}, {now} FROM n;
         INSERT INTO imports (id, list_id, file_name, sha256, state, added, rejected, created_at, bytes, bytes_read)
         VALUES (900, 900, 'large.csv', '0', 'done', 50000, 50000, {now}, 1, 1);
         INSERT INTO import_rows (import_id, line, result, reason, text, code, field)
         {n} SELECT 900, i, CASE i % 2 WHEN 0 THEN 'rejected' ELSE 'added' END, '', 'x', 'phone', 'phone' FROM n;
         INSERT INTO do_not_call (phone, reason, created_by, created_at)
         {n} SELECT '137' || printf('%08d', i), 'asked', 'li.wei', {now} - i FROM n"
    )
}

/// One in twenty is open, and each has its line on the timeline.
fn tickets(n: &str, pack: &str, now: i64, step: i64) -> [String; 3] {
    [
        format!(
            "INSERT INTO tickets (id, pack, number, kind, severity, category, source, phase, state, owner, department, phone,
                 name, matter, complaint, dissatisfied, level, meeting, opened_at, due_at, closed_at, version, body)
             {n} SELECT 1000 + i, '{pack}', 'P' || i, t.kind, t.severity, t.category, t.source,
                 CASE i % 20 WHEN 0 THEN 'open' ELSE 'closed' END, t.state, '客服' || (i % 25), '工程部', '138' || printf('%08d', i),
                 '客户' || i, '', 0, 0, 0, '', {now} - i * {step}, CASE i % 20 WHEN 0 THEN {now} + (i - 50000) * 1000 END,
                 CASE i % 20 WHEN 0 THEN NULL ELSE {now} - i END, t.version, t.body
             FROM n JOIN tickets t ON t.id = 1"
        ),
        format!(
            "INSERT INTO ticket_log (ticket_id, at, actor, action, detail)
             {n} SELECT 1000 + i, {now} - i, 'li.wei', 'comment', '客户在家' FROM n"
        ),
        format!("INSERT INTO ticket_departments (department, ticket_id) {n} SELECT '工程部', 1000 + i FROM n"),
    ]
}

/// Half of the cases have a sheet.
fn audits(n: &str, pack: &str, now: i64, call: &str) -> [String; 2] {
    [
        format!(
            "INSERT INTO audit_cases (id, call_id, agent, why, auditor, second, due_at, made_by, made_at)
             {n} SELECT 1000 + i, {call}, '客服' || (i % 25), '[\"drawn\"]', '质检' || (i % 5), 0, {now}, 'li.wei', {now} FROM n"
        ),
        format!(
            "INSERT INTO audit_sheets (case_id, version, state, auditor, pack, form_version, scorecard_version, body, result,
                 score, grade, critical, reason, saved_at, submitted_at, sha256)
             {n} SELECT 1000 + i, 1, 'submitted', '质检' || (i % 5), '{pack}', 'v', 'v', '{{}}', '{{}}', 60 + i % 41, 'A', '[]', '',
                 {now}, {now}, '0' FROM n WHERE i % 2 = 0"
        ),
    ]
}

/// What is written down on the way: the log, notices, accesses, reports of four hundred days, points.
fn books(n: &str, pack: &str, now: i64) -> [String; 7] {
    [
        format!(
            "INSERT INTO audit_log (at, actor, action, subject, detail)
             {n} SELECT {now} - i, 'li.wei', 'ticket.comment', 'ticket:' || i, 'P' || i FROM n"
        ),
        format!(
            "INSERT INTO notices (key, topic, recipient, subject, pack, facts, wants_ack, created_at, routed_at)
             {n} SELECT 'p' || i, 'ticket.opened', '工程部', 'ticket:' || i, '{pack}', '{{}}', 0, {now} - i, {now} FROM n"
        ),
        format!(
            "INSERT INTO accesses (at, who, place, what, subject, detail, requests, last_at, ended_at)
             {n} SELECT {now} - i, 'li.wei', 'local', 'listen', 'call:' || i, '', 1, {now} - i, {now} FROM n"
        ),
        format!(
            "INSERT INTO reports (report, pack, from_day, to_day, state, figures, texts, due_at, made_at, made_by)
             {n} SELECT 'calls-day', '', date({now} / 1000 - i * 86400, 'unixepoch'), date({now} / 1000 - i * 86400, 'unixepoch'),
                 'approved', '[]', '{{}}', {now}, {now} - i, 'li.wei' FROM n WHERE i <= 400"
        ),
        format!(
            "INSERT INTO agent_states (agent, state, reason, changed_by, began_at)
             {n} SELECT '客服' || (i % 25), CASE i / 25 % 3 WHEN 0 THEN 'available' WHEN 1 THEN 'on_call' ELSE 'offered' END,
                 'by_hand', 'phone', {now} - ({ROWS} - i) * 1000 FROM n"
        ),
        format!(
            "INSERT INTO warnings (pack, day, code, subject, detail, raised_at, settled_at)
             {n} SELECT '{pack}', date({now} / 1000 - i * 86400, 'unixepoch'), 'missing_slip', 's' || i, '', {now}, {now} FROM n"
        ),
        format!(
            "INSERT INTO dead_letters (at, kind, reason, body)
             {n} SELECT {now} - i, 'report', 'refused', '{{}}' FROM n"
        ),
    ]
}

/// Every page of the console that shows rows, and what of it is looked at.
pub fn pages(pack: &str, today: &str) -> Vec<String> {
    let month = &today[..7];
    let fixed = [
        "/",
        "/wallboard",
        "/calls",
        "/calls?disposition=no_answer",
        "/calls?phone=13800000007",
        "/calls/01KJR000000000000000000007",
        "/entries?campaign=900&reason=due",
        "/lists",
        "/lists/900",
        "/lists/900?state=failed",
        "/lists/import",
        "/lists/imports/900",
        "/lists/imports/900?result=rejected",
        "/lists/plan",
        "/lists/policies",
        "/lists/calendar",
        "/lists/do-not-call",
        "/lists/rehearsals",
        "/customers",
        "/customers?q=客户99999",
        "/customers?q=13800077777",
        "/customers?q=没有人",
        "/customers/1007",
        "/tickets",
        "/tickets?phase=all",
        "/tickets?overdue=true",
        "/tickets?owner=客服7&phase=all",
        "/tickets/board",
        "/tickets/1",
        "/tickets/1020",
        "/tickets/new",
        "/tickets/ageing",
        "/tickets/ageing?min_days=31",
        "/tickets/delay",
        "/tickets/points",
        "/tickets/roster",
        "/audit",
        "/audit/cases",
        "/audit/cases?auditor=质检1&open=true",
        "/audit/cases?agent=客服7",
        "/audit/appeals",
        "/audit/examples",
        "/audit/sessions",
        "/audit/own",
        "/audit/performance",
        "/reports",
        "/reports?state=approved",
        "/reports/1",
        "/reports/2/figures/calls",
        "/reports/registers",
        "/reports/actions",
        "/reports/chain",
        "/settings",
        "/settings/accounts",
        "/settings/roles",
        "/settings/tokens",
        "/settings/trunks",
        "/settings/prompts",
        "/settings/notices",
        "/settings/notices/templates",
        "/settings/log",
        "/settings/log?actor=li.wei",
        "/settings/dead-letters",
        "/desk",
        "/desk/team",
        "/docs",
    ];
    let mut pages: Vec<String> = fixed.iter().map(|page| (*page).to_owned()).collect();
    pages.extend([
        format!("/lists/plan/{pack}/{today}"),
        format!("/lists/policies/{pack}"),
        format!("/lists/policies/{pack}/edit"),
        format!("/tickets/ledger?pack={pack}&department=工程部"),
        format!("/tickets/roster/{pack}/{month}"),
        format!("/audit/results?month={month}"),
        format!("/reports/rates?month={month}"),
        format!("/reports/registers/phone-records?from={today}&to={today}"),
        format!("/reports/registers/phone-records?from={month}-01&to={today}"),
    ]);
    pages
}
