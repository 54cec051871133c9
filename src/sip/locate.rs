//! Where a URI leads (RFC 3263), without the DNS itself: questions come out, answers go in,
//! and an ordered list of destinations is left.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use super::uri::{Host, Scheme, Uri};
use super::{Destination, Transport};
use crate::base::Rng;

/// Destinations kept for one URI; each may cost a transaction timeout, so nobody tries more.
pub const MAX_DESTINATIONS: usize = 16;
/// Questions asked for one URI: a zone cannot keep us busy.
pub const MAX_QUERIES: usize = 32;

/// One question for the DNS.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Query {
    /// NAPTR records of a domain.
    Naptr(String),
    /// SRV records of a service.
    Srv(String),
    /// A and AAAA records of a host.
    Address(String),
}

/// An NAPTR record with the flag `s` (RFC 3263 section 4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naptr {
    /// Lower first.
    pub order: u16,
    /// Lower first within an order.
    pub preference: u16,
    /// `SIP+D2U`, `SIP+D2T`, `SIPS+D2T` or others.
    pub service: String,
    /// The SRV name it leads to.
    pub replacement: String,
}

/// An SRV record (RFC 2782).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Srv {
    /// Lower first.
    pub priority: u16,
    /// Share of the load within a priority.
    pub weight: u16,
    /// Port.
    pub port: u16,
    /// Host; `.` says that there is no such service.
    pub target: String,
}

/// The answer to the last question; empty where there was none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To [`Query::Naptr`].
    Naptr(Vec<Naptr>),
    /// To [`Query::Srv`].
    Srv(Vec<Srv>),
    /// To [`Query::Address`].
    Addresses(Vec<IpAddr>),
    /// Nothing, for whatever reason.
    None,
}

/// Why a URI leads nowhere, whatever the DNS says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocateError {
    /// Only sip and sips URIs name a host.
    #[error("`{0}` is no sip or sips URI, so it names no host to send to")]
    Scheme(String),
    /// The URI asks for a transport that is not spoken or not switched on.
    #[error("`{0}` asks for a transport that is not in use here")]
    Transport(String),
}

/// One URI on its way to destinations.
#[derive(Clone, Debug)]
pub struct Locate {
    /// The certificate must show this name.
    server_name: String,
    host: String,
    port: Option<u16>,
    /// What may be used, best first; one where the URI says which.
    transports: Vec<Transport>,
    secure: bool,
    stage: Stage,
    services: VecDeque<(Transport, String)>,
    hosts: VecDeque<(Transport, String, u16)>,
    known: BTreeMap<String, Vec<IpAddr>>,
    found: Vec<Destination>,
    asked: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Naptr,
    Services,
    Hosts,
    Done,
}

impl Locate {
    /// For a URI and the transports that are switched on, the preferred one first.
    ///
    /// # Errors
    /// The URI can never be sent to.
    pub fn new(uri: &Uri, transports: &[Transport]) -> Result<Self, LocateError> {
        if !uri.is_sip() {
            return Err(LocateError::Scheme(uri.to_string()));
        }
        let secure = uri.scheme == Scheme::Sips;
        let allowed = allowed(uri, transports).ok_or_else(|| LocateError::Transport(uri.to_string()))?;
        let target = uri
            .params
            .get("maddr")
            .map_or_else(|| uri.host.clone(), |m| Host::from(m.trim_matches(['[', ']'])));
        let named = uri.params.has("transport");
        let mut locate = Locate {
            server_name: uri.host.to_string(),
            host: target.to_string(),
            port: uri.port,
            transports: allowed,
            secure,
            stage: Stage::Hosts,
            services: VecDeque::new(),
            hosts: VecDeque::new(),
            known: BTreeMap::new(),
            found: Vec::new(),
            asked: 0,
        };
        match target {
            Host::IpAddr(address) => {
                let transport = locate.transports[0];
                locate.add(transport, &[address], uri.port.unwrap_or(transport.default_port()));
                locate.stage = Stage::Done;
            }
            Host::Domain(_) if uri.port.is_some() => locate.plain_host(),
            Host::Domain(_) if named => locate.ask_services(),
            Host::Domain(_) => locate.stage = Stage::Naptr,
        }
        Ok(locate)
    }

    /// The next question, or None when the list is ready. Answer it before asking again.
    pub fn poll_query(&mut self) -> Option<Query> {
        if self.asked >= MAX_QUERIES || self.found.len() >= MAX_DESTINATIONS {
            return None;
        }
        loop {
            let query = match self.stage {
                Stage::Naptr => Query::Naptr(self.host.clone()),
                Stage::Services => match self.services.front() {
                    Some((_, name)) => Query::Srv(name.clone()),
                    None => {
                        self.leave_services();
                        continue;
                    }
                },
                Stage::Hosts => match self.hosts.front().cloned() {
                    Some((transport, name, port)) => match self.known.get(&name).cloned() {
                        Some(addresses) => {
                            self.hosts.pop_front();
                            self.add(transport, &addresses, port);
                            continue;
                        }
                        None => Query::Address(name),
                    },
                    None => {
                        self.stage = Stage::Done;
                        continue;
                    }
                },
                Stage::Done => return None,
            };
            self.asked += 1;
            return Some(query);
        }
    }

