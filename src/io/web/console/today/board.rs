//! What the first page and the wallboard show, read at one moment.

use std::collections::BTreeMap;

use super::super::super::api::progress::{PACE_MILLIS, estimate};
use super::super::super::live::{LiveSnapshot, LiveTrunk};
use super::super::super::mask::mask;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::chart::{Part, spark, stacked};
use super::super::frame::{Frame, Visitor};
use super::next::{Next, next};
use crate::access::Permission;
use crate::base::{CampaignId, ListId, Timestamp};
use crate::io::store::read::{CampaignOfDay, Standing};
use crate::policy::code;

/// Calls that are shown one by one.
const CALLS: usize = 12;
/// Warnings and alarms that are shown one by one.
const ALARMS: u32 = 6;
/// Warnings that are counted.
const WARNINGS: u32 = 100;

/// One figure with its words, and where its list is.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Line {
    pub label: String,
    pub count: i64,
    pub href: String,
    pub spark: String,
}

/// One campaign.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct CampaignCard {
    pub id: i64,
    pub name: String,
    pub state: String,
    pub entries: i64,
    pub settled: i64,
    pub open: i64,
    /// Settled after somebody or something answered.
    pub reached: i64,
    /// Of a hundred.
    pub percent: i64,
    pub eta: Option<i64>,
    pub blocked: String,
    pub bar: String,
    pub results: Vec<Line>,
    pub reasons: Vec<Line>,
    /// Orders that fit its state.
    pub orders: Vec<&'static str>,
}

/// The callback list of one policy.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct PackCard {
    pub pack: String,
    pub title: String,
    pub day: String,
    pub state: String,
    pub calls: i64,
    pub done: i64,
    pub bar: String,
    pub reasons: Vec<Line>,
}

/// One call that is up or being set up.
pub(in super::super) struct CallLine {
    pub id: String,
    pub phone: String,
    pub name: String,
    pub state: String,
    pub step: String,
    pub trunk: String,
    pub since: i64,
}

/// Something that a person should look at.
pub(in super::super) struct Alarm {
    pub label: String,
    pub detail: String,
    pub href: String,
    pub at: Option<i64>,
}

/// Everything at one moment.
pub(in super::super) struct Board {
    pub at: i64,
    pub steers: bool,
    pub next: Next,
    pub campaigns: Vec<CampaignCard>,
    pub packs: Vec<PackCard>,
    pub calls: Vec<CallLine>,
    pub call_count: i64,
    pub trunks: Vec<LiveTrunk>,
    pub alarms: Vec<Alarm>,
    pub agents_ready: i64,
    pub agents: i64,
    pub entries: i64,
    pub settled: i64,
    pub reached: i64,
}

impl Board {
    pub async fn read(api: &Shared, visitor: &Visitor, frame: &Frame) -> Result<Board, Problem> {
        let live = api.parts.live.borrow().clone();
        let mut campaigns = Vec::new();
        for row in api.store().campaigns_of_day(frame.times.day_begins()).await? {
            campaigns.push(campaign(api, frame, &live, row).await?);
        }
        // What can still be steered comes first.
        campaigns.sort_by_key(|card| card.orders.is_empty());
        let packs = packs(api, frame).await?;
        let (alarms, warnings) = alarms(api, frame, &live).await?;
        let ready = live.agents.iter().filter(|agent| agent.state == crate::agent::State::Available).count();
        // A canary is no call of the day.
        let calls = || live.calls.iter().filter(|call| call.script != crate::canary::SCRIPT);
        let sum = |of: fn(&CampaignCard) -> i64| -> i64 { campaigns.iter().map(of).sum() };
        Ok(Board {
            at: api.now().0,
            steers: visitor.may(Permission::CampaignsRun),
            next: next(&live, &campaigns, &packs, warnings),
            entries: sum(|c| c.entries),
            settled: sum(|c| c.settled),
            reached: sum(|c| c.reached),
            campaigns,
            packs,
            call_count: i64::try_from(calls().count()).unwrap_or(i64::MAX),
            calls: calls().take(CALLS).map(|call| call_line(frame, call)).collect(),
            trunks: live.trunks.clone(),
            alarms,
            agents_ready: i64::try_from(ready).unwrap_or(i64::MAX),
            agents: i64::try_from(live.agents.len()).unwrap_or(i64::MAX),
        })
    }
}

fn call_line(frame: &Frame, call: &super::super::super::live::LiveCall) -> CallLine {
    CallLine {
        id: call.id.to_string(),
        phone: mask(&call.phone),
        name: call.name.clone(),
        state: frame.lang.word("call-state", &call.state),
        step: call.step.clone(),
        trunk: call.trunk.clone().unwrap_or_default(),
        since: call.answered_at.unwrap_or(call.started_at).0,
    }
}

