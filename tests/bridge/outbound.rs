//! A campaign that brings customers together with agents: the customer is never left in
//! silence, whoever is there.

use std::time::Duration;

use ringback::base::{CampaignId, Disposition};
use ringback::call::{HungUpFirst, State};
use ringback::dialer::{CampaignSettings, Command, MachinePolicy};
use ringback::sim::{Act, Behaviour, Person};

use super::hotline::{CUSTOMER_HZ, FIRST_HZ, Hotline, SECOND, press, results, speaks};
use crate::world::Ledger;

const NUMBER: &str = "13800000001";

/// The campaign is running, and its one customer's phone rings.
fn campaign(customer: Person) -> Hotline {
    let mut hotline = Hotline::with_script(81, include_str!("outgoing.toml"));
    hotline.is_at(NUMBER, Behaviour::Answers(customer));
    hotline.books.ledger.add(&[NUMBER]);
    let settings = CampaignSettings {
        script: "survey".into(),
        language: "en".into(),
        windows: vec!["00:00-24:00".into()],
        ring_seconds: 15,
        max_attempts: 1,
        machine: MachinePolicy::Ignore,
        ..CampaignSettings::default()
    };
    let now = hotline.now;
    hotline.engine.handle_campaign(now, Ledger::campaign(settings)).unwrap();
    hotline.engine.command(now, CampaignId(1), Command::Start, "test").unwrap();
    hotline.feed(ringback::engine::Input::Wake);
    hotline
}

/// Whether the customer hears anything within half a second of the answer.
fn is_greeted(hotline: &mut Hotline) -> bool {
    hotline.run_until(60 * SECOND, |w| w.phone(NUMBER).is_some_and(|phone| phone.is_talking()));
    hotline.run_for(Duration::from_millis(500));
    hotline.phone(NUMBER).unwrap().heard().pcm.iter().any(|sample| sample.abs() > 1_000)
}

#[test]
fn a_customer_of_a_campaign_talks_with_an_agent_and_rates_the_talk() {
    let mut hotline = campaign(speaks(CUSTOMER_HZ, vec![press("5"), Act::Ignore]));
    assert!(is_greeted(&mut hotline), "no silent call");
    hotline.until(State::Bridged);
    assert_eq!(hotline.hears(NUMBER, &[FIRST_HZ, CUSTOMER_HZ]), [FIRST_HZ]);
    assert_eq!(hotline.hears("1001", &[FIRST_HZ, CUSTOMER_HZ]), [CUSTOMER_HZ]);
    hotline.at_phone("1001", |phone, now| phone.put_down(now));
    let report = hotline.rest();
    assert_eq!(report.record.disposition, Disposition::Completed, "{}", hotline.books.ladder.text());
    assert_eq!(report.record.bridging.hung_up_first.unwrap().0, HungUpFirst::Agent);
    assert_eq!(results(&report.record.bridging.legs), ["1002 elsewhere", "1001 talked"]);
}

#[test]
fn a_customer_for_whom_nobody_is_free_hears_an_announcement_at_once() {
    let mut hotline = campaign(speaks(CUSTOMER_HZ, vec![Act::Ignore]));
    hotline.reload(|settings| settings.phones.contacts.clear());
    assert!(is_greeted(&mut hotline), "no silent call");
    let report = hotline.rest();
    assert_eq!(report.record.disposition, Disposition::PersonWanted);
    assert!(report.record.bridging.legs.is_empty());
}

#[test]
fn a_customer_who_hangs_up_in_the_talk_was_served() {
    let mut hotline = campaign(speaks(CUSTOMER_HZ, vec![Act::Ignore]));
    hotline.until(State::Bridged);
    hotline.run_for(2 * SECOND);
    hotline.at_phone(NUMBER, |phone, now| phone.put_down(now));
    let report = hotline.rest();
    assert_eq!(report.record.disposition, Disposition::Served);
    assert_eq!(report.record.bridging.hung_up_first.unwrap().0, HungUpFirst::Customer);
}
