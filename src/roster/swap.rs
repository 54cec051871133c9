//! Somebody else's night: only with a substitute of the same role (003:133).

use jiff::civil::Date;

use super::month::{Duty, Person};
use super::role::Role;

/// A swap as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swap {
    /// The night.
    pub date: Date,
    /// The role.
    pub role: Role,
    /// Who cannot come.
    pub person: String,
    /// Who comes in their place; empty: nobody is named.
    pub substitute: Person,
}

/// The duties with the substitute in place. `known` holds the duties of other months: who has had
/// the role there is of that role too.
///
/// # Errors
/// The field that is wrong, and a sentence (ROS-03).
pub fn swap(duties: &[Duty], known: &[Duty], wanted: &Swap) -> Result<Vec<Duty>, (&'static str, String)> {
    let name = wanted.substitute.name.trim();
    if name.is_empty() {
        return Err(("substitute", "a swap needs a substitute: nobody leaves their post empty".into()));
    }
    let is_theirs = |duty: &Duty| {
        duty.date == wanted.date && duty.role == wanted.role && duty.person.name == wanted.person
    };
    if !duties.iter().any(is_theirs) {
        let (date, role) = (wanted.date, wanted.role.title());
        return Err(("person", format!("{} is not {role} in the night of {date}", wanted.person)));
    }
    if name == wanted.person {
        return Err(("substitute", "the substitute is the same person".into()));
    }
    if duties.iter().any(|d| d.date == wanted.date && d.person.name == name) {
        return Err(("substitute", format!("{name} is on duty in that night already")));
    }
    let same = duties.iter().chain(known).find(|d| d.role == wanted.role && d.person.name == name);
    let Some(same) = same else {
        return Err((
            "substitute",
            format!("{name} is no {} of these rosters: name one of the same role", wanted.role.title()),
        ));
    };
    let given = |new: &str, known: &str| if new.is_empty() { known.to_owned() } else { new.to_owned() };
    let person = Person {
        name: name.to_owned(),
        phone: given(&wanted.substitute.phone, &same.person.phone),
        extension: given(&wanted.substitute.extension, &same.person.extension),
    };
    let changed = duties.iter().map(|duty| match is_theirs(duty) {
        true => Duty { person: person.clone(), ..duty.clone() },
        false => duty.clone(),
    });
    Ok(changed.collect())
}

#[cfg(test)]
mod tests {
    use super::super::month::tests::full;
    use super::*;

    #[test]
    fn ros_03_a_swap_without_a_substitute_of_the_same_role_is_refused() {
        let duties = full("2026-07".parse().unwrap());
        let wanted = |person: &str, substitute: &str| Swap {
            date: "2026-07-01".parse().unwrap(),
            role: Role::Driver,
            person: person.into(),
            substitute: Person { name: substitute.into(), ..Person::default() },
        };
        let refused = |person, substitute| swap(&duties, &[], &wanted(person, substitute)).unwrap_err().0;
        assert_eq!(refused("驾驶员1", ""), "substitute");
        assert_eq!(refused("驾驶员1", "驾驶员1"), "substitute");
        assert_eq!(refused("驾驶员1", "技术员0"), "substitute");
        assert_eq!(refused("驾驶员1", "路人"), "substitute");
        assert_eq!(refused("驾驶员0", "驾驶员1"), "person", "who is not on duty that night");
        let changed = swap(&duties, &[], &wanted("驾驶员1", "驾驶员0")).unwrap();
        let night: Vec<&Duty> =
            changed.iter().filter(|d| d.date.day() == 1 && d.role == Role::Driver).collect();
        assert_eq!((night.len(), night[0].person.name.as_str()), (1, "驾驶员0"));
        assert_eq!(night[0].person.phone, "13800000002", "with the number that is known of them");
        assert_eq!(changed.iter().zip(&duties).filter(|(a, b)| a != b).count(), 1, "no other night");
    }
}
