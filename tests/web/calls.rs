//! Calls, answers, recordings, waveforms and traces, on both databases.

use reqwest::Method;
use ringback::base::Disposition;
use ringback::media::Recording;
use serde_json::{Value, json};

use super::site::{Call, MONDAY, Site, send};
use crate::support::databases::{Database, on_both_databases};

on_both_databases!(
    calls_are_filtered_sorted_and_paged,
    answers_and_traces_belong_to_their_calls,
    every_list_comes_as_a_harmless_sheet,
);

const PHONES: [&str; 6] =
    ["13800000001", "13800000002", "13800000003", "13800000004", "13800000005", "13800000006"];
const MINUTE: i64 = 60_000;

/// Six ended calls, one a minute, each ten seconds longer than the one before.
async fn six(site: &mut Site) -> (i64, Vec<String>) {
    use Disposition::{Busy, Completed, HungUp, NoAnswer, Partial};
    let (campaign, entries) = site.campaign(&PHONES).await;
    let kinds = [Completed, Busy, Partial, NoAnswer, Completed, HungUp];
    let scores: [&[Option<i32>]; 6] =
        [&[Some(5), Some(4)], &[], &[Some(2), None], &[], &[Some(1), Some(5)], &[]];
    let mut ids = Vec::new();
    for place in 0..6 {
        let call = Call {
            disposition: kinds[place],
            scores: scores[place],
            seconds: 10 * (place as i64 + 1),
            recording: None,
            detail: if place == 2 { "=HYPERLINK(\"http://x\")" } else { "ended" },
        };
        let at = MONDAY.0 + place as i64 * MINUTE;
        ids.push(site.call(campaign, entries[place], PHONES[place], at, call).await.to_string());
    }
    (campaign.0, ids)
}

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap().to_owned()).collect()
}

async fn calls_are_filtered_sorted_and_paged(database: &Database) {
    let mut site = Site::on(database).await;
    let (campaign, all) = six(&mut site).await;
    let check = async |query: &str, expect: &[usize]| {
        let page = site.get(&format!("/api/v1/calls?{query}")).await.expect(200);
        assert_eq!(ids(&page), expect.iter().map(|n| all[*n].clone()).collect::<Vec<_>>(), "{query}");
    };
    check("", &[5, 4, 3, 2, 1, 0]).await;
    check("sort=oldest", &[0, 1, 2, 3, 4, 5]).await;
    check("sort=longest&limit=4", &[5, 4, 2, 0]).await;
    check("phone=138-0000-0003", &[2]).await;
    check("phone=13800000003&sort=longest", &[2]).await;
    check(&format!("campaign={campaign}&disposition=completed"), &[4, 0]).await;
    check("campaign=77", &[]).await;
    check("direction=inbound", &[]).await;
    check("state=reserved", &[]).await;
    check("trunk=demo&limit=1", &[5]).await;
    check("min_score=2", &[2, 0]).await;
    check("max_score=2", &[4, 2]).await;
    check("alarm=true", &[]).await;
    check(&format!("from={}&to={}", MONDAY.0 + MINUTE, MONDAY.0 + 3 * MINUTE), &[2, 1]).await;
    check("from=2026-03-02&to=2026-03-02&sort=oldest&limit=2", &[0, 1]).await;
    check("from=2026-03-03", &[]).await;
    check("to=2026-03-01T00:00:00Z", &[]).await;
    for sort in ["newest", "oldest", "longest"] {
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let page = site.get(&format!("/api/v1/calls?sort={sort}&limit=2{after}")).await.expect(200);
            seen.extend(ids(&page));
            let Some(next) = page["next"].as_str() else { break };
            after = format!("&after={next}");
        }
        let whole = ids(&site.get(&format!("/api/v1/calls?sort={sort}")).await.expect(200));
        assert_eq!((seen.len(), &seen), (6, &whole), "{sort}: pages make the whole, each row once");
    }
    let one = site.get(&format!("/api/v1/calls/{}", all[4])).await.expect(200);
    assert_eq!((&one["phone"], &one["talk_seconds"]), (&json!("138****0005"), &json!(50.0)));
    assert_eq!(one["steps"][0]["step"], "greeting", "the steps are marks in the recording: {one}");
    assert_eq!(
        (&one["lowest_score"], &one["mean_score"], &one["answers"]),
        (&json!(1), &json!(3.0), &json!(2))
    );
    let history = site.get("/api/v1/entries/1/calls").await.expect(200);
    assert_eq!(ids(&history), [all[0].clone()]);
}

