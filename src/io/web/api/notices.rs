//! Notices with their deliveries: the inbox of persons and departments, acknowledgements,
//! channels, and news for customers.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::calls::one_of;
use super::entries::{UnmaskQuery, unmasking};
use crate::access::Permission;
use crate::base::Timestamp;
use crate::io::store::notice::{ChannelRow, NoticeFilter, NoticeRow, STATES};
use crate::io::store::read::Page;
use crate::io::web::auth::Caller;
use crate::io::web::listing::{self, Items, Paging, Wants};
use crate::io::web::problem::Problem;
use crate::io::web::request::{Json, Params, RowId};
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;
use crate::notice::Language;

/// Characters of a note or of an announcement.
const TEXT_LIMIT: usize = 1_000;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(index))
        .routes(routes!(show))
        .routes(routes!(file))
        .routes(routes!(acknowledge))
        .routes(routes!(announce))
        .routes(routes!(channels))
        .routes(routes!(test))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// What it is about: `callback.done`; `callback.*` takes all of them.
    topic: Option<String>,
    /// The record it is about: `ticket:12`.
    subject: Option<String>,
    /// Person, role or department: its inbox.
    to: Option<String>,
    /// Policy pack.
    pack: Option<String>,
    /// `waiting`, `sent`, `failed`, `unrouted`, `unacknowledged` or `acknowledged`.
    state: Option<String>,
    /// Language of titles and texts: `zh-CN` (default) or `en`.
    language: Option<String>,
    /// Show whole numbers and names.
    #[serde(default)]
    unmask: bool,
    /// `next` of the page before.
    after: Option<String>,
    /// Rows of the page.
    limit: Option<u32>,
}

/// That a person has taken note.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcknowledgeBody {
    /// What they say to it; may be empty.
    #[serde(default)]
    pub note: String,
}

/// News for customers who consented to hear of it (NOT-07).
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnnouncementBody {
    /// Pack of the customers.
    pub pack: String,
    /// Field of the customer that says whether they consent (yes, true, 1, 是, 同意).
    pub consent_field: String,
    /// Names the announcement: the same one reaches nobody twice.
    pub key: String,
    /// The text.
    pub text: String,
}

/// What an announcement came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AnnouncementReport {
    /// Messages on their way.
    pub queued: u64,
    /// Customers who did not consent.
    pub without_consent: u64,
    /// Customers who consented and have neither number nor address for the channels there are.
    pub unreachable: u64,
}

/// A channel of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ChannelView {
    /// `webhook`, `wecom`, `dingtalk`, `feishu`, `email` or `file`; empty: it is configured no
    /// more, and something waits for it.
    pub kind: String,
    /// Language of its texts.
    pub language: String,
    /// How it fares.
    #[serde(flatten)]
    pub health: ChannelRow,
}

impl SheetRow for NoticeRow {
    const NAME: &'static str = "notices";
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "key",
        "topic",
        "to",
        "subject",
        "pack",
        "title",
        "created_at",
        "rounds",
        "sent_at",
        "acked_at",
        "acked_by",
        "ack_note",
        "escalated_at",
    ];

    fn cells(&self) -> Vec<String> {
        let sent = self.deliveries.iter().filter_map(|d| d.sent_at).min();
        vec![
            self.id.to_string(),
            self.key.clone(),
            self.topic.clone(),
            self.to.clone(),
            self.subject.clone(),
            self.pack.clone(),
            self.title.clone(),
            Timestamp(self.created_at).to_string(),
            self.rounds.to_string(),
            optional(&sent.map(Timestamp)),
            optional(&self.acked_at.map(Timestamp)),
            self.acked_by.clone(),
            self.ack_note.clone(),
            optional(&self.escalated_at.map(Timestamp)),
        ]
    }
}

impl SheetRow for ChannelView {
    const NAME: &'static str = "notice-channels";
    const COLUMNS: &'static [&'static str] =
        &["name", "kind", "language", "last_sent_at", "failing_since", "error", "waiting"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.health.name.clone(),
            self.kind.clone(),
            self.language.clone(),
            optional(&self.health.last_sent_at.map(Timestamp)),
            optional(&self.health.failing_since.map(Timestamp)),
            self.health.error.clone(),
            self.health.waiting.to_string(),
        ]
    }
}

