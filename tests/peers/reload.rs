//! A reload of the real daemon: by the API and by SIGHUP.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::daemon::{Daemon, Setup, Trunk, own_network};
use super::encrypted::authority;
use super::program::{can_run, free_port, until};
use super::sipp::Sipp;

const SECOND: &str = "[[trunk]]\nname = \"second\"\nserver = \"127.0.0.1:9\"\noptions_ping = \"0s\"\n";

async fn trunk_names(daemon: &Daemon) -> Vec<String> {
    let trunks = daemon.get("/trunks").await;
    let items = trunks["items"].as_array().or(trunks.as_array()).cloned().unwrap_or_default();
    items.iter().filter_map(|t| t["name"].as_str()).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_keeps_the_old_and_a_good_one_is_applied() {
    let daemon = Daemon::start(&[own_network()], "").await;
    daemon.edit(|text| format!("{text}\n[[trunk]]\nname = \"x\"\nservr = \"y\"\n"));
    let (status, problem) = daemon.try_post("/reload", &json!({})).await;
    let text = problem.to_string();
    assert_eq!(status, 422, "{text}");
    for word in ["servr", "did you mean `server`?", "ringback.toml:", "old configuration stays"] {
        assert!(text.contains(word), "{word} is not in {text}");
    }
    assert_eq!(trunk_names(&daemon).await, ["own"]);

    let good = |text: String| text.split("\n[[trunk]]\nname = \"x\"").next().unwrap_or_default().to_owned();
    daemon.edit(|text| format!("{}\n{SECOND}", good(text).replace("20000", "21000")));
    let (status, report) = daemon.try_post("/reload", &json!({})).await;
    let text = report.to_string();
    assert_eq!(status, 200, "{text}");
    let rows = report["sections"].as_array().cloned().unwrap_or_default();
    let result = |section: &str| {
        let row = rows.iter().find(|r| r["section"] == section).unwrap_or_else(|| panic!("{text}"));
        (row["result"].as_str().unwrap_or_default(), row["detail"].as_str().unwrap_or_default())
    };
    assert_eq!(result("trunk"), ("applied", "second added"));
    assert_eq!(result("rtp"), ("needs_restart", "port_min: only a restart takes this over"));
    let both = until(Duration::from_secs(30), async || (trunk_names(&daemon).await.len() == 2).then_some(()));
    assert!(both.await.is_some(), "the new trunk does not show");

    daemon.edit(|text| text.replace(SECOND, ""));
    daemon.signal("HUP");
    let one = until(Duration::from_secs(30), async || (trunk_names(&daemon).await.len() == 1).then_some(()));
    assert!(one.await.is_some(), "SIGHUP did not reload");
    daemon.stop().await;
}

/// A client that trusts this authority alone.
async fn tls_client(port: u16, ca: &Path) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).expect("an authority")).expect("an authority");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider);
    let config =
        config.with_safe_default_protocol_versions().expect("versions").with_root_certificates(roots);
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let name = ServerName::try_from("127.0.0.1").expect("a name");
    TlsConnector::from(Arc::new(config.with_no_client_auth())).connect(name, stream).await
}

