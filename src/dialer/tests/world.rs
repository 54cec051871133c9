//! A store, trunks and customers that keep the contract of the dialler's actions.

use super::*;

pub fn cn(text: &str) -> Timestamp {
    let civil: jiff::civil::DateTime = text.parse().unwrap();
    Timestamp::from_jiff(civil.in_tz("Asia/Shanghai").unwrap().timestamp())
}

pub fn trunk(name: &str, max_calls: u32, max_cps: f64) -> TrunkSettings {
    TrunkSettings {
        name: name.into(),
        group: "g".into(),
        priority: 1,
        weight: 1,
        max_calls,
        max_cps,
        health_check: false,
        number_format: NumberFormat::default(),
    }
}

/// The holidays of the first of October, and the Saturday that is worked in exchange.
const CALENDAR: &str = r#"
[year.2026]
off = [{ from = "2026-10-01", to = "2026-10-07", name = "国庆节" }]
work = [{ day = "2026-10-10", name = "国庆节" }]
"#;

/// A draft campaign whose list has the same number.
pub fn campaign(id: i64, change: impl FnOnce(&mut CampaignSettings)) -> Campaign {
    let mut settings = CampaignSettings { daily_cap_per_number: 0, ..CampaignSettings::default() };
    change(&mut settings);
    Campaign {
        id: CampaignId(id),
        name: format!("c{id}"),
        list: ListId(id),
        state: CampaignState::Draft,
        created_at: Timestamp(0),
        settings,
    }
}

#[derive(Clone, Debug)]
pub struct Row {
    pub list: ListId,
    pub phone: PhoneNumber,
    pub state: EntryState,
    pub due: Timestamp,
    pub reason: String,
    pub detail: String,
    pub attempts: u32,
    pub by: BTreeMap<Disposition, u32>,
    pub priority: u8,
    pub terms: Terms,
}

#[derive(Clone, Debug)]
pub struct Up {
    pub campaign: CampaignId,
    pub entry: EntryId,
    pub trunk: std::sync::Arc<str>,
}

#[derive(Clone, Debug)]
pub struct Invite {
    pub mono: Mono,
    pub utc: Timestamp,
    pub campaign: CampaignId,
    pub trunk: std::sync::Arc<str>,
    pub number: String,
    pub script: String,
}

pub struct World {
    pub dialer: Dialer,
    pub calendar: std::sync::Arc<Calendar>,
    pub now: Now,
    pub rng: Rng,
    pub rows: BTreeMap<EntryId, Row>,
    pub do_not_call: BTreeSet<String>,
    /// On the do-not-call list in the transaction, but not yet when fetched.
    pub late_do_not_call: BTreeSet<String>,
    /// When each number was called.
    pub calls: BTreeMap<String, Vec<Timestamp>>,
    pub campaigns: BTreeMap<CampaignId, Campaign>,
    pub fetching: Vec<(CampaignId, ListId, u32)>,
    pub reserving: Vec<Attempt>,
    /// Attempts on disk without an end.
    pub open: BTreeMap<CallId, Attempt>,
    pub up: BTreeMap<CallId, Up>,
    pub invites: Vec<Invite>,
    pub hangups: Vec<CallId>,
    pub reasons: BTreeMap<CampaignId, Option<Reason>>,
    pub states: BTreeMap<CampaignId, CampaignState>,
    pub max_attempts_seen: u32,
}

impl World {
    pub fn new(trunks: Vec<TrunkSettings>) -> World {
        let mut rng = Rng::seeded(11);
        let calendar = std::sync::Arc::new(Calendar::parse(CALENDAR).unwrap());
        let settings = Settings { max_cps: 0.0, calendar: calendar.clone(), ..Settings::default() };
        World {
            calendar,
            dialer: Dialer::new(settings, trunks, rng.fork()),
            now: Now { mono: Mono(1_000_000), utc: cn("2026-03-03T10:00:00") },
            rng,
            rows: BTreeMap::new(),
            do_not_call: BTreeSet::new(),
            late_do_not_call: BTreeSet::new(),
            calls: BTreeMap::new(),
            campaigns: BTreeMap::new(),
            fetching: Vec::new(),
            reserving: Vec::new(),
            open: BTreeMap::new(),
            up: BTreeMap::new(),
            invites: Vec::new(),
            hangups: Vec::new(),
            reasons: BTreeMap::new(),
            states: BTreeMap::new(),
            max_attempts_seen: 0,
        }
    }

