//! Calls that ended: an inbound one makes a ticket or joins one, an outbound one stamps the
//! stage that it was for, or tells of a customer who is not content.

use std::collections::BTreeMap;

use super::known::Known;
use super::{Error, TicketDesk};
use crate::base::Timestamp;
use crate::io::store::Error as StoreError;
use crate::io::store::ticket::{EndedCall, Linked};
use crate::ticket::{Act, Attempt, Entry, NewTicket, Rules, Ticket, Who};

/// Calls of one look.
const BATCH: u32 = 200;

/// What came of calls.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Taken {
    pub opened: u64,
    pub joined: u64,
    pub more: bool,
}

/// An inbound call with all that decides about its ticket.
struct Inbound {
    rules: Rules,
    known: Known,
    phone: String,
    entry: Entry,
    attempt: Attempt,
    /// Type that the caller chose, by key or by number.
    chosen: Option<String>,
    /// Where what the caller left by voice is heard.
    voicemail: Option<String>,
}

/// What a caller wanted whom nobody took.
#[derive(Clone, Copy)]
struct Wish<'a> {
    /// Their open tickets.
    open: &'a [Ticket],
    call: &'a EndedCall,
    /// Number of the ticket by which they are called back.
    owed: &'a str,
}

impl TicketDesk {
    /// Sees to every call that ended.
    pub(super) async fn take_calls(&self, now: Timestamp) -> Result<Taken, Error> {
        if self.settings().packs.all().next().is_none() {
            return Ok(Taken::default());
        }
        let calls = self.store().ended_calls(BATCH).await?;
        let mut taken = Taken { more: calls.len() == BATCH as usize, ..Taken::default() };
        let mut idle = Vec::new();
        for call in &calls {
            let done = match call.direction.as_str() {
                "inbound" => self.inbound(call, &mut taken, now).await,
                _ => self.outbound(call, &mut taken, now).await,
            };
            match done {
                Ok(true) => {}
                Ok(false) => idle.push(call.id.clone()),
                // Somebody else made its ticket at this moment.
                Err(Error::Store(StoreError::Exists { .. })) => {}
                Err(Error::Store(error)) => return Err(error.into()),
                Err(error) => {
                    // It stands in the list of calls without a ticket.
                    tracing::error!(call = call.id, %error, "a call came to no ticket");
                    idle.push(call.id.clone());
                }
            }
        }
        self.store().see_calls(&idle).await?;
        Ok(taken)
    }

    /// An inbound call; true where it was written down as seen to.
    async fn inbound(&self, call: &EndedCall, taken: &mut Taken, now: Timestamp) -> Result<bool, Error> {
        let found = self.look_up(call).await?;
        let rules = &found.rules;
        let calls: Vec<_> = found.attempt.call.into_iter().collect();
        let linked = Linked { seen: calls.clone(), calls, ..Linked::default() };
        if let Some(ticket) = call.linked {
            // It was opened while the call was up.
            self.act_with(ticket, &Act::Call(found.attempt), &linked, &Who::daemon(), now).await?;
            self.note_refusal(ticket, call, now).await?;
            taken.joined += 1;
            return Ok(true);
        }
        let since = rules.before(now, rules.pack.repeat_window);
        let known = self.store().tickets_of(&found.phone, since).await?;
        let theirs = known.into_iter().filter(|t| t.pack == self.pack_of(&found));
        let (open, closed): (Vec<Ticket>, Vec<Ticket>) = theirs.partition(Ticket::is_open);
        if found.attempt.answered {
            self.came_again(&found, &open, now).await?;
        }
        let kind = self.kind_of(&found);
        let same = |t: &&Ticket| match &found.chosen {
            Some(chosen) if found.attempt.answered || call.waited.is_none() => t.kind == *chosen,
            _ if found.attempt.answered => t.kind != rules.pack.intake.missed,
            _ => t.kind == kind,
        };
        if let Some(ticket) = open.iter().find(same) {
            let act = Act::Repeat { call: found.attempt.call };
            self.act_with(ticket.id, &act, &linked, &Who::daemon(), now).await?;
            self.note_refusal(ticket.id, call, now).await?;
            self.note_message(ticket.id, &found, "", now).await?;
            taken.joined += 1;
            let wish = Wish { open: &open, call, owed: &ticket.number };
            self.note_wish(&found, &wish, taken, now).await?;
            return Ok(true);
        }
        let before = closed.iter().find(|t| t.kind == kind).map(|t| t.number.clone());
        let mut new = self.new_of_call(&found, kind, Timestamp(call.reserved_at)).await?;
        if let Some(number) = &before {
            new.fields.insert("repeat_of".into(), number.clone());
        }
        let opened = self.open_with(rules, new, linked, &Who::daemon(), now).await?;
        self.note_refusal(opened.ticket.id, call, now).await?;
        if before.is_some() {
            // The same matter again, soon after its end (X38).
            let act = Act::Repeat { call: found.attempt.call };
            self.act_with(opened.ticket.id, &act, &Linked::default(), &Who::daemon(), now).await?;
        }
        taken.opened += 1;
        let wish = Wish { open: &open, call, owed: &opened.ticket.number };
        self.note_wish(&found, &wish, taken, now).await?;
        Ok(true)
    }