/// Whether OPTIONS is answered there.
async fn answers(stream: &mut TlsStream<TcpStream>) -> bool {
    let options = "OPTIONS sip:a@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1;branch=z9hG4bK1\r\n\
         From: <sip:b@127.0.0.1>;tag=1\r\nTo: <sip:a@127.0.0.1>\r\nCall-ID: renewal\r\nCSeq: 1 OPTIONS\r\n\
         Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n";
    stream.write_all(options.as_bytes()).await.expect("an open connection");
    let mut answer = vec![0; 4_096];
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut answer)).await;
    read.is_ok_and(|read| read.is_ok_and(|length| answer[..length].starts_with(b"SIP/2.0 200")))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_is_shown_after_a_reload_and_a_bad_one_is_not() {
    let files = tempfile::tempdir().expect("a folder");
    let (old_ca, old) = authority(files.path(), "old");
    let (new_ca, new) = authority(files.path(), "new");
    let (port, shown) = (free_port(), files.path().join("shown.pem"));
    std::fs::copy(&old, &shown).expect("a copy");
    let shown_as = shown.display().to_string();
    let sip =
        format!("tls = [\"127.0.0.1:{port}\"]\ntls_certificate = \"{shown_as}\"\ntls_key = \"{shown_as}\"\n");
    let daemon = Daemon::start_as(&Setup { sip, ..Setup::of(&[own_network()]) }).await;
    let mut first = tls_client(port, &old_ca).await.expect("the old certificate");
    assert!(answers(&mut first).await);

    // A certificate without its key, and one that is none.
    let of = |path: &Path| std::fs::read_to_string(path).expect("a certificate");
    let (old_pem, new_pem) = (of(&old), of(&new));
    let key = old_pem.find("-----BEGIN PRIVATE").expect("a key");
    let certificate = new_pem.find("-----BEGIN PRIVATE").expect("a key");
    let torn = format!("{}{}", &new_pem[..certificate], &old_pem[key..]);
    for (bad, words) in [(torn.as_str(), "does not go with the key"), ("nothing", "no certificate")] {
        std::fs::write(&shown, bad).expect("a file");
        let (status, problem) = daemon.try_post("/reload", &json!({})).await;
        let text = problem.to_string();
        assert_eq!(status, 422, "{text}");
        for word in ["shown.pem", words, "old configuration stays"] {
            assert!(text.contains(word), "{word} is not in {text}");
        }
        assert!(answers(&mut tls_client(port, &old_ca).await.expect("the old certificate")).await);
    }

    std::fs::copy(&new, &shown).expect("a copy");
    let (status, report) = daemon.try_post("/reload", &json!({})).await;
    let text = report.to_string();
    assert_eq!(status, 200, "{text}");
    assert!(text.contains("certificates") && text.contains("shown.pem is valid until"), "{text}");
    assert!(answers(&mut tls_client(port, &new_ca).await.expect("the new certificate")).await);
    assert!(tls_client(port, &old_ca).await.is_err(), "the old one is still shown");
    assert!(answers(&mut first).await, "an open connection goes on");
    let (_, report) = daemon.try_post("/reload", &json!({})).await;
    assert!(!report.to_string().contains("valid until"), "nothing has changed: {report}");

    // SIGHUP does the same.
    std::fs::copy(&old, &shown).expect("a copy");
    daemon.signal("HUP");
    let back = until(Duration::from_secs(20), async || tls_client(port, &old_ca).await.ok());
    assert!(back.await.is_some(), "SIGHUP did not take the file over");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_covers_numbers_until_a_reload_asks_for_them() {
    if !can_run("sipp") {
        return;
    }
    let (first, second) = (free_port(), free_port());
    let daemon = Daemon::start(&[Trunk::at("first", first), Trunk::at("second", second)], "").await;
    let words: &[(&str, &str)] = &[("STATUS", "404 Nobody at 13800001234")];
    for (name, port, phone, shown) in
        [("first", first, "13800001231", "138****1234"), ("second", second, "13800001232", "13800001234")]
    {
        let peer = Sipp::answering("reject", words, port, daemon.folder.path());
        let campaign = daemon.dial(name, phone, serde_json::json!({})).await;
        daemon.call_of(campaign, Duration::from_secs(30)).await;
        peer.must_end_well().await;
        let told = until(Duration::from_secs(5), async || daemon.log().contains(shown).then_some(())).await;
        assert!(told.is_some(), "{shown} is not in\n{}", daemon.log());
        if name == "first" {
            assert!(!daemon.log().contains("13800001234"), "{}", daemon.log());
            daemon.edit(|text| format!("{text}\n[log]\nunmask = true\n"));
            assert_eq!(daemon.try_post("/reload", &json!({})).await.0, 200);
        }
    }
    daemon.stop().await;
}
