//! What a seed stands for: how many customers, which limits, how bad the weather.

use std::path::PathBuf;
use std::time::Duration;

use ringback::base::{CampaignId, Disposition, ListId, Rng, Timestamp};
use ringback::calendar::Windows;
use ringback::dialer::{self, Campaign, CampaignSettings, CampaignState, MachinePolicy, RetryRule};
use ringback::engine::{InboundRule, Settings, TrunkSettings};
use ringback::media::AmdSettings;

use super::net::Weather;
use crate::world::trunk;

/// Zone of everything.
pub const ZONE: &str = "Asia/Shanghai";

/// One seed, spelled out.
#[derive(Debug)]
pub struct Plan {
    pub seed: u64,
    pub customers: u64,
    pub trunks: Vec<TrunkSettings>,
    pub campaigns: Vec<Campaign>,
    pub max_calls: u32,
    pub max_cps: f64,
    pub sip: Weather,
    pub rtp: Weather,
    /// Most time the store takes for a write or a fetch, in ms.
    pub store_ms: u64,
    /// How long people, trunks, store and operators behave badly.
    pub trouble: Duration,
    /// Part of the media sessions that find no socket.
    pub deaf: f64,
    /// Chance of trouble of each kind in a second.
    pub mischief: f64,
    /// Chance of a call from outside in a second.
    pub inbound: f64,
}

fn one_of<T: Copy>(rng: &mut Rng, choices: &[T]) -> T {
    choices[rng.below(choices.len() as u64) as usize]
}

fn weather(rng: &mut Rng, worst: f64) -> Weather {
    if rng.chance(0.25) {
        return Weather::FINE;
    }
    Weather {
        loss: one_of(rng, &[0.0, worst / 10.0, worst]),
        twice: one_of(rng, &[0.0, 0.02]),
        delay_ms: 1 + rng.below(80),
        jitter_ms: one_of(rng, &[0, 10, 60]),
    }
}

impl Plan {
    pub fn of(seed: u64, customers: u64) -> Plan {
        let mut rng = Rng::seeded(seed);
        let trunks = (0..1 + rng.below(3)).map(|i| one_trunk(&mut rng, i)).collect();
        let campaigns = (0..1 + rng.below(3)).map(|i| campaign(&mut rng, i as i64 + 1)).collect();
        let mut sip = weather(&mut rng, 0.2);
        if rng.chance(0.2) {
            sip.jitter_ms = 1_500;
        }
        Plan {
            seed,
            customers: customers / 2 + rng.below(customers / 2 + 1),
            trunks,
            campaigns,
            max_calls: one_of(&mut rng, &[0, 3, 12]),
            max_cps: one_of(&mut rng, &[0.0, 2.0, 20.0]),
            sip,
            rtp: weather(&mut rng, 0.05),
            store_ms: one_of(&mut rng, &[0, 5, 300, 3_000]),
            trouble: Duration::from_secs(60 * (5 + rng.below(20))),
            deaf: one_of(&mut rng, &[0.0, 0.02]),
            mischief: one_of(&mut rng, &[0.0, 0.002, 0.01]),
            inbound: one_of(&mut rng, &[0.0, 0.02, 0.05]),
        }
    }

    pub fn engine(&self) -> Settings {
        Settings {
            sip: Default::default(),
            dialer: dialer::Settings {
                windows: Windows::always(),
                max_calls: self.max_calls,
                max_cps: self.max_cps,
                fetch_size: 20,
                reservation_timeout: Duration::from_secs(10),
                ..dialer::Settings::default()
            },
            trunks: self.trunks.clone(),
            inbound: vec![InboundRule {
                trunk: String::new(),
                number: "400*".into(),
                script: "survey".into(),
                language: "en".into(),
            }],
            amd: AmdSettings::default(),
            recordings: PathBuf::from("/recordings"),
            record: true,
            refusal_stops_recording: true,
            home_area: None,
            timezone: jiff::tz::TimeZone::get(ZONE).expect("a zone"),
            listeners: Default::default(),
            external_signal: None,
            external_media: None,
            fallback_media: None,
            rtp_timeout: Duration::from_secs(20),
            setup_timeout: Duration::from_secs(12),
            can_speak: false,
            phones: Default::default(),
            agents: Default::default(),
        }
    }
}

fn one_trunk(rng: &mut Rng, index: u64) -> TrunkSettings {
    let mut settings = trunk(["a", "b", "c"][index as usize], 1 + rng.below(2) as u16);
    settings.choice.max_calls = one_of(rng, &[0, 2, 8]);
    settings.choice.max_cps = one_of(rng, &[0.0, 0.7, 5.0]);
    settings.follow_redirects = one_of(rng, &[0, 2]);
    settings.ping_every = Duration::from_secs(one_of(rng, &[0, 30, 90]));
    settings.choice.health_check = !settings.ping_every.is_zero();
    settings
}

fn campaign(rng: &mut Rng, id: i64) -> Campaign {
    let windows: &[&str] = one_of(
        rng,
        &[
            &["00:00-24:00"],
            &["09:00-09:06", "09:10-12:00", "14:00-20:00"],
            &["Mon-Fri 08:00-09:04", "09:07-09:12", "15:00-21:00"],
        ],
    );
    let rule = |delay_minutes, max| RetryRule { delay_minutes, max, next_window: false };
    let settings = CampaignSettings {
        script: "survey".into(),
        language: "en".into(),
        windows: windows.iter().map(|w| (*w).to_owned()).collect(),
        timezone: ZONE.into(),
        concurrency: one_of(rng, &[0, 2, 6]),
        calls_per_second: one_of(rng, &[0.0, 0.5, 3.0]),
        ring_seconds: 5 + rng.below(30) as u32,
        priority: 1 + rng.below(9) as u8,
        max_attempts: 1 + rng.below(3) as u32,
        daily_cap_per_number: one_of(rng, &[0, 1, 2]),
        weekly_cap_per_number: one_of(rng, &[0, 0, 3]),
        cap_per_number_in_24_hours: one_of(rng, &[0, 0, 2]),
        cap_per_number_in_5_minutes: one_of(rng, &[0, 0, 1]),
        retry: [
            (Disposition::Busy, rule(1, 2)),
            (Disposition::NoAnswer, rule(2, 1)),
            (Disposition::Congestion, rule(1, 2)),
            (Disposition::Cancelled, rule(1, 3)),
            (Disposition::Unavailable, rule(1, 1)),
            (Disposition::HungUp, rule(1, 1)),
            (Disposition::NoInput, rule(1, 1)),
            (Disposition::Machine, rule(2, 1)),
            (Disposition::Partial, rule(2, 1)),
        ]
        .into(),
        machine: one_of(
            rng,
            &[MachinePolicy::Ignore, MachinePolicy::HangUp, MachinePolicy::LeaveMessage, MachinePolicy::Ask],
        ),
        ..CampaignSettings::default()
    };
    Campaign {
        id: CampaignId(id),
        name: format!("campaign {id}"),
        list: ListId(id),
        state: CampaignState::Draft,
        created_at: Timestamp(0),
        settings,
    }
}
