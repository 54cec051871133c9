//! The night: whoever the roster names is rung, one after the other, by the clock of the wall.

use std::time::Duration;

use ringback::base::Timestamp;
use ringback::calendar::{Calendar, Windows};
use ringback::call::State;
use ringback::engine::DutyChain;
use ringback::queue::{Hotline as Entry, Overflow, QueueSettings};
use ringback::roster::{Duty, Person, Role, Settings, on_duty};
use ringback::sim::Behaviour;

use super::hotline::{
    CUSTOMER, CUSTOMER_HZ, Hotline, NUMBER, SECOND, SECOND_HZ, answers, press, results, speaks,
};

/// By day the queue takes callers, at night the roster; summer nights begin at 18:30.
fn rescue(moment: &str, seed: u64) -> Hotline {
    let mut hotline = Hotline::at(moment, seed, include_str!("night.toml"));
    hotline.reload(|settings| {
        let day = ["summer 08:00-18:30 from 05-01 to 10-31", "winter 08:00-17:00 from 11-01 to 04-30"];
        settings.agents.queues = vec![QueueSettings {
            name: "rescue".into(),
            hours: Some(Windows::parse(&day, "Asia/Shanghai").unwrap()),
            closed: Overflow::Roster("repair_station_rescue".into()),
            announce_first: Duration::ZERO,
            ..QueueSettings::default()
        }];
        settings.agents.hotlines = vec![Entry {
            trunk: String::new(),
            number: "400*".into(),
            hours: None,
            closed: Overflow::Voicemail,
            script: "survey".into(),
            language: "en".into(),
            queue: "rescue".into(),
        }];
    });
    let (chain, ring) = (chain_at(hotline.now.utc), Settings::default().ring);
    hotline.engine.set_duty("repair_station_rescue".into(), DutyChain { targets: chain, ring });
    hotline.is_at("1002", answers(SECOND_HZ));
    hotline
}

/// The roster of two nights: 801 leads that of 1 July, 1009 that of 2 July; the technician is at 1002.
fn chain_at(at: Timestamp) -> Vec<String> {
    let duty = |date: &str, role, name: &str, extension: &str| Duty {
        date: date.parse().unwrap(),
        role,
        person: Person { name: name.into(), phone: String::new(), extension: extension.into() },
    };
    let duties = [
        duty("2026-07-01", Role::Leader, "王", "801"),
        duty("2026-07-01", Role::Technician, "李", "1002"),
        duty("2026-07-02", Role::Leader, "赵", "1009"),
    ];
    let calendar = Calendar::plain(jiff::tz::TimeZone::get("Asia/Shanghai").unwrap());
    let duty = on_duty(&Settings::default(), &calendar, &duties, at);
    duty.iter().flat_map(|duty| &duty.chain).map(|post| post.address().to_owned()).collect()
}

fn calls(hotline: &mut Hotline) {
    hotline.place_call(0, NUMBER, CUSTOMER, speaks(CUSTOMER_HZ, vec![press("5")]));
}

#[test]
fn ros_02_a_call_at_2310_rings_801_and_after_20_s_the_next_in_the_chain() {
    for (seed, moment) in [(61, "2026-07-01T15:10:00Z"), (62, "2026-07-01T18:00:00Z")] {
        // 23:10 on 1 July and 02:00 on 2 July in Shanghai: the night of 1 July both times.
        let mut hotline = rescue(moment, seed);
        hotline.is_at("801", Behaviour::NoAnswer);
        calls(&mut hotline);
        hotline.run_until(30 * SECOND, |w| w.phone("801").is_some());
        hotline.run_for(SECOND);
        assert_eq!(hotline.legs(), ["801 ringing"], "the leader first, and alone");
        hotline.until(State::Bridged);
        assert_eq!(hotline.hears_of_all(CUSTOMER), [SECOND_HZ]);
        let report = hotline.finish();
        let legs = &report.record.bridging.legs;
        assert_eq!(results(legs), ["801 no_answer", "1002 talked"]);
        let rang = legs[0].ended_at.millis_since(legs[0].started_at);
        assert!((20_000..21_500).contains(&rang), "{rang}");
        assert_eq!(hotline.books.fates, ["overflowed"], "the queue was closed");
    }
}

#[test]
fn tkt_48_the_night_lead_is_rung_for_the_rescue_call_and_by_day_the_queue_takes_it() {
    let mut hotline = rescue("2026-07-01T15:10:00Z", 63);
    hotline.is_at("801", answers(SECOND_HZ));
    calls(&mut hotline);
    hotline.until(State::Bridged);
    assert_eq!(hotline.legs(), ["801 up"]);
    let report = hotline.finish();
    assert_eq!(results(&report.record.bridging.legs), ["801 talked"]);

    let mut hotline = rescue("2026-07-02T04:00:00Z", 64);
    calls(&mut hotline);
    hotline.run_until(30 * SECOND, |w| w.engine.queues().held() == 1);
    hotline.run_for(5 * SECOND);
    assert_eq!(hotline.legs(), [] as [String; 0], "at noon nobody on duty is rung");
    hotline.finish();
}

#[test]
fn ros_02_the_window_of_the_night_is_that_of_its_season() {
    // 17:30 in Shanghai: day in July, night in December.
    for (seed, moment, queued) in [(65, "2026-07-01T09:30:00Z", 1), (66, "2026-12-01T09:30:00Z", 0)] {
        let mut hotline = rescue(moment, seed);
        calls(&mut hotline);
        hotline.run_for(5 * SECOND);
        assert_eq!(hotline.engine.queues().held(), queued, "{moment}");
    }
}

/// Numbers of people on duty fail within milliseconds, faster than the trunk may be dialled again.
#[test]
fn ros_02_the_chain_goes_on_to_the_next_number_however_fast_the_one_before_fails() {
    let mut hotline = rescue("2026-07-01T15:10:00Z", 67);
    hotline.reload(|settings| settings.trunks[0].choice.max_cps = 5.0);
    let targets = ["13700000001", "13700000002", "13700000003", "13700000004"].map(str::to_owned);
    hotline.is_at(&targets[0], Behaviour::INVALID_NUMBER);
    hotline.is_at(&targets[1], Behaviour::BUSY);
    hotline.is_at(&targets[2], Behaviour::INVALID_NUMBER);
    hotline.is_at(&targets[3], answers(SECOND_HZ));
    let chain = DutyChain { targets: targets.to_vec(), ring: 20 * SECOND };
    hotline.engine.set_duty("repair_station_rescue".into(), chain);
    calls(&mut hotline);
    hotline.run_until(60 * SECOND, |w| w.phone("13700000004").is_some());
    let report = hotline.finish();
    let rung: Vec<&str> = report.record.bridging.legs.iter().map(|leg| leg.target.as_str()).collect();
    assert_eq!(rung, targets, "nobody is passed over");
}
