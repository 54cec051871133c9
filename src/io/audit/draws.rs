//! The draw of a month: frozen, seeded, done again.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{AuditOffice, Error, Month};
use crate::audit::{self, DrawRule, Drawn, Entry, Form, Found, Line, Must, Work};
use crate::base::Timestamp;
use crate::evidence::Severity;
use crate::io::store::audits::{AuditSource, DrawRow, KeyedScore, NewCase, NewDraw, PopulationRow};

/// Characters of a seed at least: six dice, or six digits.
const SEED_LEAST: usize = 6;
/// Characters of a seed at most.
const SEED_MOST: usize = 200;

/// A draw with its result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DrawView {
    /// Its id.
    pub id: i64,
    /// `2026-03`.
    pub month: String,
    /// Policy pack; empty: calls of all.
    pub pack: String,
    /// `frozen`: the seed is awaited. `drawn`: done.
    pub state: String,
    /// Version of the form that says how is drawn.
    pub form_version: String,
    /// How is drawn.
    #[schema(value_type = Object)]
    pub rule: DrawRule,
    /// SHA-256 of the published list.
    pub list_sha256: String,
    /// Calls on the list.
    pub calls: i64,
    /// Answered calls of the month that no person had; they are not scored for people.
    pub left_out: i64,
    /// Where the seed comes from, said when the list was frozen.
    pub seed_from: String,
    /// Who froze the list.
    pub frozen_by: String,
    /// Milliseconds since 1970.
    pub frozen_at: i64,
    /// The seed; null: awaited.
    pub seed: Option<String>,
    /// Who typed it in.
    pub seeded_by: Option<String>,
    /// When.
    pub seeded_at: Option<i64>,
    /// Picks and each agent's part; null: not drawn.
    pub result: Option<Drawn>,
}

/// The seed of a draw and who audits.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeedBody {
    /// The public figure, or what the dice showed: at least six characters.
    pub seed: String,
    /// Who audits; each case goes to one who had no part in the call.
    pub auditors: Vec<String>,
}

/// A draw that was done again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Verified {
    /// Whether everything is as it was published.
    pub good: bool,
    /// Calls on the list.
    pub calls: u64,
    /// Picks that were drawn again.
    pub picks: u64,
    /// What is not as it should be.
    pub problems: Vec<String>,
}