    pub fn add_campaign(&mut self, campaign: Campaign) {
        self.campaigns.insert(campaign.id, campaign.clone());
        self.states.insert(campaign.id, campaign.state);
        self.dialer.handle_campaign(self.now, campaign).unwrap();
        self.drain();
    }

    pub fn add_entries(&mut self, campaign: i64, count: i64) {
        for i in 0..count {
            let id = campaign * 1000 + self.rows.len() as i64;
            self.add_entry(campaign, EntryId(id), &format!("136{:08}", id * 1000 + i));
        }
    }

    /// An entry of which a policy says more.
    pub fn add_with(&mut self, campaign: i64, id: i64, phone: &str, change: impl FnOnce(&mut Row)) {
        self.add_entry(campaign, EntryId(id), phone);
        change(self.rows.get_mut(&EntryId(id)).unwrap());
    }

    pub fn list_changed(&mut self, campaign: i64) {
        self.dialer.handle_list_changed(self.now, ListId(campaign));
        self.drain();
    }

    pub fn add_entry(&mut self, campaign: i64, id: EntryId, phone: &str) {
        let row = Row {
            list: ListId(campaign),
            phone: phone.parse().unwrap(),
            state: EntryState::Pending,
            due: Timestamp(0),
            reason: code::DUE.into(),
            detail: String::new(),
            attempts: 0,
            by: BTreeMap::new(),
            priority: 5,
            terms: Terms::default(),
        };
        let id = if self.rows.is_empty() && id.0 == campaign * 1000 { EntryId(1000) } else { id };
        self.rows.insert(id, row);
    }

    pub fn command(&mut self, campaign: i64, command: Command) {
        self.dialer.handle_command(self.now, CampaignId(campaign), command).unwrap();
        self.drain();
    }

    pub fn hold(&mut self, reason: Option<Reason>) {
        self.dialer.handle_hold(self.now, reason);
        self.drain();
    }

    pub fn health(&mut self, trunk: &str, health: Health) {
        self.dialer.handle_trunk_health(self.now, trunk, health);
        self.drain();
    }

    pub fn blocked(&self, campaign: i64) -> Option<String> {
        self.reasons.get(&CampaignId(campaign)).cloned().flatten().map(|r| r.code)
    }

    pub fn state(&self, campaign: i64) -> CampaignState {
        assert_eq!(self.dialer.state(CampaignId(campaign)), self.states.get(&CampaignId(campaign)).copied());
        self.states[&CampaignId(campaign)]
    }

    pub fn advance(&mut self, by: Duration) {
        self.now = self.now.after(by);
    }

    pub fn tick(&mut self) {
        self.dialer.handle_timeout(self.now);
        self.drain();
    }

    /// Lets the store answer everything, and what follows from the answers.
    pub fn settle_store(&mut self) {
        while !self.fetching.is_empty() || !self.reserving.is_empty() {
            self.answer_fetches();
            self.answer_reserves();
        }
        // Bounded work per run is continued by a timer of the same moment.
        while self.dialer.next_timeout().is_some_and(|at| at <= self.now.mono) {
            self.tick();
            self.answer_fetches();
            self.answer_reserves();
        }
    }

    pub fn run_for(&mut self, by: Duration) {
        self.run_until(self.now.utc + by);
    }

    /// Simulated time up to and including `end`; the store answers at once.
    pub fn run_until(&mut self, end: Timestamp) {
        loop {
            self.settle_store();
            let left = end.millis_since(self.now.utc).max(0).unsigned_abs();
            let wake = self.dialer.next_timeout().unwrap_or(Mono::FAR);
            // The wall clock is kept in whole milliseconds, and so are the steps.
            let step = (wake.since(self.now.mono).as_micros() as u64).div_ceil(1000).min(left);
            if left == 0 {
                break;
            }
            self.advance(ms(step));
            self.tick();
        }
    }

    pub fn answer_fetches(&mut self) {
        for (campaign, list, limit) in std::mem::take(&mut self.fetching) {
            let fetched = self.read(list, limit);
            self.dialer.handle_candidates(self.now, campaign, fetched);
            self.drain();
        }
    }

