//! The rows of one transaction: what is there already, what is new, what changed.

use std::collections::{BTreeMap, BTreeSet};

use super::super::super::Error;
use super::super::super::db::Tx;
use super::super::save::{self, Because, Change};
use super::find::{self, Known, StoredEvent};
use super::{IntakeOrder, write};
use crate::archive::{Customer, Standing};
use crate::base::{CustomerId, Timestamp};
use crate::intake::{Fact, NewCustomer, NewEvent, Outcome, RowResult, Update, update};

/// What became of one row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// `added`, `changed`, `unchanged`, `duplicate`, `rejected` or `skipped`.
    pub result: &'static str,
    /// Line of the file, or place in the list.
    pub line: u64,
    /// Stable word of the reason or warning.
    pub code: String,
    /// For people.
    pub reason: String,
    /// A rejected row as the file has it.
    pub text: String,
    /// The event it became or met.
    pub event: Option<i64>,
    /// The customer it is about.
    pub customer: Option<i64>,
    /// Taken with a warning.
    pub warned: bool,
    /// Entered late.
    pub late: bool,
    /// JSON of the event before it was changed.
    pub(super) before: Option<String>,
}

/// What a chunk came to.
pub(super) struct Judged {
    pub verdicts: Vec<Verdict>,
    pub touched: BTreeSet<CustomerId>,
    pub customers_added: u64,
    pub customers_changed: u64,
}

/// Whose customer a row is: one that is stored, or one that this chunk makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Whose {
    Stored(i64),
    New(usize),
}

/// A customer this chunk makes, by the line that named them first.
struct Made {
    line: i64,
    customer: Customer,
}

/// Customers of the chunk on their way.
struct People {
    known: Known,
    stored: BTreeMap<i64, Customer>,
    changed: BTreeMap<i64, Customer>,
    made: Vec<Made>,
    made_by_external: BTreeMap<String, usize>,
    made_by_phone: BTreeMap<String, usize>,
}

/// Judges the rows and does what follows from it; a dry run rolls back afterwards.
pub(super) async fn judge(
    tx: &mut Tx,
    order: &IntakeOrder,
    intake: Option<i64>,
    now: Timestamp,
    rows: &[RowResult],
) -> Result<Judged, Error> {
    let mut verdicts: Vec<Verdict> = rows.iter().map(verdict).collect();
    let facts: Vec<(usize, &Fact)> = rows
        .iter()
        .enumerate()
        .filter_map(|(place, row)| match &row.outcome {
            Outcome::Taken(fact) => Some((place, &**fact)),
            _ => None,
        })
        .collect();
    let events: Vec<&NewEvent> = facts.iter().filter_map(|(_, fact)| fact.event.as_ref()).collect();
    let existing = find::events(tx, &order.pack, &events).await?;
    let news: Vec<(usize, &Fact, Option<&StoredEvent>)> =
        facts.into_iter().map(|(place, fact)| (place, fact, existing_of(fact, &existing))).collect();
    let (same, news): (Vec<_>, Vec<_>) = news.into_iter().partition(|(_, fact, old)| {
        let live = old.filter(|old| old.withdrawn_at.is_none());
        live.zip(fact.event.as_ref()).is_some_and(|(old, event)| says_the_same(old, event))
    });
    for (place, _, old) in same {
        let verdict = &mut verdicts[place];
        verdict.result = "unchanged";
        verdict.late = false;
        (verdict.event, verdict.customer) = (old.map(|e| e.id), old.and_then(|e| e.customer_id));
    }
    // What was put away is not changed by a file that comes late.
    let (kept, news): (Vec<_>, Vec<_>) =
        news.into_iter().partition(|(_, _, old)| old.is_some_and(|old| old.archive_id.is_some()));
    for (place, _, old) in kept {
        let verdict = &mut verdicts[place];
        (verdict.result, verdict.code, verdict.event) = ("rejected", "archived".into(), old.map(|e| e.id));
        let archive = old.and_then(|e| e.archive_id).unwrap_or_default();
        verdict.reason = format!("the event lies in archive {archive}: it is not changed any more");
    }
    let mut people = People::find(tx, &order.pack, &news).await?;
    let mut writes = Vec::with_capacity(news.len());
    for (place, fact, old) in news {
        people.settle(&order.pack, place, fact, old, &mut verdicts[place], &mut writes);
    }
    let ids = people.write(tx, order, intake, now).await?;
    let touched = write::events(tx, order, intake, now, &writes, &ids, &mut verdicts).await?;
    let (customers_added, customers_changed) = (people.made.len() as u64, people.changed.len() as u64);
    let changed = people.changed.keys().chain(&ids).map(|id| CustomerId(*id));
    Ok(Judged {
        touched: touched.into_iter().chain(changed).collect(),
        verdicts,
        customers_added,
        customers_changed,
    })
}

