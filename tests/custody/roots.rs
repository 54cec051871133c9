//! Roots of days: stored, written to a file, told of, and at the foot of what is printed.

use ringback::app::load_books;
use ringback::config;
use ringback::io::books::Books;

use super::world::Archive;
use crate::books::excel::sheet;
use crate::support::databases::{Database, on_both_databases, text};
use crate::web::site::send;

on_both_databases! {
    rec_03_each_day_has_its_root_in_the_database_the_file_and_a_notice,
    rec_03_registers_carry_the_root_of_their_last_day_once_it_is_over,
}

async fn rec_03_each_day_has_its_root_in_the_database_the_file_and_a_notice(database: &Database) {
    let mut archive = Archive::open(database).await;
    archive.call("2026-03-02 10:00", "li", &[3]).await;
    archive.turn("2026-03-02 23:59:59.999").await;
    assert_eq!(archive.number("SELECT COUNT(*) FROM custody_roots").await, 0, "the day is not over");
    // The daemon was down for two days.
    archive.turn("2026-03-05 08:00").await;
    let rows = archive.house.get("/custody/roots").await;
    let days: Vec<&str> =
        rows["items"].as_array().unwrap().iter().map(|r| r["day"].as_str().unwrap()).collect();
    assert_eq!(days, ["2026-03-04", "2026-03-03", "2026-03-02"]);
    assert_eq!(rows["items"][0]["hash"], rows["items"][2]["hash"], "nothing was linked since");
    let file = std::fs::read_to_string(archive.roots().join("2026-03.txt")).unwrap();
    for row in rows["items"].as_array().unwrap() {
        let hash = row["hash"].as_str().unwrap();
        let line = format!("{} {} {hash}\n", row["day"].as_str().unwrap(), row["seq"]);
        assert!(file.contains(&line), "{file}");
        let sql =
            format!("SELECT facts FROM notices WHERE key = 'custody.root:{}'", row["day"].as_str().unwrap());
        assert!(text(archive.store(), &sql).await.contains(hash));
    }
    archive.turn("2026-03-05 08:01").await;
    assert_eq!(std::fs::read_to_string(archive.roots().join("2026-03.txt")).unwrap(), file, "written once");
    // What is linked of a day after its root stands on the next one, whatever the clock says.
    archive.call("2026-03-04 20:00", "li", &[1]).await;
    archive.turn("2026-03-04 20:01").await;
    archive.turn("2026-03-06 00:00").await;
    let found = archive.verified().await;
    assert!(found.good && found.roots == 4, "{found:?}");
}

async fn rec_03_registers_carry_the_root_of_their_last_day_once_it_is_over(database: &Database) {
    let mut archive = Archive::open(database).await;
    let loaded = load_books(&config::Policy::default()).unwrap();
    let site = &archive.house.shop.site;
    let books = Books::new(site.store.clone(), archive.house.shop.planner.clone(), loaded.settings);
    site.api.set_books(books);
    archive.call("2026-03-02 10:00", "li", &[3]).await;
    archive.turn("2026-03-02 20:00").await;
    let path = "/registers/callback-records?from=2026-03-02&to=2026-03-02";
    assert_eq!(archive.house.get(path).await["root"], "", "the day is not over");
    let site = &archive.house.shop.site;
    let get = async |path: &str| {
        send(site.request(reqwest::Method::GET, &format!("/api/v1{path}"), &site.admin)).await
    };
    let open = get("/registers/callback-records.csv?from=2026-03-02").await.text();
    archive.turn("2026-03-03 00:00").await;
    let hash = text(archive.store(), "SELECT hash FROM custody_roots WHERE day = '2026-03-02'").await;
    assert_eq!(archive.house.get(path).await["root"], format!("2026-03-02 {hash}"));
    let foot = format!("存证根值：2026-03-02 {hash}");
    let csv = get("/registers/callback-records.csv?from=2026-03-02").await.text();
    assert!(csv.lines().last().unwrap().starts_with(&foot), "{csv}");
    assert_eq!(csv.lines().count(), open.lines().count() + 1);
    let excel = "/registers/callback-records/excel?from=2026-03-02";
    let first = get(excel).await.bytes;
    let name = text_of_first_sheet(&first);
    assert!(sheet(&first, &name).iter().flatten().any(|cell| *cell == foot));
    archive.turn("2026-03-09 00:00").await;
    assert_eq!(get(excel).await.bytes, first, "the same bytes whenever it is made");
}

fn text_of_first_sheet(bytes: &[u8]) -> String {
    use calamine::Reader;
    let book = calamine::Xlsx::new(std::io::Cursor::new(bytes.to_vec())).unwrap();
    book.sheet_names()[0].clone()
}
