//! Trunks that register, against kamailio: challenges answered, nonces used again, a wrong
//! password, and a call through it.

use std::time::Duration;

use serde_json::json;

use super::daemon::{Daemon, Trunk};
use super::kamailio::{Kamailio, PASSWORD, REALM, Seen, Setup};
use super::program::{can_run, free_port, is_root, skip, until};
use super::sipp::Sipp;
use crate::support::databases::block_on;

/// The shortest registration that a carrier grants here: it is renewed after two thirds.
const SHORT: u32 = 10;

fn trunk(name: &str, at: &Kamailio, password: &str) -> Trunk {
    let lines = format!("user = \"4008001234\"\npassword = \"{password}\"\nrealm = \"{REALM}\"");
    Trunk::at(name, at.port).with(&lines)
}

/// Waits until a registrar has seen so many REGISTERs.
async fn registers(carrier: &Kamailio, count: usize, limit: Duration) -> Vec<Seen> {
    let seen = until(limit, async || Some(carrier.seen_of("REGISTER")).filter(|all| all.len() >= count));
    seen.await.unwrap_or_else(|| panic!("not {count} REGISTERs: {:?}", carrier.seen()))
}

/// Count of the credentials, which must carry this nonce.
fn count(seen: &Seen, nonce: &str) -> u32 {
    let (used, count) = seen.used.as_ref().unwrap_or_else(|| panic!("no credentials: {seen:?}"));
    assert_eq!(used, nonce, "another nonce: {seen:?}");
    *count
}

#[test]
fn trunks_register_answer_md5_and_sha_256_use_a_nonce_again_and_give_their_registration_back() {
    if !can_run("kamailio") {
        return;
    }
    block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let mut carriers = Vec::new();
        for algorithm in ["MD5", "SHA-256"] {
            let setup = Setup { algorithm, expires: SHORT, ..Setup::default() };
            carriers.push((algorithm, Kamailio::start(&setup, folder.path()).await));
        }
        // A nonce is too old before the registration is renewed.
        let setup = Setup { nonce_seconds: 3, expires: SHORT, ..Setup::default() };
        let impatient = Kamailio::start(&setup, folder.path()).await;
        let mut trunks: Vec<_> = carriers.iter().map(|(name, at)| trunk(name, at, PASSWORD)).collect();
        trunks.push(trunk("impatient", &impatient, PASSWORD));
        let daemon = Daemon::start(&trunks, "").await;
        for name in ["MD5", "SHA-256", "impatient"] {
            daemon.trunk_becomes(name, Duration::from_secs(5), |t| t["state"] == "up").await;
        }
        for (algorithm, carrier) in &carriers {
            let seen = registers(carrier, 3, Duration::from_secs(12)).await;
            assert_eq!(seen[0].used, None, "credentials before a challenge");
            assert!(seen.iter().skip(1).all(|s| s.algorithm.as_deref() == Some(algorithm)), "{seen:?}");
            let (nonce, first) = seen[1].used.clone().expect("the challenge is answered");
            assert_eq!((first, count(&seen[2], &nonce)), (1, 2), "the nonce is used again");
            assert_eq!(carrier.said("REFUSED").len(), 1, "{:?}", carrier.said("REFUSED"));
        }
        // The stale nonce is refused once, and the next one is answered at once.
        let seen = registers(&impatient, 4, Duration::from_secs(12)).await;
        let (old, _) = seen[1].used.clone().expect("the challenge is answered");
        let (new, first) = seen[3].used.clone().expect("the second challenge is answered");
        assert_eq!(count(&seen[2], &old), 2);
        assert!(old != new && first == 1, "{seen:?}");
        assert_eq!(impatient.said("REFUSED"), ["REFUSED -5", "REFUSED -4"], "none, then one too old");
        assert_eq!(daemon.trunk("impatient").await["state"], "up");
        daemon.stop().await;
        for (algorithm, carrier) in &carriers {
            let seen = carrier.seen_of("REGISTER");
            let (nonce, _) = seen[1].used.clone().expect("credentials");
            assert_eq!(
                (seen.len(), count(&seen[3], &nonce)),
                (4, 3),
                "{algorithm}: not given back: {seen:?}"
            );
            let gone = carrier.said("GAVE BACK");
            assert_eq!(gone.len(), 1, "{algorithm}: {gone:?}");
        }
    });
}

