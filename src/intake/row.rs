//! From the fields of one row to what it says, by the rules of the pack.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use super::column::NAMED;
use super::{Fact, IntakeError, NewCustomer, NewEvent, Outcome, Remark, Settings, contacts};
use crate::archive::{MAX_KIND_CHARS, Standing};
use crate::base::Timestamp;
use crate::calendar::{Offset, Windows};
use crate::policy::pack::{Intake as IntakeRules, Pack, holds_all};
use crate::table::date::{self, Written};
use crate::table::header::{half_width, same};

/// Longest cell, in characters: a remark, not a document.
pub const MAX_CELL_CHARS: usize = 2000;
/// Longest name, key and matter, in characters.
pub const MAX_NAME_CHARS: usize = 100;

/// The column in which a row names the kind of its event, where no list of the pack says it.
const KIND: &str = "kind";

/// The fields of a row, by name.
pub(super) type Fields = BTreeMap<String, String>;

/// Reads rows of one pack, by one of its `[intake.<name>]` sections or none.
#[derive(Clone, Debug)]
pub struct Reader<'p> {
    pack: &'p Pack,
    rules: Option<&'p IntakeRules>,
    settings: Settings,
    zone: TimeZone,
    /// Where no column holds when it happened, the day on which the rows come in stands for it.
    pub(super) has_at: bool,
    /// The key of a row stands for what is counted together, where no column names that.
    pub(super) id_is_matter: bool,
}

impl<'p> Reader<'p> {
    /// A reader for the pack's intake of that name. Without a name rows tell of customers alone
    /// unless they name the kind of their event themselves.
    pub fn new(pack: &'p Pack, intake: Option<&str>, settings: &Settings) -> Result<Self, IntakeError> {
        let rules = match intake.filter(|name| !name.is_empty()) {
            None => None,
            Some(name) => Some(pack.intake.get(name).ok_or_else(|| {
                let known = pack.intake.keys().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ");
                IntakeError(format!("the pack `{}` has no intake `{name}`; it has {known}", pack.pack))
            })?),
        };
        let zone = if settings.timezone.is_empty() { "UTC" } else { settings.timezone.as_str() };
        let zone = TimeZone::get(zone)
            .map_err(|_| IntakeError(format!("`{zone}` is not an IANA time zone, such as Asia/Shanghai")))?;
        Ok(Reader { pack, rules, settings: settings.clone(), zone, has_at: true, id_is_matter: false })
    }

