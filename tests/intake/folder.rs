//! The watched folder.

use ringback::io::intake::{Folder, settings};

use super::world::site;
use crate::support::databases::{Database, block_on, number, text};

#[test]
fn imp_01_a_file_dropped_into_the_folder_comes_in_and_is_put_away() {
    block_on(async {
        let database = Database::sqlite();
        let site = site(&database).await;
        let drop = tempfile::tempdir().unwrap();
        let slips = drop.path().join("install/slips");
        let archive = drop.path().join("install/customers");
        std::fs::create_dir_all(&slips).unwrap();
        std::fs::create_dir_all(&archive).unwrap();
        let mut folder = Folder::new(drop.path());
        std::fs::write(slips.join("a.csv"), "订单号,电话,客户评分\nA,13600001111,5\nB,13600001112,\n")
            .unwrap();
        std::fs::write(slips.join("half.csv.part"), "订单号").unwrap();
        std::fs::write(slips.join("broken.csv"), "a,b\n1,2\n").unwrap();
        std::fs::write(archive.join("c.csv"), "客户编号,姓名,电话\nC9,钱七,13600001119\n").unwrap();
        assert_eq!(folder.look().unwrap(), [], "seen for the first time: it may still grow");
        std::fs::write(slips.join("grows.csv"), "订单号,电话").unwrap();
        let found = folder.look().unwrap();
        assert_eq!(
            found.iter().map(|f| f.path.file_name().unwrap().to_str().unwrap()).collect::<Vec<_>>(),
            ["c.csv", "a.csv", "broken.csv"]
        );
        std::fs::write(slips.join("grows.csv"), "订单号,电话,客户评分\n").unwrap();
        let desk = site.api.desk();
        for file in &found {
            let taken = desk.take_file(file, settings(&site.api.import(), site.api.now())).await;
            assert_eq!(taken.is_ok(), !file.path.ends_with("broken.csv"), "{file:?}: {taken:?}");
        }
        assert_eq!(folder.look().unwrap(), [], "what grew is looked at again");
        assert!(slips.join("done/a.csv").exists() && slips.join("failed/broken.csv").exists());
        assert!(slips.join("half.csv.part").exists() && archive.join("done/c.csv").exists());
        let refused = std::fs::read_to_string(slips.join("done/a.rejected.csv")).unwrap();
        assert!(refused.lines().nth(1).unwrap().starts_with("3,no_customer_score,"), "{refused}");
        let why = std::fs::read_to_string(slips.join("failed/broken.why.txt")).unwrap();
        assert!(why.contains("no column says whom"), "{why}");
        assert_eq!(number(&site.store, "SELECT COUNT(*) FROM events").await, 1);
        assert_eq!(text(&site.store, "SELECT name FROM customers WHERE external_id = 'C9'").await, "钱七");
        // Another file of the same name does not take the place of the first.
        std::fs::write(slips.join("a.csv"), "订单号,电话,客户评分\nD,13600001114,5\n").unwrap();
        folder.look().unwrap();
        let found = folder.look().unwrap();
        for file in found.iter().filter(|f| f.path.ends_with("a.csv")) {
            desk.take_file(file, settings(&site.api.import(), site.api.now())).await.unwrap();
        }
        assert!(slips.join("done/a-1.csv").exists());
    });
}
