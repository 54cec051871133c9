//! The published list of a month's calls: one line a call, without a number, a name or an id of
//! a customer. Its bytes are canonical, so that its hash names it.

use super::sha256;

/// First line of the list.
const HEAD: [&str; 7] = ["key", "agent", "rule", "weekday", "hour", "risk", "must"];

/// One call of the list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// SHA-256 of period and id of the call.
    pub key: String,
    /// Who had the customer.
    pub agent: String,
    /// Rule of the policy; empty: none.
    pub rule: String,
    /// 1 Monday to 7 Sunday.
    pub weekday: u8,
    /// Hour of the day.
    pub hour: u8,
    /// Severity of the gravest finding.
    pub risk: String,
    /// Words of [`super::Must`], sorted.
    pub must: Vec<String>,
}

/// The key of a call in the list of a period: `2026-03`, with a pack `2026-03/hospital`.
pub fn key(period: &str, call: &str) -> String {
    sha256(&format!("{period}|{call}"))
}

/// The list as it is published: CSV by RFC 4180 but with line feeds, UTF-8, sorted by key; reasons are
/// joined by blanks.
pub fn text(lines: &[Line]) -> String {
    let mut sorted: Vec<&Line> = lines.iter().collect();
    sorted.sort_unstable();
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
    // Writing to a Vec cannot fail, and all rows have as many cells as the head.
    let _ = writer.write_record(HEAD);
    for line in sorted {
        let (weekday, hour) = (line.weekday.to_string(), format!("{:02}", line.hour));
        let must = line.must.join(" ");
        let _ = writer.write_record([&line.key, &line.agent, &line.rule, &weekday, &hour, &line.risk, &must]);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// The hash of a list, in hex.
pub fn hash(text: &str) -> String {
    sha256(text)
}

/// Reads a published list.
///
/// # Errors
/// A sentence with the number of the line.
pub fn parse(text: &str) -> Result<Vec<Line>, String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let mut lines = Vec::new();
    for (number, record) in (1..).zip(reader.records()) {
        let record = record.map_err(|error| format!("line {number}: {error}"))?;
        let cells: Vec<&str> = record.iter().collect();
        if number == 1 {
            if cells != HEAD {
                return Err(format!("line 1: the columns are not {}", HEAD.join(",")));
            }
            continue;
        }
        let small = |name: &str, text: &str| {
            text.parse::<u8>().map_err(|_| format!("line {number}: {name} `{text}` is no number"))
        };
        let [key, agent, rule, weekday, hour, risk, must] = cells[..] else {
            return Err(format!("line {number}: {} cells in place of {}", cells.len(), HEAD.len()));
        };
        lines.push(Line {
            key: key.to_owned(),
            agent: agent.to_owned(),
            rule: rule.to_owned(),
            weekday: small("weekday", weekday)?,
            hour: small("hour", hour)?,
            risk: risk.to_owned(),
            must: must.split_whitespace().map(str::to_owned).collect(),
        });
    }
    Ok(lines)
}
