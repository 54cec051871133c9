//! Teams that go out by day in turn (003:134).

/// A team.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Team {
    /// Unique name within its pack.
    pub name: String,
    /// Telephone number; may be empty.
    pub phone: String,
    /// Extension of our own; may be empty.
    pub extension: String,
}

/// The team whose turn it is after `last`; the first where nobody went yet, or where the last one
/// is gone.
pub fn next_team<'a>(teams: &'a [Team], last: Option<&str>) -> Option<&'a Team> {
    let at = last.and_then(|last| teams.iter().position(|team| team.name == last));
    teams.get(at.map_or(0, |at| at + 1)).or_else(|| teams.first())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ros_04_teams_go_in_turn() {
        let teams: Vec<Team> =
            ["A", "B", "C"].iter().map(|n| Team { name: (*n).into(), ..Team::default() }).collect();
        let (mut last, mut went) = (None, String::new());
        for _ in 0..4 {
            let team = next_team(&teams, last.as_deref()).unwrap();
            went.push_str(&team.name);
            last = Some(team.name.clone());
        }
        assert_eq!(went, "ABCA");
        assert_eq!(next_team(&teams, Some("gone")).unwrap().name, "A");
        assert_eq!(next_team(&[], None), None);
    }
}
