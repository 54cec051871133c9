//! Excel files, also those that mean harm.

use std::io::{Cursor, Write};

use serde_json::json;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::world::{counts, site};
use crate::support::databases::{Database, block_on, number, text};

/// A cell as the XML of a sheet has it.
pub enum Cell<'a> {
    Text(&'a str),
    Number(f64),
    /// A day with or without a time, counted as Excel does.
    Date(f64),
}

/// The XML of one row, from 1.
pub fn row(number: usize, cells: &[Cell<'_>]) -> String {
    let mut xml = format!("<row r=\"{number}\">");
    for (column, cell) in cells.iter().enumerate() {
        let place = format!("{}{number}", char::from(b'A' + column as u8));
        xml += &match cell {
            Cell::Text("") => String::new(),
            Cell::Text(text) => format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>"),
            Cell::Number(n) => format!("<c r=\"{place}\"><v>{n}</v></c>"),
            Cell::Date(n) => format!("<c r=\"{place}\" s=\"1\"><v>{n}</v></c>"),
        };
    }
    xml + "</row>"
}

/// An xlsx file with this XML of rows and these further parts.
pub fn xlsx(rows: &str, further: &[(&str, &[u8])]) -> Vec<u8> {
    const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
    const MAIN: &str = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"";
    const REL: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let parts = [
        (
            "[Content_Types].xml",
            format!(
                "{HEAD}<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>"
            ),
        ),
        (
            "_rels/.rels",
            format!(
                "{HEAD}<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"{REL}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "{HEAD}<workbook {MAIN} xmlns:r=\"{REL}\"><sheets><sheet name=\"Sheet1\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "{HEAD}<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"{REL}/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"r2\" Type=\"{REL}/styles\" Target=\"styles.xml\"/><Relationship Id=\"r3\" Type=\"{REL}/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/styles.xml",
            format!(
                "{HEAD}<styleSheet {MAIN}><cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"22\"/></cellXfs></styleSheet>"
            ),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!("{HEAD}<worksheet {MAIN}><sheetData>{rows}</sheetData></worksheet>"),
        ),
    ];
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let all = parts.iter().map(|(name, text)| (*name, text.as_bytes())).chain(further.iter().copied());
    for (name, bytes) in all {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const HEADER: [Cell<'static>; 6] = [
    Cell::Text("结算单号"),
    Cell::Text("车主"),
    Cell::Text("车主电话"),
    Cell::Text("状态"),
    Cell::Text("结算日期"),
    Cell::Text("里程"),
];

#[test]
fn imp_05_an_xlsx_export_comes_in_with_its_dates_and_numbers() {
    block_on(async {
        let database = Database::sqlite();
        let site = site(&database).await;
        let rows = [
            row(1, &[Cell::Text("昨日结算清单")]),
            row(2, &HEADER),
            row(
                3,
                &[
                    Cell::Text("J1"),
                    Cell::Text("陈大文"),
                    Cell::Number(13_600_001_111.0),
                    Cell::Text("已结算"),
                    Cell::Date(46_083.0),
                    Cell::Number(52_000.0),
                ],
            ),
            row(
                5,
                &[
                    Cell::Text("J2"),
                    Cell::Text("李四"),
                    Cell::Text("0769-22508699"),
                    Cell::Text("未结算"),
                    Cell::Date(46_083.0),
                ],
            ),
            row(
                6,
                &[
                    Cell::Text("J3"),
                    Cell::Text("王五"),
                    Cell::Text("13600001113/13600001114"),
                    Cell::Text("已结算"),
                    Cell::Date(46_083.729_166_666_664),
                    Cell::Number(1.5),
                ],
            ),
            row(
                7,
                &[
                    Cell::Text("J4"),
                    Cell::Text("赵六"),
                    Cell::Text("12"),
                    Cell::Text("已结算"),
                    Cell::Date(46_083.0),
                ],
            ),
        ]
        .concat();
        let query = "pack=auto_repair&intake=settled&file_name=a.xlsx";
        let report = site.intake(query, xlsx(&rows, &[])).await.expect(201);
        assert_eq!(counts(&report, &["added", "skipped", "rejected"]), [2, 1, 1], "{report}");
        let refused =
            report["problems"].as_array().unwrap().iter().find(|p| p["result"] == "rejected").unwrap();
        assert_eq!((&refused["line"], &refused["code"]), (&json!(7), &json!("bad_phone")));
        let midnight = 1_772_380_800_000_i64;
        assert_eq!(
            number(&site.store, "SELECT at FROM events WHERE external_id = 'J1' AND has_time = 0").await,
            midnight
        );
        assert_eq!(
            number(&site.store, "SELECT at FROM events WHERE external_id = 'J3' AND has_time = 1").await,
            midnight + 63_000_000
        );
        assert_eq!(
            text(&site.store, "SELECT phone FROM customer_phones WHERE customer_id = 1").await,
            "13600001111"
        );
        assert_eq!(
            number(&site.store, "SELECT COUNT(*) FROM customer_phones WHERE customer_id = 2").await,
            2
        );
        assert!(
            text(&site.store, "SELECT fields FROM events WHERE external_id = 'J1'")
                .await
                .contains("\"里程\":\"52000\"")
        );
        let again = site.intake(query, xlsx(&rows, &[])).await.expect(201);
        assert_eq!(counts(&again, &["added", "changed", "unchanged"]), [0, 0, 2]);
    });
}

#[test]
fn imp_05_an_xls_export_comes_in_as_the_xlsx_one_does() {
    block_on(async {
        let database = Database::sqlite();
        let site = site(&database).await;
        let file = include_bytes!("../fixtures/intake/settled.xls");
        let report = site.intake("pack=auto_repair&intake=settled", file.to_vec()).await.expect(201);
        assert_eq!(counts(&report, &["added", "skipped", "rejected"]), [2, 1, 0], "{report}");
        let midnight = 1_772_380_800_000_i64;
        assert_eq!(
            number(&site.store, "SELECT at FROM events WHERE external_id = 'J1' AND has_time = 0").await,
            midnight
        );
        assert_eq!(
            number(&site.store, "SELECT at FROM events WHERE external_id = 'J3' AND has_time = 1").await,
            midnight + 63_000_000
        );
        assert_eq!(
            text(&site.store, "SELECT phone FROM customer_phones WHERE customer_id = 1").await,
            "13600001111"
        );
        let mut damaged = file.to_vec();
        damaged.truncate(2_000);
        let refused = site.intake("pack=auto_repair&intake=settled", damaged).await.expect(422);
        assert!(refused["detail"].as_str().unwrap().contains("save it again"), "{refused}");
    });
}

#[test]
fn a_spreadsheet_that_unpacks_to_too_much_is_refused_before_it_is_held() {
    block_on(async {
        let database = Database::sqlite();
        let site = site(&database).await;
        let refused = async |file: Vec<u8>| {
            let answer = site.intake("pack=auto_repair&intake=settled", file).await.expect(422);
            answer["detail"].as_str().unwrap().to_owned()
        };
        let bomb = vec![b' '; 120 * 1024 * 1024];
        let file = xlsx(&row(1, &HEADER), &[("xl/sharedStrings.xml", &bomb)]);
        assert!(file.len() < 1024 * 1024, "it is small as it comes");
        assert!(refused(file).await.contains("unpacks to too much"));
        let texts = br#"<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="1" uniqueCount="999999999999999"></sst>"#;
        assert!(
            refused(xlsx(&row(1, &HEADER), &[("xl/sharedStrings.xml", texts)]))
                .await
                .contains("too many texts")
        );
        assert!(refused(b"PK\x03\x04rest".to_vec()).await.contains("cannot be read"));
        let wide = row(1, &HEADER) + "<row r=\"2\"><c r=\"XFD2\"><v>1</v></c></row>";
        let report = site.intake("pack=auto_repair&intake=settled", xlsx(&wide, &[])).await.expect(201);
        assert_eq!(report["problems"][0]["reason"], "the row has cells beyond column 100");
        assert_eq!(number(&site.store, "SELECT COUNT(*) FROM events").await, 0);
    });
}
