//! Tickets: listed, shown, opened.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::entries::{UnmaskQuery, unmasking};
use crate::access::{Permission, Reach};
use crate::base::{CustomerId, PhoneNumber, Timestamp};
use crate::io::store::ticket::{FileRow, LastRepair, TicketFilter, TicketRow, TicketSort, TimelineRow};
use crate::io::web::auth::Caller;
use crate::io::web::listing::{self, Items, Paging, Wants};
use crate::io::web::mask::{mask, mask_name};
use crate::io::web::problem::Problem;
use crate::io::web::request::{Json, Params, RowId, moment};
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;
use crate::ticket::{
    Approval, Meeting, NewTicket, Points, Promise, Role, Signature, Ticket, Verification, Who,
};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(index))
        .routes(routes!(show))
        .routes(routes!(open))
        .routes(routes!(form))
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Query {
    /// Policy pack.
    pub pack: Option<String>,
    /// Type.
    pub kind: Option<String>,
    /// `open`, `verifying`, `closed` or `joined`; `owed`: not over yet.
    pub phase: Option<String>,
    /// The word of its state.
    pub state: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// That this department sees: its own, and those with a stage of it that has begun and is
    /// signed for.
    #[serde(alias = "dept")]
    pub department: Option<String>,
    /// Row id of a customer.
    pub customer: Option<i64>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Number of the ticket: `KF20260303-0001`.
    pub number: Option<String>,
    /// `1` or `true`: only those past a deadline.
    pub overdue: Option<String>,
    /// Opened on or after this day or time.
    pub from: Option<String>,
    /// Opened on or before this day, or before this time.
    pub to: Option<String>,
    /// `newest`, or `due`: by the earliest deadline that is owed.
    #[param(inline)]
    pub sort: TicketSort,
    /// Whole numbers; needs the permission `numbers.whole` and is logged.
    unmask: bool,
    /// `next` of the page before.
    pub after: Option<String>,
    /// Rows of the page.
    limit: Option<u32>,
}

/// A ticket to be opened by hand.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewTicketBody {
    /// Policy pack; empty: the customer's, else the default file's.
    pub pack: String,
    /// Type, a word of the ticket file.
    pub kind: String,
    /// `walk_in`, a department, or another channel; empty: `manual`.
    pub source: String,
    /// `ordinary`, `serious` or `major`; empty: the type's.
    pub severity: String,
    /// Category, which decides the department.
    pub category: String,
    /// Department; empty: by type and category.
    pub department: String,
    /// Who answers for it; empty: the type's.
    pub owner: String,
    /// Row id of the customer, where they are known.
    pub customer: Option<i64>,
    /// Number for later contact; empty: that of the call, or the customer's first.
    pub phone: String,
    /// Name.
    pub name: String,
    /// Order, project, vehicle.
    pub matter: String,
    /// The call in which it came up.
    pub call: String,
    /// Everything else, by name.
    pub fields: BTreeMap<String, String>,
}

/// A stage as it stands.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StageView {
    /// Its word.
    pub id: String,
    /// Title, in Chinese.
    pub title: String,
    /// Who does it.
    pub by: String,
    /// It concerns the ticket as it stands.
    pub in_force: bool,
    /// Fields that must be filled in to report it.
    pub requires: Vec<String>,
    /// Photos that must be attached to report it.
    pub photos: u32,
    /// Kinds of files of which one must be attached to report it.
    pub files: Vec<String>,
    /// Approvals that must be signed before it is reported.
    pub approvals: Vec<String>,
    /// The department must have acknowledged the ticket before.
    pub needs_ack: bool,
    /// It does not have to be done before closing.
    pub optional: bool,
    /// Its deadline is only a reminder.
    pub reminder: bool,
    /// Milliseconds since 1970, as all times here: what its deadline is counted from.
    pub began_at: Option<i64>,
    /// When it must be done.
    pub due: Option<i64>,
    /// How that was computed.
    pub sum: Vec<String>,
    /// When it was done.
    pub done_at: Option<i64>,
    /// Who did it.
    pub done_by: String,
    /// `done`, `fail`, `promised`, `call`.
    pub result: String,
    /// The call that did it.
    pub call: Option<String>,
    /// Its deadline, once that passed while it was owed.
    pub breached_at: Option<i64>,
    /// `done`, `late`, `overdue`, `open`, `waiting` or `not_needed`.
    pub status: String,
}

