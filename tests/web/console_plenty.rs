//! Every page of the console over a house of a hundred thousand rows: what it sends stays small. How quick it
//! is says `cargo bench --bench console`, over the same rows.

use ringback::io::store::Store;
use serde_json::json;

use crate::peers::daemon::{Daemon, own_network};
use crate::support::databases::{block_on, execute};
use crate::support::plenty::{ROWS, pages, statements};

const PACK: &str = "furniture_mall";
const MOST: usize = 60_000;
/// What grows with the program and not with its rows: all operations of the API. Browsers get it compressed.
const WHOLE: &[&str] = &["/docs"];

#[test]
fn every_page_stays_small_with_100_000_rows_behind_it() {
    block_on(async {
        let daemon = Daemon::start(&[own_network()], "").await;
        let body = json!({ "kind": "complaint", "severity": "major", "name": "李娜", "phone": "13800000002",
            "pack": PACK, "fields": { "content": "请尽快" } });
        daemon.post("/tickets", &body).await;
        let file = format!("sqlite:{}", daemon.folder.path().join("data/ringback.db").display());
        let store = Store::open(&file).await.expect("the daemon's database");
        let now = jiff::Timestamp::now();
        let today =
            now.to_zoned(jiff::tz::TimeZone::get("Asia/Shanghai").expect("a zone")).date().to_string();
        for sql in statements(ROWS, PACK, now.as_millisecond(), &today) {
            execute(&store, &sql).await.unwrap_or_else(|e| panic!("{e}: {sql}"));
        }
        let mut wrong = Vec::new();
        for path in pages(PACK, &today) {
            // All others are small even as they are.
            let encoding = if WHOLE.contains(&path.as_str()) { "gzip" } else { "identity" };
            let (status, bytes) = daemon.size_of(&path, encoding).await;
            println!("{bytes:>7} bytes  {path}");
            if status != 200 || !(1_000..MOST).contains(&bytes) {
                wrong.push(format!("{path}: {status}, {bytes} bytes"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        daemon.stop().await;
    });
}
