//! Excel files, read by programs other than the one that wrote them.

use std::io::{Cursor, Write as _};
use std::process::Command;

use calamine::{Data, Reader, Xlsx};
use serde_json::json;

use super::world::{Department, Made};
use crate::support::databases::{Database, block_on};

/// The rows of a sheet, as text.
pub fn sheet(bytes: &[u8], name: &str) -> Vec<Vec<String>> {
    let mut book = Xlsx::new(Cursor::new(bytes.to_vec())).unwrap();
    let range = book.worksheet_range(name).unwrap_or_else(|e| panic!("{name}: {e}"));
    let cell = |cell: &Data| match cell {
        Data::Empty => String::new(),
        other => other.to_string(),
    };
    range.rows().map(|row| row.iter().map(cell).collect()).collect()
}

/// What LibreOffice makes of a workbook's first sheet; None, and said so, where it is not installed.
fn by_libreoffice(bytes: &[u8]) -> Option<Vec<Vec<String>>> {
    let found = ["soffice", "libreoffice"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok());
    let Some(program) = found else {
        let promised = std::env::var("RINGBACK_TEST_PEERS").is_ok_and(|v| v == "required");
        assert!(
            !promised,
            "RINGBACK_TEST_PEERS=required, but there is no LibreOffice: install libreoffice-calc-nogui"
        );
        std::io::stderr().write_all(b"SKIPPED: there is no LibreOffice (tests/run installs it)\n").unwrap();
        return None;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("form.xlsx");
    std::fs::write(&file, bytes).unwrap();
    let done = Command::new(program)
        .arg(format!("-env:UserInstallation=file://{}", folder.path().join("profile").display()))
        .args(["--headless", "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76", "--outdir"])
        .arg(folder.path())
        .arg(&file)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let text = std::fs::read_to_string(folder.path().join("form.csv")).unwrap();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    Some(reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect())
}

#[test]
fn a_form_in_excel_has_the_layout_of_the_paper_and_is_read_alike_by_two_programs() {
    block_on(async {
        let database = Database::sqlite();
        let mut department = Department::open(&database).await;
        for (n, said) in ["=1+1", "很好，\"下次\"再来", "两行\n第二行"].into_iter().enumerate() {
            let filled = json!({ "opinion": said });
            let closed = format!("2026-03-03 1{n}:00");
            department
                .callback(Made { pack: "furniture_mall", closed: &closed, filled, ..Made::default() })
                .await;
        }
        let path = "/api/v1/registers/callback-sheet/excel?from=2026-03-03&unmask=true";
        let excel = department.office.shop.site.get(path).await;
        let rows = sheet(&excel.bytes, "客户回访表");
        assert_eq!((rows[0][0].as_str(), rows[1][0].as_str()), ("客户回访表", "日期：2026-03-03"));
        let form = department.register("callback-sheet", "2026-03-03", "2026-03-03").await;
        let titles: Vec<String> = serde_json::from_value(form["columns"].clone()).unwrap();
        assert_eq!(rows[2], titles);
        for (row, filled) in rows[3..6].iter().zip(form["rows"].as_array().unwrap()) {
            let cells: Vec<String> = serde_json::from_value(filled["cells"].clone()).unwrap();
            assert_eq!(row, &cells);
        }
        // Long numbers stay text: no telephone number loses a digit.
        assert!(rows[3][3].len() == 11 && rows[3][3].starts_with("138"), "{}", rows[3][3]);
        assert!(rows.last().unwrap()[0].starts_with("共3行") && rows.last().unwrap()[0].contains("制表："));
        if let Some(other) = by_libreoffice(&excel.bytes) {
            let same = |row: &[String]| row.iter().map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
            for (one, two) in rows.iter().zip(&other) {
                assert_eq!(same(one), same(&two[..one.len().min(two.len())]));
            }
        }
    });
}