/// With title and text, and with covered numbers and names.
fn shown(api: &Shared, mut row: NoticeRow, language: Language, unmask: bool) -> NoticeRow {
    let Ok(notices) = api.notices() else { return row };
    let settings = notices.settings();
    let mut facts = serde_json::from_str(&row.facts).unwrap_or_default();
    if !unmask {
        facts = settings.masks.cover(&row.pack, "", false, &facts);
        row.facts = serde_json::to_string(&facts).unwrap_or_default();
    }
    let about = [row.to.as_str(), row.subject.as_str(), row.pack.as_str()];
    (row.title, row.text) = settings.templates.fill(language, &row.topic, about, &facts);
    row
}

/// Notices, newest first; with `to` the inbox of a person or department.
#[utoipa::path(get, path = "/notices", tag = "notices", params(Query), security(("bearer" = ["notices.see"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<NoticeRow>)))]
async fn index(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let paging = Paging::new(query.after.as_deref(), query.limit)?;
    one_of("state", &query.state, &STATES)?;
    one_of("language", &query.language, &["zh-CN", "en"])?;
    let unmask = unmasking(&api, &caller, query.unmask, "notices").await?;
    let language = match query.language.as_deref() {
        Some("en") => Language::English,
        _ => Language::Chinese,
    };
    let Query { topic, subject, to, pack, state, .. } = query;
    let within = caller.reach(Permission::NoticesSee);
    let filter = NoticeFilter { topic, subject, to, pack, state, within };
    listing::answer(&api, &caller, wants, paging, move |api, after, limit| {
        let filter = filter.clone();
        async move {
            let page = api.store().notice_rows(&filter, after.as_ref(), limit).await?;
            let rows = page.rows.into_iter().map(|row| shown(&api, row, language, unmask)).collect();
            Ok(Page { rows, next: page.next })
        }
    })
    .await
}

async fn find(api: &Shared, id: i64) -> Result<NoticeRow, Problem> {
    api.store().notice_row(id).await?.ok_or_else(|| Problem::not_found("notice", id))
}

/// One notice.
#[utoipa::path(get, path = "/notices/{id}", tag = "notices", params(("id" = i64, Path), UnmaskQuery),
    security(("bearer" = ["notices.see"])),
    responses((status = 200, description = "The notice", body = NoticeRow), (status = 404, description = "No such notice", body = Problem)))]
async fn show(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Params(query): Params<UnmaskQuery>,
) -> Result<axum::Json<NoticeRow>, Problem> {
    let row = find(&api, id).await?;
    let unmask = unmasking(&api, &caller, query.unmask, &format!("notice:{id}")).await?;
    Ok(axum::Json(shown(&api, row, Language::Chinese, unmask)))
}

/// The file that goes with a notice, such as the callback table of a day.
#[utoipa::path(get, path = "/notices/{id}/file", tag = "notices", params(("id" = i64, Path)),
    security(("bearer" = ["notices.answer"])),
    responses((status = 200, description = "The file", content_type = "text/csv"), (status = 404, description = "No such file", body = Problem)))]
async fn file(State(api): State<Shared>, caller: Caller, RowId(id): RowId) -> Result<Response, Problem> {
    let found = api.store().notice_file(id).await?;
    let (_, text) = found.ok_or_else(|| Problem::not_found("file of notice", id))?;
    caller.audit(&api, "export", &format!("notice:{id}"), "csv").await?;
    let mut response = format!("\u{FEFF}{text}").into_response();
    let csv = HeaderValue::from_static("text/csv; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, csv);
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"notice-{id}.csv\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

/// Says that a person has taken note: it is not asked for again. The first one counts.
#[utoipa::path(post, path = "/notices/{id}/acknowledge", tag = "notices", params(("id" = i64, Path)),
    security(("bearer" = ["notices.answer"])), request_body = AcknowledgeBody,
    responses((status = 200, description = "The notice", body = NoticeRow), (status = 404, description = "No such notice", body = Problem)))]