impl AuditOffice {
    /// Freezes the list of a month that is over. Its hash is published and stands in the audit log
    /// before there is a seed.
    ///
    /// # Errors
    /// [`Error::Refused`] for a month that is not over, has no call, or whose calls were not all looked at.
    pub async fn freeze(
        &self,
        month: &str,
        pack: &str,
        seed_from: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<i64, Error> {
        let (form, version) = self.form(pack)?;
        let range = self.month(month)?;
        if now < range.end {
            return Err(Error::Refused(format!("{month} is not over; its calls are drawn from the 1st on")));
        }
        let (unheard, robots) = self.store().calls_beside(&range.from, &range.to).await?;
        if unheard > 0 {
            return Err(Error::Refused(format!(
                "{unheard} calls of {month} were not looked at; try again shortly"
            )));
        }
        let population = self.population(&form, &range, pack, &period(month, pack)).await?;
        if population.is_empty() {
            return Err(Error::Refused(format!("no person had a call in {month}")));
        }
        let seed_from = if seed_from.trim().is_empty() { &form.draw.seed_from } else { seed_from };
        let new = NewDraw {
            month,
            pack,
            form_version: &version,
            rule: &serde_json::to_string(&form.draw).unwrap_or_default(),
            list_sha256: &audit::hash(&audit::text(&lines(&population))),
            left_out: robots,
            source: seed_from,
            by,
            population: &population,
        };
        Ok(self.store().freeze_draw(&new, now).await?)
    }

    /// Every call of a person in the month, with what must be audited in any case.
    async fn population(
        &self,
        form: &Form,
        range: &Month,
        pack: &str,
        period: &str,
    ) -> Result<Vec<PopulationRow>, Error> {
        let mut sources = self.store().calls_to_audit(&range.from, &range.to).await?;
        sources.retain(|source| pack.is_empty() || source.pack == pack);
        let mut keyed: BTreeMap<String, Vec<KeyedScore>> = BTreeMap::new();
        for score in self.store().keyed_scores(&range.from, &range.to).await? {
            keyed.entry(score.call_id.clone()).or_default().push(score);
        }
        let candidates = self.candidates(range, &sources).await?;
        let none = Vec::new();
        let of = |source: &AuditSource| keyed.get(&source.id).unwrap_or(&none);
        let entries: Vec<Entry> = sources
            .iter()
            .filter(|source| source.done != 0)
            .map(|source| entry(source, of(source)))
            .collect();
        let series = audit::suspicious(&form.series, form.draw.low_score, &entries);
        let zone = self.calendar().zone().clone();
        let row = |source: &AuditSource| {
            let mut must = reasons(source, of(source), &form.draw);
            must.extend(series.get(&source.id).into_iter().flatten().copied());
            must.extend(candidates.contains(&source.id).then_some(Must::Critical));
            must.retain(|must| form.draw.must.contains(must));
            let mut words: Vec<&str> = must.iter().map(|must| must.as_str()).collect();
            words.sort_unstable();
            let at = Timestamp(source.answered_at).to_jiff().to_zoned(zone.clone());
            PopulationRow {
                key: audit::key(period, &source.id),
                call_id: source.id.clone(),
                agent: source.agent.clone(),
                rule: source.rule.clone().unwrap_or_default(),
                weekday: i64::from(at.weekday().to_monday_one_offset()),
                hour: i64::from(at.hour()),
                risk: source.worst.clone(),
                must: words.join(" "),
            }
        };
        Ok(sources.iter().map(row).collect())
    }

    /// Calls in which something was found that the form of their pack takes for a sign of a critical item:
    /// a phrase that it forbids may be no more than a hint to the scorecard.
    async fn candidates(&self, range: &Month, sources: &[AuditSource]) -> Result<BTreeSet<String>, Error> {
        let forms = self.settings().forms;
        let signs =
            forms.all().flat_map(|(form, _)| form.critical.values()).flat_map(|critical| &critical.from);
        let detectors: BTreeSet<&str> = signs.map(|sign| sign.detector.as_str()).collect();
        let detectors: Vec<&str> = detectors.into_iter().collect();
        let packs: BTreeMap<&str, &str> =
            sources.iter().map(|source| (source.id.as_str(), source.pack.as_str())).collect();
        let mut candidates = BTreeSet::new();
        for row in self.store().signs_found(&range.from, &range.to, &detectors).await? {
            let Some(pack) = packs.get(row.call_id.as_str()) else { continue };
            let found = Found {
                severity: Severity::of(&row.severity).unwrap_or_default(),
                system: false,
                detector: row.detector,
                rule: row.rule,
                value: row.value,
                start_ms: None,
                detail: String::new(),
            };
            if forms.of(pack).is_some_and(|(form, _)| audit::is_candidate(&form, &found)) {
                candidates.insert(row.call_id);
            }
        }
        Ok(candidates)
    }

    /// Draws with a seed that came after the freeze, and hands the cases out.
    ///
    /// # Errors
    /// [`Error::Refused`] for a draw that has a seed; [`Error::Lacks`] for a seed or auditors that will not do.
    pub async fn seed(&self, id: i64, body: &SeedBody, by: &str, now: Timestamp) -> Result<DrawView, Error> {
        let draw = self.draw_row(id).await?;
        let seed = body.seed.trim();
        let size = seed.chars().count();
        if !(SEED_LEAST..=SEED_MOST).contains(&size) || seed.chars().any(char::is_control) {
            let hint = "type in the public figure in whole, or six dice and more";
            return Err(Error::field("seed", format!("a seed of {size} characters will not do"), hint));
        }
        if draw.seed.is_some() {
            return Err(Error::Refused("the draw has its seed; a second one would be a choice".into()));
        }
        let auditors: BTreeSet<String> =
            body.auditors.iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
        if auditors.is_empty() {
            return Err(Error::field("auditors", "nobody audits", "name the auditors"));
        }
        let rule: DrawRule = rule(&draw)?;
        let population = self.store().draw_population(id).await?;
        let drawn = audit::draw(&rule, &lines(&population), seed);
        let cases = self.hand_out(&draw, &rule, &population, &drawn, seed, auditors).await?;
        let result = serde_json::to_string(&drawn).unwrap_or_default();
        self.store().seed_draw(id, seed, &result, &cases, by, now).await?;
        self.draw_view(id).await
    }

    async fn hand_out(
        &self,
        draw: &DrawRow,
        rule: &DrawRule,
        population: &[PopulationRow],
        drawn: &Drawn,
        seed: &str,
        auditors: BTreeSet<String>,
    ) -> Result<Vec<NewCase>, Error> {
        let calls: BTreeMap<&str, &str> =
            population.iter().map(|row| (row.key.as_str(), row.call_id.as_str())).collect();
        let mut work = Vec::with_capacity(drawn.picks.len());
        for pick in &drawn.picks {
            let call = calls.get(pick.key.as_str()).copied().unwrap_or_default();
            let mut agents: BTreeSet<String> = self.store().agents_of_call(call).await?.into_iter().collect();
            agents.insert(pick.agent.clone());
            work.push(Work { key: pick.key.clone(), agents });
        }
        let auditors: Vec<String> = auditors.into_iter().collect();
        let plan = audit::assign(seed, &work, &auditors, rule.twice)
            .map_err(|error| Error::field("auditors", error.to_string(), "nobody audits their own call"))?;
        if plan.without_second > 0 {
            tracing::warn!(calls = plan.without_second, "calls have nobody left for a second look");
        }
        let picks: BTreeMap<&str, &audit::Pick> =
            drawn.picks.iter().map(|pick| (pick.key.as_str(), pick)).collect();
        let due = self.month(&draw.month)?.next.with().day(rule.close_day).build();
        let due_at = due.ok().map(|day: Date| self.calendar().end_of(day).0);
        let cases = plan.assignments.iter().filter_map(|assignment| {
            let pick = picks.get(assignment.key.as_str())?;
            Some(NewCase {
                draw_id: Some(draw.id),
                session_id: None,
                call_id: (*calls.get(assignment.key.as_str())?).to_owned(),
                agent: pick.agent.clone(),
                why: serde_json::to_string(&pick.why).unwrap_or_default(),
                probability: Some(pick.probability),
                auditor: assignment.auditor.clone(),
                second: assignment.second,
                due_at,
            })
        });
        Ok(cases.collect())
    }

    /// One draw.
    ///
    /// # Errors
    /// [`Error::NoSuch`].
    pub async fn draw_view(&self, id: i64) -> Result<DrawView, Error> {
        view(self.draw_row(id).await?)
    }

    /// All draws, the newest month first, without their picks.
    ///
    /// # Errors
    /// The database's.
    pub async fn draw_views(&self) -> Result<Vec<DrawView>, Error> {
        let rows = self.store().audit_draws().await?;
        rows.into_iter().map(|row| view(DrawRow { result: None, ..row })).collect()
    }

    /// The published list: the very bytes of its hash.
    ///
    /// # Errors
    /// [`Error::NoSuch`].
    pub async fn draw_list(&self, id: i64) -> Result<String, Error> {
        self.draw_row(id).await?;
        Ok(audit::text(&lines(&self.store().draw_population(id).await?)))
    }

    /// Does a draw again from its list and seed, and compares.
    ///
    /// # Errors
    /// [`Error::NoSuch`].
    pub async fn verify(&self, id: i64) -> Result<Verified, Error> {
        let row = self.draw_row(id).await?;
        let population = self.store().draw_population(id).await?;
        let draw = view(row)?;
        let lines = lines(&population);
        let mut problems = Vec::new();
        if audit::hash(&audit::text(&lines)) != draw.list_sha256 {
            problems.push("the list is not the one whose hash was published".to_owned());
        }
        let mut picks = 0;
        if let (Some(seed), Some(result)) = (&draw.seed, &draw.result) {
            let again = audit::draw(&draw.rule, &lines, seed);
            picks = again.picks.len() as u64;
            if !again.is_same(result) {
                problems.push("the picks are not those of list and seed".to_owned());
            }
            if draw.seeded_at.is_some_and(|at| at < draw.frozen_at) {
                problems.push("the seed was there before the list".to_owned());
            }
            let filter = crate::io::store::audits::CaseFilter { draw: Some(id), ..Default::default() };
            let cases = self.store().all_cases(&filter).await?;
            let calls: BTreeSet<&str> =
                cases.iter().filter(|case| case.second == 0).map(|case| case.call_id.as_str()).collect();
            if calls.len() as u64 != picks {
                problems.push(format!("{} picks have {} cases", picks, calls.len()));
            }
        }
        Ok(Verified { good: problems.is_empty(), calls: lines.len() as u64, picks, problems })
    }

    pub(super) async fn draw_row(&self, id: i64) -> Result<DrawRow, Error> {
        self.store().draw_row(id).await?.ok_or_else(|| Error::NoSuch("draw", id.to_string()))
    }
}

/// What the keys of a list are made with.
fn period(month: &str, pack: &str) -> String {
    if pack.is_empty() { month.to_owned() } else { format!("{month}/{pack}") }
}

fn rule(row: &DrawRow) -> Result<DrawRule, Error> {
    serde_json::from_str(&row.rule).map_err(|error| {
        let detail = error.to_string();
        crate::io::store::Error::Corrupt { what: "rule of a draw", detail }.into()
    })
}

fn view(row: DrawRow) -> Result<DrawView, Error> {
    Ok(DrawView {
        rule: rule(&row)?,
        result: row.result.as_deref().and_then(|text| serde_json::from_str(text).ok()),
        id: row.id,
        month: row.month,
        pack: row.pack,
        state: row.state,
        form_version: row.form_version,
        list_sha256: row.list_sha256,
        calls: row.calls,
        left_out: row.left_out,
        seed_from: row.source,
        frozen_by: row.frozen_by,
        frozen_at: row.frozen_at,
        seed: row.seed,
        seeded_by: row.seeded_by,
        seeded_at: row.seeded_at,
    })
}

fn lines(population: &[PopulationRow]) -> Vec<Line> {
    let line = |row: &PopulationRow| Line {
        key: row.key.clone(),
        agent: row.agent.clone(),
        rule: row.rule.clone(),
        weekday: u8::try_from(row.weekday).unwrap_or(0),
        hour: u8::try_from(row.hour).unwrap_or(0),
        risk: row.risk.clone(),
        must: row.must.split_whitespace().map(str::to_owned).collect(),
    };
    population.iter().map(line).collect()
}

/// Why one call by itself is audited in any case.
fn reasons(source: &AuditSource, keyed: &[KeyedScore], rule: &DrawRule) -> BTreeSet<Must> {
    let words: Vec<String> = serde_json::from_str(&source.audit).unwrap_or_default();
    let mut must: BTreeSet<Must> = words.iter().filter_map(|word| Must::of(word)).collect();
    if source.complaints > 0 {
        must.insert(Must::Complaint);
    }
    if keyed.iter().any(|score| score.score <= rule.low_score)
        || source.outcome.as_deref() == Some("dissatisfied")
    {
        must.insert(Must::LowScore);
    }
    if source.recording.is_none() {
        must.insert(Must::NoRecording);
    }
    must
}

/// What an agent wrote into the register after a call.
fn entry(source: &AuditSource, keyed: &[KeyedScore]) -> Entry {
    let filled: BTreeMap<String, String> =
        source.filled.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let number = |(question, text): (&String, &String)| Some((question.clone(), text.trim().parse().ok()?));
    Entry {
        call: source.id.clone(),
        agent: source.agent.clone(),
        customer: source.customer_id.unwrap_or_default(),
        text: source.detail.clone().unwrap_or_default(),
        typed: filled.iter().filter_map(number).collect(),
        keyed: keyed.iter().map(|score| (score.question.clone(), score.score)).collect(),
        satisfied: source.outcome.as_deref() == Some("satisfied"),
    }
}
