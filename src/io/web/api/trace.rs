//! The SIP trace of a call, as data or as a ladder that people read.

use std::fmt::Write as _;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::io::web::listing::{Items, Wants};
use crate::io::web::problem::Problem;
use crate::io::web::request::{Params, PathCall};
use crate::io::web::state::Shared;
use crate::sip::TraceItem;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(trace))
}

#[derive(Clone, Copy, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// As text: the whole messages under the ladder.
    #[serde(default)]
    full: bool,
}

/// The SIP messages of a call and of its further legs, by time: JSON, or with `Accept: text/plain`
/// a ladder.
#[utoipa::path(get, path = "/calls/{id}/trace", tag = "calls", params(("id" = String, Path), Query),
    security(("bearer" = ["traces.see"])),
    responses(
        (status = 200, description = "The messages; as `text/plain` a ladder", body = Items<TraceItem>),
        (status = 404, description = "No such call, or nothing was sent", body = Problem)))]
async fn trace(
    State(api): State<Shared>,
    wants: Wants,
    PathCall(id): PathCall,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let items = messages(&api, id).await?;
    if items.is_empty() {
        return Err(Problem::not_found("trace of call", id));
    }
    if wants != Wants::Text {
        return Ok(axum::Json(Items { items, next: None }).into_response());
    }
    let mut response = ladder(&items, query.full).into_response();
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    Ok(response)
}

/// The messages of a call and of its further legs, by time; none where nothing was sent.
pub(in crate::io::web) async fn messages(
    api: &Shared,
    id: crate::base::CallId,
) -> Result<Vec<TraceItem>, Problem> {
    let json = api.store().trace_json(id).await?;
    let legs = api.store().leg_traces(id).await?;
    let mut items: Vec<TraceItem> = Vec::new();
    for text in json.into_iter().chain(legs.into_iter().map(|(_, text)| text)) {
        items.extend(serde_json::from_str::<Vec<TraceItem>>(&text).map_err(|e| Problem::internal(&e))?);
    }
    // The dialogs of one call run beside each other.
    items.sort_by_key(|item| item.at);
    Ok(items)
}

/// One line a message: seconds since the first, direction, transport, peer, start line, CSeq.
pub fn ladder(items: &[TraceItem], full: bool) -> String {
    let mut out = String::new();
    let Some(first) = items.first() else { return out };
    let _ = writeln!(out, "t=0 is {}", first.at);
    for item in items {
        let seconds = item.at.millis_since(first.at) as f64 / 1_000.0;
        let arrow = if item.sent { "->" } else { "<-" };
        let start = item.text.lines().next().unwrap_or_default();
        let start =
            start.strip_suffix(" SIP/2.0").or_else(|| start.strip_prefix("SIP/2.0 ")).unwrap_or(start);
        let body = if item.text.contains("\r\n\r\nv=0") { "  +SDP" } else { "" };
        let _ = writeln!(
            out,
            "t={seconds:<8.3} ringback {arrow} {} {:<22} {start}{}{body}",
            item.transport,
            item.peer,
            cseq(&item.text).map(|c| format!("  ({c})")).unwrap_or_default()
        );
    }
    if full {
        for item in items {
            let word = if item.sent { "sent to" } else { "received from" };
            let _ = write!(
                out,
                "\n---- {} {word} {} over {}\n{}\n",
                item.at,
                item.peer,
                item.transport,
                item.text.replace('\r', "")
            );
        }
    }
    out
}

/// The CSeq of a response, which tells what it answers.
pub(in crate::io::web) fn cseq(text: &str) -> Option<&str> {
    text.starts_with("SIP/2.0").then_some(())?;
    let line = text.lines().find(|l| l.get(..5).is_some_and(|name| name.eq_ignore_ascii_case("cseq:")))?;
    Some(line[5..].trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;

    #[test]
    fn a_trace_reads_as_a_ladder() {
        let item = |at, sent, text: &str| TraceItem {
            at: Timestamp(at),
            sent,
            transport: "udp".into(),
            peer: "192.0.2.1:5060".into(),
            text: text.into(),
        };
        let items = [
            item(1_772_413_200_000, true, "INVITE sip:1@x SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\nv=0\r\n"),
            item(1_772_413_203_100, false, "SIP/2.0 180 Ringing\r\ncseq: 1 INVITE\r\n\r\n"),
        ];
        assert_eq!(
            ladder(&items, false),
            "t=0 is 2026-03-02T01:00:00.000Z\n\
             t=0.000    ringback -> udp 192.0.2.1:5060         INVITE sip:1@x  +SDP\n\
             t=3.100    ringback <- udp 192.0.2.1:5060         180 Ringing  (1 INVITE)\n"
        );
        assert!(
            ladder(&items, true).contains("received from 192.0.2.1:5060 over udp\nSIP/2.0 180 Ringing\n")
        );
        assert_eq!(ladder(&[], true), "");
    }
}