async fn campaign(
    api: &Shared,
    frame: &Frame,
    live: &LiveSnapshot,
    row: CampaignOfDay,
) -> Result<CampaignCard, Problem> {
    let standing = api.store().standing(ListId(row.list_id)).await?;
    let dialled = live.campaigns.iter().find(|c| c.id.0 == row.id);
    let mut card = counted(frame, &standing, row.id);
    card.state = dialled.map_or(row.state, |c| c.state.as_str().to_owned());
    card.blocked = match dialled.map(|c| &c.blocked) {
        Some(Some(reason)) => frame.lang.word("reason", &reason.code),
        Some(None) => String::new(),
        None if row.blocked.is_empty() => String::new(),
        None => frame.lang.word("reason", &row.blocked),
    };
    if card.state == "running" {
        card.eta = match dialled.and_then(|c| c.eta) {
            Some(eta) => Some(eta.0),
            None => {
                let pace =
                    api.store().pace(CampaignId(row.id), Timestamp(frame.times.now.0 - PACE_MILLIS)).await?;
                estimate(pace, card.open, frame.times.now.0)
            }
        };
    }
    card.orders = match card.state.as_str() {
        "draft" => vec!["start"],
        "running" => vec!["pause", "end", "stop"],
        "paused" => vec!["resume", "stop"],
        "ending" => vec!["stop"],
        _ => Vec::new(),
    };
    card.id = row.id;
    card.name = called(api, frame, row.name);
    Ok(card)
}

/// What people call a campaign: one that calls the callbacks of a rule (`<pack>/<rule>`) by their titles.
fn called(api: &Shared, frame: &Frame, name: String) -> String {
    let titled = || {
        let (pack, rule) = name.split_once('/')?;
        let settings = api.planner().ok()?.settings();
        let pack = &settings.policies.in_force(pack, frame.times.today())?.pack;
        let rule = pack.rule.get(rule)?;
        let title = |chinese, english| frame.lang.title(chinese, english);
        Some(format!("{} · {}", title(&rule.title, &rule.title_en), title(&pack.title, &pack.title_en)))
    };
    titled().unwrap_or(name)
}

/// Figures of a list, as a picture and as lines.
fn counted(frame: &Frame, standing: &[Standing], campaign: i64) -> CampaignCard {
    let lang = frame.lang;
    let (mut states, mut results, mut reasons) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for row in standing {
        *states.entry(row.state.as_str()).or_insert(0) += row.count;
        if let (Some(result), false) =
            (&row.disposition, matches!(row.state.as_str(), "pending" | "dialling"))
        {
            *results.entry(result.as_str()).or_insert(0) += row.count;
        }
        if !matches!(row.state.as_str(), "done" | "dialling") {
            *reasons.entry(row.reason.as_str()).or_insert(0) += row.count;
        }
    }
    let entries: i64 = states.values().sum();
    let open = ["pending", "dialling"].iter().filter_map(|s| states.get(*s)).sum::<i64>();
    let settled = entries - open;
    let class = |state: &str| match state {
        "done" => "is-good",
        "dialling" => "is-accent",
        "failed" => "is-warn",
        "stopped" => "is-bad",
        _ => "is-open",
    };
    let part = |state: &&'static str| {
        let count = states.get(*state).copied().unwrap_or_default();
        Part { class: class(state), label: format!("{} {count}", lang.word("entry-state", state)), count }
    };
    let parts: Vec<Part> = ["done", "dialling", "failed", "stopped", "pending"].iter().map(part).collect();
    let words: Vec<&str> =
        parts.iter().filter(|part| part.count > 0).map(|part| part.label.as_str()).collect();
    let bar = stacked(&words.join(", "), &parts);
    let most = results.values().copied().max().unwrap_or_default();
    let result = |(word, count): (&str, i64)| Line {
        label: lang.word("disposition", word),
        count,
        href: format!("/calls?campaign={campaign}&disposition={word}"),
        spark: spark(if is_reached(word) { "spark is-reached" } else { "spark" }, count, most),
    };
    let reason = |(word, count): (&str, i64)| Line {
        label: lang.word("reason", word),
        count,
        href: format!("/entries?campaign={campaign}&reason={word}"),
        spark: String::new(),
    };
    CampaignCard {
        entries,
        settled,
        open,
        reached: results.iter().filter(|(word, _)| is_reached(word)).map(|(_, count)| count).sum(),
        percent: (settled * 100).checked_div(entries).unwrap_or_default(),
        bar,
        results: largest_first(results).into_iter().map(result).collect(),
        reasons: largest_first(reasons).into_iter().map(reason).collect(),
        ..CampaignCard::default()
    }
}

/// Whether a result is one of a call that was answered: these are of another colour.
fn is_reached(word: &str) -> bool {
    word.parse::<crate::base::Disposition>().is_ok_and(|disposition| disposition.was_answered())
}

