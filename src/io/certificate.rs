//! When TLS certificates expire: read at the start, judged again every day.

use std::path::{Path, PathBuf};
use std::time::Duration;

use x509_parser::pem::Pem;

use crate::base::{Mono, Now, Timestamp};

/// From here on an expiry is warned of: authorities take days, and people are on holiday.
pub const WARN_BEFORE_MS: i64 = 30 * DAY_MS;
const DAY_MS: i64 = 24 * 3_600_000;
/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(24 * 3_600);
/// Largest PEM file that is read; the machine-wide bundles have 250 KB.
const MAX_PEM_BYTES: u64 = 4 * 1024 * 1024;

/// What a certificate file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Shown to TLS clients: every certificate of the chain must hold.
    Own,
    /// Authorities that are trusted: one that holds is enough.
    Authorities,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Where it was read from.
    pub path: PathBuf,
    /// What it is for.
    pub role: Role,
    /// When the first of its certificates expires; of authorities, the first of those that
    /// held when it was read.
    pub expires_at: Timestamp,
}

/// A file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct Error {
    /// The file.
    pub path: PathBuf,
    /// What is wrong, and how to mend it.
    pub problem: String,
}

impl Certificate {
    /// Reads a PEM file and refuses one that has expired.
    ///
    /// # Errors
    /// It cannot be read, holds no certificate, or has expired at `now`.
    pub fn read(path: &Path, role: Role, now: Timestamp) -> Result<Certificate, Error> {
        let wrong = |problem: String| Error { path: path.to_owned(), problem };
        let size = std::fs::metadata(path).map_err(|e| wrong(e.to_string()))?.len();
        if size > MAX_PEM_BYTES {
            return Err(wrong(format!("is larger than {MAX_PEM_BYTES} bytes: this is no PEM file")));
        }
        let bytes = std::fs::read(path).map_err(|e| wrong(e.to_string()))?;
        let ends = expiries(&bytes).map_err(wrong)?;
        let first = match role {
            Role::Own => ends.iter().min(),
            Role::Authorities => ends.iter().filter(|at| **at > now).min().or(ends.iter().max()),
        };
        let expires_at = *first.ok_or_else(|| wrong("holds no certificate in PEM".into()))?;
        if expires_at <= now {
            let at = date(expires_at);
            return Err(wrong(format!(
                "has expired on {at}: put a new one in its place, or set the clock right"
            )));
        }
        Ok(Certificate { path: path.to_owned(), role, expires_at })
    }

    /// The file and its last day, for people.
    pub fn describe(&self) -> String {
        format!("{} is valid until {}", self.path.display(), date(self.expires_at))
    }

    /// A warning where it expires within 30 days.
    pub fn warning(&self, now: Timestamp) -> Option<String> {
        let left = self.expires_at.millis_since(now);
        let (file, at) = (self.path.display(), date(self.expires_at));
        match left {
            ..=0 => Some(format!("the certificate {file} has expired on {at}: renew it and reload")),
            1..=WARN_BEFORE_MS => {
                Some(format!("the certificate {file} expires on {at}, in {} days: renew it", left / DAY_MS))
            }
            _ => None,
        }
    }
}

/// The certificates in use, and when to look at them again.
#[derive(Clone, Debug)]
pub struct Watch {
    certificates: Vec<Certificate>,
    next: Mono,
}

impl Watch {
    /// Looks at once and then every day.
    pub fn new(now: Mono, certificates: Vec<Certificate>) -> Self {
        let next = if certificates.is_empty() { Mono::FAR } else { now };
        Watch { certificates, next }
    }

    /// The certificates.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// What is to be warned of at this moment.
    pub fn warnings(&self, now: Timestamp) -> Vec<String> {
        self.certificates.iter().filter_map(|c| c.warning(now)).collect()
    }

    /// When [`Watch::handle_timeout`] wants to be called.
    pub fn next_timeout(&self) -> Mono {
        self.next
    }

    /// Warnings where the day's look is due; none at other times.
    pub fn handle_timeout(&mut self, now: Now) -> Vec<String> {
        if now.mono < self.next {
            return Vec::new();
        }
        self.next = now.mono + LOOK_EVERY;
        self.warnings(now.utc)
    }

