use jiff::civil::date;
use proptest::prelude::*;

use super::*;

/// Civil time in a zone to an instant; `fold` is not needed by any test.
fn at(zone: &str, text: &str) -> Timestamp {
    let civil: jiff::civil::DateTime = text.parse().unwrap();
    Timestamp::from_jiff(civil.in_tz(zone).unwrap().timestamp())
}

fn cn(text: &str) -> Timestamp {
    at("Asia/Shanghai", text)
}

fn windows(text: &str) -> Windows {
    Windows::parse(&[text], "Asia/Shanghai").unwrap()
}

#[test]
fn win_01_hospital_windows_open_and_close_to_the_second() {
    let w = windows("10:00-12:00,15:00-17:00");
    for (time, open) in [
        ("2026-10-08T09:59:59", false),
        ("2026-10-08T10:00:00", true),
        ("2026-10-08T11:59:59", true),
        ("2026-10-08T12:00:00", false),
        ("2026-10-08T14:59:59", false),
        ("2026-10-08T15:00:00", true),
        ("2026-10-08T16:59:59.999", true),
        ("2026-10-08T17:00:00", false),
    ] {
        assert_eq!(w.is_open(cn(time)), open, "{time}");
    }
    assert_eq!(w.next_opening(cn("2026-10-08T12:00:00")), Some(cn("2026-10-08T15:00:00")));
    assert_eq!(w.next_opening(cn("2026-10-08T11:00:00")), Some(cn("2026-10-08T11:00:00")));
    assert_eq!(w.next_opening(cn("2026-10-08T17:00:00")), Some(cn("2026-10-09T10:00:00")));
}

#[test]
fn win_01_holidays_are_closed_and_the_day_after_opens() {
    let holidays = (1..=7).map(|d| date(2026, 10, d)).collect();
    let w = windows("10:00-12:00,15:00-17:00").with_holidays(Arc::new(holidays));
    assert!(!w.is_open(cn("2026-10-01T10:30:00")));
    assert_eq!(w.next_opening(cn("2026-10-01T00:00:00")), Some(cn("2026-10-08T10:00:00")));
}

#[test]
fn win_02_the_day_starts_at_nine_and_ends_at_eighteen() {
    let w = windows("Mon-Sat 09:00-12:00,13:30-18:00");
    assert!(!w.is_open(cn("2026-03-03T08:59:59")));
    assert!(w.is_open(cn("2026-03-03T09:00:00")));
    assert!(w.is_open(cn("2026-03-03T17:59:59")));
    assert!(!w.is_open(cn("2026-03-03T18:00:00")));
    assert_eq!(w.next_opening(cn("2026-03-07T18:00:00")), Some(cn("2026-03-09T09:00:00")), "over Sunday");
}

#[test]
fn win_05_a_night_window_belongs_to_the_evening_it_begins_in() {
    let w = windows("Fri 18:30-08:00");
    assert!(!w.is_open(cn("2026-07-03T18:29:59")));
    assert!(w.is_open(cn("2026-07-03T18:30:00")));
    assert!(w.is_open(cn("2026-07-04T00:00:00")));
    assert!(w.is_open(cn("2026-07-04T07:59:59")));
    assert!(!w.is_open(cn("2026-07-04T08:00:00")));
    assert!(!w.is_open(cn("2026-07-04T18:30:00")), "Saturday evening");
    assert_eq!(w.closing(cn("2026-07-03T20:00:00")), Some(cn("2026-07-04T08:00:00")));
    assert_eq!(w.next_opening(cn("2026-07-04T03:00:00")), Some(cn("2026-07-04T03:00:00")));
    let holiday = w.with_holidays(Arc::new([date(2026, 7, 3)].into()));
    assert!(!holiday.is_open(cn("2026-07-04T03:00:00")), "the range began on the holiday");
}

fn calendar() -> Arc<Calendar> {
    let file = r#"
        [year.2026]
        off = [{ from = "2026-10-01", to = "2026-10-07", name = "国庆节" }]
        work = [{ day = "2026-10-10", name = "国庆节" }]
        [[freeze]]
        from = "2026-06-30"
        name = "半年盘点"
    "#;
    Arc::new(Calendar::parse(file).unwrap())
}

#[test]
fn win_05_the_season_decides_when_the_night_begins() {
    let night = Windows::parse(
        &["summer 18:30-08:00 from 05-01 to 10-31", "winter 17:00-08:00 from 11-01 to 04-30"],
        "Asia/Shanghai",
    )
    .unwrap();
    for (time, open) in [
        ("2026-07-01T18:29:00", false),
        ("2026-07-01T18:30:00", true),
        ("2026-12-01T16:59:00", false),
        ("2026-12-01T17:00:00", true),
        ("2026-12-02T07:59:00", true),
        ("2026-12-02T08:00:00", false),
        ("2026-10-31T17:05:00", false),
        ("2026-10-31T23:00:00", true),
        ("2026-11-01T07:59:00", true),
        ("2026-11-01T17:05:00", true),
        ("2027-04-30T17:05:00", true),
        ("2027-05-01T17:05:00", false),
    ] {
        assert_eq!(night.is_open(cn(time)), open, "{time}");
    }
    assert_eq!(night.next_opening(cn("2026-10-31T17:05:00")), Some(cn("2026-10-31T18:30:00")));
}

