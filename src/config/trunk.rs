//! Lowers `[[trunk]]`.

use std::net::{IpAddr, SocketAddr};

use super::duration::Span;
use super::lower::Lowering;
use super::raw::{Mode, Raw, Redirect, Trunk};
use crate::base::{NumberFormat, NumberStyle};
use crate::dialer;
use crate::engine::{Server, TrunkSettings};
use crate::media::Codec;
use crate::sip::{self, Srtp, Transport};

/// Most trunks: each has its own timers, and nobody reads a longer list.
pub const MAX_TRUNKS: usize = 100;
/// Contacts of a 3xx that are followed at most.
const MAX_REDIRECTS: u8 = 5;
/// Longest name of a trunk: it is a label of metrics.
const MAX_NAME_CHARS: usize = 60;

impl Lowering<'_> {
    pub(super) fn trunks(&mut self, raw: &Raw, codecs: &[Codec]) -> Vec<TrunkSettings> {
        if raw.trunk.len() > MAX_TRUNKS {
            self.wrong("trunk", format!("{} trunks are given; at most {MAX_TRUNKS} may be", raw.trunk.len()));
        }
        if raw.trunk.is_empty() {
            self.warnings.push("no [[trunk]] is given: nothing can be dialled".into());
        }
        let mut trunks = Vec::new();
        for (i, trunk) in raw.trunk.iter().enumerate() {
            if let Some(first) =
                raw.trunk[..i].iter().position(|t| t.name == trunk.name && !t.name.is_empty())
            {
                let problem = format!("`{}` is also the name of trunk {}", trunk.name, first + 1);
                self.wrong(format!("trunk[{i}].name"), problem);
            }
            trunks.extend(self.trunk(&format!("trunk[{i}]"), trunk, raw, codecs));
        }
        trunks
    }

    fn trunk(&mut self, at: &str, raw: &Trunk, file: &Raw, codecs: &[Codec]) -> Option<TrunkSettings> {
        self.trunk_name(at, raw);
        let server = self.server(&format!("{at}.server"), &raw.server, raw.transport)?;
        let outbound_proxy = raw
            .outbound_proxy
            .as_ref()
            .and_then(|text| self.server(&format!("{at}.outbound_proxy"), text, raw.transport));
        let credentials = self.credentials(at, raw);
        let register = self.register(at, raw);
        let own = self.codecs(&format!("{at}.codecs"), &raw.codecs);
        let ping = Span::seconds(5)..=Span::seconds(3600);
        let ping_every = self.span(&format!("{at}.options_ping"), raw.options_ping, ping, true);
        if raw.srtp == Srtp::Preferred || raw.srtp == Srtp::Required {
            self.check_srtp(at, raw);
        }
        Some(TrunkSettings {
            choice: dialer::TrunkSettings {
                name: raw.name.as_str().into(),
                group: raw.group.clone(),
                priority: raw.priority,
                weight: raw.weight,
                max_calls: raw.max_calls,
                max_cps: self.number(
                    &format!("{at}.max_cps"),
                    raw.max_cps,
                    0.0..=dialer::MAX_CALLS_PER_SECOND,
                ),
                health_check: !ping_every.is_zero() || register.is_some(),
                number_format: self.number_format(at, raw, file),
            },
            outbound_proxy,
            register,
            credentials,
            domain: raw.from_domain.clone().unwrap_or_else(|| server.host.clone()),
            caller_id: raw.caller_id.clone().or_else(|| raw.user.clone()).unwrap_or_default(),
            assert_identity: raw.assert_identity,
            ping_every,
            follow_redirects: if raw.redirect == Redirect::Follow { MAX_REDIRECTS } else { 0 },
            codecs: if own.is_empty() { codecs.to_vec() } else { own },
            local_address: self.local_address(at, raw, file),
            external_address: self
                .address(&format!("{at}.external_address"), raw.external_address.as_deref()),
            rtcp_mux: raw.rtcp_mux,
            srtp: raw.srtp,
            canary: raw.canary.as_ref().and_then(|canary| self.canary(at, canary, raw, file)),
            server,
        })
    }

    /// An address of ours that both SIP and RTP can be had at.
    fn local_address(&mut self, at: &str, raw: &Trunk, file: &Raw) -> Option<IpAddr> {
        let key = format!("{at}.local_address");
        let ip = self.address(&key, raw.local_address.as_deref())?;
        let covers =
            |bound: IpAddr| bound == ip || (bound.is_unspecified() && bound.is_ipv4() == ip.is_ipv4());
        let sip = file.sip.udp.iter().chain(&file.sip.tcp).chain(&file.sip.tls);
        if !sip.filter_map(|a| a.parse::<SocketAddr>().ok()).any(|a| covers(a.ip())) {
            self.wrong(key, format!("no address of [sip] listens on {ip}: add it to `udp`"));
        } else if file.rtp.address.parse().is_ok_and(|bound| !covers(bound)) {
            let hint = "set rtp.address = \"0.0.0.0\"";
            self.wrong_hint(key, format!("RTP is bound to {} alone", file.rtp.address), hint);
        }
        Some(ip)
    }

    fn trunk_name(&mut self, at: &str, raw: &Trunk) {
        let key = format!("{at}.name");
        if raw.name.is_empty() {
            self.wrong(key, "is missing: every trunk needs a name of its own");
        } else if raw.name.chars().count() > MAX_NAME_CHARS || raw.name.chars().any(char::is_control) {
            self.wrong(key, format!("must be plain text of at most {MAX_NAME_CHARS} characters"));
        }
    }

    fn register(&mut self, at: &str, raw: &Trunk) -> Option<u32> {
        let mode = raw.mode.unwrap_or(if raw.user.is_some() { Mode::Register } else { Mode::Static });
        if mode == Mode::Static {
            return None;
        }
        if raw.user.is_none() {
            self.wrong(format!("{at}.mode"), "`register` needs `user` and a password");
        }
        let range = Span::seconds(60)..=Span::seconds(86_400);
        let expires = self.span(&format!("{at}.register_expires"), raw.register_expires, range, false);
        Some(u32::try_from(expires.as_secs()).unwrap_or(u32::MAX))
    }

    fn credentials(&mut self, at: &str, raw: &Trunk) -> Option<sip::Credentials> {
        let password =
            self.secret(&format!("{at}.password"), raw.password.as_ref(), raw.password_file.as_ref());
        if raw.password.is_some() {
            let name = &raw.name;
            self.warnings.push(format!(
                "trunk `{name}`: its password stands in the file; `password_file` keeps it out"
            ));
        }
        match (&raw.user, password) {
            (Some(user), Some(password)) => {
                Some(sip::Credentials { user: user.clone(), password, realm: raw.realm.clone() })
            }
            (Some(_), None) => {
                if raw.password_file.is_none() {
                    self.wrong(format!("{at}.user"), "has no password: give `password_file` or `password`");
                }
                None
            }
            (None, Some(_)) => {
                self.wrong(format!("{at}.password"), "has no `user`");
                None
            }
            (None, None) => None,
        }
    }

    fn check_srtp(&mut self, at: &str, raw: &Trunk) {
        match raw.transport {
            Some(Transport::Tls) => {}
            _ if raw.srtp == Srtp::Required => self.wrong_hint(
                format!("{at}.srtp"),
                "the keys of SRTP travel in the SDP, which only TLS hides",
                "add transport = \"tls\"",
            ),
            _ => self.warnings.push(format!(
                "trunk `{}`: SRTP without TLS sends its keys in the clear; add transport = \"tls\"",
                raw.name
            )),
        }
    }

    fn number_format(&mut self, at: &str, raw: &Trunk, file: &Raw) -> NumberFormat {
        let home_area = raw.home_area.clone().unwrap_or_else(|| file.dialer.home_area.clone());
        if raw.number_format == NumberStyle::Local && home_area.is_empty() {
            self.wrong(format!("{at}.number_format"), "`local` needs `home_area`, here or under [dialer]");
        }
        if raw.number_prefix.len() > 16
            || !raw.number_prefix.bytes().all(|b| b.is_ascii_digit() || b"+*#".contains(&b))
        {
            let problem = format!("`{}` must be digits, +, * or #, at most 16", raw.number_prefix);
            self.wrong(format!("{at}.number_prefix"), problem);
        }
        NumberFormat {
            style: raw.number_format,
            home_area,
            strip: raw.number_strip,
            prefix: raw.number_prefix.clone(),
        }
    }

    /// `host`, `host:port`, `[v6]`, `[v6]:port`.
    fn server(&mut self, key: &str, text: &str, transport: Option<Transport>) -> Option<Server> {
        let text = text.trim();
        if text.is_empty() {
            self.wrong(key, "is missing: give a host, such as sip.example.com or 203.0.113.5:5060");
            return None;
        }
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => match rest.split_once(']') {
                Some((host, "")) => (host, None),
                Some((host, port)) => (host, port.strip_prefix(':').or(Some("?"))),
                None => (rest, Some("?")),
            },
            None if text.matches(':').count() > 1 => (text, None),
            None => match text.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        let is_name = |h: &str| {
            h.len() <= 253
                && h.split('.').all(|label| !label.is_empty() && label.len() <= 63)
                && h.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b))
        };
        let number = port.map(str::parse::<u16>);
        let good_host = host.parse::<std::net::IpAddr>().is_ok() || is_name(host);
        match number {
            _ if !good_host => {}
            None => return Some(Server { host: host.to_owned(), port: None, transport }),
            Some(Ok(port)) if port > 0 => {
                return Some(Server { host: host.to_owned(), port: Some(port), transport });
            }
            Some(_) => {}
        }
        let hint = "write sip.example.com, 203.0.113.5:5060 or [2001:db8::5]:5060, without sip:";
        self.wrong_hint(key, format!("`{text}` is not a host with an optional port"), hint);
        None
    }
}