/// A ticket with everything that explains it.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TicketDetail {
    /// The ticket as lists show it.
    pub ticket: TicketRow,
    /// Everything that was filled in.
    pub fields: BTreeMap<String, String>,
    /// Row id of the event that it came of.
    pub event: Option<i64>,
    /// Row id of the callback in which it was found out.
    pub found_in: Option<i64>,
    /// Words of what a person should know.
    pub flags: Vec<String>,
    /// Stages with the sums of their deadlines.
    pub stages: Vec<StageView>,
    /// Promises to the customer.
    pub promises: Vec<Promise>,
    /// Approvals that were given.
    pub approvals: Vec<Approval>,
    /// Receipt of the department.
    pub acknowledged: Option<Signature>,
    /// When the department was told.
    pub told_at: Option<i64>,
    /// How the verification stands.
    pub verification: Verification,
    /// Verifications that failed.
    pub cycle: u32,
    /// How often the customer came with it.
    pub repeat: u32,
    /// Its meeting.
    pub meeting: Option<Meeting>,
    /// Points taken off.
    pub points: Vec<Points>,
    /// Deadlines rest since.
    pub waiting_since: Option<i64>,
    /// When it was reported upward.
    pub reported_at: Option<i64>,
    /// When it was put into the file.
    pub filed_at: Option<i64>,
    /// Why or how it was closed.
    pub closed_how: String,
    /// The customer's repair before this, with its parts; null: none is known.
    pub last_repair: Option<LastRepair>,
    /// Calls, comments, files, changes: oldest first.
    pub timeline: Vec<TimelineRow>,
    /// Files.
    pub files: Vec<FileRow>,
    /// What should still be asked for; only after it was opened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl SheetRow for TicketRow {
    const NAME: &'static str = "tickets";
    const COLUMNS: &'static [&'static str] = &[
        "number",
        "pack",
        "kind",
        "severity",
        "category",
        "source",
        "phase",
        "state",
        "owner",
        "department",
        "customer_id",
        "phone",
        "name",
        "matter",
        "level",
        "opened_at",
        "due_at",
        "closed_at",
    ];

    fn cells(&self) -> Vec<String> {
        let time = |at: i64| Timestamp(at).to_string();
        vec![
            self.number.clone(),
            self.pack.clone(),
            self.kind.clone(),
            self.severity.clone(),
            self.category.clone(),
            self.source.clone(),
            self.phase.clone(),
            self.state.clone(),
            self.owner.clone(),
            self.department.clone(),
            optional(&self.customer_id),
            self.phone.clone(),
            self.name.clone(),
            self.matter.clone(),
            self.level.to_string(),
            time(self.opened_at),
            optional(&self.due_at.map(time)),
            optional(&self.closed_at.map(time)),
        ]
    }

    fn cover_name(&mut self) {
        self.name = mask_name(&self.name);
    }
}

/// Who asks, as the rules of tickets see them. Who reaches tickets by their department alone is one of
/// the department.
pub(super) fn who(caller: &Caller) -> Who {
    let by_department = match caller.reach(Permission::TicketsAnswer) {
        Reach::All => false,
        Reach::Within(within) => !within.departments.is_empty() && !caller.may(Permission::TicketsOpen),
    };
    let role = match caller.may(Permission::TicketsLead) {
        true => Role::Supervisor,
        false if by_department => Role::Department,
        false => Role::Agent,
    };
    Who { name: caller.name.clone(), role, holds: caller.access.titles().to_vec() }
}