    /// Nobody took a caller who had waited: what it is about is a ticket too, new or the open one,
    /// beside that of the call that is owed. The two are not one: the call is owed within minutes and done
    /// with it (TKT-45), what it is about has its own stages and verification (TKT-03). It names the other,
    /// and both have the message.
    async fn note_wish(
        &self,
        found: &Inbound,
        wish: &Wish<'_>,
        taken: &mut Taken,
        now: Timestamp,
    ) -> Result<(), Error> {
        let Wish { open, call, owed: by } = *wish;
        let owed = call.waited.is_some() && !found.attempt.answered;
        let Some(kind) = found.chosen.clone().filter(|_| owed) else { return Ok(()) };
        let calls = found.attempt.call.into_iter().collect();
        let linked = Linked { calls, ..Linked::default() };
        if let Some(ticket) = open.iter().find(|ticket| ticket.kind == kind) {
            let act = Act::Repeat { call: found.attempt.call };
            self.act_with(ticket.id, &act, &linked, &Who::daemon(), now).await?;
            self.note_message(ticket.id, found, by, now).await?;
            taken.joined += 1;
            return Ok(());
        }
        let mut new = self.new_of_call(found, kind, Timestamp(call.reserved_at)).await?;
        new.fields.insert("return_call".into(), by.to_owned());
        self.open_with(&found.rules, new, linked, &Who::daemon(), now).await?;
        taken.opened += 1;
        Ok(())
    }

    /// A ticket that was there before knows of the message, and by which one the caller is called back.
    async fn note_message(
        &self,
        ticket: i64,
        found: &Inbound,
        owed: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let message = found.voicemail.iter().map(|path| format!("the caller left a message: {path}"));
        let call =
            Some(owed).filter(|owed| !owed.is_empty()).map(|owed| format!("the return call is {owed}"));
        let said: Vec<String> = message.chain(call).collect();
        if !said.is_empty() {
            let act = Act::Comment(said.join("; "));
            self.act_with(ticket, &act, &Linked::default(), &Who::daemon(), now).await?;
        }
        Ok(())
    }

    async fn look_up(&self, call: &EndedCall) -> Result<Inbound, Error> {
        let phone = self.number(&call.phone);
        let dialled = self.settings().packs.dialled(&call.dialled);
        let wanted = dialled.as_ref().map_or(String::new(), |(pack, _)| pack.pack.clone());
        let known = self.known(&phone, None, &wanted).await?;
        let (rules, entry) = match dialled {
            Some((pack, entry)) => (self.rules_of(pack), entry),
            None => (self.rules(&known.pack)?, Entry::default()),
        };
        let key = self.store().key_pressed(&call.id, &rules.pack.intake.question).await?;
        let by_key = key.and_then(|key| rules.pack.keys.get(&key).cloned());
        let by_number = Some(entry.kind.clone()).filter(|kind| !kind.is_empty());
        let attempt = Attempt {
            call: Self::call_id(&call.id),
            inbound: true,
            answered: !is_missed(call)
                || call.waited.is_none() && by_key.is_some() && call.answered_at.is_some(),
            at: Timestamp(call.ended_at),
            agent: String::new(),
            departments: None,
        };
        let voicemail = call.voice.map(|seq| format!("/api/v1/calls/{}/answers/{seq}/comment", call.id));
        Ok(Inbound { rules, known, phone, entry, attempt, chosen: by_key.or(by_number), voicemail })
    }

    fn pack_of(&self, found: &Inbound) -> String {
        if found.known.pack.is_empty() { found.rules.pack.pack.clone() } else { found.known.pack.clone() }
    }

    /// Nobody served it: a call that is owed back. Else what the caller chose.
    fn kind_of(&self, found: &Inbound) -> String {
        let intake = &found.rules.pack.intake;
        match &found.chosen {
            _ if !found.attempt.answered => intake.missed.clone(),
            Some(chosen) => chosen.clone(),
            None => intake.kind.clone(),
        }
    }

