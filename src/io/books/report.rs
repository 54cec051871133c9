//! Reports of periods: made, written into, handed in, reviewed, approved.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Behind, Books, Error, excel};
use crate::base::Timestamp;
use crate::io::store::notice::Extended;
use crate::io::store::register::{NewReport, ReportLogRow, ReportRow};
use crate::notice::NewNotice;
use crate::policy::pack::holds_all;
use crate::register::{Missing, Register, Source, Table};
use crate::report::{Counted, Figure, Identity, Part, Period, Report, State, Step, Verdict};

/// What a person wrote into a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Written {
    /// Word of the field.
    pub id: String,
    /// Title, in Chinese.
    pub title: String,
    /// What was written; empty: nothing yet.
    pub text: String,
    /// It must be there before the report is handed in.
    pub required: bool,
}

/// A figure that changed after the report was handed in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Difference {
    /// Its word.
    pub id: String,
    /// Its title.
    pub title: String,
    /// As it was handed in: value, numerator, denominator.
    pub kept: String,
    /// As it is now.
    pub now: String,
}

/// A report as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReportView {
    /// Row id.
    pub id: i64,
    /// Id of its file.
    pub report: String,
    /// Title, in Chinese.
    pub title: String,
    /// Pack; empty: all.
    pub pack: String,
    /// First day.
    pub from: String,
    /// Last day.
    pub to: String,
    /// Where it stands.
    pub state: State,
    /// Who gets it.
    pub recipients: Vec<String>,
    /// Until when it must be handed in; milliseconds since 1970.
    pub due_at: i64,
    /// It was not handed in by then.
    pub late: bool,
    /// The figures: of the moment in a draft, else as they were handed in.
    pub figures: Vec<Counted>,
    /// Sums that must come out.
    pub identities: Vec<Verdict>,
    /// Rows of its registers that are incomplete: named, never estimated.
    pub incomplete: Vec<Missing>,
    /// What people wrote.
    pub texts: Vec<Written>,
    /// Figures that changed after it was handed in.
    pub later_changes: Vec<Difference>,
    /// Who did what, as a line for the foot of the form.
    pub signatures: Vec<String>,
    /// Root of the chain of custody of its last day: day and SHA-256. Empty: the day is not over.
    pub root: String,
    /// Counts the changes.
    pub version: i64,
}

/// What is kept of a report that is handed in.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Kept {
    figures: Vec<Counted>,
    identities: Vec<Verdict>,
    incomplete: Vec<Missing>,
}

/// A report that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// The report.
    pub view: ReportView,
    /// Whether it was made just now.
    pub is_new: bool,
}

impl Books {
    /// A report's file by its id.
    ///
    /// # Errors
    /// There is none.
    pub fn report_file(&self, id: &str) -> Result<Report, Error> {
        let found = self.settings().reports.get(id).cloned();
        found.ok_or_else(|| Error::Unknown(format!("report `{id}`: `ringback report list` shows them")))
    }

    /// The report of the period in which `day` lies; it is made where there is none.
    ///
    /// # Errors
    /// The database; no such report.
    pub async fn report_for(&self, id: &str, day: Date, by: &str, now: Timestamp) -> Result<Made, Error> {
        let report = self.report_file(id)?;
        let calendar = self.parts.planner.settings().calendar;
        let period = report.schedule.period_of(&calendar, day);
        let is_new = self.make(&report, &period, by, now).await?.is_some();
        let row = self.store().report_of(id, &period.from.to_string()).await?;
        let row = row.ok_or_else(|| Error::Unknown(format!("report `{id}` from {}", period.from)))?;
        Ok(Made { view: self.view(&row, now).await?, is_new })
    }

    /// Makes the report of a period and tells of it; its row id where it is new.
    pub(super) async fn make(
        &self,
        report: &Report,
        period: &Period,
        by: &str,
        now: Timestamp,
    ) -> Result<Option<i64>, Error> {
        let new = NewReport {
            report: report.id.clone(),
            pack: report.pack.clone(),
            from_day: period.from.to_string(),
            to_day: period.to.to_string(),
            due_at: period.due_at,
        };
        let notices = self.tell(report, period, "report.made", &[]);
        Ok(self.store().make_report(&new, &notices, by, now).await?)
    }

