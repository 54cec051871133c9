//! Everything that is stored of one person: the card, and the copy that a person may ask for.

use serde::Serialize;

use super::super::audit::{self, AuditLine};
use super::super::callback::EventAnswerRow;
use super::super::custody;
use super::super::read::{
    AnswerRow, CallFilter, CallRow, CallSort, EntryFilter, EntryRow, EntrySort, PAGE_LIMIT,
};
use super::super::{Error, Store};
use super::read::{CustomerRow, EventRow, PhoneRow, VersionRow};
use crate::base::{CustomerId, Timestamp};

/// What is stored of one person.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Person {
    /// The record.
    pub customer: CustomerRow,
    /// Numbers, present and past.
    pub phones: Vec<PhoneRow>,
    /// Changes, newest first.
    pub versions: Vec<VersionRow>,
    /// Events, newest first.
    pub events: Vec<EventRow>,
    /// Calls with any of the numbers, newest first, at most 500 of each number.
    pub calls: Vec<CallRow>,
    /// Answers given in those calls.
    pub answers: Vec<AnswerRow>,
    /// Answers about events of theirs, by telephone and in writing, each with its event.
    pub event_answers: Vec<EventAnswerRow>,
    /// Entries of lists with any of the numbers.
    pub entries: Vec<EntryRow>,
    /// Links of the chain of custody: digests of recordings, comments and answers.
    pub custody: Vec<custody::EntryRow>,
    /// Who was given the record, or sound or words of the calls, newest first.
    pub accesses: Vec<custody::AccessRow>,
}

impl Store {
    /// Everything that is stored of one person; None where there is no such customer.
    pub async fn person(&self, customer: CustomerId) -> Result<Option<Person>, Error> {
        let Some(row) = self.customer_row(customer).await? else { return Ok(None) };
        let phones = self.customer_phones(customer).await?;
        let (mut calls, mut entries) = (Vec::new(), Vec::new());
        let mut numbers: Vec<&str> = phones.iter().map(|phone| phone.phone.as_str()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        for number in numbers {
            let filter = CallFilter { phone: Some(number.to_owned()), ..CallFilter::default() };
            calls.extend(self.call_rows(&filter, CallSort::Newest, None, PAGE_LIMIT).await?.rows);
            let filter = EntryFilter { phone: Some(number.to_owned()), ..EntryFilter::default() };
            entries.extend(self.entry_rows(&filter, EntrySort::Id, None, PAGE_LIMIT).await?.rows);
        }
        calls.sort_by_key(|call| std::cmp::Reverse(call.reserved_at));
        let mut answers = Vec::new();
        for call in calls.iter().filter(|call| call.answers > 0) {
            if let Ok(id) = call.id.parse() {
                answers.extend(self.answer_rows(id).await?);
            }
        }
        let of_calls = calls.iter().map(|call| format!("call:{}", call.id));
        let of_answers = answers.iter().map(|answer| format!("call:{}/{}", answer.call_id, answer.seq));
        let linked: Vec<String> = of_calls.clone().chain(of_answers).collect();
        let given: Vec<String> = std::iter::once(format!("customer:{customer}")).chain(of_calls).collect();
        Ok(Some(Person {
            custody: self.entries_of(&linked).await?,
            accesses: self.accesses_of(&given).await?,
            customer: row,
            versions: self.customer_versions(customer).await?,
            events: self.customer_events(customer).await?,
            event_answers: self.event_answers(customer).await?,
            phones,
            calls,
            answers,
            entries,
        }))
    }

    /// The same, handed out on request, which is written into the audit log first.
    pub async fn export_person(
        &self,
        customer: CustomerId,
        by: &str,
        now: Timestamp,
    ) -> Result<Option<Person>, Error> {
        let Some(person) = self.person(customer).await? else { return Ok(None) };
        let subject = format!("customer:{customer}");
        let mut tx = self.db.begin().await?;
        let line = AuditLine { at: now, actor: by, action: "customer.export", subject: &subject, detail: "" };
        audit::append(&mut tx, &line).await?;
        tx.commit().await?;
        Ok(Some(person))
    }
}
