//! Trunks over TCP and TLS, and SRTP by SDES, against baresip: what must be encrypted is, or
//! the call fails.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::json;

use super::baresip::{NUMBERS, PLAIN, Phone, baresip, both_are_heard, is_ready};
use super::daemon::{Daemon, Setup, Trunk, own_network};
use super::program::{Program, can_run, free_port, until};
use crate::support::databases::block_on;

/// An authority of our own and a certificate for 127.0.0.1: the authority's file, and one
/// with certificate and key.
pub fn authority(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, format!("{name} authority"));
    let issuer_key = KeyPair::generate().expect("a key");
    let ca = params.self_signed(&issuer_key).expect("a certificate");
    let issuer = Issuer::new(params, issuer_key);
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
    let certificate = params.signed_by(&key, &issuer).expect("a certificate");
    let (ca_file, own) = (folder.join(format!("{name}-ca.pem")), folder.join(format!("{name}.pem")));
    std::fs::write(&ca_file, ca.pem()).expect("a file");
    std::fs::write(&own, format!("{}{}", certificate.pem(), key.serialize_pem())).expect("a file");
    (ca_file, own)
}

/// A softphone that listens for TLS at the port after its own.
async fn phone(folder: &Path, certificate: &Path, encryption: &str) -> (u16, Program) {
    let port = free_port();
    let config = format!("sip_certificate {}\nmodule srtp.so\n", certificate.display());
    let phone = baresip(folder, port, &Phone { config, account: encryption, ..PLAIN });
    is_ready(&phone).await;
    (port, phone)
}

#[test]
fn tcp_and_tls_with_srtp_are_heard_and_what_cannot_be_encrypted_is_not_spoken() {
    if !can_run("baresip") || !can_run("sox") {
        return;
    }
    block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        let (ca, certificate) = authority(folder, "carrier");
        let (_, foreign) = authority(folder, "foreign");
        let (plain_port, plain) = phone(folder, &certificate, "").await;
        let (secret_port, secret) = phone(folder, &certificate, ";mediaenc=srtp-mand").await;
        let (willing_port, willing) = phone(folder, &certificate, ";mediaenc=srtp").await;
        let (foreign_port, stranger) = phone(folder, &foreign, ";mediaenc=srtp-mand").await;
        let over = |name: &str, port: u16, transport, lines: &str| Trunk {
            transport,
            ..Trunk::at(name, port).with(lines)
        };
        let trunks = [
            over("tcp", plain_port, "tcp", "options_ping = \"5s\""),
            over("required", secret_port + 1, "tls", "srtp = \"required\"\noptions_ping = \"5s\""),
            over("preferred", plain_port + 1, "tls", "srtp = \"preferred\""),
            over("preferred-only", secret_port + 1, "tls", "srtp = \"preferred\""),
            over("preferred-both", willing_port + 1, "tls", "srtp = \"preferred\""),
            over("no-srtp", plain_port + 1, "tls", "srtp = \"required\""),
            over("wrong-ca", foreign_port + 1, "tls", "srtp = \"required\"\noptions_ping = \"5s\""),
        ];
        let sip = format!("tls_ca = \"{}\"", ca.display());
        let daemon = Daemon::start_as(&Setup { sip, ..Setup::of(&trunks) }).await;
        let down = daemon.trunk_becomes("wrong-ca", Duration::from_secs(10), |t| t["state"] == "down").await;
        let told = down["detail"].as_str().unwrap_or_default();
        assert!(told.contains("certificate") && told.contains("127.0.0.1"), "{down}");
        for name in ["tcp", "required"] {
            daemon.trunk_becomes(name, Duration::from_secs(10), |t| t["state"] == "up").await;
        }
        let mut campaigns = Vec::new();
        for (trunk, number) in trunks.iter().zip(NUMBERS) {
            let settings = json!({ "script": "listen" });
            campaigns.push((trunk.name.clone(), daemon.dial(&trunk.name, number, settings).await));
        }
        for (name, campaign) in campaigns {
            let call = daemon.call_of(campaign, Duration::from_secs(40)).await;
            let id = call["id"].as_str().unwrap_or_default();
            let trace = daemon.get(&format!("/calls/{id}/trace")).await.to_string();
            if name == "no-srtp" {
                assert_eq!(call["disposition"], "incompatible", "{call} {trace}");
                assert!(call["answered_at"].is_null(), "it was answered: {call}");
                assert!(trace.contains("RTP/SAVP") && !trace.contains("RTP/AVP"), "{trace}");
                continue;
            }
            assert_eq!(call["disposition"], "no_input", "{name}: {call} {trace}");
            both_are_heard(&call);
            assert_eq!(call["missing_frames"], 0, "{name}: {call}");
        }
        let encrypted = |phone: &Program| phone.output().matches("SRTP is Enabled").count();
        assert_eq!(encrypted(&secret), 2, "{}", secret.tail());
        assert_eq!(encrypted(&willing), 1, "{}", willing.tail());
        assert_eq!(encrypted(&plain), 0, "{}", plain.tail());
        assert!(!stranger.output().contains("Call established"), "{}", stranger.tail());
        daemon.stop().await;
    });
}

#[test]
fn phones_that_demand_or_offer_srtp_call_in_and_are_heard() {
    if !can_run("baresip") || !can_run("sox") {
        return;
    }
    block_on(async {
        let rule = "[[inbound]]\nnumber = \"400*\"\nscript = \"listen\"\nlanguage = \"en\"\n";
        let daemon = Daemon::start(&[own_network().with("srtp = \"preferred\"")], rule).await;
        let dial = format!("/dial sip:4001234567@127.0.0.1:{}", daemon.sip_port);
        let calling = |account: &str| {
            let phone = Phone { config: "module srtp.so\n".to_owned(), account, commands: &[&dial], ..PLAIN };
            baresip(daemon.folder.path(), free_port(), &phone)
        };
        let phones = [";mediaenc=srtp-mand", ";mediaenc=srtp", ""].map(|account| (calling(account), account));
        let path = "/calls?direction=inbound&state=ended";
        let all = until(Duration::from_secs(40), async || {
            let items = daemon.get(path).await["items"].as_array().cloned().unwrap_or_default();
            (items.len() == phones.len()).then_some(items)
        });
        let calls = all.await.unwrap_or_else(|| panic!("not all came in:\n{}", phones[0].0.tail()));
        let mut protos = Vec::new();
        for call in &calls {
            both_are_heard(call);
            let id = call["id"].as_str().unwrap_or_default();
            let trace = daemon.get(&format!("/calls/{id}/trace")).await.to_string();
            protos.push(if trace.contains("RTP/SAVP 8") { "RTP/SAVP" } else { "RTP/AVP" });
        }
        protos.sort_unstable();
        assert_eq!(protos, ["RTP/AVP", "RTP/AVP", "RTP/SAVP"], "{calls:?}");
        for (phone, account) in &phones {
            assert_eq!(phone.output().contains("SRTP is Enabled"), !account.is_empty(), "{}", phone.tail());
        }
        daemon.stop().await;
    });
}
