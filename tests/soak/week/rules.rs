//! What the branch is told: its agents, its queue, its hotline, and who is on duty at night.

use std::sync::Arc;
use std::time::Duration;

use ringback::agent::{AgentSettings, MayDial};
use ringback::calendar::Windows;
use ringback::dialer;
use ringback::engine::{AgentsSetup, Settings};
use ringback::io::planner;
use ringback::media::Codec;
use ringback::queue::{Hotline, Overflow, QueueSettings};
use ringback::roster::{Duty, Month, Person, Role};
use ringback::sim;
use ringback::sip::registrar::{RegistrarSettings, Secrets};

use super::phones::{PASSWORD, extension};
use super::plan::AGENTS;

/// The policy by which strangers are called, and the roster.
pub const PACK: &str = "generic_enterprise";

/// Settings of the daemon's parts: the shipped policies, tickets, scripts and prompts.
pub fn engine_settings(planner: &planner::Settings) -> Settings {
    let calendar = &planner.calendar;
    let mut trunk = sim::trunk("carrier", 1);
    trunk.ping_every = Duration::ZERO;
    let dialer = dialer::Settings {
        windows: Windows::always(),
        max_calls: 10,
        max_cps: 0.0,
        fetch_size: 100,
        reservation_timeout: Duration::from_secs(10),
        calendar: Arc::clone(calendar),
    };
    let mut settings = sim::settings(dialer, vec![trunk], calendar.zone().clone());
    let agent = |n: usize| AgentSettings {
        name: format!("agent{n}"),
        extension: extension(n),
        roles: Vec::new(),
        team: String::new(),
        skills: Default::default(),
        languages: Vec::new(),
        packs: Vec::new(),
        may_dial: MayDial { agents: true, ..MayDial::default() },
        wrap_up: None,
    };
    let mut registrar = RegistrarSettings::default();
    for n in 0..AGENTS {
        let secrets = Secrets::of_password(&extension(n), &registrar.realm, PASSWORD);
        registrar.users.insert(extension(n), secrets);
    }
    let hours = Windows::parse(&["09:00-18:00".to_owned()], "Asia/Shanghai").expect("hours");
    settings.agents = AgentsSetup {
        registrar,
        agents: (0..AGENTS).map(agent).collect(),
        rules: Default::default(),
        keepalive: Duration::from_secs(60),
        codecs: vec![Codec::Pcma],
        queues: vec![QueueSettings {
            name: "service".into(),
            max_wait: Duration::from_secs(120),
            last: Overflow::Voicemail,
            ..QueueSettings::default()
        }],
        hotlines: vec![Hotline {
            trunk: String::new(),
            number: "400*".into(),
            hours: Some(hours),
            closed: Overflow::Roster(PACK.into()),
            script: "hotline".into(),
            language: "zh-CN".into(),
            queue: "service".into(),
        }],
    };
    settings
}

/// Every night of the month has everybody.
pub fn nights(month: Month) -> Vec<Duty> {
    let person =
        |n: usize| Person {
            name: format!("值班{n}"), phone: format!("1370000000{n}"), ..Person::default()
        };
    let night =
        |date| Role::ALL.into_iter().enumerate().map(move |(n, role)| Duty { date, role, person: person(n) });
    month.days().flat_map(night).collect()
}
