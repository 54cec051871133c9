//! The one thing to do next.

use super::board::{CampaignCard, PackCard};
use crate::io::web::live::LiveSnapshot;
use crate::policy::code;

/// What is to be done, by the key of its text; one at a time, the gravest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Next {
    /// A trunk does not carry calls.
    Trunk { name: String, detail: String },
    /// The canary of a trunk failed: campaigns are held off it.
    Canary(String),
    /// Recordings cannot be written, or something else keeps the daemon from working.
    Fault(String),
    /// The list of the day waits to be released.
    Release { pack: String, title: String, day: String, calls: i64 },
    /// A campaign is paused with customers open.
    Resume { id: i64, name: String, open: i64 },
    /// A campaign was made and never started.
    Start { id: i64, name: String, open: i64 },
    /// A person should look at warnings.
    Warnings(i64),
    /// There is no list and no plan.
    Import,
    /// There is no trunk.
    NoTrunk,
    /// It goes by itself, until then where that can be told.
    Wait { until: Option<i64>, open: i64 },
    /// Everybody of today is settled.
    Done,
}

/// The gravest thing that a person can do something about.
pub(super) fn next(
    live: &LiveSnapshot,
    campaigns: &[CampaignCard],
    packs: &[PackCard],
    warnings: i64,
) -> Next {
    if live.trunks.is_empty() {
        return Next::NoTrunk;
    }
    if let Some(trunk) = live.trunks.iter().find(|trunk| trunk.state == "down") {
        return Next::Trunk { name: trunk.name.clone(), detail: trunk.detail.clone() };
    }
    if let Some(trunk) = live.trunks.iter().find(|trunk| trunk.held == code::CANARY_FAILED) {
        return Next::Canary(trunk.name.clone());
    }
    if let Some(reason) = live.readiness.reasons.first() {
        return Next::Fault(reason.clone());
    }
    if let Some(pack) = packs.iter().find(|pack| pack.state == "draft" && pack.calls > 0) {
        let (pack, title, day) = (pack.pack.clone(), pack.title.clone(), pack.day.clone());
        let calls = packs.iter().find(|p| p.pack == pack).map_or(0, |p| p.calls);
        return Next::Release { pack, title, day, calls };
    }
    let open = |state: &'static str| campaigns.iter().find(move |c| c.state == state && c.open > 0);
    if let Some(c) = open("paused") {
        return Next::Resume { id: c.id, name: c.name.clone(), open: c.open };
    }
    if let Some(c) = open("draft") {
        return Next::Start { id: c.id, name: c.name.clone(), open: c.open };
    }
    if warnings > 0 {
        return Next::Warnings(warnings);
    }
    if campaigns.is_empty() && packs.iter().all(|pack| pack.calls == 0) {
        return Next::Import;
    }
    let running = campaigns.iter().filter(|c| matches!(c.state.as_str(), "running" | "ending"));
    let waiting: i64 = running.clone().map(|c| c.open).sum();
    if waiting > 0 {
        let until = running.map(|c| c.eta).max().flatten();
        return Next::Wait { until, open: waiting };
    }
    Next::Done
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::web::{LiveTrunk, Readiness};

    fn live(state: &str) -> LiveSnapshot {
        let trunk = LiveTrunk { name: "a".into(), state: state.into(), ..LiveTrunk::default() };
        let readiness = Readiness { reasons: Vec::new(), ..Readiness::default() };
        LiveSnapshot { trunks: vec![trunk], readiness, ..LiveSnapshot::default() }
    }

    fn campaign(state: &str, open: i64) -> CampaignCard {
        CampaignCard { id: 3, name: "march".into(), state: state.into(), open, ..CampaignCard::default() }
    }

    #[test]
    fn the_gravest_comes_first_and_an_empty_house_is_told_how_to_begin() {
        let check = |live: &LiveSnapshot, campaigns: &[CampaignCard], warnings, expect: &str| {
            let got = format!("{:?}", next(live, campaigns, &[], warnings));
            assert!(got.starts_with(expect), "{got}");
        };
        check(&LiveSnapshot::default(), &[], 0, "NoTrunk");
        check(&live("down"), &[campaign("paused", 5)], 2, "Trunk");
        let mut red = live("up");
        red.trunks[0].held = code::CANARY_DUE.into();
        check(&red, &[], 0, "Import");
        red.trunks[0].held = code::CANARY_FAILED.into();
        check(&red, &[campaign("paused", 5)], 0, "Canary");
        let mut full = live("up");
        full.readiness.reasons.push("only 3 MB are left for recordings".into());
        check(&full, &[campaign("paused", 5)], 0, "Fault");
        check(&live("up"), &[campaign("running", 5), campaign("paused", 5)], 2, "Resume");
        check(&live("up"), &[campaign("paused", 0), campaign("draft", 5)], 0, "Start");
        check(&live("up"), &[campaign("running", 5)], 2, "Warnings(2)");
        check(&live("up"), &[campaign("running", 5)], 0, "Wait");
        check(&live("up"), &[campaign("done", 0)], 0, "Done");
        check(&live("up"), &[], 0, "Import");
    }
}