#[test]
fn win_07_a_workday_is_what_the_calendar_works() {
    let plain = windows("workday 09:00-18:00");
    assert!(plain.is_open(cn("2026-10-01T10:00:00")), "a Thursday, without a calendar");
    assert!(!plain.is_open(cn("2026-10-10T10:00:00")), "a Saturday");
    let known = plain.with_calendar(calendar(), ClosedOn::default());
    for (time, open) in [
        ("2026-09-30T10:00:00", true),
        ("2026-10-01T10:00:00", false),
        ("2026-10-08T10:00:00", true),
        ("2026-10-10T10:00:00", true),
        ("2026-10-11T10:00:00", false),
        ("2026-06-30T10:00:00", false),
    ] {
        assert_eq!(known.is_open(cn(time)), open, "{time}");
    }
    assert!(!windows("工作日 09:00-18:00").is_open(cn("2026-10-11T10:00:00")), "a Sunday");
}

#[test]
fn win_07_weekends_close_but_make_up_days_do_not() {
    let closed = ClosedOn { holidays: true, weekends: true, freezes: true };
    let w = windows("10:00-12:00,15:00-17:00").with_calendar(calendar(), closed);
    for (time, open) in [
        ("2026-09-30T10:00:00", true),
        ("2026-10-02T10:00:00", false),
        ("2026-10-03T10:00:00", false),
        ("2026-10-10T10:00:00", true),
        ("2026-10-11T10:00:00", false),
    ] {
        assert_eq!(w.is_open(cn(time)), open, "{time}");
    }
    assert_eq!(w.next_opening(cn("2026-09-30T17:00:00")), Some(cn("2026-10-08T10:00:00")));
    let closed = ClosedOn { freezes: true, ..ClosedOn::default() };
    let every_day = windows("10:00-12:00").with_calendar(calendar(), closed);
    assert!(every_day.is_open(cn("2026-10-03T10:00:00")), "holidays and weekends may have calls");
    assert!(!every_day.is_open(cn("2026-06-30T10:00:00")), "stocktaking");
}

#[test]
fn win_07_a_window_may_close_single_days() {
    let w = Windows::parse(&["09:00-18:00", "closed 2026-03-03 to 2026-03-04; closed 2026-03-06"], "UTC");
    let w = w.unwrap();
    let next = |from: &str| w.next_opening(at("UTC", from)).unwrap();
    assert_eq!(next("2026-03-02T18:00:00"), at("UTC", "2026-03-05T09:00:00"));
    assert_eq!(next("2026-03-05T18:00:00"), at("UTC", "2026-03-07T09:00:00"));
}

#[test]
fn a_change_of_clocks_moves_no_window() {
    // 2026-03-29 02:00 becomes 03:00 in Berlin; 2026-10-25 03:00 becomes 02:00.
    let zone = "Europe/Berlin";
    let w = Windows::parse(&["09:00-17:00"], zone).unwrap();
    assert_eq!(w.next_opening(at(zone, "2026-03-29T00:00:00")), Some(at(zone, "2026-03-29T09:00:00")));
    assert_eq!(at(zone, "2026-03-29T09:00:00"), at("UTC", "2026-03-29T07:00:00"));
    assert_eq!(at(zone, "2026-03-28T09:00:00"), at("UTC", "2026-03-28T08:00:00"));

    let swallowed = Windows::parse(&["02:00-03:00"], zone).unwrap();
    assert_eq!(
        swallowed.next_opening(at(zone, "2026-03-29T00:00:00")),
        Some(at(zone, "2026-03-30T02:00:00")),
        "the skipped hour opens no window"
    );
    let night = Windows::parse(&["22:00-06:00"], zone).unwrap();
    let open = at(zone, "2026-10-24T22:00:00");
    assert_eq!(night.closing(open).unwrap().millis_since(open), 9 * 3_600_000, "a night with 25 hours' day");
    let short = at(zone, "2026-03-28T22:00:00");
    assert_eq!(night.closing(short).unwrap().millis_since(short), 7 * 3_600_000);
}

#[test]
fn a_day_begins_at_local_midnight() {
    let w = windows("09:00-17:00");
    assert_eq!(w.day_start(cn("2026-03-03T00:00:00")), cn("2026-03-03T00:00:00"));
    assert_eq!(w.day_start(cn("2026-03-03T23:59:59")), cn("2026-03-03T00:00:00"));
    assert_eq!(w.day_end(cn("2026-03-03T23:59:59")), cn("2026-03-04T00:00:00"));
}