async fn acknowledge(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<AcknowledgeBody>,
) -> Result<axum::Json<NoticeRow>, Problem> {
    let note = text("note", &body.note, 0)?;
    api.store().acknowledge_notice(id, &caller.name, note, api.now()).await?;
    Ok(axum::Json(shown(&api, find(&api, id).await?, Language::Chinese, false)))
}

fn text<'a>(field: &str, text: &'a str, least: usize) -> Result<&'a str, Problem> {
    let text = text.trim();
    if (least..=TEXT_LIMIT).contains(&text.chars().count()) {
        return Ok(text);
    }
    let hint = format!("write {least} to {TEXT_LIMIT} characters");
    Err(Problem::invalid_field(field, "it is missing or too long", hint))
}

/// Tells news to the customers of a pack who consented to hear of it.
#[utoipa::path(post, path = "/announcements", tag = "notices", security(("bearer" = ["notices.send"])),
    request_body = AnnouncementBody,
    responses((status = 202, description = "On their way", body = AnnouncementReport), (status = 422, description = "Not so", body = Problem)))]
async fn announce(
    State(api): State<Shared>,
    caller: Caller,
    Json(body): Json<AnnouncementBody>,
) -> Result<(StatusCode, axum::Json<AnnouncementReport>), Problem> {
    for (field, value) in [("pack", &body.pack), ("consent_field", &body.consent_field), ("key", &body.key)] {
        text(field, value, 1)?;
    }
    let said = text("text", &body.text, 1)?;
    let notices = api.notices()?;
    let settings = notices.settings();
    if settings.sms.is_empty() && settings.email.is_empty() {
        return Err(Problem::conflict(
            "no channel tells customers: set `notices.sms` or `notices.email` of the configuration",
        ));
    }
    let now = api.now();
    let told = notices.announce(&body.pack, body.consent_field.trim(), body.key.trim(), said, now).await?;
    let figures = format!("{} messages, {} without consent", told.queued, told.without_consent);
    caller.audit(&api, "notice.announce", &format!("announcement:{}", body.key.trim()), &figures).await?;
    let report = AnnouncementReport {
        queued: told.queued,
        without_consent: told.without_consent,
        unreachable: told.unreachable,
    };
    Ok((StatusCode::ACCEPTED, axum::Json(report)))
}

/// Channels with how they fare.
#[utoipa::path(get, path = "/notice-channels", tag = "notices", security(("bearer" = ["rules.see"])),
    responses((status = 200, description = "All of them; also as `text/csv`", body = Items<ChannelView>)))]
async fn channels(State(api): State<Shared>, caller: Caller, wants: Wants) -> Result<Response, Problem> {
    let settings = api.notices()?.settings();
    let mut known = api.store().notice_channels().await?;
    let mut rows = Vec::new();
    for channel in &settings.channels {
        let at = known.iter().position(|row| row.name == channel.name);
        let own = || ChannelRow { name: channel.name.clone(), ..ChannelRow::default() };
        let health = at.map_or_else(own, |at| known.remove(at));
        let (kind, language) = (channel.kind.as_str().to_owned(), channel.language.as_str().to_owned());
        rows.push(ChannelView { kind, language, health });
    }
    let gone = known.into_iter().filter(|row| row.waiting > 0);
    rows.extend(gone.map(|health| ChannelView { kind: String::new(), language: String::new(), health }));
    listing::answer_all(&api, &caller, wants, rows).await
}

/// Sends a test message by a channel at once; what the other side says is the answer.
#[utoipa::path(post, path = "/notice-channels/{name}/test", tag = "notices", params(("name" = String, Path)),
    security(("bearer" = ["notices.send"])),
    responses((status = 204, description = "It arrived"), (status = 404, description = "No such channel", body = Problem),
        (status = 409, description = "It did not arrive", body = Problem)))]
async fn test(
    State(api): State<Shared>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    let sent = api.notices()?.test(&name, &caller.name, api.now()).await;
    let figures = match &sent {
        Ok(()) => "arrived".to_owned(),
        Err(Some(error)) => error.to_string(),
        Err(None) => return Err(Problem::not_found("channel", format!("`{name}`"))),
    };
    caller.audit(&api, "notice.test", &format!("channel:{name}"), &figures).await?;
    match sent {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(_) => Err(Problem::conflict(format!("the message did not arrive: {figures}"))),
    }
}
