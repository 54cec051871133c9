//! DNS for SIP: asks what [`crate::sip::locate`] wants to know (RFC 3263).

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::proto::rr::{RData, RecordType};

use crate::base::Rng;
use crate::sip::locate::{Answer, Locate, Naptr, Query, Srv};
use crate::sip::{Destination, Transport, Uri};

/// For one question to one server.
const QUESTION_LIMIT: Duration = Duration::from_secs(2);
/// For one host with all its questions: a call must not wait longer for its trunk.
const LOCATE_LIMIT: Duration = Duration::from_secs(6);
/// Answers remembered, for as long as their records say.
const CACHE: u64 = 1_024;
/// An answer is not believed for longer, whatever its records say: a moved trunk must be
/// found within the hour.
const LONGEST_TTL: Duration = Duration::from_secs(3_600);
/// What does not exist is asked again after this, so that a mended zone is seen soon.
const LONGEST_NEGATIVE_TTL: Duration = Duration::from_secs(30);

/// No place was found.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(pub String);

/// The system's resolver, with a cache.
pub struct Resolver {
    /// None where the machine has no resolver configuration: addresses still work.
    dns: Option<TokioResolver>,
    rng: Mutex<Rng>,
}

impl std::fmt::Debug for Resolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resolver").field("dns", &self.dns.is_some()).finish_non_exhaustive()
    }
}

impl Resolver {
    /// As `/etc/resolv.conf` and `/etc/hosts` say. Without a configuration only addresses
    /// can be located, and names say so.
    ///
    /// # Errors
    /// The operating system gives no entropy.
    pub fn system() -> std::io::Result<Resolver> {
        let dns = TokioResolver::builder_tokio().and_then(|mut builder| {
            let options = builder.options_mut();
            options.timeout = QUESTION_LIMIT;
            options.attempts = 2;
            options.cache_size = CACHE;
            options.positive_max_ttl = Some(LONGEST_TTL);
            options.negative_max_ttl = Some(LONGEST_NEGATIVE_TTL);
            builder.build()
        });
        if let Err(error) = &dns {
            tracing::warn!(%error, "no name server is configured: trunks need addresses");
        }
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(std::io::Error::other)?;
        Ok(Resolver { dns: dns.ok(), rng: Mutex::new(Rng::from_entropy(seed)) })
    }

    /// Every place of a SIP host, best first. An address is its own place; a name with a
    /// port is looked up as A and AAAA; one without as NAPTR, SRV, then A and AAAA.
    ///
    /// # Errors
    /// Nothing was found, or DNS did not answer in time.
    pub async fn locate(
        &self,
        host: &str,
        port: Option<u16>,
        transport: Option<Transport>,
    ) -> Result<Vec<Destination>, Error> {
        let mut uri = Uri::sip("", host, port);
        if let Some(transport) = transport {
            uri = uri.with_transport(transport);
        }
        // Built from parts, so what does not belong in a host shows when it is read back.
        let uri = Uri::parse(&uri.to_string()).map_err(|e| Error(format!("`{host}` is no host: {e}")))?;
        let mut locate = Locate::new(&uri, &[Transport::Udp, Transport::Tcp, Transport::Tls])
            .map_err(|e| Error(e.to_string()))?;
        let asking = async {
            let mut failure = None;
            while let Some(query) = locate.poll_query() {
                let answer = self.ask(&query).await.unwrap_or_else(|error| {
                    failure = Some(error);
                    Answer::None
                });
                let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
                locate.handle_answer(answer, &mut rng);
            }
            (locate.into_destinations(), failure)
        };
        let (found, failure) = tokio::time::timeout(LOCATE_LIMIT, asking).await.map_err(|_| {
            Error(format!("DNS did not answer about `{host}` within 6 s: check /etc/resolv.conf"))
        })?;
        match (found.is_empty(), failure) {
            (false, _) => Ok(found),
            (true, Some(reason)) => Err(Error(format!("DNS knows no place for `{host}`: {reason}"))),
            (true, None) => {
                Err(Error(format!("DNS knows no place for `{host}`: check its spelling, or give an address")))
            }
        }
    }

    async fn ask(&self, query: &Query) -> Result<Answer, String> {
        let Some(dns) = &self.dns else {
            return Err("no name server is configured on this machine: give an address".to_owned());
        };
        let records = async |name: &str, kind| {
            // Absolute: a search domain has no part in RFC 3263.
            let lookup = dns.lookup(format!("{}.", name.trim_end_matches('.')), kind).await;
            lookup
                .map(|found| found.answers().iter().map(|record| record.data.clone()).collect::<Vec<RData>>())
        };
        let answer = match query {
            Query::Naptr(name) => records(name, RecordType::NAPTR)
                .await
                .map(|found| Answer::Naptr(found.into_iter().filter_map(naptr).collect())),
            Query::Srv(name) => records(name, RecordType::SRV)
                .await
                .map(|found| Answer::Srv(found.into_iter().filter_map(srv).collect())),
            Query::Address(name) => {
                dns.lookup_ip(name.as_str()).await.map(|found| Answer::Addresses(found.iter().collect()))
            }
        };
        answer.map_err(|error| error.to_string())
    }
}

/// Only terminal records that lead to an SRV name: the flag `s`.
fn naptr(data: RData) -> Option<Naptr> {
    let RData::NAPTR(record) = data else { return None };
    record.flags.eq_ignore_ascii_case(b"s").then(|| Naptr {
        order: record.order,
        preference: record.preference,
        service: String::from_utf8_lossy(&record.services).into_owned(),
        replacement: record.replacement.to_ascii(),
    })
}

fn srv(data: RData) -> Option<Srv> {
    let RData::SRV(record) = data else { return None };
    Some(Srv {
        priority: record.priority,
        weight: record.weight,
        port: record.port,
        target: record.target.to_ascii(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn addresses_need_no_name_server() {
        let resolver = Resolver { dns: None, rng: Mutex::new(Rng::seeded(1)) };
        let found = resolver.locate("192.0.2.1", None, Some(Transport::Tls)).await.unwrap();
        assert_eq!(found[0].to_string(), "tls:192.0.2.1:5061");
        let found = resolver.locate("[2001:db8::1]", Some(5080), None).await.unwrap();
        assert_eq!(found[0].to_string(), "udp:[2001:db8::1]:5080");
        let error = resolver.locate("sip.example.com", None, None).await.unwrap_err();
        assert!(error.to_string().contains("give an address"), "{error}");
        let error = resolver.locate("no host", None, None).await.unwrap_err();
        assert!(error.to_string().contains("`no host`"), "{error}");
    }
}
