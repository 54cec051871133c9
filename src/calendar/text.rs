//! The calendar written out again as a calendar file, so that a day can be worked out later by
//! the calendar it had.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::civil::Date;

use super::Calendar;

impl Calendar {
    /// The text of a calendar file that [`Calendar::parse`] reads as this calendar. A zone
    /// without a name of the IANA, such as a fixed offset, is written as UTC.
    pub fn text(&self) -> String {
        let mut text = format!("timezone = {}\n", quoted(self.zone.iana_name().unwrap_or("UTC")));
        let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let weekend = names.iter().zip(self.weekend).filter(|(_, off)| *off).map(|(name, _)| quoted(name));
        writeln!(text, "weekend = [{}]", weekend.collect::<Vec<_>>().join(", ")).ok();
        for year in &self.years {
            let of_year = |days: &BTreeMap<Date, Arc<str>>, key: &str| {
                let lines = days.iter().filter(|(day, _)| day.year() == *year);
                lines.map(|(day, name)| format!("{{ {key} = \"{day}\", name = {} }}", quoted(name))).collect()
            };
            let off: Vec<String> = of_year(&self.off, "from");
            let work: Vec<String> = of_year(&self.work, "day");
            writeln!(text, "\n[year.{year}]\noff = [{}]\nwork = [{}]", off.join(", "), work.join(", ")).ok();
        }
        for (day, name) in &self.freeze {
            writeln!(text, "\n[[freeze]]\nfrom = \"{day}\"\nname = {}", quoted(name)).ok();
        }
        text
    }
}

/// A basic string of TOML; JSON writes the same escapes.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calendar_that_is_written_out_reads_as_itself() {
        let text = r#"
timezone = "Asia/Shanghai"
weekend = ["Sun"]
[year.2026]
off = [{ from = "2026-10-01", to = "2026-10-07", name = "国庆\"节\"" }]
work = [{ day = "2026-10-11", name = "国庆节" }]
[year.2027]
[[freeze]]
from = "2026-06-29"
to = "2026-06-30"
name = "stock\ntaking"
"#;
        let calendar = Calendar::parse(text).expect("a calendar");
        assert_eq!(Calendar::parse(&calendar.text()).as_ref(), Ok(&calendar), "{}", calendar.text());
        let plain = Calendar::plain(jiff::tz::TimeZone::UTC);
        assert_eq!(Calendar::parse(&plain.text()), Ok(plain));
    }
}