    /// Watches these, as after a reload, and looks at once.
    pub fn watch(&mut self, now: Mono, certificates: Vec<Certificate>) {
        *self = Watch::new(now, certificates);
    }
}

/// The end of each certificate of a PEM text.
fn expiries(bytes: &[u8]) -> Result<Vec<Timestamp>, String> {
    let mut ends = Vec::new();
    for pem in Pem::iter_from_buffer(bytes) {
        let pem = pem.map_err(|e| format!("is no PEM file: {e}"))?;
        if pem.label != "CERTIFICATE" {
            continue;
        }
        let certificate = pem.parse_x509().map_err(|e| format!("holds a broken certificate: {e}"))?;
        let seconds = certificate.validity().not_after.timestamp();
        ends.push(Timestamp(seconds.saturating_mul(1_000)));
    }
    Ok(ends)
}

/// `2026-03-02`, in UTC.
fn date(at: Timestamp) -> String {
    at.to_jiff().strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_772_413_200_000);

    /// A PEM file with certificates that end so many days after `NOW`.
    fn file(folder: &Path, days: &[i64]) -> PathBuf {
        let mut text = String::new();
        for day in days {
            let key = rcgen::KeyPair::generate().unwrap();
            let mut params = rcgen::CertificateParams::new(vec!["sip.example.com".to_owned()]).unwrap();
            let at = std::time::UNIX_EPOCH + Duration::from_millis((NOW.0 + day * DAY_MS).unsigned_abs());
            params.not_before = std::time::UNIX_EPOCH.into();
            params.not_after = at.into();
            text.push_str(&params.self_signed(&key).unwrap().pem());
        }
        let path =
            folder.join(format!("{}.pem", days.iter().map(i64::to_string).collect::<Vec<_>>().join("_")));
        std::fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn an_expired_certificate_is_refused_at_the_start_with_its_date() {
        let folder = tempfile::tempdir().unwrap();
        let check = |days: &[i64], role, expect: Result<i64, &str>| {
            let path = file(folder.path(), days);
            match (Certificate::read(&path, role, NOW), expect) {
                (Ok(found), Ok(day)) => assert_eq!(found.expires_at.0, NOW.0 + day * DAY_MS, "{days:?}"),
                (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{error}"),
                (got, expect) => panic!("{days:?} {role:?}: {got:?}, not {expect:?}"),
            }
        };
        check(&[90], Role::Own, Ok(90));
        check(&[90, 40], Role::Own, Ok(40));
        check(&[-1], Role::Own, Err("expired on 2026-03-01"));
        check(&[90, -1], Role::Own, Err("has expired"));
        check(&[90, -1], Role::Authorities, Ok(90));
        check(&[-9, -1], Role::Authorities, Err("expired on 2026-03-01"));
        check(&[], Role::Own, Err("no certificate in PEM"));
        let missing = Certificate::read(Path::new("/nowhere.pem"), Role::Own, NOW).unwrap_err();
        assert!(missing.to_string().starts_with("/nowhere.pem: "), "{missing}");
        let broken = folder.path().join("broken.pem");
        std::fs::write(&broken, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
        assert!(Certificate::read(&broken, Role::Own, NOW).unwrap_err().problem.contains("broken"));
    }

    #[test]
    fn a_year_of_days_warns_in_the_last_thirty_once_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let certificate = Certificate::read(&file(folder.path(), &[60]), Role::Own, NOW).unwrap();
        let mut now = Now { mono: Mono::from_millis(5_000), utc: NOW };
        let mut watch = Watch::new(now.mono, vec![certificate]);
        let mut days = Vec::new();
        let mut last = String::new();
        for hour in 0..365 * 24 {
            let due = watch.next_timeout() <= now.mono;
            let warnings = watch.handle_timeout(now);
            assert!(due || warnings.is_empty());
            if let Some(warning) = warnings.into_iter().next() {
                days.push(hour / 24);
                last = warning;
            }
            now = now.after(Duration::from_secs(3_600));
        }
        assert_eq!(days, (30..365).collect::<Vec<_>>());
        assert!(last.contains("has expired on 2026-05-01"), "{last}");
        watch.watch(now.mono, watch.certificates().to_vec());
        assert_eq!(watch.handle_timeout(now).len(), 1, "a reload looks at once");
        assert_eq!(Watch::new(now.mono, Vec::new()).next_timeout(), Mono::FAR);
    }
}
