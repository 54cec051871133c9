//! The event that a caller makes by keys (REM-09).

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::policy::pack::ByCall;

/// What was answered to one question of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Name of the question.
    pub question: String,
    /// Keys that were pressed.
    pub keys: Option<String>,
    /// What they mean: a word, a time `18:30`, a date `03-06`.
    pub meaning: Option<String>,
}

impl Said {
    fn text(&self) -> &str {
        self.meaning.as_deref().or(self.keys.as_deref()).unwrap_or_default()
    }
}

impl ByCall {
    /// The fields of the event; None where the answers make none. `today` is the day of the call.
    pub fn fields_of(&self, said: &[Said], today: Date) -> Option<BTreeMap<String, String>> {
        // A question that came twice has the answer that was given last.
        let last = |name: &str| said.iter().rev().find(|s| s.question == name).map(Said::text);
        if last(&self.question) != Some(self.is.as_str()) {
            return None;
        }
        let field = |(name, questions): (&String, &Vec<String>)| {
            let texts: Vec<String> = questions
                .iter()
                .filter_map(|question| last(question))
                .filter(|text| !text.is_empty())
                .map(|text| next_date(text, today).map_or_else(|| text.to_owned(), |date| date.to_string()))
                .collect();
            (name.clone(), texts.join(" "))
        };
        Some(self.fields.iter().map(field).filter(|(_, text)| !text.is_empty()).collect())
    }
}

/// The next day of that month and day (`03-06`), today included; a 29 February is looked for in the
/// next leap year.
fn next_date(text: &str, today: Date) -> Option<Date> {
    let (month, day) = text.split_once('-')?;
    if month.len() != 2 || day.len() != 2 {
        return None;
    }
    let (month, day) = (month.parse().ok()?, day.parse().ok()?);
    (0..=8).filter_map(|years| Date::new(today.year() + years, month, day).ok()).find(|date| *date >= today)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn said(question: &str, meaning: &str) -> Said {
        Said { question: question.into(), keys: Some("1".into()), meaning: Some(meaning.into()) }
    }

    #[test]
    fn rem_09_keys_become_the_fields_of_a_booking() {
        let text = "script = 'x'\nquestion = 'confirm'\nis = 'yes'\n[fields]\nbooking_at = ['day', 'time']\npersons = ['persons']";
        let rule: ByCall = toml::from_str(text).unwrap();
        let mut answers = vec![
            said("day", "03-05"),
            said("day", "03-06"),
            said("time", "18:30"),
            Said { question: "persons".into(), keys: Some("4".into()), meaning: None },
        ];
        assert_eq!(rule.fields_of(&answers, date(2026, 3, 3)), None, "it was not confirmed");
        answers.push(said("confirm", "yes"));
        let fields = rule.fields_of(&answers, date(2026, 3, 3)).unwrap();
        assert_eq!(fields["booking_at"], "2026-03-06 18:30", "the day that was given last");
        assert_eq!(fields["persons"], "4");
        let later = rule.fields_of(&answers, date(2026, 3, 7)).unwrap();
        assert_eq!(later["booking_at"], "2027-03-06 18:30", "it lies ahead");
        assert_eq!(next_date("02-29", date(2026, 3, 3)), Some(date(2028, 2, 29)));
    }
}