    /// The answer to the last question. `rng` spreads load over SRV weights.
    pub fn handle_answer(&mut self, answer: Answer, rng: &mut Rng) {
        match self.stage {
            Stage::Naptr => {
                if let Answer::Naptr(records) = answer {
                    self.take_naptr(records);
                }
                if self.services.is_empty() {
                    self.ask_services();
                }
                self.stage = Stage::Services;
            }
            Stage::Services => {
                let Some((transport, _)) = self.services.pop_front() else { return };
                if let Answer::Srv(records) = answer {
                    let usable = records.into_iter().filter(|r| r.target != "." && r.port != 0).collect();
                    let ordered = by_weight(usable, rng);
                    self.hosts.extend(ordered.into_iter().map(|r| (transport, r.target, r.port)));
                }
            }
            Stage::Hosts => {
                let Some((transport, name, port)) = self.hosts.pop_front() else { return };
                let addresses =
                    if let Answer::Addresses(addresses) = answer { addresses } else { Vec::new() };
                self.add(transport, &addresses, port);
                self.known.insert(name, addresses);
            }
            Stage::Done => {}
        }
    }

    /// The destinations, best first; empty where the DNS knows none.
    pub fn into_destinations(self) -> Vec<Destination> {
        self.found
    }

    /// Records for transports in use, by order and preference (RFC 3263 section 4.1).
    fn take_naptr(&mut self, mut records: Vec<Naptr>) {
        records.sort_by_key(|record| (record.order, record.preference));
        for record in records {
            let transport = match record.service.to_ascii_uppercase().as_str() {
                "SIP+D2U" if !self.secure => Transport::Udp,
                "SIP+D2T" if !self.secure => Transport::Tcp,
                "SIPS+D2T" => Transport::Tls,
                _ => continue,
            };
            if self.transports.contains(&transport) {
                self.services.push_back((transport, record.replacement));
            }
        }
    }

    /// The usual SRV names of the host (RFC 3263 section 4.1, RFC 2782).
    fn ask_services(&mut self) {
        self.stage = Stage::Services;
        for transport in &self.transports {
            let service = match transport {
                Transport::Udp => "_sip._udp",
                Transport::Tcp => "_sip._tcp",
                Transport::Tls => "_sips._tcp",
            };
            self.services.push_back((*transport, format!("{service}.{}", self.host)));
        }
    }

    fn leave_services(&mut self) {
        self.stage = Stage::Hosts;
        if self.hosts.is_empty() {
            self.plain_host();
        }
    }

    /// The host itself, without SRV (RFC 3263 section 4.2).
    fn plain_host(&mut self) {
        let transport = self.transports[0];
        self.hosts.push_back((transport, self.host.clone(), self.port.unwrap_or(transport.default_port())));
    }

    fn add(&mut self, transport: Transport, addresses: &[IpAddr], port: u16) {
        for address in addresses {
            let addr = (*address, port).into();
            let destination = Destination { transport, addr, server_name: self.server_name.clone() };
            if self.found.len() < MAX_DESTINATIONS && !self.found.contains(&destination) {
                self.found.push(destination);
            }
        }
    }
}

/// The transports a URI allows, best first; None where none of them is in use. Without a
/// `transport` parameter UDP is the default of sip and TLS that of sips.
fn allowed(uri: &Uri, in_use: &[Transport]) -> Option<Vec<Transport>> {
    let secure = uri.scheme == Scheme::Sips;
    let named = match uri.params.get("transport") {
        // RFC 3261 section 26.2.2: sips over tcp is TLS.
        Some(_) if secure => Some(Transport::Tls),
        Some(name) => Some(name.parse().ok()?),
        None => None,
    };
    let mut allowed: Vec<Transport> = match (named, secure) {
        (Some(transport), _) => vec![transport],
        (None, true) => vec![Transport::Tls],
        (None, false) => in_use.to_vec(),
    };
    allowed.retain(|transport| in_use.contains(transport));
    (!allowed.is_empty()).then_some(allowed)
}

/// RFC 2782: by priority, and within one a draw in proportion to the weights.
fn by_weight(mut records: Vec<Srv>, rng: &mut Rng) -> Vec<Srv> {
    // Weight 0 stands first, so that it has a small chance.
    records.sort_by_key(|record| (record.priority, record.weight));
    let mut ordered = Vec::with_capacity(records.len());
    while let Some(first) = records.first() {
        let priority = first.priority;
        let group = records.iter().take_while(|record| record.priority == priority);
        let total: u64 = group.map(|record| u64::from(record.weight)).sum();
        let mut draw = rng.below(total + 1);
        let mut chosen = 0;
        for (at, record) in records.iter().take_while(|record| record.priority == priority).enumerate() {
            chosen = at;
            let weight = u64::from(record.weight);
            if draw <= weight {
                break;
            }
            draw -= weight;
        }
        ordered.push(records.remove(chosen));
    }
    ordered
}

#[cfg(test)]
mod tests;
