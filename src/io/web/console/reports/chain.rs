//! The chain of custody: how it stands, roots of days, a verification, who was given what.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::Deserialize;

use super::super::super::api::custody::CustodyView;
use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{asked, query};
use super::super::choice::{Choice, choices};
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::tabs;
use crate::access::Permission;
use crate::io::custody::Verification;
use crate::io::store::custody::{AccessRow, RootRow};

/// Roots that are shown; all of them are in the download.
const ROOTS: usize = 31;
/// Accesses of a page.
const ACCESSES: &str = "50";
/// Places of the forms that have been given out.
const KINDS: [&str; 7] = ["listen", "comment", "waveform", "transcript", "picture", "export", "report"];

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    who: Option<String>,
    what: Option<String>,
    subject: Option<String>,
    from: Option<String>,
    to: Option<String>,
    after: Option<String>,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "reports/chain.html", blocks = ["rows", "verification"])]
struct Chain {
    frame: Frame,
    tabs: Vec<NavItem>,
    asked: Asked,
    custody: CustodyView,
    roots: Vec<RootRow>,
    more: i64,
    sees: bool,
    verification: Option<Verification>,
    percent: i64,
    what: Vec<Choice>,
    accesses: Vec<AccessRow>,
    next: String,
    csv: String,
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    match read(&api, &visitor, &uri).await {
        Ok(shown) => page(&shown),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

async fn read(api: &Shared, visitor: &Visitor, uri: &Uri) -> Result<Chain, Problem> {
    let want: Asked = query(uri)?;
    let frame = visitor.frame(api, "nav-reports", "reports-chain");
    let custody: CustodyView = visitor.get("/custody").await?;
    let mut roots = visitor.get::<Items<RootRow>>("/custody/roots").await?.items;
    let more = roots.len().saturating_sub(ROOTS);
    roots.truncate(ROOTS);
    let sees = visitor.may(Permission::AuditLogSee);
    let (verification, accesses) = match sees {
        true => {
            let verification = match visitor.get::<Verification>("/custody/verification").await {
                Ok(one) => Some(one),
                // None was asked for since the daemon started.
                Err(problem) if problem.status == 404 => None,
                Err(problem) => return Err(problem),
            };
            let path = format!("/accesses{}", asked(uri, &[("limit", ACCESSES)]));
            (verification, visitor.get::<Items<AccessRow>>(&path).await?)
        }
        false => (None, Items { items: Vec::new(), next: None }),
    };
    let progress = verification.as_ref().map(|one| (one.progress.done, one.progress.of));
    let percent = progress.filter(|(_, of)| *of > 0).map_or(0, |(done, of)| done * 100 / of);
    Ok(Chain {
        tabs: tabs(visitor, "/reports/chain"),
        what: choices(&frame, "reports-access", KINDS, want.what.as_deref()),
        more: i64::try_from(more).unwrap_or_default(),
        percent: i64::try_from(percent).unwrap_or_default(),
        next: accesses.next.map(|next| super::super::address::next_page(uri, &next)).unwrap_or_default(),
        csv: format!("/api/v1/accesses.csv{}", asked(uri, &[("after", "")])),
        accesses: accesses.items,
        asked: want,
        custody,
        roots,
        sees,
        verification,
        frame,
    })
}
