//! What people bring: lists, configurations, scripts, prompts, numbers, windows.

use std::path::Path;

use ringback::base::PhoneNumber;
use ringback::calendar::Windows;
use ringback::config::{self, Source, Span};
use ringback::dialer::import::{EncodingTally, Import, ImportSettings, RowOutcome};
use ringback::ivr::{Frames, Script};
use ringback::media::Prompt;

use super::{INPUTS, SLOW_INPUTS, fuzz, fuzz_text};

const LIST: &str = "\u{FEFF}姓名,电话,订单号,预约时间,免打扰\n张三,136-0238-8518,A1,2026-03-02 10:00,12:00-14:00\n\"李 \"\"四\"\"\",87654321转8001,A2,,\n";
const FULL_WIDTH: &str = "phone;name\r\n１３８００１３８０００;a\r\n+8613800138000;b\r\n\"x\r\ny\";c\r\n";

#[test]
fn any_file_is_a_list_or_refused_and_every_row_has_its_result() {
    let (gb, _, _) = encoding_rs::GB18030.encode(LIST);
    let settings = ImportSettings {
        home_area: Some("021".into()),
        timezone: "Asia/Shanghai".into(),
        ..ImportSettings::default()
    };
    fuzz(SLOW_INPUTS, &[LIST.as_bytes(), &gb, FULL_WIDTH.as_bytes()], |bytes| {
        let mut tally = EncodingTally::default();
        tally.feed(bytes);
        let mut import = Import::new(tally.encoding(), &settings).expect("a zone there is");
        if import.feed(bytes).is_err() || import.end().is_err() {
            return;
        }
        let (mut line, mut rows) = (1, 0);
        while let Some(row) = import.next() {
            assert!(row.line > line, "line {} after {line}", row.line);
            line = row.line;
            rows += 1;
            match row.result {
                RowOutcome::Accepted(entry) => {
                    let again = PhoneNumber::parse(entry.phone.as_str(), None).expect("canonical");
                    assert_eq!(again, (entry.phone, None));
                }
                RowOutcome::Duplicate { of } => assert!(of < line),
                RowOutcome::Rejected { reason, .. } => assert!(!reason.is_empty()),
            }
        }
        let counts = import.counts();
        assert_eq!(counts.accepted + counts.duplicate + counts.rejected, rows);
        assert!(rows as usize <= bytes.len() + 1);
    });
}

#[test]
fn a_configuration_is_good_or_its_mistakes_have_words() {
    let good = include_str!("../../config/ringback.toml");
    let trunk = "[[trunk]]\nname = \"a\"\nserver = \"sip.example.com:5060\"\nmax_calls = 10\nmax_cps = 2.5\n\
                 [trunk.number]\nstyle = \"e164\"\n[dialer]\nwindows = [\"Mon-Fri 09:00-12:00\"]\n";
    fuzz_text(SLOW_INPUTS, &[good, trunk], |text| {
        let source = Source { text, origin: "fuzz.toml", folder: Path::new("/nowhere") };
        let secret = |_: &Path| Err("there is none".to_owned());
        match config::load(source, &Default::default(), &secret) {
            Ok(loaded) => assert_eq!(loaded.origin, "fuzz.toml"),
            Err(errors) => {
                assert!(!errors.is_empty());
                for error in errors {
                    assert!(!error.problem.is_empty());
                    assert!(error.to_string().len() < text.len() + 4_096, "{error}");
                }
            }
        }
        if let Ok(span) = Span::parse(text) {
            assert_eq!(Span::parse(&span.to_string()), Ok(span));
        }
    });
}

#[test]
fn a_script_is_good_or_its_mistakes_have_words() {
    let examples = [
        include_str!("../../config/scripts/auto-repair.toml"),
        include_str!("../../config/scripts/generic.toml"),
        include_str!("../soak/survey.toml"),
    ];
    let frame = include_str!("../../config/scripts/frames/survey.toml");
    let mut frames = Frames::default();
    frames.insert("frames/survey.toml", frame);
    fuzz_text(SLOW_INPUTS, &examples, |text| {
        if let Err(error) = Script::parse_within(&frames, "fuzz.toml", text) {
            assert!(!error.to_string().is_empty());
        }
    });
    let script = examples[0];
    fuzz_text(SLOW_INPUTS, &[frame], |text| {
        let mut frames = Frames::default();
        frames.insert("frames/survey.toml", text);
        if let Err(error) = Script::parse_within(&frames, "fuzz.toml", script) {
            assert!(!error.to_string().is_empty());
        }
    });
}

#[test]
fn a_prompt_is_no_longer_than_its_file_allows() {
    let wav = |channels: u16, rate: u32, bits: u16, format| {
        let spec =
            hound::WavSpec { channels, sample_rate: rate, bits_per_sample: bits, sample_format: format };
        let mut bytes = std::io::Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut bytes, spec).expect("a writer in memory");
        for i in 0..u32::from(channels) * 400 {
            match format {
                hound::SampleFormat::Int => writer.write_sample((i % 100) as i32).expect("a sample"),
                hound::SampleFormat::Float => writer.write_sample(0.1f32).expect("a sample"),
            }
        }
        writer.finalize().expect("a file");
        bytes.into_inner()
    };
    let (int, float) = (hound::SampleFormat::Int, hound::SampleFormat::Float);
    let examples =
        [wav(1, 8_000, 16, int), wav(2, 44_100, 16, int), wav(1, 16_000, 32, float), wav(1, 8_000, 8, int)];
    let examples: Vec<&[u8]> = examples.iter().map(Vec::as_slice).collect();
    fuzz(SLOW_INPUTS, &examples, |bytes| {
        if let Ok(prompt) = Prompt::from_wav("fuzz", bytes) {
            // The lowest rate is half of ours, the smallest sample one byte, and a frame is filled up.
            assert!(prompt.frames() * 160 <= bytes.len() * 2 + 320, "{} of {}", prompt.frames(), bytes.len());
        }
    });
}

#[test]
fn a_number_has_one_spelling() {
    let examples = [
        "13800138000",
        "+86 138-0013-8000",
        "（021）8765 4321 转 12",
        "０２１－８７６５４３２１",
        "400-800-1234",
        "95588",
        "+1 212 555 0100 ext. 7",
    ];
    fuzz_text(INPUTS, &examples, |text| {
        for home in [None, Some("021")] {
            if let Ok((number, extension)) = PhoneNumber::parse(text, home) {
                assert_eq!(PhoneNumber::parse(number.as_str(), None), Ok((number.clone(), None)));
                assert!(number.as_str().len() <= 32 && extension.is_none_or(|e| e.len() <= 32));
            }
        }
    });
}

#[test]
fn a_window_opens_when_it_says() {
    let examples = ["Mon-Fri 09:00-12:00,15:00-17:00", "18:30-08:00", "Sat,Sun 10:00-16:00", "00:00-24:00"];
    fuzz_text(INPUTS, &examples, |text| {
        let Ok(windows) = Windows::parse(&[text], "Asia/Shanghai") else { return };
        let now = ringback::base::Timestamp(1_772_413_200_000);
        if let Some(at) = windows.next_opening(now) {
            assert!(at >= now && windows.is_open(at), "{text:?}");
        }
        if let Some(at) = windows.closing(now) {
            assert!(at > now && windows.is_open(now), "{text:?}");
        }
    });
}
