//! A golden month of each policy: events in, day lists out. The policy as shipped, the real
//! planner, engine, SIP and media on a virtual clock. Reviewed by people once; a change of a
//! rule shows here as a difference that somebody has to agree to.

use std::path::PathBuf;
use std::sync::Arc;

use ringback::app::{Folders, SimulateCustomers, SimulateOptions, simulate, simulation_text};
use ringback::calendar::Calendar;
use ringback::policy::pack::Policy;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

pub fn options(file: &str, pack: &str, seed: u64) -> SimulateOptions {
    let policy = PathBuf::from(ROOT).join("config/policies").join(format!("{file}.toml"));
    let text = std::fs::read_to_string(&policy).unwrap();
    let calendar = std::fs::read_to_string(PathBuf::from(ROOT).join("config/calendar/cn.toml")).unwrap();
    SimulateOptions {
        policy: Policy::parse(&policy.to_string_lossy(), &text).unwrap(),
        calendar: Arc::new(Calendar::parse(&calendar).unwrap()),
        from: "2026-03-02".parse().unwrap(),
        to: "2026-03-31".parse().unwrap(),
        customers: SimulateCustomers::File(
            PathBuf::from(ROOT).join("tests/fixtures/months").join(format!("{pack}.csv")),
        ),
        intake: String::new(),
        seed,
        lines: 10,
        answer_rate: 75,
        folders: Folders::default(),
        fallback: "zh-CN".into(),
        registers: false,
    }
}

async fn month(file: &str, seed: u64) -> String {
    let pack = file.replace('-', "_");
    let simulation = simulate(options(file, &pack, seed), |_| ()).await.unwrap();
    // The version is the hash of the file; a comment in it changes no day.
    let text = simulation_text(&simulation);
    text.replacen(&simulation.version, "(version)", 1)
}

macro_rules! months {
    ($($name:ident = $file:literal;)*) => {$(
        #[tokio::test]
        async fn $name() {
            let mut settings = insta::Settings::clone_current();
            settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/months"));
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            let text = month($file, 1).await;
            settings.bind(|| insta::assert_snapshot!($file, text));
        }
    )*};
}

months! {
    auto_repair = "auto-repair";
    billboard_maker = "billboard-maker";
    catering_vip = "catering-vip";
    equipment_manufacturer = "equipment-manufacturer";
    express_sampling = "express-sampling";
    furniture_mall = "furniture-mall";
    generic_enterprise = "generic-enterprise";
    home_decoration = "home-decoration";
    hospital = "hospital";
    real_estate = "real-estate";
    repair_station_rescue = "repair-station-rescue";
    sales_company = "sales-company";
    telecom_si = "telecom-si";
    whole_house_install = "whole-house-install";
    xian_decoration = "xian-decoration";
}

#[tokio::test]
async fn the_same_seed_gives_the_same_bytes_and_another_other_people() {
    let [a, b, c] =
        [month("sales-company", 5).await, month("sales-company", 5).await, month("sales-company", 6).await];
    assert_eq!(a, b);
    assert_ne!(a, c);
}