async fn answers_and_traces_belong_to_their_calls(database: &Database) {
    let mut site = Site::on(database).await;
    let (campaign, all) = six(&mut site).await;
    let answers = site.get(&format!("/api/v1/calls/{}/answers", all[2])).await.expect(200);
    assert_eq!((&answers["items"][0]["score"], &answers["items"][0]["keys"]), (&json!(2), &json!("2")));
    assert_eq!(
        (&answers["items"][1]["score"], &answers["items"][1]["keys"]),
        (&json!(null), &json!(null)),
        "nothing pressed is null, never 0"
    );
    let mut seen = 0;
    let mut after = String::new();
    loop {
        let page = site.get(&format!("/api/v1/answers?campaign={campaign}&limit=4{after}")).await.expect(200);
        seen += page["items"].as_array().unwrap().len();
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(seen, 6);
    let q2 = site.get("/api/v1/answers?question=q2").await.expect(200);
    assert_eq!(q2["items"].as_array().unwrap().len(), 3);
    let path = format!("/api/v1/calls/{}/trace", all[0]);
    assert_eq!(site.get(&path).await.expect(200)["items"][0]["sent"], true);
    let text =
        send(site.request(Method::GET, &path, &site.admin).header("accept", "text/plain")).await.text();
    assert!(text.contains("ringback -> udp 127.0.0.1:5060         INVITE sip:1@x"), "{text}");
    site.get(&format!("/api/v1/calls/{}/recording", all[0])).await.expect(404);
}

/// Covers requirement line 27 of the reliability list.
async fn every_list_comes_as_a_harmless_sheet(database: &Database) {
    let mut site = Site::on(database).await;
    let (_, all) = six(&mut site).await;
    for path in [
        "lists",
        "imports",
        "imports/1/rows",
        "lists/1/entries",
        "entries/1/calls",
        "campaigns",
        "calls",
        "answers",
        "live/calls",
        "trunks",
        "prompts",
        "scripts",
        "do-not-call",
        "tokens",
        "audit",
        "dead-letters",
    ] {
        let by_path = site.get(&format!("/api/v1/{path}.csv")).await;
        assert_eq!(by_path.status, 200, "{path}: {}", by_path.text());
        assert!(by_path.header("content-type").starts_with("text/csv"), "{path}");
        assert!(by_path.header("content-disposition").contains(".csv\""), "{path}");
        assert!(by_path.text().starts_with('\u{feff}'), "{path} has no byte order mark");
        let excel = site.get(&format!("/api/v1/{path}.xlsx")).await;
        assert!(excel.status == 200 && excel.bytes.starts_with(b"PK"), "{path}: {}", excel.text());
        let by_header = send(
            site.request(Method::GET, &format!("/api/v1/{path}"), &site.admin).header("accept", "text/csv"),
        )
        .await;
        assert_eq!(by_header.header("content-type"), by_path.header("content-type"), "{path}");
        let text = by_path.text();
        let mut rows = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        for row in rows.records() {
            for cell in &row.unwrap() {
                let risky = cell.starts_with(['=', '+', '@', '\t', '\r', '＝', '＋', '－', '＠']);
                assert!(!risky && (!cell.starts_with('-') || cell.parse::<f64>().is_ok()), "{path}: {cell}");
            }
        }
    }
    let calls = site.get("/api/v1/calls.csv?sort=oldest&limit=2").await.text();
    assert_eq!(calls.lines().count(), 7, "an export holds all rows, not one page");
    assert!(calls.contains("\"'=HYPERLINK(\"\"http://x\"\")\""), "{calls}");
    assert!(calls.contains(&all[5]) && calls.contains("138****0006") && !calls.contains("13800000006"));
    // The same rows as Excel: what the program opens is a table, not a download of text.
    let excel = site.get("/api/v1/calls.xlsx?sort=oldest&limit=2").await;
    assert!(excel.header("content-disposition").ends_with("calls.xlsx\""), "{}", excel.text());
    let mut book: calamine::Xlsx<_> =
        calamine::open_workbook_from_rs(std::io::Cursor::new(excel.bytes)).unwrap();
    let range = calamine::Reader::worksheet_range(&mut book, "calls").unwrap();
    let read: Vec<Vec<String>> =
        range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect();
    let text = calls.trim_start_matches('\u{feff}');
    let mut csv = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let csv: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
    assert_eq!(read.len(), csv.len());
    for (row, line) in read.iter().zip(&csv) {
        for (cell, expect) in row.iter().zip(line) {
            let same = cell == expect.trim_start_matches('\'')
                || cell.parse::<f64>().ok().is_some_and(|n| Some(n) == expect.parse().ok());
            assert!(same, "{cell} is {expect} as CSV");
        }
    }
    let audit = site.get("/api/v1/audit?action=export&limit=500").await.expect(200);
    assert!(audit["items"].as_array().unwrap().len() > 30, "every export is in the audit log");
}

/// A call with a real recording of one second.
async fn recorded(site: &mut Site) -> (String, Vec<u8>) {
    let path = site.recordings().join("2026/03/02/a.wav");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    for frame in 0..8_000_i16 {
        writer.write_sample(frame).unwrap();
        writer.write_sample(-frame).unwrap();
    }
    writer.finalize().unwrap();
    let (campaign, entries) = site.campaign(&PHONES[..1]).await;
    let recording = Recording {
        path: path.clone(),
        duration: std::time::Duration::from_secs(1),
        sha256: "ab".repeat(32),
        ..Recording::default()
    };
    let call = Call {
        disposition: Disposition::Completed,
        scores: &[],
        seconds: 1,
        recording: Some(recording),
        detail: "",
    };
    let id = site.call(campaign, entries[0], PHONES[0], MONDAY.0, call).await;
    (id.to_string(), std::fs::read(path).unwrap())
}

/// Covers requirement lines 26 and 31 of the reliability list.
#[tokio::test]
async fn a_recording_is_played_whole_and_in_parts_and_each_listening_is_written_down() {
    let mut site = Site::sqlite().await;
    let (id, file) = recorded(&mut site).await;
    let path = format!("/api/v1/calls/{id}/recording");
    let whole = site.get(&path).await;
    assert_eq!(
        (whole.status.as_u16(), whole.header("content-type"), &whole.bytes),
        (200, "audio/wav", &file)
    );
    assert_eq!(whole.header("accept-ranges"), "bytes");
    let part = async |range: &str, more: Option<(&str, &str)>| {
        let mut request = site.request(Method::GET, &path, &site.admin).header("range", range);
        if let Some((name, value)) = more {
            request = request.header(name, value);
        }
        send(request).await
    };
    let length = file.len();
    let middle = part("bytes=100-199", None).await;
    assert_eq!((middle.status.as_u16(), &middle.bytes[..]), (206, &file[100..200]));
    assert_eq!(middle.header("content-range"), format!("bytes 100-199/{length}"));
    assert_eq!(part("bytes=-50", None).await.bytes, &file[length - 50..]);
    assert_eq!(part("bytes=32000-", None).await.bytes, &file[32_000..]);
    let outside = part("bytes=99999999-", None).await;
    assert_eq!(
        (outside.status.as_u16(), outside.header("content-range")),
        (416, format!("bytes */{length}").as_str())
    );
    assert_eq!(part("bytes=0-9,20-29", None).await.status, 200, "several parts are answered with the whole");
    let tag = whole.header("etag").to_owned();
    assert_eq!(part("bytes=0-9", Some(("if-range", &tag))).await.status, 206);
    assert_eq!(part("bytes=0-9", Some(("if-range", "\"other\""))).await.status, 200);
    let head = send(site.request(Method::HEAD, &path, &site.admin)).await;
    assert_eq!((head.header("content-length"), head.bytes.len()), (length.to_string().as_str(), 0));
    let noted = site.get("/api/v1/accesses?what=listen").await.expect(200);
    assert_eq!(noted["items"][0]["subject"], format!("call:{id}"));
    assert!(
        site.get(&format!("/api/v1/calls/{id}")).await.expect(200)["recording"]
            .as_str()
            .unwrap()
            .ends_with("/recording")
    );
    assert!(
        !site.get(&format!("/api/v1/calls/{id}")).await.text().contains("2026/03/02"),
        "no path is shown"
    );
}

#[tokio::test]
async fn a_waveform_is_computed_from_the_file() {
    let mut site = Site::sqlite().await;
    let (id, _) = recorded(&mut site).await;
    let peaks = site.get(&format!("/api/v1/calls/{id}/peaks")).await;
    assert_eq!((peaks.header("x-peaks-per-second"), peaks.bytes.len()), ("50", 200));
    let last: Vec<i8> = peaks.bytes[196..].iter().map(|b| i8::from_le_bytes([*b])).collect();
    assert_eq!(last, [30, 31, -32, -31], "the ramp ends at 7999 on the left and -7999 on the right");
}

#[tokio::test]
async fn a_recording_whose_file_is_gone_is_not_found_and_nothing_outside_the_folder_is_read() {
    let mut site = Site::sqlite().await;
    let (id, _) = recorded(&mut site).await;
    std::fs::write(site.folder.path().join("secret"), b"secret").unwrap();
    for stored in ["../secret", "2026/03/02/none.wav", "/etc/passwd"] {
        let sql = format!("UPDATE calls SET recording = '{stored}'");
        crate::support::databases::execute(&site.store, &sql).await.unwrap();
        site.get(&format!("/api/v1/calls/{id}/recording")).await.expect(404);
        site.get(&format!("/api/v1/calls/{id}/peaks")).await.expect(404);
    }
}