    /// Notices of a report's period, one for each who gets it.
    pub(super) fn tell(
        &self,
        report: &Report,
        period: &Period,
        topic: &str,
        more: &[(&str, String)],
    ) -> Vec<Extended> {
        let key = format!("{topic}:{}:{}", report.id, period.from);
        let link = match self.settings().public_url.as_str() {
            "" => String::new(),
            url => format!("{url}/api/v1/report-files/{}/excel?date={}", report.id, period.from),
        };
        let one = |to: &str| NewNotice {
            key: format!("{key}:{to}"),
            topic: topic.to_owned(),
            to: to.to_owned(),
            subject: format!("report:{}", report.id),
            pack: report.pack.clone(),
            facts: [
                ("title", report.title.clone()),
                ("from", period.from.to_string()),
                ("to", period.to.to_string()),
                ("due", period.due.to_string()),
                ("file", format!("{}-{}.xlsx", report.title, period.to)),
                ("link", link.clone()),
            ]
            .into_iter()
            .chain(more.iter().cloned())
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
            ..NewNotice::default()
        };
        let recipients: Vec<&str> = match report.to.is_empty() {
            true => vec![""],
            false => report.to.iter().map(String::as_str).collect(),
        };
        recipients.into_iter().map(|to| one(to).into()).collect()
    }

    /// One report as it stands.
    ///
    /// # Errors
    /// The database; no such report.
    pub async fn report(&self, id: i64, now: Timestamp) -> Result<ReportView, Error> {
        self.view(&self.row(id).await?, now).await
    }

    async fn row(&self, id: i64) -> Result<ReportRow, Error> {
        self.store().report(id).await?.ok_or_else(|| Error::Unknown(format!("report {id}")))
    }

    async fn view(&self, row: &ReportRow, now: Timestamp) -> Result<ReportView, Error> {
        let report = self.report_file(&row.report)?;
        let days = days(row)?;
        let current = self.counting(&report, days, now).current(&report, days).await?;
        let kept: Option<Kept> = row.figures.as_deref().and_then(|json| serde_json::from_str(json).ok());
        let later_changes =
            kept.as_ref().map(|kept| differences(&kept.figures, &current.figures)).unwrap_or_default();
        let Kept { figures, identities, incomplete } = kept.unwrap_or(current);
        let texts: BTreeMap<String, String> = serde_json::from_str(&row.texts).unwrap_or_default();
        let text = |field: &crate::report::Field| Written {
            id: field.id.clone(),
            title: field.title.clone(),
            text: texts.get(&field.id).cloned().unwrap_or_default(),
            required: field.required,
        };
        let log = self.store().report_log(row.id).await?;
        let calendar = self.parts.planner.settings().calendar;
        let sign = |line: &ReportLogRow| {
            let (who, at) = (&line.actor, calendar.civil(Timestamp(line.at)));
            let what = match line.action.as_str() {
                "submit" => "上报",
                "review" => "审查",
                "approve" => "批准",
                _ => return None,
            };
            let said = if line.detail.is_empty() { String::new() } else { format!("：{}", line.detail) };
            Some(format!("{what}　{who}　{at}{said}"))
        };
        Ok(ReportView {
            id: row.id,
            report: row.report.clone(),
            title: report.title.clone(),
            pack: row.pack.clone(),
            from: row.from_day.clone(),
            to: row.to_day.clone(),
            state: State::parse(&row.state),
            recipients: report.to.clone(),
            due_at: row.due_at,
            late: row.late == 1,
            figures,
            identities,
            incomplete,
            texts: report.fields.iter().map(text).collect(),
            later_changes,
            signatures: log.iter().filter_map(sign).collect(),
            root: self.root_of(days.1).await?,
            version: row.version,
        })
    }

    /// These books on the board, while they count a report or fill its registers.
    fn counting(&self, report: &Report, days: (Date, Date), now: Timestamp) -> Books {
        let sources: BTreeSet<Source> = report.figures.iter().map(|figure| figure.from).collect();
        self.metered(&report.id, days, sources.len() + report.registers.len(), now)
    }

