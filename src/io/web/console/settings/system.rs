//! The system: what runs here, whether it is well, and the orders to it.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::super::super::api::{ChannelView, HealthReport, KeepingView};
use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::tabs;
use crate::access::Permission;

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "settings/system.html")]
struct System {
    frame: Frame,
    tabs: Vec<NavItem>,
    health: HealthReport,
    uptime: String,
    disk: String,
    upload: String,
    waiting: i64,
    imports: usize,
    /// How recordings are kept; None: the visitor may not see it.
    keeping: Option<KeepingView>,
    steers: bool,
}

/// An import that runs, as far as it is counted here.
#[derive(Deserialize)]
struct Running {
    state: String,
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor) -> Response {
    match read(&api, &visitor).await {
        Ok(shown) => page(&shown),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

async fn read(api: &Shared, visitor: &Visitor) -> Result<System, Problem> {
    let frame = visitor.frame(api, "nav-settings", "settings-system");
    let health: HealthReport = visitor.get("/health").await?;
    let channels = visitor.get::<Items<ChannelView>>("/notice-channels").await;
    let waiting = channels.map(|all| all.items.iter().map(|c| c.health.waiting).sum()).unwrap_or_default();
    let imports = match visitor.may(Permission::ListsSee) {
        true => visitor.get::<Items<Running>>("/imports?limit=50").await?.items,
        false => Vec::new(),
    };
    let keeping = match visitor.may(Permission::DaemonWatch) {
        true => visitor.get::<KeepingView>("/recordings/keeping").await.ok(),
        false => None,
    };
    Ok(System {
        uptime: span(&frame, health.now - health.started_at),
        disk: size(health.readiness.disk_free_bytes),
        upload: size(health.limits.upload_bytes),
        waiting,
        imports: imports.iter().filter(|import| import.state == "running").count(),
        keeping,
        steers: visitor.may(Permission::DaemonSteer),
        tabs: tabs(visitor, "/settings"),
        health,
        frame,
    })
}

/// Days and hours of a running program.
fn span(frame: &Frame, ms: i64) -> String {
    let minutes = ms.max(0) / 60_000;
    let (days, hours, minutes) = (minutes / 1_440, minutes / 60 % 24, minutes % 60);
    match days {
        0 => frame.lang.with2("settings-uptime-hours", "h", hours, "m", minutes),
        _ => frame.lang.with2("settings-uptime-days", "d", days, "h", hours),
    }
    .into_owned()
}

/// Bytes as people read them.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    let mut value = bytes as f64 / 1_000.0;
    let mut unit = 0;
    while value >= 1_000.0 && unit + 1 < UNITS.len() {
        value /= 1_000.0;
        unit += 1;
    }
    let digits = usize::from(value < 10.0);
    format!("{value:.digits$} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes_are_read_at_a_glance() {
        for (bytes, expect) in
            [(0, "0.0 kB"), (12_300, "12 kB"), (1_073_741_824, "1.1 GB"), (25_000_000_000_000, "25 TB")]
        {
            assert_eq!(super::size(bytes), expect);
        }
    }
}