/// An event that is to be written.
pub(super) struct EventWrite<'a> {
    pub place: usize,
    pub event: &'a NewEvent,
    pub old: Option<&'a StoredEvent>,
    pub whose: Whose,
}

impl People {
    async fn find(
        tx: &mut Tx,
        pack: &str,
        news: &[(usize, &Fact, Option<&StoredEvent>)],
    ) -> Result<People, Error> {
        let (mut external, mut phones, mut matters) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for (_, fact, _) in news {
            let customer = &fact.customer;
            if !customer.external_id.is_empty() {
                external.insert(customer.external_id.as_str());
            }
            phones.extend(customer.contacts.iter().map(|contact| contact.phone.as_str()));
            if customer.external_id.is_empty() && customer.contacts.is_empty() {
                matters.extend(fact.event.as_ref().map(|event| event.matter.as_str()));
            }
        }
        let known = find::customers(tx, pack, &external, &phones, &matters).await?;
        let ids: BTreeSet<i64> = [&known.by_external, &known.by_phone, &known.by_matter]
            .into_iter()
            .flat_map(|map| map.values().copied())
            .chain(news.iter().filter_map(|(_, _, old)| old.and_then(|old| old.customer_id)))
            .collect();
        let stored = save::load(tx, &ids.into_iter().collect::<Vec<_>>()).await?;
        Ok(People {
            known,
            stored,
            changed: BTreeMap::new(),
            made: Vec::new(),
            made_by_external: BTreeMap::new(),
            made_by_phone: BTreeMap::new(),
        })
    }

    /// The customer a row is about; None where nobody of that key is known.
    fn whose(&self, fact: &Fact) -> Option<Whose> {
        let row = &fact.customer;
        let named = !row.external_id.is_empty();
        if named {
            let stored = self.known.by_external.get(&row.external_id).map(|id| Whose::Stored(*id));
            let found =
                stored.or_else(|| self.made_by_external.get(&row.external_id).map(|at| Whose::New(*at)));
            if found.is_some() {
                return found;
            }
        }
        for contact in &row.contacts {
            let phone = contact.phone.as_str();
            let stored = self.known.by_phone.get(phone).map(|id| Whose::Stored(*id));
            let found = stored.or_else(|| self.made_by_phone.get(phone).map(|at| Whose::New(*at)));
            // Somebody with another key of their own is another person with the same number.
            let found =
                found.filter(|whose| !named || self.get(*whose).is_some_and(|c| c.external_id.is_empty()));
            if found.is_some() {
                return found;
            }
        }
        let matter = fact.event.as_ref().filter(|_| !named && row.contacts.is_empty());
        matter.and_then(|event| self.known.by_matter.get(&event.matter)).map(|id| Whose::Stored(*id))
    }

    fn get(&self, whose: Whose) -> Option<&Customer> {
        match whose {
            Whose::Stored(id) => self.changed.get(&id).or_else(|| self.stored.get(&id)),
            Whose::New(at) => self.made.get(at).map(|made| &made.customer),
        }
    }