    pub(super) fn rules(&self) -> Option<&'p IntakeRules> {
        self.rules
    }

    pub(super) fn home_area(&self) -> Option<&str> {
        self.settings.home_area.as_deref()
    }

    /// What the fields of a row say. `phones` are cells with numbers, each with its label;
    /// `kind` is the kind of event where the row itself cannot say.
    pub fn judge(&self, mut fields: Fields, phones: &[(String, String)], kind: Option<&str>) -> Outcome {
        if let Some(outcome) = self.filtered(&fields, phones) {
            return outcome;
        }
        let mut warnings = Vec::new();
        if let Some(refused) = self.refused(&fields, phones, &mut warnings) {
            return rejected(refused);
        }
        let kind = match self.kind(&fields, kind) {
            Ok(kind) => kind,
            Err(remark) => return rejected(remark),
        };
        if let Some(missing) = kind.and_then(|kind| self.missing(kind, &fields, phones)) {
            return rejected(missing);
        }
        fields.remove(KIND);
        let told = self.customer(&mut fields, phones).and_then(|mut customer| {
            let event = match kind {
                Some(kind) => Some(self.event(kind, &mut fields, &customer)?),
                None => {
                    customer.fields.append(&mut fields);
                    if says_nothing(&customer) {
                        return Err(Remark::new("not_a_row", "the row is empty"));
                    }
                    None
                }
            };
            Ok(Fact { customer, event, warnings })
        });
        match told {
            Ok(fact) => Outcome::Taken(Box::new(fact)),
            Err(remark) => rejected(remark),
        }
    }

    fn filtered(&self, fields: &Fields, phones: &[(String, String)]) -> Option<Outcome> {
        let rules = self.rules?;
        if holds_all(&rules.only, |name| look_up(fields, phones, name)) {
            return None;
        }
        let shown: Vec<String> = rules
            .only
            .iter()
            .map(|c| format!("`{}` is `{}`", c.field, look_up(fields, phones, &c.field).unwrap_or_default()))
            .collect();
        Some(Outcome::Skipped(Remark::new("not_selected", format!("left out: {}", shown.join(", ")))))
    }

    /// The pack's reason not to take the row, asked in the pack's order.
    fn refused(
        &self,
        fields: &Fields,
        phones: &[(String, String)],
        warnings: &mut Vec<Remark>,
    ) -> Option<Remark> {
        for reject in &self.rules?.reject {
            if !holds_all(&reject.when, |name| look_up(fields, phones, name)) {
                continue;
            }
            let text = if reject.title.is_empty() { reject.reason.clone() } else { reject.title.clone() };
            let remark = Remark::new(reject.reason.clone(), text);
            if !reject.warn_only {
                return Some(remark);
            }
            warnings.push(remark);
        }
        None
    }

    /// The kind of event the row becomes; None: it tells of a customer alone.
    fn kind<'a>(&'a self, fields: &Fields, given: Option<&'a str>) -> Result<Option<&'a str>, Remark> {
        let by = self.rules.and_then(|rules| rules.event_by.iter().next());
        let kind = if let Some((column, kinds)) = by {
            let value = fields.iter().find(|(name, _)| same(name, column)).map(|(_, v)| half_width(v));
            let value = value.unwrap_or_default();
            let known = || kinds.keys().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ");
            let found = kinds.iter().find(|(word, _)| same(word, &value) && !value.is_empty());
            let found = found.map(|(_, kind)| kind.as_str());
            Some(found.ok_or_else(|| {
                Remark::new("unknown_type", format!("column `{column}`: `{value}` is none of {}", known()))
            })?)
        } else {
            let own = self.rules.map(|rules| rules.event.as_str()).filter(|kind| !kind.is_empty());
            match given.or(own) {
                Some(kind) => Some(kind),
                None => self.named(fields)?,
            }
        };
        match kind {
            Some(kind) if !self.pack.event.contains_key(kind) || kind.chars().count() > MAX_KIND_CHARS => {
                let known = self.pack.event.keys().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ");
                let text = format!("the pack `{}` knows no event `{kind}`; it knows {known}", self.pack.pack);
                Err(Remark::new("unknown_event", text))
            }
            kind => Ok(kind),
        }
    }

    /// The kind that the row itself names, in a column `kind`.
    fn named(&self, fields: &Fields) -> Result<Option<&'p str>, Remark> {
        let Some(value) = fields.get(KIND).map(|value| half_width(value)).filter(|v| !v.is_empty()) else {
            return Ok(None);
        };
        let known = || self.pack.event.keys().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ");
        let found = self.pack.event.keys().find(|kind| same(kind, &value));
        found.map(|kind| Some(kind.as_str())).ok_or_else(|| {
            let text =
                format!("the pack `{}` knows no event `{value}`; it knows {}", self.pack.pack, known());
            Remark::new("unknown_event", text)
        })
    }

    fn missing(&self, kind: &str, fields: &Fields, phones: &[(String, String)]) -> Option<Remark> {
        let required = &self.pack.event.get(kind)?.required;
        let empty = |name: &&String| look_up(fields, phones, name).is_none_or(|v| v.trim().is_empty());
        let missing: Vec<&str> = required.iter().filter(empty).map(String::as_str).collect();
        (!missing.is_empty()).then(|| {
            let names = missing.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
            Remark::new(
                "missing_field",
                format!("{names}: nothing is given; fill it in, or map a column to it"),
            )
        })
    }

    fn customer(&self, fields: &mut Fields, phones: &[(String, String)]) -> Result<NewCustomer, Remark> {
        let wrong =
            |field: &'static str| move |text: String| Remark::new("bad_value", format!("`{field}`: {text}"));
        let mut take = |name: &str| fields.remove(name).map(|v| v.trim().to_owned()).unwrap_or_default();
        let mut customer = NewCustomer {
            external_id: limited("customer_id", take("customer_id"))?,
            name: limited("name", take("name"))?,
            grade: limited("grade", take("grade"))?,
            preferred_hours: take("preferred_hours"),
            quiet_hours: take("quiet_hours"),
            owner: limited("owner", take("owner"))?,
            email: limited("email", take("email"))?,
            language: language(&take("language")).map_err(wrong("language"))?,
            key_account: yes_or_no(&take("key_account")).map_err(wrong("key_account"))?,
            standing: standing(&take("standing")).map_err(wrong("standing"))?,
            ..NewCustomer::default()
        };
        let (every, from, extension) = (take("plan_every"), take("plan_from"), take("extension"));
        if !every.is_empty() {
            customer.plan_every = Some(every.parse::<Offset>().map_err(wrong("plan_every"))?);
        }
        if !from.is_empty() {
            customer.plan_from = Some(self.moment("plan_from", &from)?.at);
        }
        for (cell, label) in phones.iter().filter(|(cell, _)| !cell.trim().is_empty()) {
            let found = contacts(cell, label, self.home_area())
                .map_err(|text| Remark::new("bad_phone", format!("`{cell}`: {text}")))?;
            for contact in found {
                if customer.contacts.iter().all(|known| known.phone != contact.phone) {
                    customer.contacts.push(contact);
                }
            }
        }
        if let Some(first) =
            customer.contacts.first_mut().filter(|c| c.extension.is_empty() && !extension.is_empty())
        {
            if extension.len() > 8 || !extension.bytes().all(|b| b.is_ascii_digit()) {
                return Err(wrong("extension")(format!("`{extension}` is not 1 to 8 digits")));
            }
            first.extension = extension;
        }
        let own: Vec<String> = fields.keys().filter(|k| k.starts_with("customer.")).cloned().collect();
        for name in own {
            if let Some(value) = fields.remove(&name) {
                customer.fields.insert(name["customer.".len()..].to_owned(), value);
            }
        }
        check_customer(&customer, &self.settings.timezone)?;
        Ok(customer)
    }

    fn event(&self, kind: &str, fields: &mut Fields, customer: &NewCustomer) -> Result<NewEvent, Remark> {
        let take = |fields: &mut Fields, name: &str| {
            fields.remove(name).map(|v| v.trim().to_owned()).unwrap_or_default()
        };
        let mut external_id = limited("id", take(fields, "id"))?;
        let mut matter = limited("matter", take(fields, "matter"))?;
        let (at, received, entered) =
            (take(fields, "at"), take(fields, "received_at"), take(fields, "entered_at"));
        let moment = |name: &str, text: &str| (!text.is_empty()).then(|| self.moment(name, text)).transpose();
        let received_at = moment("received_at", &received)?.map_or(self.settings.now, |w| w.at);
        let entered_at = moment("entered_at", &entered)?.map_or(self.settings.now, |w| w.at);
        let at = match moment("at", &at)? {
            Some(at) => at,
            None if self.has_at => {
                return Err(Remark::new("no_date", "`at`: the row does not say when it happened"));
            }
            None => Written { at: self.midnight(received_at), has_time: false },
        };
        if matter.is_empty() && self.id_is_matter {
            external_id.clone_into(&mut matter);
        }
        if customer.contacts.is_empty() && customer.external_id.is_empty() && matter.is_empty() {
            let text = "the row has no telephone number, no customer_id and no matter: nobody knows whom it is about";
            return Err(Remark::new("no_customer", text));
        }
        if external_id.is_empty() {
            external_id = made_key(kind, customer, &at, &matter);
        }
        for (name, value) in
            [("collected_by", &self.settings.collected_by), ("handed_over_by", &self.settings.handed_over_by)]
        {
            if !value.is_empty() && fields.get(name).is_none_or(String::is_empty) {
                fields.insert(name.to_owned(), value.clone());
            }
        }
        let set = self.rules.map(|rules| &rules.sets).into_iter().flatten();
        fields.extend(set.map(|(name, value)| (name.clone(), value.clone())));
        let late =
            self.rules.is_some_and(|rules| rules.same_day) && self.day(entered_at) > self.day(received_at);
        Ok(NewEvent {
            kind: kind.to_owned(),
            external_id,
            at: at.at,
            has_time: at.has_time,
            matter,
            fields: std::mem::take(fields),
            received_at,
            late,
        })
    }

    fn moment(&self, field: &str, text: &str) -> Result<Written, Remark> {
        date::read(text, &self.zone).map_err(|e| Remark::new("bad_date", format!("`{field}`: {e}")))
    }

    fn day(&self, at: Timestamp) -> Date {
        at.to_jiff().to_zoned(self.zone.clone()).date()
    }

    fn midnight(&self, at: Timestamp) -> Timestamp {
        let midnight = self.zone.to_zoned(self.day(at).at(0, 0, 0, 0));
        midnight.map_or(at, |zoned| Timestamp::from_jiff(zoned.timestamp()))
    }
}