fn filter(api: &Shared, query: &Query, within: Reach) -> Result<TicketFilter, Problem> {
    let zone = api.import().timezone;
    let at = |text: &Option<String>, name, end| {
        text.as_deref().map(|text| moment(name, text, &zone, end)).transpose()
    };
    let overdue = matches!(query.overdue.as_deref(), Some("1" | "true"));
    let home = api.import().home_area;
    let phone = query.phone.as_deref().map(|text| {
        PhoneNumber::parse(text, home.as_deref()).map_or(text.to_owned(), |(phone, _)| phone.to_string())
    });
    Ok(TicketFilter {
        pack: query.pack.clone(),
        kind: query.kind.clone(),
        phase: query.phase.clone(),
        state: query.state.clone(),
        owner: query.owner.clone(),
        department: query.department.clone(),
        customer: query.customer.map(CustomerId),
        phone,
        number: query.number.clone(),
        overdue_at: overdue.then(|| api.now().0),
        meeting: None,
        from: at(&query.from, "from", false)?.map(|t| t.0),
        to: at(&query.to, "to", true)?.map(|t| t.0),
        within,
    })
}

/// Tickets, newest first, or by deadline.
#[utoipa::path(get, path = "/tickets", tag = "tickets", params(Query), security(("bearer" = ["tickets.see"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<TicketRow>)))]
async fn index(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let paging = Paging::new(query.after.as_deref(), query.limit)?;
    let unmask = unmasking(&api, &caller, query.unmask, "tickets").await?;
    let filter = filter(&api, &query, caller.reach(Permission::TicketsSee))?;
    let sort = query.sort;
    listing::answer(&api, &caller, wants, paging, move |api, after, limit| {
        let filter = filter.clone();
        async move {
            let mut page = api.store().sorted_tickets(&filter, sort, after.as_ref(), limit).await?;
            if !unmask {
                page.rows.iter_mut().for_each(|row| row.phone = mask(&row.phone));
            }
            Ok(page)
        }
    })
    .await
}

/// One ticket: its stages with the sums of their deadlines, and its timeline.
#[utoipa::path(get, path = "/tickets/{id}", tag = "tickets", params(("id" = i64, Path), UnmaskQuery), security(("bearer" = ["tickets.see"])),
    responses((status = 200, description = "The ticket", body = TicketDetail), (status = 404, description = "No such ticket", body = Problem)))]
async fn show(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Params(query): Params<UnmaskQuery>,
) -> Result<axum::Json<TicketDetail>, Problem> {
    // The words in it name people.
    caller.needs(Permission::NamesWhole)?;
    let ticket = api.tickets()?.ticket(id).await?;
    let unmask = unmasking(&api, &caller, query.unmask, &format!("ticket:{id}")).await?;
    Ok(axum::Json(detail(&api, &ticket, unmask).await?))
}

/// Opens a ticket by hand: a visitor, another channel, a department (TKT-01).
#[utoipa::path(post, path = "/tickets", tag = "tickets", security(("bearer" = ["tickets.open"])), request_body = NewTicketBody,
    responses((status = 201, description = "Opened", body = TicketDetail), (status = 422, description = "Some values cannot be used", body = Problem)))]
async fn open(
    State(api): State<Shared>,
    caller: Caller,
    Json(body): Json<NewTicketBody>,
) -> Result<Response, Problem> {
    let now = api.now();
    let mut phone = body.phone;
    let call = match body.call.as_str() {
        "" => None,
        text => {
            let wrong =
                || Problem::invalid_field("call", "it is no id of a call", "give the id that the call has");
            let call = text.parse().map_err(|_| wrong())?;
            if phone.is_empty() {
                let row = api.store().call_row(call).await?;
                phone = row.map(|row| row.phone).unwrap_or_default();
            }
            Some(crate::ticket::Attempt {
                call: Some(call),
                inbound: true,
                answered: true,
                at: now,
                agent: caller.name.clone(),
                departments: None,
            })
        }
    };
    let new = NewTicket {
        pack: body.pack,
        kind: body.kind,
        source: body.source,
        severity: body.severity,
        category: body.category,
        department: body.department,
        owner: body.owner,
        customer: body.customer.map(CustomerId),
        phone,
        name: body.name,
        matter: body.matter,
        fields: body.fields,
        at: now,
        call,
        by_hand: true,
        ..NewTicket::default()
    };
    let opened = api.tickets()?.open(new, &who(&caller), now).await?;
    let mut shown = detail(&api, &opened.ticket, false).await?;
    shown.warnings = opened.warnings;
    let location = format!("/api/v1/tickets/{}", opened.ticket.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(shown)).into_response())
}

