//! A small world: a list, a campaign, some customers, a writer whose events are kept.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use ringback::base::{Blame, CallId, Cause, Disposition, EntryId, PhoneNumber, Rng, Timestamp};
use ringback::call::{CallRecord, Direction, EndedBy};
use ringback::dialer::import::{RowOutcome, RowResult};
use ringback::dialer::{
    Attempt, Campaign, CampaignSettings, Candidate, EntryState, EntryUpdate, NewEntry, Reason, Terms,
};
use ringback::engine::{Report, Reserved, Write};
use ringback::io::store::{
    ImportCounts, ImportFile, List, NewCampaign, Store, StoreEvent, StoreHealth, Writer, WriterSettings,
};
use ringback::policy::{CapSpan, CapWindow};
use tokio::sync::mpsc;

use crate::support::databases::Database;

/// 2026-03-02 09:00 in Shanghai, a Monday.
pub const MONDAY: Timestamp = Timestamp(1_772_413_200_000);
/// The midnight before.
pub const MIDNIGHT: Timestamp = Timestamp(1_772_380_800_000);

pub struct World {
    pub store: Store,
    pub list: List,
    pub campaign: Campaign,
    pub rng: Rng,
}

/// A running writer with its events.
pub struct Desk {
    pub writer: Writer,
    pub events: mpsc::UnboundedReceiver<StoreEvent>,
    /// Calls whose reservation was answered with yes, in the order of the answers.
    pub answered: Vec<CallId>,
}

impl World {
    /// A list of that many customers, each with a number of its own, and its campaign.
    pub async fn new(database: &Database, customers: u32) -> World {
        World::on(database.open().await, customers).await
    }

    pub async fn on(store: Store, customers: u32) -> World {
        let list = store.create_list("march", "test", MONDAY).await.unwrap();
        let rows: Vec<_> = (0..customers).map(|n| accepted(u64::from(n) + 2, customer(n))).collect();
        import(&store, &list, "march.csv", false, &rows).await;
        let settings = CampaignSettings { script: "survey".into(), ..CampaignSettings::default() };
        let new = NewCampaign { name: "march".into(), list: list.id, settings };
        let campaign = store.create_campaign(&new, "test", MONDAY).await.unwrap();
        World { store, list, campaign, rng: Rng::seeded(5) }
    }

    pub async fn due(&self, now: Timestamp) -> Vec<Candidate> {
        self.store.due(self.list.id, now, 1_000).await.unwrap().candidates
    }

    pub fn attempt(&mut self, candidate: &Candidate, at: Timestamp) -> Attempt {
        Attempt {
            call: CallId::new(at, &mut self.rng),
            campaign: self.campaign.id,
            entry: candidate.entry,
            phone: candidate.details.phone.clone(),
            reserved_at: at,
            caps: Vec::new(),
            detail: String::new(),
        }
    }
}

impl Desk {
    pub fn open(store: &Store) -> Desk {
        let (sender, events) = mpsc::unbounded_channel();
        let settings = WriterSettings {
            recordings: PathBuf::from("/var/lib/ringback/recordings"),
            clock: Arc::new(|| MONDAY),
            notify: Box::new(move |event| drop(sender.send(event))),
        };
        Desk { writer: Writer::start(store.clone(), settings), events, answered: Vec::new() }
    }

    pub fn submit(&self, write: Write) {
        self.writer.handle().submit(write).expect("room in the queue");
    }

    pub async fn flush(&self) {
        self.writer.handle().flush().await;
    }

    /// Hands attempts over and waits for the answer.
    pub async fn reserve(&mut self, attempts: Vec<Attempt>) -> Reserved {
        self.submit(Write::Reserve(attempts));
        loop {
            if let StoreEvent::Reserved(answer) = self.next().await {
                return answer;
            }
        }
    }

    /// Waits for a change of health.
    pub async fn health(&mut self) -> StoreHealth {
        loop {
            if let StoreEvent::Health(health) = self.next().await {
                return health;
            }
        }
    }