/// Whether what a row, or a person, says of a customer can be used.
pub fn check_customer(customer: &NewCustomer, timezone: &str) -> Result<(), Remark> {
    let zone = if timezone.is_empty() { "UTC" } else { timezone };
    for (name, hours) in
        [("quiet_hours", &customer.quiet_hours), ("preferred_hours", &customer.preferred_hours)]
    {
        if !hours.is_empty() {
            Windows::parse(&[hours.as_str()], zone)
                .map_err(|e| Remark::new("bad_value", format!("`{name}`: {}", e.0)))?;
        }
    }
    Ok(())
}

/// Nothing by which anybody could be told from others.
fn says_nothing(customer: &NewCustomer) -> bool {
    customer.external_id.is_empty()
        && customer.name.is_empty()
        && customer.contacts.is_empty()
        && customer.fields.is_empty()
}

fn rejected(remark: Remark) -> Outcome {
    Outcome::Rejected { remark, text: String::new() }
}

/// A field by name; `phone` is the first cell with numbers.
fn look_up<'a>(fields: &'a Fields, phones: &'a [(String, String)], name: &str) -> Option<&'a str> {
    if name == "phone" {
        return phones.iter().map(|(cell, _)| cell.as_str()).find(|cell| !cell.trim().is_empty());
    }
    let found = fields.get(name).or_else(|| fields.get(&format!("customer.{name}")));
    found
        .or_else(|| {
            // A column that nobody mapped may be asked for by its own name, in either script.
            let named = !NAMED.contains(&name) && !name.is_ascii();
            named.then(|| fields.iter().find(|(known, _)| same(known, name)).map(|(_, v)| v)).flatten()
        })
        .map(String::as_str)
}

