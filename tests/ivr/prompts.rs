//! The shipped prompts: every line of the tables has its sound, every sound its line, and
//! every script finds what it plays.

use std::collections::BTreeSet;
use std::path::Path;

use ringback::ivr::{check, needs};

use super::{MUSIC, config, prompt_set, scripts, texts};

/// Names of all WAV files below a folder, with slashes and without `.wav`.
fn sounds(folder: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(&dir).expect("a folder of prompts") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "wav") {
                let name = path.strip_prefix(folder).expect("below").with_extension("");
                names.insert(name.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    names
}

#[test]
fn every_line_of_the_tables_has_its_sound_and_every_sound_its_line() {
    for language in ["zh-CN", "en"] {
        let lines: BTreeSet<String> = texts(language).into_keys().collect();
        let mut sounds = sounds(&config().join("prompts").join(language));
        assert!(sounds.remove(MUSIC), "run config/prompts/build for the music");
        let lacking: Vec<_> = lines.difference(&sounds).collect();
        let nameless: Vec<_> = sounds.difference(&lines).collect();
        assert!(lacking.is_empty(), "{language}: run config/prompts/build for {lacking:?}");
        assert!(nameless.is_empty(), "{language}: no table names {nameless:?}");
    }
    assert!(config().join("prompts/beep.wav").is_file());
}

#[test]
fn every_prompt_is_telephone_sound_of_a_plausible_length_and_level() {
    for (language, slowest, fastest) in [("zh-CN", 2.4, 9.5), ("en", 6.0, 26.0)] {
        for (name, text) in texts(language) {
            let path = config().join("prompts").join(language).join(format!("{name}.wav"));
            let mut wav = hound::WavReader::open(&path).unwrap_or_else(|e| panic!("{name}: {e}"));
            let spec = wav.spec();
            assert_eq!((spec.sample_rate, spec.channels, spec.bits_per_sample), (8_000, 1, 16), "{name}");
            let samples: Vec<f64> =
                wav.samples::<i16>().map(|s| f64::from(s.expect("a sample")) / 32_768.0).collect();
            let seconds = samples.len() as f64 / 8_000.0;
            let level = 10.0 * (samples.iter().map(|s| s * s).sum::<f64>() / samples.len() as f64).log10();
            assert!((-26.0..=-17.0).contains(&level), "{language}/{name}: {level:.1} dBFS");
            // Characters a second; short words have relatively more silence around them.
            let letters = text.chars().filter(|c| c.is_alphanumeric()).count() as f64;
            let rate = letters / seconds;
            assert!(
                letters < 8.0 || (slowest..=fastest).contains(&rate),
                "{language}/{name}: {rate:.1} characters a second in {seconds:.2} s"
            );
            assert!((0.12..=15.0).contains(&seconds), "{language}/{name}: {seconds:.2} s");
        }
    }
}

#[test]
fn every_shipped_script_passes_the_check() {
    let scripts = scripts();
    let findings = check(scripts.values().map(AsRef::as_ref), &prompt_set());
    let text: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{}", text.join("\n"));
}

#[test]
fn no_prompt_is_shipped_that_nothing_plays() {
    // Words of spoken fields, and phrases for fields that companies add, are there for every list.
    const STOCK: &[&str] = &["number/", "letter/", "date/", "time/", "money/", "measure/", "item/"];
    for language in ["zh-CN", "en"] {
        let mut played = BTreeSet::new();
        for script in scripts().values() {
            played.extend(needs(script, language, &prompt_set()).into_iter().map(|n| n.prompt));
        }
        for name in texts(language).into_keys() {
            let stock = STOCK.iter().any(|folder| name.starts_with(folder));
            assert!(
                stock || played.contains(&format!("{language}/{name}")),
                "nothing plays {language}/{name}"
            );
        }
    }
}

#[test]
fn what_can_be_spoken_has_its_prompts_in_both_languages() {
    use ringback::ivr::spoken::{Grammar, Kind, MEASURES};
    let prompts = prompt_set();
    let kinds =
        [Kind::Number, Kind::Digits, Kind::Money, Kind::Date, Kind::Weekday, Kind::Time, Kind::Duration];
    for kind in kinds.into_iter().chain(MEASURES.iter().map(|m| Kind::Count(m))) {
        for language in ["zh-CN", "en"] {
            for part in kind.parts(Grammar::of(language)) {
                assert!(prompts.has(language, &part), "{language}/{part} for {kind:?}");
            }
        }
    }
}
