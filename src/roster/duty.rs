//! Who is on duty now, and in which order they are called.

use jiff::civil::Date;

use super::month::{Duty, Person};
use super::role::Role;
use super::settings::Settings;
use crate::base::Timestamp;
use crate::calendar::Calendar;

/// One who can be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// Role.
    pub role: Role,
    /// Who.
    pub person: Person,
}

impl Post {
    /// What is dialled: the extension, else the number; empty where neither is known.
    pub fn address(&self) -> &str {
        if self.person.extension.is_empty() { &self.person.phone } else { &self.person.extension }
    }
}

/// A night with those who are on call in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnDuty {
    /// The day on whose evening the night began.
    pub date: Date,
    /// When it ends.
    pub until: Timestamp,
    /// In the order in which they are called: the leader first, then the others by role. Who can
    /// not be called is left out.
    pub chain: Vec<Post>,
}

/// Who is on duty at a moment, by the duties of the months around it; None by day. An empty
/// chain is a night of which nothing is known (ROS-02).
pub fn on_duty(settings: &Settings, calendar: &Calendar, duties: &[Duty], at: Timestamp) -> Option<OnDuty> {
    let (date, until) = settings.nights.night_of(calendar, at)?;
    let mut chain: Vec<Post> = Vec::new();
    for role in &settings.chain {
        for duty in duties.iter().filter(|d| d.date == date && d.role == *role) {
            let post = Post { role: *role, person: duty.person.clone() };
            // Nobody is called twice in a row for having two roles.
            if !post.address().is_empty() && chain.iter().all(|before| before.address() != post.address()) {
                chain.push(post);
            }
        }
    }
    Some(OnDuty { date, until, chain })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        let civil: jiff::civil::DateTime = text.parse().unwrap();
        Timestamp::from_jiff(civil.in_tz("Asia/Shanghai").unwrap().timestamp())
    }

    #[test]
    fn ros_02_the_leader_of_that_night_is_called_first_and_then_the_chain() {
        let calendar = Calendar::plain(jiff::tz::TimeZone::get("Asia/Shanghai").unwrap());
        let duty = |date: &str, role, name: &str, phone: &str, extension: &str| Duty {
            date: date.parse().unwrap(),
            role,
            person: Person { name: name.into(), phone: phone.into(), extension: extension.into() },
        };
        let duties = [
            duty("2026-07-01", Role::Driver, "赵", "13800000003", ""),
            duty("2026-07-01", Role::Clerk, "无号", "", ""),
            duty("2026-07-01", Role::Mechanic, "王", "13800000001", "801"),
            duty("2026-07-01", Role::Leader, "王", "13800000001", "801"),
            duty("2026-07-02", Role::Leader, "李", "", "802"),
        ];
        let settings = Settings::default();
        let chain = |text: &str| -> Vec<String> {
            let found = on_duty(&settings, &calendar, &duties, at(text)).map(|duty| duty.chain);
            found.unwrap_or_default().iter().map(|post| post.address().to_owned()).collect()
        };
        assert_eq!(chain("2026-07-01 23:10"), ["801", "13800000003"]);
        assert_eq!(chain("2026-07-02 02:00"), ["801", "13800000003"], "still the night of the 1st");
        assert_eq!(chain("2026-07-02 18:30"), ["802"]);
        assert!(on_duty(&settings, &calendar, &duties, at("2026-07-02 12:00")).is_none(), "by day");
        let unknown = on_duty(&settings, &calendar, &duties, at("2026-07-09 23:00")).unwrap();
        assert!(unknown.chain.is_empty());
    }
}