/// A key for an event whose source gives none: the same row makes the same key.
fn made_key(kind: &str, customer: &NewCustomer, at: &Written, matter: &str) -> String {
    let who = match customer.contacts.first() {
        Some(contact) if customer.external_id.is_empty() => contact.phone.as_str(),
        _ => customer.external_id.as_str(),
    };
    let digest = Sha256::digest(format!("{kind}\n{who}\n{}\n{}\n{matter}", at.at.0, at.has_time));
    let hex: String = digest.iter().take(10).map(|byte| format!("{byte:02x}")).collect();
    format!("row-{hex}")
}

fn limited(field: &str, text: String) -> Result<String, Remark> {
    if text.len() > MAX_NAME_CHARS && text.chars().count() > MAX_NAME_CHARS {
        let text = format!("`{field}`: the text is longer than {MAX_NAME_CHARS} characters");
        return Err(Remark::new("too_long", text));
    }
    Ok(text)
}

fn language(text: &str) -> Result<String, String> {
    let tag = match text {
        "中文" | "普通话" | "汉语" | "国语" | "國語" => "zh-CN",
        "英文" | "英语" | "英語" => "en",
        "粤语" | "粵語" | "广东话" => "yue",
        tag => tag,
    };
    let good = tag.len() <= 20 && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if good { Ok(tag.to_owned()) } else { Err(format!("`{text}` is not a language: write zh-CN or en")) }
}

fn yes_or_no(text: &str) -> Result<Option<bool>, String> {
    match half_width(text).to_lowercase().as_str() {
        "" => Ok(None),
        "1" | "yes" | "y" | "true" | "是" | "有" => Ok(Some(true)),
        "0" | "no" | "n" | "false" | "否" | "无" => Ok(Some(false)),
        _ => Err(format!("`{text}` is neither yes nor no")),
    }
}

fn standing(text: &str) -> Result<Option<Standing>, String> {
    match text {
        "" => Ok(None),
        "erased" => Err("a customer is erased on request only, with a reason".into()),
        word => Standing::parse(word)
            .map(Some)
            .ok_or_else(|| format!("`{word}` is not a standing: write active, opted_out, gone or deceased")),
    }
}
