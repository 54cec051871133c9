//! `[retention]`, `[archive]` and `[encryption]`: how long recordings are kept, where, and how sealed.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lower::Lowering;
use super::raw::Raw;
use crate::base::Disposition;
use crate::calendar::Windows;
use crate::retention::{Retention, Rule, Terms};
use crate::written::nearest;

/// Days below which a warning says that it is short.
const SHORT_DAYS: u32 = 30;
/// A hundred years.
const MOST_DAYS: u32 = 36_500;

/// `[retention]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RawRetention {
    /// Days after the call in which a recording stays a WAV; then it is archived as FLAC, which loses
    /// nothing. Default 30; 0: it stays a WAV.
    pub archive_days: u32,
    /// Days after the call at which a recording is deleted, unless something holds it. Default 0: never.
    pub delete_days: u32,
    /// In these hours, once a day, what is due is archived and deleted, written as `dialer.windows` is.
    /// Default `Mon-Sun 01:00-05:00`.
    pub hours: Vec<String>,
    /// Megabytes of recordings that are worked on in a second at most. Default 8; 1 to 1000.
    pub mb_per_second: u32,
    /// Other days for some calls; the first rule that fits counts.
    pub rule: Vec<RawRule>,
}

/// `[[retention.rule]]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RawRule {
    /// Only recordings of this policy pack. Default: of any.
    pub pack: Option<String>,
    /// Only of callbacks of this rule. Default: of any.
    pub rule: Option<String>,
    /// Only `inbound` or `outbound` calls. Default: both.
    pub direction: Option<String>,
    /// Only calls with one of these results. Default: with any.
    pub results: Vec<String>,
    /// In place of `retention.archive_days`.
    pub archive_days: Option<u32>,
    /// In place of `retention.delete_days`.
    pub delete_days: Option<u32>,
}

/// `[archive]`
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RawArchive {
    /// Where archived recordings go: a folder, or `s3://bucket/folder`. Default: they stay in the
    /// recordings folder.
    pub to: String,
    /// Address of an object store that speaks like S3: `https://s3.example.com`. Default: Amazon's.
    pub endpoint: String,
    /// Region for which requests are signed. Default `us-east-1`.
    pub region: String,
    /// Who asks the object store.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: Option<String>,
    /// File that holds the secret.
    pub secret_access_key_file: Option<PathBuf>,
}

/// Without its secret.
impl std::fmt::Debug for RawArchive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawArchive")
            .field("to", &self.to)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

/// `[encryption]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RawEncryption {
    /// File of the keys that recordings are sealed with, made by `ringback key new`. Default: recordings
    /// are not sealed.
    pub key_file: Option<PathBuf>,
}

impl Default for RawRetention {
    fn default() -> Self {
        RawRetention {
            archive_days: 30,
            delete_days: 0,
            hours: vec!["Mon-Sun 01:00-05:00".into()],
            mb_per_second: 8,
            rule: Vec::new(),
        }
    }
}

/// How recordings are kept, checked.
#[derive(Clone)]
pub struct Keeping {
    /// What becomes of which recording when.
    pub retention: Retention,
    /// In which hours.
    pub hours: Windows,
    /// Bytes of recordings that are worked on in a second at most.
    pub bytes_per_second: u64,
    /// Where archived recordings go: empty, `file:///folder`, or `s3://bucket/folder`.
    pub archive: String,
    /// Address of an object store; empty: Amazon's.
    pub endpoint: String,
    /// Its region.
    pub region: String,
    /// Who asks it.
    pub access_key_id: String,
    /// With which secret.
    pub secret_access_key: String,
    /// File of keys; None: nothing is sealed.
    pub key_file: Option<PathBuf>,
}

/// Without its secret.
impl std::fmt::Debug for Keeping {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keeping")
            .field("retention", &self.retention)
            .field("archive", &self.archive)
            .field("key_file", &self.key_file)
            .finish_non_exhaustive()
    }
}

