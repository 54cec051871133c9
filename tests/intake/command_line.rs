//! The same by the command line.

use clap::Parser;
use ringback::io::cli::{Cli, ClientSettings, Failure, run};

use super::world::site;
use crate::support::databases::{Database, block_on, number, text};
use crate::web::site::Site;

async fn ringback(site: &Site, line: &[&str]) -> Result<(), Failure> {
    let settings = ClientSettings {
        socket: site.socket(),
        database: site.url(),
        console: site.base.clone(),
        zone: jiff::tz::TimeZone::UTC,
        roles: ringback::io::roles::built_in(),
    };
    let cli =
        Cli::try_parse_from(["ringback"].iter().chain(line)).unwrap_or_else(|e| panic!("{line:?}: {e}"));
    run(&cli, &settings).await
}

#[test]
fn a_file_comes_in_is_looked_at_and_taken_back_from_the_command_line() {
    block_on(async {
        let database = Database::sqlite();
        let site = site(&database).await;
        let file = site.folder.path().join("a.csv");
        std::fs::write(
            &file,
            "单号,昵称,手机,下单日期\nO1,张三,13600001111,2026-03-02\nO2,李四,12,2026-03-02\n",
        )
        .unwrap();
        let (file, rejected) = (file.to_str().unwrap(), site.folder.path().join("bad.csv"));
        let order = ["intake", file, "--pack", "billboard", "--intake", "orders", "--map", "昵称=name"];
        ringback(&site, &[&order[..], &["--dry-run"]].concat()).await.unwrap();
        assert_eq!(number(&site.store, "SELECT COUNT(*) FROM intakes").await, 0, "a dry run leaves nothing");
        let more = ["--source", "shop", "--collected-by", "anna", "--rejected", rejected.to_str().unwrap()];
        ringback(&site, &[&order[..], &more].concat()).await.unwrap();
        assert_eq!(text(&site.store, "SELECT name FROM customers").await, "张三");
        assert_eq!(text(&site.store, "SELECT collected_by FROM intakes").await, "anna");
        let bad = std::fs::read_to_string(&rejected).unwrap();
        assert!(bad.lines().nth(1).unwrap().starts_with("3,rejected,bad_phone,"), "{bad}");
        for line in [
            &["intake", "list"][..],
            &["customers"],
            &["customers", "find", "13600001111"],
            &["customers", "show", "1"],
            &["customers", "export", "1", "--json"],
        ] {
            ringback(&site, line).await.unwrap();
        }
        ringback(&site, &["intake", "undo", "1"]).await.unwrap();
        assert_eq!(number(&site.store, "SELECT COUNT(*) FROM customers").await, 0);
        let refused = ringback(&site, &["intake", "undo", "1"]).await.unwrap_err();
        assert!(refused.to_string().contains("undone already"), "{refused}");
        let unknown = ringback(&site, &["intake", file, "--pack", "nothing"]).await.unwrap_err();
        assert!(unknown.to_string().contains("`billboard`"), "{unknown}");
        ringback(&site, &["intake", file]).await.unwrap_err();
    });
}