    /// Decides on one row that says something new, or of which nobody knows yet.
    fn settle<'a>(
        &mut self,
        pack: &str,
        place: usize,
        fact: &'a Fact,
        old: Option<&'a StoredEvent>,
        verdict: &mut Verdict,
        writes: &mut Vec<EventWrite<'a>>,
    ) {
        let known = self.whose(fact).or_else(|| old.and_then(|old| old.customer_id).map(Whose::Stored));
        if known.and_then(|whose| self.get(whose)).is_some_and(|c| c.standing == Standing::Erased) {
            verdict.result = "skipped";
            verdict.code = "erased".into();
            verdict.reason = "the customer was erased on request: nothing is stored of them again".into();
            return;
        }
        let nobody = fact.customer.external_id.is_empty() && fact.customer.contacts.is_empty();
        if known.is_none() && nobody && fact.event.is_some() {
            verdict.result = "rejected";
            verdict.code = "unknown_customer".into();
            verdict.reason =
                "nothing is known of this matter: give a telephone number or the customer_id".into();
            return;
        }
        let how = if fact.event.is_some() { Update::FillIn } else { Update::Overwrite };
        let (whose, result) = match known {
            Some(whose) => {
                (whose, if self.change(whose, &fact.customer, how) { "changed" } else { "unchanged" })
            }
            None => (self.make(pack, verdict.line, &fact.customer), "added"),
        };
        match &fact.event {
            None => verdict.result = result,
            Some(event) => {
                let live = old.is_some_and(|old| old.withdrawn_at.is_none());
                verdict.result = if live { "changed" } else { "added" };
                writes.push(EventWrite { place, event, old, whose });
            }
        }
        verdict.customer = match whose {
            Whose::Stored(id) => Some(id),
            // The id is there once the customer is stored.
            Whose::New(at) => Some(-1 - at as i64),
        };
    }

    fn change(&mut self, whose: Whose, row: &NewCustomer, how: Update) -> bool {
        let Some(new) = self.get(whose).and_then(|customer| update(customer, row, how)) else { return false };
        match whose {
            Whose::Stored(id) => drop(self.changed.insert(id, new)),
            Whose::New(at) => {
                self.note(at, &new);
                self.made[at].customer = new;
            }
        }
        true
    }

    fn make(&mut self, pack: &str, line: u64, row: &NewCustomer) -> Whose {
        let empty = Customer {
            id: CustomerId(0),
            pack: pack.to_owned(),
            external_id: String::new(),
            name: String::new(),
            contacts: Vec::new(),
            language: String::new(),
            grade: String::new(),
            preferred_hours: String::new(),
            quiet_hours: String::new(),
            key_account: false,
            plan_every: None,
            plan_from: None,
            owner: String::new(),
            email: String::new(),
            standing: Standing::Active,
            fields: BTreeMap::new(),
            version: 1,
        };
        let customer = update(&empty, row, Update::Overwrite).unwrap_or(empty);
        let at = self.made.len();
        self.note(at, &customer);
        self.made.push(Made { line: super::number(line), customer });
        Whose::New(at)
    }

    fn note(&mut self, at: usize, customer: &Customer) {
        if !customer.external_id.is_empty() {
            self.made_by_external.insert(customer.external_id.clone(), at);
        }
        for contact in &customer.contacts {
            self.made_by_phone.entry(contact.phone.to_string()).or_insert(at);
        }
    }

    /// Stores new and changed customers; ids of the new ones in their order.
    async fn write(
        &self,
        tx: &mut Tx,
        order: &IntakeOrder,
        intake: Option<i64>,
        now: Timestamp,
    ) -> Result<Vec<i64>, Error> {
        let why = format!("{}: {}", order.channel, order.file_name);
        let because = Because { actor: &order.by, why: &why, intake, now };
        let changes: Vec<Change<'_>> = self
            .changed
            .iter()
            .filter_map(|(id, after)| Some(Change { before: self.stored.get(id)?, after }))
            .collect();
        save::update(tx, &changes, because).await?;
        if self.made.is_empty() {
            return Ok(Vec::new());
        }
        let new: Vec<(i64, &Customer)> = self.made.iter().map(|made| (made.line, &made.customer)).collect();
        let whole = new.len() == super::INTAKE_CHUNK;
        let ids = save::insert(tx, &new, intake, now, whole).await?;
        let missing =
            || Error::Refused("the database did not say under which id a customer is stored".into());
        self.made.iter().map(|made| ids.get(&made.line).copied().ok_or_else(missing)).collect()
    }
}

fn existing_of<'a>(
    fact: &Fact,
    existing: &'a BTreeMap<(String, String), StoredEvent>,
) -> Option<&'a StoredEvent> {
    let event = fact.event.as_ref()?;
    existing.get(&(event.kind.clone(), event.external_id.clone()))
}

fn says_the_same(old: &StoredEvent, event: &NewEvent) -> bool {
    old.at == event.at.0
        && (old.has_time != 0) == event.has_time
        && old.matter == event.matter
        && serde_json::from_str::<BTreeMap<String, String>>(&old.fields)
            .is_ok_and(|fields| fields == event.fields)
}

/// What a row comes to before the store is looked at.
fn verdict(row: &RowResult) -> Verdict {
    let empty = Verdict { line: row.line, ..Verdict::default() };
    match &row.outcome {
        Outcome::Taken(fact) => {
            let warning = fact.warnings.first();
            Verdict {
                result: "added",
                code: warning.map(|w| w.code.clone()).unwrap_or_default(),
                reason: fact.warnings.iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join("; "),
                warned: warning.is_some(),
                late: fact.event.as_ref().is_some_and(|event| event.late),
                ..empty
            }
        }
        Outcome::Duplicate { of } => Verdict {
            result: "duplicate",
            code: "duplicate".into(),
            reason: format!("same key as line {of}"),
            ..empty
        },
        Outcome::Skipped(remark) => {
            Verdict { result: "skipped", code: remark.code.clone(), reason: remark.text.clone(), ..empty }
        }
        Outcome::Rejected { remark, text } => Verdict {
            result: "rejected",
            code: remark.code.clone(),
            reason: remark.text.clone(),
            text: text.clone(),
            ..empty
        },
    }
}
