//! SCH-18: samples that anybody can draw again.

use std::collections::BTreeMap;

use super::super::sample::{Draw, Quota, Unit, draw, is_drawn_on, not_drawn, week_before};
use super::{CALENDAR, cn};
use crate::base::{CustomerId, EventId};
use crate::calendar::Calendar;
use crate::policy::pack::Sample;

fn rule(size: u32, strata: &str) -> Sample {
    toml::from_str(&format!(
        "from='parcel.signed'\ndays=['Tue','Thu','Sat']\nsize={size}\nstrata='{strata}'\nrecency='3d'\ncooloff='90d'\nmin_a_week=2\nmax_a_week=3"
    ))
    .unwrap()
}

fn parcels(count: i64) -> Vec<Unit> {
    (0..count)
        .map(|at| Unit {
            key: format!("YD{at:06}"),
            stratum: if at % 4 == 0 { "城东".into() } else { "城西".into() },
            customer: CustomerId(at),
            event: EventId(at),
            at: cn("2026-03-04T10:00"),
        })
        .collect()
}

fn drawn(sample: &Sample, seed: u64, units: &[Unit]) -> Draw {
    let calendar = Calendar::parse(CALENDAR).unwrap();
    draw(sample, &calendar, "2026-03-05".parse().unwrap(), seed, units, &BTreeMap::new())
}

#[test]
fn sch_18_the_same_seed_draws_the_same_sample() {
    let (sample, units) = (rule(20, "outlet"), parcels(1000));
    let first = drawn(&sample, 7, &units);
    let mut shuffled = units.clone();
    shuffled.reverse();
    shuffled.extend_from_slice(&units[..10]);
    assert_eq!(drawn(&sample, 7, &shuffled), first, "order and repetition say nothing");
    assert_ne!(drawn(&sample, 8, &units).picks, first.picks);
    assert_eq!((first.frame_size, first.picks.len()), (1000, 20));
    let others = not_drawn(&first, &units);
    assert_eq!(others.len(), 980, "each of the others has its reason");
    assert_eq!(others[0].1.detail, "20 of 1000 drawn on 2026-03-05, seed 7");
    let parts: Vec<(&str, u64, u64)> =
        first.strata.iter().map(|part| (part.name.as_str(), part.size, part.drawn)).collect();
    assert_eq!(parts, [("城东", 250, 5), ("城西", 750, 15)]);
    assert!(first.strata.iter().all(|part| (part.probability - 0.02).abs() < 1e-12));
}

#[test]
fn sch_18_a_draw_can_be_checked_with_sha256sum() {
    let draw = drawn(&rule(1, ""), 7, &parcels(2));
    // printf 'YD000000\nYD000001\n' | sha256sum; printf '7|YD00000%d' 0 | sha256sum
    assert_eq!(draw.frame_hash, FRAME);
    assert_eq!((draw.picks[0].key.as_str(), draw.picks[0].order.as_str()), FIRST);
}

#[test]
fn sch_18_recent_rested_and_each_customer_once() {
    let (sample, mut units) = (rule(100, ""), parcels(10));
    units[0].at = cn("2026-03-01T10:00");
    units[1].at = cn("2026-03-05T10:00");
    units[3].customer = units[2].customer;
    let calendar = Calendar::parse(CALENDAR).unwrap();
    let last = BTreeMap::from([(CustomerId(4), cn("2025-12-06")), (CustomerId(5), cn("2025-12-04"))]);
    let draw = draw(&sample, &calendar, "2026-03-05".parse().unwrap(), 7, &units, &last);
    let left_out = [("cooloff", 1), ("recency", 2), ("same_customer", 1)];
    assert_eq!(draw.left_out, left_out.map(|(why, count)| (why.to_owned(), count)).into());
    assert_eq!((draw.frame_size, draw.picks.len()), (6, 6), "a frame smaller than the size is drawn whole");
    let everything = drawn(&sample, 7, &[]);
    assert_eq!((everything.frame_size, everything.picks.len()), (0, 0));
}

#[test]
fn sch_18_two_or_three_draws_a_week() {
    let sample = rule(20, "");
    let day = |text: &str| text.parse().unwrap();
    let days: Vec<jiff::civil::Date> = ["2026-03-03", "2026-03-05", "2026-03-07"].map(day).into();
    let drawn: Vec<bool> = (2..=8).map(|d| is_drawn_on(&sample, jiff::civil::date(2026, 3, d))).collect();
    assert_eq!(drawn, [false, true, false, true, false, true, false]);
    let monday = day("2026-03-09");
    assert_eq!(week_before(&sample, monday, &days), Quota::Kept);
    assert_eq!(week_before(&sample, monday, &days[..1]), Quota::UnderQuota);
    let mut more = days.clone();
    more.push(day("2026-03-08"));
    assert_eq!(week_before(&sample, monday, &more), Quota::OverQuota);
    assert_eq!(week_before(&sample, day("2026-03-16"), &days), Quota::UnderQuota);
}

const FRAME: &str = "6f89912b205ce5a92adcafd0470ee38494bb8ec0191091146674a537b686b79c";
const FIRST: (&str, &str) = ("YD000001", "10def4a1ced84e73fba2aee8a9900fd349f7d1022a23c517d47c3ea0245a0081");
