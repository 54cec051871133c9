//! Who hears whom in a call of several legs.

use crate::media::{GroupId, Members, Mix};

/// The customer's place in the group; legs have those above it.
const CUSTOMER: u8 = 0;

/// How somebody of ours takes part without being asked by the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Listening {
    /// Hears all and is heard by nobody.
    Listen,
    /// Is heard by our own people only.
    Whisper,
    /// Is heard by all.
    Barge,
}

/// What a leg is in its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Talks with the customer.
    Talker,
    /// Somebody who supervises.
    Supervisor(Listening),
}

/// One leg as the mixing sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party {
    /// Its place in the group, from 1.
    pub place: u8,
    /// What it is.
    pub role: Role,
    /// It is up, and neither it nor anybody for it has put it aside.
    pub present: bool,
    /// It is heard by nobody.
    pub muted: bool,
}

/// Whether the customer has nobody to talk to: held, or none of the talkers is there.
pub fn is_alone(parties: &[Party], customer_held: bool) -> bool {
    customer_held || !parties.iter().any(|party| party.present && party.role == Role::Talker)
}

/// Everybody's part in the group, the customer's first: what each hears, and what stands on
/// the left of the customer's recording, which is everybody of ours.
pub fn mixes(group: GroupId, parties: &[Party], customer_held: bool) -> Vec<Mix> {
    let there = || parties.iter().filter(|party| party.present);
    let customer_hears = there().filter(|party| !customer_held && is_heard_by_customer(party.role));
    let customer = Mix {
        group,
        place: CUSTOMER,
        hears: customer_hears.map(|party| party.place).collect(),
        records: there().map(|party| party.place).collect(),
        muted: false,
    };
    let legs = parties.iter().map(|party| Mix {
        group,
        place: party.place,
        hears: if party.present { heard_by(party, parties, customer_held) } else { Members::NONE },
        records: Members::NONE,
        muted: party.muted || !party.present,
    });
    std::iter::once(customer).chain(legs).collect()
}

fn is_heard_by_customer(role: Role) -> bool {
    matches!(role, Role::Talker | Role::Supervisor(Listening::Barge))
}

fn heard_by(listener: &Party, parties: &[Party], customer_held: bool) -> Members {
    let others = parties.iter().filter(|party| party.present && party.place != listener.place);
    let ours = others.filter(|party| match (party.role, listener.role) {
        (Role::Supervisor(Listening::Listen), _) => false,
        // What is whispered is for those who talk.
        (Role::Supervisor(Listening::Whisper), Role::Supervisor(_)) => false,
        _ => true,
    });
    let customer = (!customer_held).then_some(CUSTOMER);
    ours.map(|party| party.place).chain(customer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(place: u8, role: Role) -> Party {
        Party { place, role, present: true, muted: false }
    }

    /// Whom each hears, the customer first, and whose voices are recorded on the left.
    fn check(parties: &[Party], held: bool, hears: &[&[u8]], records: &[u8]) {
        let mixes = mixes(GroupId(1), parties, held);
        let got: Vec<Vec<u8>> = mixes.iter().map(|mix| mix.hears.iter().collect()).collect();
        assert_eq!(got, hears, "{parties:?}");
        assert_eq!(mixes[0].records.iter().collect::<Vec<u8>>(), records);
        assert!(mixes[1..].iter().all(|mix| mix.records.is_empty()), "one recording a call");
    }

    #[test]
    fn talkers_hear_all_and_supervisors_are_heard_by_their_mode() {
        use Listening::{Barge, Listen, Whisper};
        let talker = party(1, Role::Talker);
        check(&[talker], false, &[&[1], &[0]], &[1]);
        for (mode, customer, agent) in
            [(Listen, &[1][..], &[0][..]), (Whisper, &[1], &[0, 2]), (Barge, &[1, 2], &[0, 2])]
        {
            let boss = party(2, Role::Supervisor(mode));
            check(&[talker, boss], false, &[customer, agent, &[0, 1]], &[1, 2]);
        }
        check(&[talker, party(2, Role::Talker)], false, &[&[1, 2], &[0, 2], &[0, 1]], &[1, 2]);
    }

    #[test]
    fn a_held_customer_hears_nobody_while_our_people_talk() {
        let parties = [party(1, Role::Talker), party(2, Role::Talker)];
        check(&parties, true, &[&[], &[2], &[1]], &[1, 2]);
        assert!(is_alone(&parties, true) && !is_alone(&parties, false));
    }

    #[test]
    fn who_is_away_hears_nobody_and_is_not_heard() {
        let away = Party { present: false, ..party(1, Role::Talker) };
        check(&[away], false, &[&[], &[]], &[]);
        assert!(is_alone(&[away], false));
        let boss = party(2, Role::Supervisor(Listening::Barge));
        assert!(is_alone(&[away, boss], false), "who supervises is not whom the customer waits for");
        let mixes = mixes(GroupId(1), &[away, Party { muted: true, ..party(2, Role::Talker) }], false);
        assert!(mixes[1].muted && mixes[2].muted && !mixes[0].muted);
    }
}