    pub fn read(&self, list: ListId, limit: u32) -> Fetched {
        let now = self.now.utc;
        let unfinished = |r: &Row| matches!(r.state, EntryState::Pending | EntryState::Dialling);
        let mine: Vec<_> = self.rows.iter().filter(|(_, r)| r.list == list && unfinished(r)).collect();
        let mut due: Vec<_> =
            mine.iter().filter(|(_, r)| r.state == EntryState::Pending && r.due <= now).collect();
        due.sort_by_key(|(id, r)| (r.terms.exact_at.is_none(), std::cmp::Reverse(r.priority), r.due, **id));
        due.truncate(limit as usize);
        let taken: BTreeSet<EntryId> = due.iter().map(|(id, _)| **id).collect();
        let candidates = due.iter().map(|(id, r)| self.candidate(**id, r)).collect();
        let rest = mine.iter().filter(|(id, _)| !taken.contains(id));
        let pending = rest.clone().filter(|(_, r)| r.state == EntryState::Pending);
        let promised = pending.clone().filter(|(_, r)| r.terms.exact_at.is_some() && r.due > now);
        Fetched {
            candidates,
            unfinished: rest.count() as u64,
            next_due: pending.map(|(_, r)| r.due).min(),
            next_exact: promised.map(|(_, r)| r.due).min(),
        }
    }

    fn candidate(&self, id: EntryId, row: &Row) -> Candidate {
        Candidate {
            entry: id,
            list: row.list,
            details: NewEntry {
                external_id: String::new(),
                phone: row.phone.clone(),
                extension: String::new(),
                name: String::new(),
                language: String::new(),
                priority: row.priority,
                due_at: Some(row.due),
                fields: BTreeMap::new(),
                terms: row.terms.clone(),
            },
            attempts: row.attempts,
            attempts_by: row.by.clone(),
            recent_calls: self.calls.get(row.phone.as_str()).cloned().unwrap_or_default(),
            do_not_call: self.do_not_call.contains(row.phone.as_str()),
        }
    }

    pub fn answer_reserves(&mut self) {
        let attempts = std::mem::take(&mut self.reserving);
        let (mut reserved, mut refused) = (Vec::new(), Vec::new());
        for attempt in attempts {
            match self.reserve(&attempt) {
                Ok(()) => reserved.push(attempt.call),
                Err(reason) => refused.push((attempt.call, reason)),
            }
        }
        if !reserved.is_empty() || !refused.is_empty() {
            self.dialer.handle_reserved(self.now, &reserved, &refused);
            self.drain();
        }
    }

    /// The transaction of `Write::Reserve`.
    fn reserve(&mut self, attempt: &Attempt) -> Result<(), Reason> {
        let number = attempt.phone.as_str();
        let busy = self.open.values().any(|a| a.phone == attempt.phone);
        let calls = self.calls.get(number).cloned().unwrap_or_default();
        let row = self.rows.get_mut(&attempt.entry).unwrap();
        if row.state != EntryState::Pending || row.due > self.now.utc {
            return Err(Reason::new(code::NOT_PENDING, ""));
        }
        if self.do_not_call.contains(number) || self.late_do_not_call.contains(number) {
            (row.state, row.reason) = (EntryState::Stopped, code::DO_NOT_CALL.into());
            return Err(Reason::new(code::DO_NOT_CALL, ""));
        }
        if busy {
            return Err(Reason::new(code::NUMBER_IN_CALL, ""));
        }
        if let Some(reason) = attempt.caps.iter().find_map(|cap| cap.objection(&calls)) {
            row.reason = reason.code.clone();
            return Err(reason);
        }
        row.detail = attempt.detail.clone();
        row.state = EntryState::Dialling;
        row.attempts += 1;
        self.max_attempts_seen = self.max_attempts_seen.max(row.attempts);
        self.calls.entry(number.into()).or_default().push(attempt.reserved_at);
        assert!(self.open.insert(attempt.call, attempt.clone()).is_none(), "an id was used twice");
        Ok(())
    }

    pub fn end_one(&mut self, disposition: Disposition) {
        if let Some(call) = self.up.keys().next().copied() {
            self.end(call, disposition);
        }
    }