    /// What the figures are at this moment.
    async fn current(&self, report: &Report, days: (Date, Date)) -> Result<Kept, Error> {
        let (figures, tables) = tokio::try_join!(
            self.counted(&report.figures, &report.pack, days),
            self.tables(report, days, false)
        )?;
        let mut identities: Vec<Verdict> =
            report.identities.iter().map(|i: &Identity| i.judge(&figures)).collect();
        let mut incomplete = Vec::new();
        for (register, table) in tables {
            if let Some(verdict) = self.same_as_stored(&register, &table, days).await? {
                identities.push(verdict);
            }
            incomplete.extend(table.missing);
        }
        Ok(Kept { figures, identities, incomplete })
    }

    /// The registers of a report, filled.
    async fn tables(
        &self,
        report: &Report,
        days: (Date, Date),
        unmask: bool,
    ) -> Result<Vec<(Register, Table)>, Error> {
        let mut tables = Vec::new();
        for id in &report.registers {
            let register = self.register(id)?;
            let calendar = self.parts.planner.settings().calendar;
            // Filled as of the end of its period, so that it is the same whenever it is made.
            let table = self.filled(id, days, unmask, calendar.end_of(days.1)).await?;
            tables.push((register, table));
        }
        Ok(tables)
    }

    /// Rows of a register of all calls against the calls themselves.
    async fn same_as_stored(
        &self,
        register: &Register,
        table: &Table,
        days: (Date, Date),
    ) -> Result<Option<Verdict>, Error> {
        if register.from != Source::Calls || !register.filter.is_empty() || !register.packs.is_empty() {
            return Ok(None);
        }
        let calendar = self.parts.planner.settings().calendar;
        let stored = self.store().count_calls(calendar.start_of(days.0).0, calendar.end_of(days.1).0).await?;
        let (left, right) = (table.rows.len() as u64, stored.unsigned_abs());
        Ok(Some(Verdict {
            title: format!("{} = 通话记录", register.title),
            left,
            right,
            holds: left == right,
        }))
    }

    /// A report as an Excel file with its name.
    ///
    /// # Errors
    /// The database; no such report.
    pub async fn report_excel(
        &self,
        id: i64,
        unmask: bool,
        now: Timestamp,
    ) -> Result<(String, Vec<u8>), Error> {
        let row = self.row(id).await?;
        let view = self.view(&row, now).await?;
        let (report, days) = (self.report_file(&row.report)?, days(&row)?);
        let tables = self.counting(&report, days, now).tables(&report, days, unmask).await?;
        let name = format!("{}-{}.xlsx", view.title, view.to);
        Ok((name, excel::report_sheet(&view, &tables)?))
    }

    /// The rows behind a figure of a report: of one part, of one line.
    ///
    /// # Errors
    /// The database; no such report or figure.
    pub async fn report_rows(
        &self,
        id: i64,
        figure: &str,
        which: (Option<Part>, Option<&str>),
        unmask: bool,
    ) -> Result<Vec<Behind>, Error> {
        let row = self.row(id).await?;
        let report = self.report_file(&row.report)?;
        let figure = report.figures.iter().find(|f: &&Figure| f.id == figure);
        let figure = figure.ok_or_else(|| Error::Unknown(format!("figure of that word in report {id}")))?;
        let rows = self.behind(figure, &report.pack, days(&row)?, which, unmask).await?;
        Ok(rows.iter().map(Behind::from).collect())
    }