#[test]
fn adjoining_and_overlapping_ranges_close_together() {
    let w = windows("09:00-12:00,12:00-13:00; Mon-Fri 12:30-14:00");
    assert_eq!(w.closing(cn("2026-03-03T09:30:00")), Some(cn("2026-03-03T14:00:00")));
    assert_eq!(w.closing(cn("2026-03-03T08:30:00")), None);
    assert!(Windows::always().is_open(Timestamp(0)));
    assert!(Windows::always().closing(Timestamp(0)).unwrap() > Timestamp(86_400_000));
}

#[test]
fn open_time_leaves_out_closed_hours() {
    let w = windows("Mon-Fri 09:00-12:00,15:00-17:00");
    let hours = |h: u64| Duration::from_secs(h * 3600);
    let friday = cn("2026-03-06T11:00:00");
    assert_eq!(w.after_open_time(friday, hours(1)), Some(cn("2026-03-06T12:00:00")));
    assert_eq!(w.after_open_time(friday, hours(2)), Some(cn("2026-03-06T16:00:00")));
    assert_eq!(w.after_open_time(friday, hours(5)), Some(cn("2026-03-09T11:00:00")));
    let never: [&str; 0] = [];
    assert_eq!(Windows::parse(&never, "UTC").unwrap().after_open_time(friday, hours(1)), None);
}

#[test]
fn days_may_be_named_in_english_and_chinese() {
    let tuesday = cn("2026-03-03T10:00:00");
    for text in [
        "Tue 09:00-12:00",
        "tuesday 9:00-12:00",
        "Mon,Tue 09:00 - 12:00",
        "Sat-Tue 09:00-12:00",
        "周二 09：00－12：00",
        "星期一至星期五 09:00~12:00",
        "每天 09:00-12:00",
        "daily 09:00-12:00",
        "Mon 08:00-09:00; Tue 09:00-12:00",
    ] {
        assert!(windows(text).is_open(tuesday), "{text}");
    }
    assert!(!windows("Wed-Mon 09:00-12:00").is_open(tuesday));
}

#[test]
fn a_wrong_window_says_where_and_how_to_mend_it() {
    for (text, because) in [
        ("", "empty"),
        ("Mon-Fry 09:00-12:00", "`fry` is not a day"),
        ("Mon-Fri", "times are missing"),
        ("Mon-Fri 09:00", "not a time range"),
        ("09:00-25:00", "`25:00` is not a time"),
        ("09:00-12:60", "`12:60` is not a time"),
        ("9-12", "`9` is not a time"),
        ("09:00-09:00", "no length"),
        ("24:00-08:00", "write 00:00"),
        ("+9:00-12:00", "`+` is not a day"),
        ("summer 18:30-08:00", "`summer` has no dates"),
        ("18:30-08:00 from 05-01", "the last day is missing"),
        ("18:30-08:00 from 5/1 to 10-31", "`5/1` is not a day of the year"),
        ("18:30-08:00 from 02-30 to 10-31", "`02-30` is not a day of the year"),
        ("closed", "is not a date"),
        ("closed 2026-06-30 to 2026-06-29", "runs backwards"),
    ] {
        let e = Windows::parse(&[text], "Asia/Shanghai").unwrap_err();
        assert!(e.0.contains(because), "{text}: {e}");
    }
    let zone = Windows::parse(&["09:00-12:00"], "Asia/Beijing").unwrap_err();
    assert!(zone.0.contains("`Asia/Beijing` is not an IANA time zone"), "{zone}");
    let many = vec!["09:00-12:00"; MAX_RANGES + 1];
    assert!(Windows::parse(&many, "UTC").unwrap_err().0.contains("at most 64"));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in "\\PC{0,40}") {
        let _ = Windows::parse(&[text], "Asia/Shanghai");
    }

    #[test]
    fn the_next_opening_is_open_and_nothing_before_it_is(
        start in 0u16..1440, len in 1u16..1439, day in 0i64..800, minute in 0i64..1440, step in 1i64..97,
        zone in prop::sample::select(vec!["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    ) {
        let end = (start + len) % 1440;
        let text = format!("Mon-Thu {:02}:{:02}-{:02}:{:02}", start / 60, start % 60, end / 60, end % 60);
        let w = Windows::parse(&[text], zone).unwrap();
        let from = Timestamp(1_767_225_600_000 + day * 86_400_000 + minute * 60_000);
        let opens = w.next_opening(from).unwrap();
        prop_assert!(w.is_open(opens));
        prop_assert!(opens >= from);
        let mut t = from;
        while t < opens {
            prop_assert!(!w.is_open(t));
            t = Timestamp(t.0 + step * 60_000);
        }
        let closes = w.closing(opens).unwrap();
        prop_assert!(!w.is_open(closes));
        prop_assert!(w.is_open(Timestamp(closes.0 - 1)));
    }
}