    /// Who comes again by themselves need not be called back.
    async fn came_again(&self, found: &Inbound, open: &[Ticket], now: Timestamp) -> Result<(), Error> {
        for missed in open.iter().filter(|t| t.kind == found.rules.pack.intake.missed) {
            let act = Act::Call(found.attempt.clone());
            let calls = found.attempt.call.into_iter().collect();
            let linked = Linked { calls, ..Linked::default() };
            self.act_with(missed.id, &act, &linked, &Who::daemon(), now).await?;
        }
        Ok(())
    }

    async fn new_of_call(&self, found: &Inbound, kind: String, at: Timestamp) -> Result<NewTicket, Error> {
        let mut fields = BTreeMap::new();
        // The caller may be returning ours (section 6, item 7).
        let returns = match found.phone.as_str() {
            "" => None,
            phone => self.store().unreached_callback(phone).await?,
        };
        if let Some((callback, rule)) = returns {
            fields.insert("returns_callback".into(), callback.to_string());
            fields.insert("returns_rule".into(), rule);
        }
        fields.extend(found.voicemail.clone().map(|path| ("voicemail".to_owned(), path)));
        if !found.entry.region.is_empty() {
            fields.insert("region".into(), found.entry.region.clone());
        }
        Ok(NewTicket {
            pack: self.pack_of(found),
            kind,
            source: "call".into(),
            department: found.entry.department.clone(),
            customer: found.known.customer,
            phone: found.phone.clone(),
            name: found.known.name.clone(),
            fields,
            known: found.known.fields.clone(),
            at,
            call: Some(found.attempt.clone()),
            ..NewTicket::default()
        })
    }

    /// The ticket says where a caller did not want to be recorded: nobody looks for the sound.
    async fn note_refusal(&self, ticket: i64, call: &EndedCall, now: Timestamp) -> Result<(), Error> {
        if call.consent.as_deref() == Some("refused") {
            let text = format!("the caller refused to be recorded: call {}", call.id);
            self.act_with(ticket, &Act::Comment(text), &Linked::default(), &Who::daemon(), now).await?;
        }
        Ok(())
    }

    /// Departments of whoever dialled, where the configuration says of anybody what they belong to.
    fn departments_of(&self, agent: Option<&str>) -> Option<Vec<String>> {
        let settings = self.settings();
        let is_said = settings.people.values().any(|roles| !roles.is_empty());
        agent.filter(|_| is_said).map(|agent| settings.people.get(agent).cloned().unwrap_or_default())
    }

    /// An outbound call: true where it was written down as seen to.
    async fn outbound(&self, call: &EndedCall, taken: &mut Taken, now: Timestamp) -> Result<bool, Error> {
        let attempt = Attempt {
            call: Self::call_id(&call.id),
            inbound: false,
            answered: was_reached(call),
            at: Timestamp(call.ended_at),
            agent: call.begun_by.clone().unwrap_or_default(),
            departments: self.departments_of(call.begun_by.as_deref()),
        };
        let calls: Vec<_> = attempt.call.into_iter().collect();
        let linked = Linked { seen: calls.clone(), calls, ..Linked::default() };
        if let Some((ticket, department)) = self.store().department_call(&call.id).await? {
            self.department_answered(call, ticket, department, &linked, now).await?;
            return Ok(true);
        }
        if let Some(ticket) = call.ticket_id {
            self.act_with(ticket, &Act::Call(attempt), &linked, &Who::daemon(), now).await?;
            return Ok(true);
        }
        // Tickets that came of this call are not answered by it.
        let found = self.found_in_call(call, &attempt, taken, now).await?;
        let open = self.store().tickets_of(&call.phone, now).await?;
        let mut seen = false;
        for ticket in open.iter().filter(|t| t.is_open() && !found.contains(&t.id)) {
            let act = Act::Call(attempt.clone());
            self.act_with(ticket.id, &act, &linked, &Who::daemon(), now).await?;
            seen = true;
        }
        Ok(seen)
    }
}

/// Whether nobody served the caller.
fn is_missed(call: &EndedCall) -> bool {
    let called_back = matches!(call.called_back.as_deref(), Some("reached" | "came_back" | "cancelled"));
    if call.talked > 0 || called_back {
        return false;
    }
    // Who waited, or left a message for a person, was served by nobody.
    if call.waited.is_some() || call.disposition == "person_wanted" {
        return true;
    }
    let lost = [
        "hung_up",
        "no_answer",
        "cancelled",
        "failed",
        "lost",
        "congestion",
        "busy",
        "dead_air",
        "unavailable",
    ];
    call.answered_at.is_none() || lost.contains(&call.disposition.as_str())
}

/// Whether a person spoke with us.
fn was_reached(call: &EndedCall) -> bool {
    let nobody = ["machine", "message_left", "no_input", "dead_air", "failed", "lost", "wrong_person"];
    call.answered_at.is_some() && !nobody.contains(&call.disposition.as_str())
}
