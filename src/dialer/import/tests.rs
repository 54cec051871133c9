use proptest::prelude::{any, prop};
use proptest::proptest;

use super::*;
use crate::base::Timestamp;

fn settings() -> ImportSettings {
    ImportSettings {
        home_area: Some("021".into()),
        timezone: "Asia/Shanghai".into(),
        ..ImportSettings::default()
    }
}

/// Feeds a file in pieces of `size` bytes and takes all rows.
fn import(
    bytes: &[u8],
    settings: &ImportSettings,
    size: usize,
) -> Result<(Import, Vec<RowResult>), ImportError> {
    let mut tally = EncodingTally::default();
    bytes.chunks(size).for_each(|piece| tally.feed(piece));
    let mut import = Import::new(tally.encoding(), settings)?;
    let mut rows = Vec::new();
    for piece in bytes.chunks(size) {
        import.feed(piece)?;
        rows.extend(std::iter::from_fn(|| import.next()));
    }
    import.end()?;
    rows.extend(std::iter::from_fn(|| import.next()));
    Ok((import, rows))
}

fn rows(bytes: &[u8]) -> Vec<(u64, RowOutcome)> {
    let (_, rows) = import(bytes, &settings(), bytes.len().max(1)).unwrap();
    rows.into_iter().map(|r| (r.line, r.result)).collect()
}

fn accepted(bytes: &[u8]) -> Vec<NewEntry> {
    rows(bytes)
        .into_iter()
        .map(|(line, result)| match result {
            RowOutcome::Accepted(entry) => *entry,
            other => panic!("line {line}: {other:?}"),
        })
        .collect()
}

fn refused(text: &str, because: &str) {
    let rows = rows(text.as_bytes());
    match rows.last() {
        Some((_, RowOutcome::Rejected { reason, .. })) => {
            assert!(reason.contains(because), "`{reason}` does not say `{because}`");
        }
        other => panic!("{text}: {other:?}"),
    }
}

const LIST: &str =
    "客户姓名,联系电话,订单号,安装日期\n张三,136-0238-8518,A1,2026-03-02\n李四,87654321转8001,A2,\n";

