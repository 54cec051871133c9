//! The texts of notices: who gets them, what they may say, and how they will be read.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::io::web::auth::Caller;
use crate::io::web::listing::{self, Items, Wants};
use crate::io::web::problem::Problem;
use crate::io::web::request::Json;
use crate::io::web::sheet::SheetRow;
use crate::io::web::state::Shared;
use crate::notice::{Channel, Item, Language, Route, Settings, Template, compose, example};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(index)).routes(routes!(test))
}

/// The template of a topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NoticeTemplate {
    /// What such notices are about; `*` stands in for topics without a template of their own.
    pub topic: String,
    /// The file that it stands in.
    pub file: String,
    /// The file is the house's own, from the folder `notices.folder`; else it comes with the program.
    pub own: bool,
    /// Facts that its texts may name, as `{customer}`.
    pub facts: Vec<String>,
    /// Its texts, by language.
    pub texts: Vec<NoticeText>,
    /// Who gets such notices; empty: they stay in the inbox.
    pub routes: Vec<NoticeRoute>,
    /// Made-up notices as they will be read: in the inbox of each language, and by each channel.
    pub examples: Vec<NoticeExample>,
}

/// A text of a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NoticeText {
    /// `zh-CN` or `en`.
    pub language: String,
    /// One line.
    pub title: String,
    /// All of it; a line of which every fact is empty is left out.
    pub text: String,
}

/// A way that notices take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NoticeRoute {
    /// Persons, roles or departments; empty: all.
    pub to: Vec<String>,
    /// Policy packs; empty: all.
    pub packs: Vec<String>,
    /// Channels by name.
    pub channels: Vec<String>,
    /// It waits neither for quiet hours to end nor for a digest.
    pub urgent: bool,
}

/// A made-up notice as it will be read, with covered numbers and names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NoticeExample {
    /// The channel; empty: the inbox.
    pub channel: String,
    /// Its kind; empty: the inbox.
    pub kind: String,
    /// `zh-CN` or `en`.
    pub language: String,
    /// One line.
    pub title: String,
    /// All of it.
    pub text: String,
}

/// By which channel a made-up notice is sent.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExampleTestBody {
    /// Name of the channel.
    pub channel: String,
}

impl SheetRow for NoticeTemplate {
    const NAME: &'static str = "notice-templates";
    const COLUMNS: &'static [&'static str] = &["topic", "file", "own", "facts", "title", "text"];

    fn cells(&self) -> Vec<String> {
        let first = self.texts.first();
        vec![
            self.topic.clone(),
            self.file.clone(),
            self.own.to_string(),
            self.facts.join(" "),
            first.map(|text| text.title.clone()).unwrap_or_default(),
            first.map(|text| text.text.clone()).unwrap_or_default(),
        ]
    }
}

fn text(language: Language, (title, text): (&str, &str)) -> NoticeText {
    NoticeText { language: language.as_str().into(), title: title.into(), text: text.trim().into() }
}

fn route(route: &Route) -> NoticeRoute {
    let Route { to, packs, channels, urgent, .. } = route.clone();
    NoticeRoute { to, packs, channels, urgent }
}

/// A made-up notice by a channel.
fn shown(settings: &Settings, template: &Template<'_>, channel: &Channel, api: &Shared) -> NoticeExample {
    let item = Item {
        topic: template.topic.to_owned(),
        facts: example(channel.language, template.facts, &settings.public_url),
        ..Item::default()
    };
    let message = compose(channel, &settings.templates, &settings.masks, "", api.now(), &[item], None);
    let is_inbox = channel.name.is_empty();
    NoticeExample {
        channel: channel.name.clone(),
        kind: if is_inbox { String::new() } else { channel.kind.as_str().to_owned() },
        language: channel.language.as_str().to_owned(),
        title: message.title,
        text: message.text.trim().to_owned(),
    }
}

fn view(settings: &Settings, template: &Template<'_>, api: &Shared) -> NoticeTemplate {
    let routes: Vec<NoticeRoute> = settings.routes_of(template.topic).map(route).collect();
    let inbox = [Language::Chinese, Language::English];
    let inbox = inbox.map(|language| Channel { language, ..Channel::default() });
    let carries = |channel: &&Channel| routes.iter().any(|route| route.channels.contains(&channel.name));
    let channels = inbox.iter().chain(settings.channels.iter().filter(carries));
    NoticeTemplate {
        topic: template.topic.to_owned(),
        file: template.file.to_owned(),
        own: template.is_own,
        facts: template.facts.iter().cloned().collect(),
        texts: vec![text(Language::Chinese, template.chinese), text(Language::English, template.english)],
        examples: channels.map(|channel| shown(settings, template, channel, api)).collect(),
        routes,
    }
}

/// Templates of notices by topic, with who gets them and how they will be read.
#[utoipa::path(get, path = "/notice-templates", tag = "notices", security(("bearer" = ["rules.see"])),
    responses((status = 200, description = "All of them; also as `text/csv`", body = Items<NoticeTemplate>)))]
async fn index(State(api): State<Shared>, caller: Caller, wants: Wants) -> Result<Response, Problem> {
    let settings = api.notices()?.settings();
    let rows = settings.templates.all().map(|template| view(&settings, &template, &api)).collect();
    listing::answer_all(&api, &caller, wants, rows).await
}

/// Sends a made-up notice of a topic by a channel at once; what the other side says is the answer.
#[utoipa::path(post, path = "/notice-templates/{topic}/test", tag = "notices", params(("topic" = String, Path)),
    security(("bearer" = ["notices.send"])), request_body = ExampleTestBody,
    responses((status = 204, description = "It arrived"), (status = 404, description = "No such topic or channel", body = Problem),
        (status = 409, description = "It did not arrive", body = Problem)))]
async fn test(
    State(api): State<Shared>,
    caller: Caller,
    Path(topic): Path<String>,
    Json(body): Json<ExampleTestBody>,
) -> Result<StatusCode, Problem> {
    let sent = api.notices()?.send_example(&body.channel, &topic, api.now()).await;
    let figures = match &sent {
        Ok(()) => "arrived".to_owned(),
        Err(Some(error)) => error.to_string(),
        Err(None) => {
            return Err(Problem::not_found("topic or channel", format!("`{topic}`, `{}`", body.channel)));
        }
    };
    let detail = format!("{topic}: {figures}");
    caller.audit(&api, "notice.test", &format!("channel:{}", body.channel), &detail).await?;
    match sent {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(_) => Err(Problem::conflict(format!("the message did not arrive: {figures}"))),
    }
}
