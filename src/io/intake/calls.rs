//! Calls of the hotline that make an event by keys: a booking (REM-09). The event has the call's id
//! as its key, so that a call that is looked at twice makes one.

use super::{Desk, Failure, Item, settings};
use crate::base::Timestamp;
use crate::calendar::Calendar;
use crate::dialer::import::ImportSettings;
use crate::intake::Said;
use crate::io::store::archive::IntakeOrder;
use crate::policy::pack::{ByCall, Pack};

/// How far back calls are looked for the first time.
const BACK_MS: i64 = 24 * 3_600_000;
/// Calls are written down in another order than they end.
const OVERLAP_MS: i64 = 600_000;
/// Calls of one look.
const BATCH: u32 = 200;

impl Desk {
    /// Makes the events of the calls that ended; gives how many are new.
    ///
    /// # Errors
    /// Those of the store, and a pack that is gone.
    pub async fn take_calls(&self, lists: &ImportSettings, now: Timestamp) -> Result<u64, Failure> {
        let mut made = 0;
        for pack in self.packs.all() {
            for (kind, event) in &pack.event {
                if let Some(by_call) = &event.by_call {
                    made += self.of_kind(&pack, kind, by_call, lists, now).await?;
                }
            }
        }
        Ok(made)
    }

    async fn of_kind(
        &self,
        pack: &Pack,
        kind: &str,
        by_call: &ByCall,
        lists: &ImportSettings,
        now: Timestamp,
    ) -> Result<u64, Failure> {
        let name = format!("by_call {} {kind}", pack.pack);
        let mark = self.store.notice_mark(&name).await?;
        let since = if mark == 0 { now.0 - BACK_MS } else { mark - OVERLAP_MS };
        let calls = self.store.calls_to_take(by_call, (&pack.pack, kind), Timestamp(since), BATCH).await?;
        let zone = jiff::tz::TimeZone::get(&lists.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
        let calendar = Calendar::plain(zone);
        let mut made = 0;
        for call in &calls {
            let answers = self.store.answer_rows(call.id).await?;
            let said: Vec<Said> = answers
                .into_iter()
                .map(|row| Said { question: row.question, keys: row.keys, meaning: row.meaning })
                .collect();
            let ended = Timestamp(call.ended_at);
            let Some(mut fields) = by_call.fields_of(&said, calendar.date(ended)) else { continue };
            fields.insert("external_id".into(), format!("call:{}", call.id));
            fields.insert("at".into(), ended.to_jiff().to_string());
            let item =
                Item { fields, phones: vec![(call.phone.clone(), String::new())], kind: kind.to_owned() };
            let order = IntakeOrder {
                pack: pack.pack.clone(),
                source: "hotline".into(),
                channel: "call".into(),
                by: "hotline".into(),
                ..IntakeOrder::default()
            };
            let (report, verdicts) = self.take_items(order, &settings(lists, now), vec![item]).await?;
            made += report.counts.added;
            for verdict in verdicts.iter().filter(|v| v.result == "rejected") {
                tracing::warn!(call = %call.id, pack = pack.pack, kind, why = verdict.reason, "a call makes no event");
            }
        }
        if let Some(last) = calls.last() {
            self.store.set_notice_mark(&name, last.ended_at).await?;
        }
        Ok(made)
    }
}
