//! A department's page behind its link: see the ticket, receive it, report its stages. Nobody logs in.

use axum::extract::{Path, State};
use axum::response::Response;

use super::super::super::api::ticket_links::seen;
use super::super::super::api::ticket_types::titles_of;
use super::super::super::mask::mask_numbers;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::fault;
use super::super::frame::{Frame, Look, page};
use super::acts::Field;
use super::detail::{Happened, Stage, happened, stages};
use super::titles::Titles;

/// A stage that the department can report.
struct Report {
    stage: String,
    title: String,
    fields: Vec<Field>,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "tickets/department.html", blocks = ["ticket"])]
struct Department {
    frame: Frame,
    secret: String,
    department: String,
    number: String,
    title: String,
    state: String,
    name: String,
    phone: String,
    matter: String,
    fields: Vec<Field>,
    is_open: bool,
    acknowledged: String,
    stages: Vec<Stage>,
    reports: Vec<Report>,
    happened: Vec<Happened>,
}

pub(super) async fn show(State(api): State<Shared>, look: Look, Path(secret): Path<String>) -> Response {
    match read(&api, look.clone(), secret).await {
        Ok(shown) if look.is_fragment => page(&shown.as_ticket()),
        Ok(shown) => page(&shown),
        Err(problem) => fault(&api, look, None, &problem),
    }
}

async fn read(api: &Shared, look: Look, secret: String) -> Result<Department, Problem> {
    let frame = Frame::new(api, look, None, "nav-tickets", "tickets-department-title");
    let (department, ticket) = seen(api, &secret).await?;
    let titles = Titles::from(titles_of(api)?);
    let row = &ticket.ticket;
    let field = |(name, value): (&String, &String)| Field {
        label: frame.lang.word("tickets-field", name),
        name: name.clone(),
        value: value.clone(),
    };
    // Stages of others are seen, not reported.
    let theirs = |by: &str| by == department || by == "department" && row.department == department;
    let owed = ticket
        .stages
        .iter()
        .filter(|s| s.in_force && theirs(&s.by) && matches!(s.status.as_str(), "open" | "overdue"));
    let report = |stage: &super::super::super::api::StageView| Report {
        title: titles.stage(&frame, &row.pack, &row.kind, &stage.id).unwrap_or_else(|| stage.title.clone()),
        fields: stage
            .requires
            .iter()
            .map(|name| field((name, ticket.fields.get(name).unwrap_or(&String::new()))))
            .collect(),
        stage: stage.id.clone(),
    };
    let signed = ticket.acknowledged.as_ref();
    Ok(Department {
        title: titles.kind(&frame, &row.pack, &row.kind),
        state: titles.state(&frame, &row.pack, &row.kind, &row.state),
        number: row.number.clone(),
        name: mask_numbers(&row.name),
        phone: row.phone.clone(),
        matter: row.matter.clone(),
        is_open: matches!(row.phase.as_str(), "open" | "verifying"),
        acknowledged: signed
            .map(|s| format!("{} · {}", s.by, frame.times.short(&s.at.0)))
            .unwrap_or_default(),
        fields: ticket.fields.iter().filter(|(name, _)| *name != "call").map(field).collect(),
        reports: owed.map(report).collect(),
        stages: stages(&frame, &titles, &ticket),
        happened: happened(&frame, &titles, &ticket),
        department,
        secret,
        frame,
    })
}