fn largest_first(counts: BTreeMap<&str, i64>) -> Vec<(&str, i64)> {
    let mut all: Vec<_> = counts.into_iter().collect();
    all.sort_by_key(|(word, count)| (-count, *word));
    all
}

/// The callback lists of the day, each with why its callbacks are, or are not, called.
async fn packs(api: &Shared, frame: &Frame) -> Result<Vec<PackCard>, Problem> {
    let (today, lang) = (frame.times.today(), frame.lang);
    let settings = api.planner().ok().map(|planner| planner.settings());
    let mut cards = Vec::new();
    for plan in api.store().day_plans(today).await? {
        let counts = api.store().verdict_counts(&plan.pack, today).await?;
        // Of the packs that come with the program a company uses one or two.
        if counts.is_empty() {
            continue;
        }
        let of = |word: &str| counts.iter().filter(|c| c.verdict == word).map(|c| c.count).sum::<i64>();
        let part = |(word, class): (&'static str, &'static str)| {
            let count = of(word);
            Part { class, label: format!("{} {count}", lang.word("verdict", word)), count }
        };
        let parts = [
            ("done", "is-good"),
            ("call", "is-open"),
            ("task", "is-accent"),
            ("excused", "is-warn"),
            ("not", "is-bad"),
        ];
        let parts = parts.map(part);
        let words: Vec<&str> = parts.iter().filter(|p| p.count > 0).map(|p| p.label.as_str()).collect();
        let bar = stacked(&words.join(", "), &parts);
        let line = |count: &crate::io::store::callback::VerdictCount| Line {
            label: format!("{}: {}", lang.word("verdict", &count.verdict), lang.word("reason", &count.code)),
            count: count.count,
            href: format!("/plan/{}/{today}?verdict={}&code={}", plan.pack, count.verdict, count.code),
            spark: String::new(),
        };
        let not = counts.iter().filter(|c| matches!(c.verdict.as_str(), "not" | "excused" | "task"));
        let policy = settings.as_ref().and_then(|s| s.policies.in_force(&plan.pack, today));
        let title =
            policy.map_or(plan.pack.as_str(), |p| lang.title(&p.pack.title, &p.pack.title_en)).to_owned();
        cards.push(PackCard {
            title,
            day: plan.day,
            state: plan.state,
            calls: of("call"),
            done: of("done"),
            bar,
            reasons: not.map(line).collect(),
            pack: plan.pack,
        });
    }
    Ok(cards)
}

/// What a person should look at, and how many warnings are open.
async fn alarms(api: &Shared, frame: &Frame, live: &LiveSnapshot) -> Result<(Vec<Alarm>, i64), Problem> {
    let lang = frame.lang;
    let plain = |detail: &String, key: &str| Alarm {
        label: lang.text(key).into_owned(),
        detail: detail.clone(),
        href: String::new(),
        at: None,
    };
    let mut all: Vec<Alarm> = live.readiness.reasons.iter().map(|r| plain(r, "alarm-not-ready")).collect();
    all.extend(live.readiness.warnings.iter().map(|w| plain(w, "alarm-soon")));
    let down = live.trunks.iter().filter(|trunk| trunk.state == "down");
    all.extend(down.map(|trunk| Alarm {
        label: lang.with("alarm-trunk", "name", &trunk.name).into_owned(),
        detail: trunk.detail.clone(),
        href: String::new(),
        at: Some(trunk.since.0),
    }));
    let red = live.trunks.iter().filter(|trunk| trunk.held == code::CANARY_FAILED);
    all.extend(red.map(|trunk| Alarm {
        label: lang.with("alarm-canary", "name", &trunk.name).into_owned(),
        detail: lang.word("reason", &trunk.held),
        href: "/settings/trunks".into(),
        at: None,
    }));
    let open = api.store().warning_rows(None, Some(true), None, WARNINGS).await?.rows;
    let warnings = i64::try_from(open.len()).unwrap_or(i64::MAX);
    all.extend(open.into_iter().take(ALARMS as usize).map(|w| Alarm {
        label: lang.word("warning", &w.code),
        detail: format!("{} {}", w.subject, lang.said(&w.detail)),
        href: String::new(),
        at: Some(w.raised_at),
    }));
    let filter = crate::io::store::read::CallFilter {
        from: Some(frame.times.day_begins().0),
        alarm: true,
        ..Default::default()
    };
    let calls = api.store().call_rows(&filter, Default::default(), None, ALARMS).await?;
    all.extend(calls.rows.into_iter().map(|call| Alarm {
        label: lang.word("alarm", call.alarm.as_deref().unwrap_or_default()),
        detail: mask(&call.phone),
        href: format!("/calls/{}", call.id),
        at: Some(call.reserved_at),
    }));
    Ok((all, warnings))
}