/// The ticket as a form to print: 客户服务单, 投诉处理单, 维修单 (TKT-28).
#[utoipa::path(get, path = "/tickets/{id}/form", tag = "tickets", params(("id" = i64, Path), UnmaskQuery), security(("bearer" = ["tickets.see"])),
    responses((status = 200, description = "Plain text", body = String, content_type = "text/plain"), (status = 404, description = "No such ticket", body = Problem)))]
async fn form(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Params(query): Params<UnmaskQuery>,
) -> Result<Response, Problem> {
    caller.needs(Permission::NamesWhole)?;
    let mut ticket = api.tickets()?.ticket(id).await?;
    if !unmasking(&api, &caller, query.unmask, &format!("ticket:{id}")).await? {
        ticket.phone = mask(&ticket.phone);
    }
    let rules = api.tickets()?.rules(&ticket.pack)?;
    let text = crate::ticket::form(&rules, &ticket);
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

fn stages(ticket: &Ticket, now: Timestamp) -> Vec<StageView> {
    let view = |stage: &crate::ticket::Stage| {
        let in_force = ticket.concerns(stage);
        let status = match (stage.done_at, stage.breached_at, stage.due) {
            _ if !in_force => "not_needed",
            (Some(_), Some(_), _) => "late",
            (Some(_), None, _) => "done",
            _ if stage.began_at.is_none() => "waiting",
            (None, _, Some(due)) if due <= now => "overdue",
            _ => "open",
        };
        StageView {
            id: stage.rule.id.clone(),
            title: stage.rule.title.clone(),
            by: stage.rule.by.clone(),
            in_force,
            requires: stage.rule.requires.clone(),
            photos: stage.rule.photos,
            files: stage.rule.files.clone(),
            approvals: stage.rule.approvals.clone(),
            needs_ack: stage.rule.needs_ack,
            optional: stage.rule.optional,
            reminder: stage.rule.reminder,
            began_at: stage.began_at.map(|t| t.0),
            due: stage.due.map(|t| t.0),
            sum: stage.sum.0.clone(),
            done_at: stage.done_at.map(|t| t.0),
            done_by: stage.done_by.clone(),
            result: stage.result.clone(),
            call: stage.call.map(|call| call.to_string()),
            breached_at: stage.breached_at.map(|t| t.0),
            status: status.to_owned(),
        }
    };
    ticket.stages.iter().map(view).collect()
}

/// A ticket with its timeline; numbers are masked unless `unmask`.
pub(super) async fn detail(api: &Shared, ticket: &Ticket, unmask: bool) -> Result<TicketDetail, Problem> {
    // Not read again: a call may close it between the two.
    let mut row = TicketRow::of(ticket);
    if !unmask {
        row.phone = mask(&row.phone);
    }
    let last_repair = match ticket.customer {
        Some(customer) => api.store().last_repair(customer, ticket.id).await?,
        None => None,
    };
    Ok(TicketDetail {
        ticket: row,
        last_repair,
        fields: ticket.fields.clone(),
        event: ticket.event.map(|id| id.0),
        found_in: ticket.found_in.map(|id| id.0),
        flags: ticket.flags.iter().cloned().collect(),
        stages: stages(ticket, api.now()),
        promises: ticket.promises.clone(),
        approvals: ticket.approvals.clone(),
        acknowledged: ticket.acknowledged.clone(),
        told_at: ticket.told_at.map(|t| t.0),
        verification: ticket.verification.clone(),
        cycle: ticket.cycle,
        repeat: ticket.repeat,
        meeting: ticket.meeting.clone(),
        points: ticket.points.clone(),
        waiting_since: ticket.pause.map(|p| p.since.0),
        reported_at: ticket.reported_at.map(|t| t.0),
        filed_at: ticket.filed_at.map(|t| t.0),
        closed_how: ticket.closed_how.clone(),
        timeline: api.store().ticket_timeline(ticket.id).await?,
        files: api.store().ticket_files(ticket.id).await?,
        warnings: Vec::new(),
    })
}