    pub fn end(&mut self, call: CallId, disposition: Disposition) -> Option<EntryUpdate> {
        let ended = Ended { disposition, later_at: None };
        let update = self.dialer.handle_call_ended(self.now, call, ended);
        self.up.remove(&call);
        self.close(call, disposition, update.clone());
        self.drain();
        update
    }

    fn close(&mut self, call: CallId, disposition: Disposition, update: Option<EntryUpdate>) {
        let attempt = self.open.remove(&call).expect("an attempt ends once");
        let row = self.rows.get_mut(&attempt.entry).unwrap();
        *row.by.entry(disposition).or_default() += 1;
        let update = update.expect("a list call has an entry");
        assert_eq!(update.entry, attempt.entry);
        (row.state, row.reason, row.detail) = (update.state, update.reason.code, update.reason.detail);
        row.due = update.due_at.unwrap_or(row.due);
        row.terms.exact_at = update.exact_at;
        if let Some(turn) = update.turn {
            (row.phone, row.terms.numbers) = (turn.phone, turn.numbers);
        }
    }

    pub fn fail(&mut self, call: CallId, failure: RouteFailure) -> Option<String> {
        let route = self.dialer.handle_route_failed(self.now, call, failure);
        let up = self.up.get_mut(&call).unwrap();
        if let Some(route) = &route {
            up.trunk = route.trunk.clone();
            let (mono, utc) = (self.now.mono, self.now.utc);
            // Counted for the trunk's pace, not for the campaign's: it is the same call.
            let (trunk, number) = (route.trunk.clone(), route.number.clone());
            let campaign = CampaignId(0);
            self.invites.push(Invite { mono, utc, campaign, trunk, number, script: String::new() });
        } else {
            up.trunk = "".into();
        }
        self.drain();
        route.map(|r| r.trunk.to_string())
    }

    /// Takes what the dialler wants and holds it to the contract.
    pub fn drain(&mut self) {
        while let Some(action) = self.dialer.poll_action() {
            match action {
                Action::Fetch { campaign, list, limit } => self.fetching.push((campaign, list, limit)),
                Action::Reserve(attempts) => self.reserving.extend(attempts),
                Action::Dial(order) => self.dial(*order),
                Action::Release { call, update, .. } => {
                    assert!(!self.up.contains_key(&call), "a call that is up is not released");
                    self.close(call, Disposition::Cancelled, Some(update));
                }
                Action::Update(updates) => {
                    for update in updates {
                        let row = self.rows.get_mut(&update.entry).unwrap();
                        if row.state == EntryState::Pending {
                            row.state = update.state;
                            (row.reason, row.detail) = (update.reason.code, update.reason.detail);
                            row.due = update.due_at.unwrap_or(row.due);
                        }
                    }
                }
                Action::Blocked { campaign, reason } => {
                    self.reasons.insert(campaign, reason);
                }
                Action::State { campaign, state } => {
                    self.states.insert(campaign, state);
                }
                Action::HangUp(calls) => {
                    assert!(calls.iter().all(|c| self.up.contains_key(c)));
                    self.hangups.extend(calls);
                }
            }
        }
    }

    fn dial(&mut self, order: Order) {
        let attempt = self.open.get(&order.call).expect("its attempt is on disk");
        assert_eq!(attempt.entry, order.candidate.entry);
        assert!(!self.do_not_call.contains(order.candidate.details.phone.as_str()));
        assert!(!order.route.number.is_empty());
        let settings = &self.campaigns[&order.campaign].settings;
        let windows = settings.windows(&Windows::always(), &self.calendar).unwrap();
        assert!(windows.is_open(self.now.utc), "WIN-01: dialled in a closed window");
        let up =
            Up { campaign: order.campaign, entry: order.candidate.entry, trunk: order.route.trunk.clone() };
        assert!(self.up.values().all(|u| u.entry != up.entry), "one call an entry at a time");
        assert!(self.up.insert(order.call, up).is_none(), "one INVITE an attempt");
        let (mono, utc) = (self.now.mono, self.now.utc);
        let Order { campaign, script, route: Route { trunk, number }, .. } = order;
        self.invites.push(Invite { mono, utc, campaign, trunk, number, script });
    }
}