    /// Everything submitted before is on disk or set aside; gives the events till then.
    pub async fn settled(&mut self) -> Vec<StoreEvent> {
        self.flush().await;
        let mut events = Vec::new();
        while let Ok(event) = self.events.try_recv() {
            self.note(&event);
            events.push(event);
        }
        events
    }

    async fn next(&mut self) -> StoreEvent {
        let event = self.events.recv().await.expect("the writer runs");
        self.note(&event);
        event
    }

    fn note(&mut self, event: &StoreEvent) {
        if let StoreEvent::Reserved(answer) = event {
            self.answered.extend(&answer.reserved);
        }
    }
}

pub fn phone(n: u32) -> PhoneNumber {
    format!("138{n:08}").parse().expect("a mobile number")
}

pub fn customer(n: u32) -> NewEntry {
    NewEntry {
        external_id: format!("order-{n}"),
        phone: phone(n),
        extension: String::new(),
        name: format!("Customer {n}"),
        language: String::new(),
        priority: 5,
        due_at: None,
        fields: BTreeMap::from([("item".to_owned(), "boiler".to_owned())]),
        terms: Terms::default(),
    }
}

/// A cap of so many calls since the midnight before [`MONDAY`].
pub fn daily_cap(most: u32) -> Vec<CapWindow> {
    vec![CapWindow { span: CapSpan::Day, since: MIDNIGHT, most }]
}

pub fn accepted(line: u64, entry: NewEntry) -> RowResult {
    RowResult { line, result: RowOutcome::Accepted(Box::new(entry)) }
}

pub fn rejected(line: u64, reason: &str) -> RowResult {
    RowResult {
        line,
        result: RowOutcome::Rejected {
            code: "not_a_row",
            column: String::new(),
            reason: reason.into(),
            text: String::new(),
        },
    }
}

pub async fn import(
    store: &Store,
    list: &List,
    name: &str,
    dry_run: bool,
    rows: &[RowResult],
) -> ImportCounts {
    let file =
        ImportFile { name: name.into(), sha256: "00".repeat(32), bytes: 1, dry_run, by: "test".into() };
    let mut session = store.begin_import(list.id, file, MONDAY).await.unwrap();
    session.push(rows, 1).await.unwrap();
    session.finish().await.unwrap()
}

/// A call that ended with that result, and its entry done.
pub fn report(attempt: &Attempt, disposition: Disposition) -> Report {
    Report {
        record: record(attempt, disposition),
        alarm: None,
        trace: Vec::new(),
        entry: Some(update(attempt.entry, EntryState::Done, disposition)),
        do_not_call: None,
    }
}

pub fn record(attempt: &Attempt, disposition: Disposition) -> CallRecord {
    let at = |seconds: i64| Timestamp(attempt.reserved_at.0 + seconds * 1_000);
    CallRecord {
        id: attempt.call,
        direction: Direction::Outbound,
        campaign: Some(attempt.campaign),
        entry: Some(attempt.entry),
        phone: attempt.phone.to_string(),
        trunk: Some("main".into()),
        script: Some("survey".into()),
        started_at: at(0),
        ringing_at: Some(at(1)),
        early_media_at: None,
        answered_at: disposition.was_answered().then(|| at(3)),
        ended_at: at(30),
        disposition,
        cause: Cause { sip: 200, q850: 16 },
        blame: Blame::None,
        ended_by: EndedBy::Peer,
        detail: String::new(),
        amd: None,
        recording: None,
        quality: None,
        steps: Vec::new(),
        bridging: Default::default(),
        notice: Default::default(),
    }
}

pub fn update(entry: EntryId, state: EntryState, disposition: Disposition) -> EntryUpdate {
    let reason = Reason::new("finished", disposition.as_str());
    EntryUpdate::new(entry, state, Some(disposition), None, reason)
}