#[test]
fn a_wrong_password_is_told_in_the_trunks_state_and_makes_no_storm_of_requests() {
    if !can_run("kamailio") {
        return;
    }
    block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let carrier = Kamailio::start(&Setup::default(), folder.path()).await;
        let daemon = Daemon::start(&[trunk("carrier", &carrier, "warm-tea-41")], "").await;
        let down = daemon.trunk_becomes("carrier", Duration::from_secs(5), |t| t["state"] == "down").await;
        let told = down["detail"].as_str().unwrap_or_default();
        assert!(told.contains("401") && told.contains("password"), "{down}");
        // One without credentials, one with, and one for the fresh nonce that the refusal
        // brought; then a pause of at least five seconds.
        let first = carrier.seen_of("REGISTER");
        assert!((2..=3).contains(&first.len()), "{first:?}");
        registers(&carrier, first.len() + 1, Duration::from_secs(10)).await;
        daemon.trunk_becomes("carrier", Duration::from_secs(5), |t| t["state"] == "down").await;
        let all = carrier.seen_of("REGISTER");
        assert!(all.len() <= 2 * first.len(), "a storm: {all:?}");
        // Nothing is dialled over a trunk that is down.
        let campaign = daemon.dial("carrier", "13800002222", json!({})).await;
        let path = format!("/campaigns/{campaign}/progress");
        let blocked = until(Duration::from_secs(5), async || {
            (!daemon.get(&path).await["blocked"].is_null()).then_some(())
        });
        assert!(blocked.await.is_some(), "{}", daemon.get(&path).await);
        assert!(carrier.seen_of("INVITE").is_empty());
        daemon.stop().await;
    });
}

#[test]
fn a_call_through_a_proxy_that_challenges_follows_its_record_route() {
    if !can_run("kamailio") || !can_run("sipp") {
        return;
    }
    if !is_root() {
        return skip("SIPp plays capture files only as root: the call through kamailio");
    }
    block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let callee = free_port();
        let carrier = Kamailio::start(&Setup { callee, ..Setup::default() }, folder.path()).await;
        let daemon = Daemon::start(&[trunk("carrier", &carrier, PASSWORD)], "").await;
        daemon.trunk_becomes("carrier", Duration::from_secs(5), |t| t["state"] == "up").await;
        let phone = Sipp::answering("answer", &[], callee, folder.path());
        let campaign = daemon.dial("carrier", "13800002222", json!({})).await;
        let call = daemon.call_of(campaign, Duration::from_secs(30)).await;
        assert_eq!(call["disposition"], "completed", "{call}");
        phone.must_end_well().await;
        let invites = carrier.seen_of("INVITE");
        assert_eq!(invites.len(), 2, "{invites:?}");
        assert!(invites[0].used.is_none() && invites[1].cseq > invites[0].cseq, "{invites:?}");
        assert_eq!(carrier.said("ROUTED"), ["ROUTED ACK", "ROUTED BYE"]);
        // The BYE carries the INVITE's nonce with the next count, before anybody asks.
        let (nonce, _) = invites[1].used.clone().expect("the challenge is answered");
        assert_eq!(carrier.seen_of("BYE").iter().map(|bye| count(bye, &nonce)).collect::<Vec<_>>(), [2]);
        let trunk = daemon.trunk_becomes("carrier", Duration::from_secs(3), |t| t["calls"] == 0).await;
        assert_eq!(
            (&trunk["placed"], &trunk["answered"], &trunk["failed"]),
            (&json!(1), &json!(1), &json!(0))
        );
        daemon.stop().await;
    });
}