    /// Writes into a report. A field of actions makes one open action of each line that is new.
    ///
    /// # Errors
    /// It is approved; no such field.
    pub async fn write(
        &self,
        id: i64,
        field: &str,
        text: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<ReportView, Error> {
        let mut row = self.row(id).await?;
        let report = self.report_file(&row.report)?;
        if State::parse(&row.state) == State::Approved {
            return Err(Error::Refused("it is approved and its period is locked".into()));
        }
        let Some(known) = report.fields.iter().find(|f| f.id == field) else {
            let words: Vec<&str> = report.fields.iter().map(|f| f.id.as_str()).collect();
            return Err(Error::Unknown(format!(
                "field `{field}` in this report: it has {}",
                words.join(", ")
            )));
        };
        let mut texts: BTreeMap<String, String> = serde_json::from_str(&row.texts).unwrap_or_default();
        let before = texts.insert(field.to_owned(), text.to_owned()).unwrap_or_default();
        row.texts = serde_json::to_string(&texts).unwrap_or_default();
        let is_new = |line: &&str| !line.is_empty() && !before.lines().any(|old| old.trim() == *line);
        let lines = text.lines().map(str::trim).filter(is_new);
        let actions: Vec<(String, String)> =
            lines.filter(|_| known.actions).map(|line| (field.to_owned(), line.to_owned())).collect();
        self.store().change_report(&row, &actions, ("write", field), by, now).await?;
        self.report(id, now).await
    }

    /// Takes a report one step further, with what is said to it.
    ///
    /// # Errors
    /// It cannot take that step; a field that must be there is empty.
    pub async fn step(
        &self,
        id: i64,
        step: Step,
        said: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<ReportView, Error> {
        let mut row = self.row(id).await?;
        let report = self.report_file(&row.report)?;
        let next = State::parse(&row.state).after(step).map_err(Error::Refused)?;
        self.by_another(id, step, by).await?;
        if step == Step::Submit {
            let texts: BTreeMap<String, String> = serde_json::from_str(&row.texts).unwrap_or_default();
            let is_empty = |id: &String| texts.get(id).is_none_or(|text| text.trim().is_empty());
            if let Some(field) = report.fields.iter().find(|f| f.required && is_empty(&f.id)) {
                return Err(Error::Refused(format!(
                    "{} (`{}`) is empty: write it first",
                    field.title, field.id
                )));
            }
            let days = days(&row)?;
            let kept = self.counting(&report, days, now).current(&report, days).await?;
            row.figures = Some(serde_json::to_string(&kept).unwrap_or_default());
        }
        if next == State::Draft {
            row.figures = None;
        }
        next.as_str().clone_into(&mut row.state);
        let word = match step {
            Step::Submit => "submit",
            Step::Review => "review",
            Step::Approve => "approve",
            Step::Return => "return",
        };
        self.store().change_report(&row, &[], (word, said), by, now).await?;
        self.report(id, now).await
    }

    /// Who handed a report in does not review it, and who did either does not approve it (ROL-05).
    async fn by_another(&self, id: i64, step: Step, by: &str) -> Result<(), Error> {
        let theirs: &[&str] = match step {
            Step::Review => &["submit"],
            Step::Approve => &["submit", "review"],
            Step::Submit | Step::Return => return Ok(()),
        };
        let log = self.store().report_log(id).await?;
        let round = log.iter().rev().take_while(|line| line.action != "return");
        let Some(line) = round.filter(|line| line.actor == by).find(|line| theirs.contains(&&*line.action))
        else {
            return Ok(());
        };
        let did = if line.action == "submit" { "handed it in" } else { "reviewed it" };
        Err(Error::Refused(format!("{by} {did}: somebody else takes this step")))
    }

    /// Whether anything happened that a report would tell of.
    pub(super) async fn is_empty(&self, report: &Report, period: &Period) -> Result<bool, Error> {
        let days = (period.from, period.to);
        let figures = self.counted(&report.figures, &report.pack, days).await?;
        if figures.iter().any(|figure| figure.denominator > 0) {
            return Ok(false);
        }
        for id in &report.registers {
            let register = self.register(id)?;
            let mut walk = self.walk(register.from, days).await?;
            while let Some(chunk) = walk.next().await? {
                let belongs = |record: &crate::register::Record| {
                    record.fields.get("pack").is_none_or(|pack| register.is_of(pack))
                        && holds_all(&register.filter, |name| record.fields.get(name))
                };
                if chunk.iter().any(belongs) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

fn days(row: &ReportRow) -> Result<(Date, Date), Error> {
    let day = |text: &str| {
        text.parse().map_err(|_| Error::Refused(format!("`{text}` is stored in place of a day")))
    };
    Ok((day(&row.from_day)?, day(&row.to_day)?))
}

fn differences(kept: &[Counted], current: &[Counted]) -> Vec<Difference> {
    let said = |figure: &Counted| {
        let value = figure.value.map_or("—".to_owned(), |v| v.to_string());
        format!("{value} ({}/{}, 缺 {})", figure.numerator, figure.denominator, figure.missing)
    };
    let changed = |old: &Counted| {
        let new = current.iter().find(|new| new.id == old.id)?;
        let is_same = new.value == old.value && said(new) == said(old) && new.groups == old.groups;
        let difference =
            || Difference { id: old.id.clone(), title: old.title.clone(), kept: said(old), now: said(new) };
        (!is_same).then(difference)
    };
    kept.iter().filter_map(changed).collect()
}