#[test]
fn every_usual_encoding_gives_the_same_entries() {
    let expect = accepted(LIST.as_bytes());
    assert_eq!(expect.len(), 2);
    let first = &expect[0];
    assert_eq!(
        (first.name.as_str(), first.phone.as_str(), first.external_id.as_str()),
        ("张三", "13602388518", "A1")
    );
    assert_eq!(first.fields, BTreeMap::from([("安装日期".into(), "2026-03-02".into())]));
    assert_eq!((expect[1].phone.as_str(), expect[1].extension.as_str()), ("02187654321", "8001"));

    let bom = [b"\xEF\xBB\xBF".as_slice(), LIST.as_bytes()].concat();
    assert_eq!(accepted(&bom), expect);
    let (gb, _, lost) = encoding_rs::GB18030.encode(LIST);
    assert!(!lost);
    assert_eq!(accepted(&gb), expect);
    let mut tally = EncodingTally::default();
    tally.feed(&gb);
    assert_eq!(tally.encoding(), Encoding::Gb18030);
    let utf16: Vec<u8> =
        "\u{feff}".encode_utf16().chain(LIST.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert_eq!(accepted(&utf16), expect);
    for delimiter in [";", "\t"] {
        assert_eq!(accepted(LIST.replace(',', delimiter).as_bytes()), expect);
    }
    assert_eq!(accepted(LIST.replace('\n', "\r\n").as_bytes()), expect);
}

#[test]
fn rare_characters_of_gb18030_survive() {
    let text = "姓名,电话\n㐀𠀀,13602388518\n王小明,13602388519\n";
    let (gb, _, _) = encoding_rs::GB18030.encode(text);
    assert_eq!(accepted(&gb)[0].name, "㐀𠀀");
}

#[test]
fn columns_are_known_by_english_and_chinese_names_or_mapped() {
    for header in [
        "Name,Phone",
        "customer_name,Mobile Number",
        "姓名,手机号码（必填）",
        "客戶姓名,聯繫電話",
        "联系人,电话：",
    ] {
        let entry = &accepted(format!("{header}\n张三,13602388518\n").as_bytes())[0];
        assert_eq!((entry.name.as_str(), entry.phone.as_str()), ("张三", "13602388518"), "{header}");
    }
    let mapping = BTreeMap::from([
        ("备用".to_owned(), "phone".to_owned()),
        ("密码".into(), "-".into()),
        ("车牌".into(), "plate".into()),
    ]);
    let text = "电话,备用,密码,车牌\n13602388518,13602388519,x,粤A\n";
    let mapped = ImportSettings { mapping, ..settings() };
    let (_, results) = import(text.as_bytes(), &mapped, 7).unwrap();
    let RowOutcome::Accepted(entry) = &results[0].result else { panic!("{results:?}") };
    assert_eq!(entry.phone.as_str(), "13602388519");
    let fields = [("电话", "13602388518"), ("plate", "粤A")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(entry.fields, fields.into());
}

#[test]
fn a_file_that_is_no_list_says_so() {
    let error = |bytes: &[u8]| import(bytes, &settings(), 5).unwrap_err().0;
    assert!(error(b"").contains("empty"));
    assert!(error(b"\n\n\n").contains("empty"));
    assert!(error("姓名,地址\n张三,x\n".as_bytes()).contains("no column holds telephone numbers"));
    assert!(error("张三,13602388518\n".as_bytes()).contains("must name the columns"));
    assert!(error(b"PK\x03\x04rest").contains("spreadsheet"));
    assert!(error(b"\"phone\nx\n").contains("not closed"));
    assert!(error(format!("phone{}\n", ",x".repeat(100)).as_bytes()).contains("at most 100"));
    let mapping = BTreeMap::from([("Handy".to_owned(), "phone".to_owned())]);
    let wrong = ImportSettings { mapping, ..settings() };
    assert!(import(LIST.as_bytes(), &wrong, 50).unwrap_err().0.contains("`Handy`"));
    let zone = ImportSettings { timezone: "Mars".into(), ..settings() };
    assert!(import(LIST.as_bytes(), &zone, 50).unwrap_err().0.contains("`Mars`"));
}

#[test]
fn bad_rows_are_reported_by_line_and_do_not_stop_the_rest() {
    let text = "姓名,电话\n张三,13602388518\n李四,1360238851\n\n王五,\n赵六,\"13602388520\n钱七,13602388521\n孙八,13602388522,多\n,136 0238 8518\n周九,13602388523\n\n\n";
    let found: Vec<(u64, String)> = rows(text.as_bytes())
        .into_iter()
        .map(|(line, r)| {
            let r = match r {
                RowOutcome::Accepted(e) => e.phone.to_string(),
                RowOutcome::Duplicate { of } => format!("as {of}"),
                RowOutcome::Rejected { reason, .. } => {
                    reason.split([':', ';', ',']).next().unwrap().to_owned()
                }
            };
            (line, r)
        })
        .collect();
    let expect = [
        (2, "13602388518"),
        (3, "column `电话`"),
        (4, "the row is empty"),
        (5, "the row has no telephone number"),
        (6, "a quote is opened and not closed"),
        (7, "13602388521"),
        (8, "the row has 3 cells"),
        (9, "as 2"),
        (10, "13602388523"),
    ];
    assert_eq!(found, expect.map(|(n, t)| (n, t.to_owned())));
}

#[test]
fn quoted_cells_may_hold_delimiters_quotes_and_line_breaks() {
    let text = "姓名,电话,地址\n\"张,\"\"三\"\"\",13602388518,\"一号\n二楼\"\n5\" 管,13602388519,x\n";
    let entries = accepted(text.as_bytes());
    assert_eq!((entries[0].name.as_str(), entries[0].fields["地址"].as_str()), ("张,\"三\"", "一号 二楼"));
    assert_eq!(entries[1].name, "5\" 管");
    assert_eq!(rows(text.as_bytes())[1].0, 4, "lines count, not rows");
}

#[test]
fn values_are_checked_and_say_how_to_mend_them() {
    let text = "phone,priority,language,due,quiet_hours\n13602388518,高,中文,2026/3/3 15:00,12:30-14:00\n";
    let entry = &accepted(text.as_bytes())[0];
    assert_eq!((entry.priority, entry.language.as_str()), (9, "zh-CN"));
    assert_eq!(entry.due_at, Some(Timestamp(1_772_521_200_000)));
    assert_eq!(entry.fields["quiet_hours"], "12:30-14:00");
    for due in [
        "2026-03-03 15:00:00",
        "2026年3月3日 15:00",
        "2026年3月3日15时",
        "2026-03-03T07:00:00Z",
        "2026.3.3 15:00",
    ] {
        let entry = &accepted(format!("phone,due\n13602388518,{due}\n").as_bytes())[0];
        assert_eq!(entry.due_at, Some(Timestamp(1_772_521_200_000)), "{due}");
    }
    refused("phone,priority\n13602388518,11\n", "1 to 9");
    refused("phone,language\n13602388518,???\n", "zh-CN or en");
    refused("phone,due\n13602388518,tomorrow\n", "2026-03-03 15:00");
    refused("phone,due\n13602388518,46084.625\n", "spreadsheet");
    refused("phone,due\n13602388518,2026-02-30\n", "not a time");
    refused("phone,quiet_hours\n13602388518,noon\n", "`noon` is not a day");
    refused("phone,ext\n13602388518,12345678901\n", "1 to 8 digits");
    refused("phone\n1.36024E+10\n", "format the column as text");
    refused(&format!("phone,name\n13602388518,{}\n", "长".repeat(101)), "longer than 100");
    refused(&format!("phone,note\n13602388518,{}\n", "长".repeat(1001)), "longer than 1000");
    refused(&format!("phone,note\n13602388518,{}\n", "x".repeat(70_000)), "longer than 65536 bytes");
}

#[test]
fn a_damaged_byte_costs_its_row_and_not_the_file() {
    let mut bytes = LIST.as_bytes().to_vec();
    let at = LIST.find('李').unwrap();
    bytes[at] = 0xFF;
    bytes.extend("王五,13602388520,A3,\n".as_bytes());
    let results = rows(&bytes);
    assert!(matches!(&results[0].1, RowOutcome::Accepted(_)));
    assert!(
        matches!(&results[1].1, RowOutcome::Rejected { reason, .. } if reason.contains("not UTF-8")),
        "{results:?}"
    );
    assert!(matches!(&results[2].1, RowOutcome::Accepted(_)));
}

#[test]
fn a_row_is_the_same_row_by_its_external_id_or_its_number() {
    let text = "id,phone\nA1,13602388518\nA2,13602388518\nA1,13602388519\n,13602388518\n,+8613602388518\n";
    let found: Vec<_> =
        rows(text.as_bytes()).into_iter().map(|(_, r)| matches!(r, RowOutcome::Accepted(_))).collect();
    assert_eq!(found, [true, true, false, true, false]);
}

#[test]
fn a_hundred_thousand_rows_are_read_as_they_come() {
    let mut text = String::from("姓名,手机号码,订单号,备注\n");
    for i in 0..100_000 {
        text += &format!("客户{i},136{:08},A{i},\"地址, {i}号\"\n", i % 90_000);
    }
    let mut import = Import::new(Encoding::Utf8, &settings()).unwrap();
    let (mut most, mut found) = (0, 0);
    for piece in text.as_bytes().chunks(16_000) {
        import.feed(piece).unwrap();
        let some = std::iter::from_fn(|| import.next()).count();
        (most, found) = (most.max(some), found + some);
    }
    import.end().unwrap();
    found += std::iter::from_fn(|| import.next()).count();
    assert_eq!(found, 100_000);
    assert!(most < 1_000, "rows come as their bytes do");
    assert_eq!(import.counts(), Counts { accepted: 100_000, duplicate: 0, rejected: 0 });
}

#[test]
fn a_rejected_row_comes_with_its_own_text() {
    let (gb, _, _) = encoding_rs::GB18030.encode("姓名,电话\n张三,13602388518\n李四,12\n");
    let long = format!("phone\n{}\n12\n", "9".repeat(5_000));
    for (bytes, line, expect) in [
        (LIST.replace("136-0238-8518", "136").into_bytes(), 2, "张三,136,A1,2026-03-02".to_owned()),
        (gb.into_owned(), 3, "李四,12".to_owned()),
        (long.into_bytes(), 2, "9".repeat(MAX_SHOWN_BYTES)),
    ] {
        let found = rows(&bytes).into_iter().find(|(at, _)| *at == line).unwrap();
        let RowOutcome::Rejected { text, .. } = found.1 else { panic!("{found:?}") };
        assert_eq!(text, expect);
    }
}

#[test]
fn a_line_without_end_is_dropped_as_it_comes_and_the_next_row_is_read() {
    let mut import = Import::new(Encoding::Utf8, &settings()).unwrap();
    import.feed(b"phone\n").unwrap();
    let piece = [b'x'; 10_000];
    let mut found = Vec::new();
    for _ in 0..100 {
        import.feed(&piece).unwrap();
        found.extend(std::iter::from_fn(|| import.next()));
    }
    import.feed(b"\n13602388518\n").unwrap();
    import.end().unwrap();
    found.extend(std::iter::from_fn(|| import.next()));
    let RowOutcome::Rejected { reason, .. } = &found[0].result else { panic!("{found:?}") };
    assert!(reason.contains("longer than 65536"), "{reason}");
    assert!(matches!(&found[1], RowResult { line: 3, result: RowOutcome::Accepted(_) }), "{found:?}");
    assert_eq!(found.len(), 2);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_without_a_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..400), head in any::<bool>()) {
        if head {
            bytes.splice(0..0, "phone,name\n".bytes());
        }
        if let Ok((_, rows)) = import(&bytes, &settings(), bytes.len().max(1)) {
            let lines: Vec<u64> = rows.iter().map(|r| r.line).collect();
            assert!(lines.is_sorted(), "{lines:?}");
        }
    }

    #[test]
    fn a_file_means_the_same_in_pieces_of_any_size(
        parts in prop::collection::vec(prop::sample::select(vec![
            "13602388518", "13602388519", ",", ";", "\"", "\"\"", "\n", "\r\n", " ", "张三", "x", "\u{feff}",
        ]), 0..60),
        size in 1..20_usize,
        utf16 in any::<bool>(),
    ) {
        let text = format!("phone,name\n{}", parts.concat());
        let bytes = if utf16 {
            "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect()
        } else {
            text.into_bytes()
        };
        let whole = import(&bytes, &settings(), bytes.len()).map(|(_, rows)| rows);
        let pieces = import(&bytes, &settings(), size).map(|(_, rows)| rows);
        assert_eq!(whole, pieces);
    }
}