impl Lowering<'_> {
    pub(super) fn keeping(&mut self, raw: &Raw) -> Keeping {
        let (retention, archive) = (&raw.retention, &raw.archive);
        let hours = Windows::parse(&retention.hours, &raw.dialer.timezone).unwrap_or_else(|error| {
            // A zone that is none is told under [dialer].
            if jiff::tz::TimeZone::get(&raw.dialer.timezone).is_ok() {
                self.wrong("retention.hours", error.0);
            }
            Windows::always()
        });
        if retention.hours.is_empty() {
            self.wrong("retention.hours", "no hours are given: nothing would ever be archived or deleted");
        }
        let otherwise = self.terms("retention", retention.archive_days, retention.delete_days);
        let rules = retention
            .rule
            .iter()
            .enumerate()
            .map(|(i, rule)| self.retention_rule(i, rule, retention))
            .collect();
        let mb = self.number("retention.mb_per_second", retention.mb_per_second, 1..=1_000);
        let secret = self.secret(
            "archive.secret_access_key",
            archive.secret_access_key.as_ref(),
            archive.secret_access_key_file.as_ref(),
        );
        if archive.secret_access_key.is_some() {
            self.warnings.push(
                "archive.secret_access_key stands in the file: a file of its own keeps it out of backups"
                    .into(),
            );
        }
        Keeping {
            retention: Retention { rules, otherwise },
            hours,
            bytes_per_second: u64::from(mb) * 1_000_000,
            archive: self.archive(archive, secret.is_some()),
            endpoint: archive.endpoint.trim_end_matches('/').to_owned(),
            region: if archive.region.is_empty() { "us-east-1".into() } else { archive.region.clone() },
            access_key_id: archive.access_key_id.clone(),
            secret_access_key: secret.unwrap_or_default(),
            key_file: raw.encryption.key_file.as_deref().map(|path| self.path(path)),
        }
    }

    fn terms(&mut self, key: &str, archive_days: u32, delete_days: u32) -> Terms {
        self.number(&format!("{key}.archive_days"), archive_days, 0..=MOST_DAYS);
        self.number(&format!("{key}.delete_days"), delete_days, 0..=MOST_DAYS);
        if (1..SHORT_DAYS).contains(&delete_days) {
            self.warnings.push(format!(
                "{key}.delete_days: recordings are deleted after {delete_days} days; many rules ask for {SHORT_DAYS} at least"
            ));
        }
        let days = |n: u32| Some(n).filter(|n| *n > 0);
        Terms { archive_after: days(archive_days), delete_after: days(delete_days) }
    }

    fn retention_rule(&mut self, i: usize, raw: &RawRule, retention: &RawRetention) -> Rule {
        let key = format!("retention.rule[{i}]");
        if let Some(direction) = &raw.direction
            && !["inbound", "outbound"].contains(&direction.as_str())
        {
            self.wrong_hint(
                format!("{key}.direction"),
                format!("`{direction}` is not known"),
                "write inbound or outbound",
            );
        }
        let words: Vec<&str> = Disposition::ALL.iter().map(|result| result.as_str()).collect();
        let mut results = Vec::new();
        for (n, word) in raw.results.iter().enumerate() {
            match word.parse() {
                Ok(result) => results.push(result),
                Err(_) => {
                    let hint = nearest(word, words.iter().copied()).map_or_else(
                        || format!("write {}", words.join(", ")),
                        |near| format!("did you mean `{near}`?"),
                    );
                    self.wrong_hint(
                        format!("{key}.results[{n}]"),
                        format!("`{word}` is not a result"),
                        &hint,
                    );
                }
            }
        }
        if raw.archive_days.is_none() && raw.delete_days.is_none() {
            self.wrong_hint(key.as_str(), "it changes nothing", "give archive_days or delete_days");
        }
        let archive_days = raw.archive_days.unwrap_or(retention.archive_days);
        let delete_days = raw.delete_days.unwrap_or(retention.delete_days);
        Rule {
            pack: raw.pack.clone(),
            rule: raw.rule.clone(),
            direction: raw.direction.clone(),
            results,
            terms: self.terms(&key, archive_days, delete_days),
        }
    }

    /// Where archived recordings go, as a place.
    fn archive(&mut self, raw: &RawArchive, has_secret: bool) -> String {
        if !raw.endpoint.is_empty() {
            let host = raw.endpoint.split_once("://").map(|(_, host)| host).unwrap_or_default();
            if !(raw.endpoint.starts_with("https://") || raw.endpoint.starts_with("http://"))
                || host.is_empty()
            {
                let problem = format!("`{}` is not an address", raw.endpoint);
                self.wrong_hint("archive.endpoint", problem, "write https://s3.example.com");
            } else if raw.endpoint.starts_with("http://")
                && !host.starts_with("127.")
                && !host.starts_with("localhost")
            {
                self.warnings.push("archive.endpoint: recordings go over the network without TLS".into());
            }
        }
        let Some(rest) = raw.to.strip_prefix("s3://") else {
            if raw.to.contains("://") {
                self.wrong_hint(
                    "archive.to",
                    format!("`{}` is no place for recordings", raw.to),
                    "write a folder, or s3://bucket/folder",
                );
            }
            return if raw.to.is_empty() {
                String::new()
            } else {
                format!("file://{}", self.absolute(&raw.to))
            };
        };
        if rest.split('/').next().is_none_or(str::is_empty) {
            self.wrong_hint(
                "archive.to",
                format!("`{}` names no bucket", raw.to),
                "write s3://bucket/folder",
            );
        }
        if raw.access_key_id.is_empty() || !has_secret {
            self.wrong(
                "archive.to",
                "an object store needs `access_key_id`, and `secret_access_key_file` or `secret_access_key`",
            );
        }
        raw.to.trim_end_matches('/').to_owned()
    }

    /// A folder as it stands in the rows of what is stored there.
    fn absolute(&self, folder: &str) -> String {
        self.path(std::path::Path::new(folder)).display().to_string()
    }
}
