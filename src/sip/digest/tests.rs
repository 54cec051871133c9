use super::*;
use crate::base::{Mono, Rng};
use crate::sip::header;
use crate::sip::message::{Method, Request, Response as SipResponse};
use crate::sip::uri::Uri;

fn rng() -> Rng {
    Rng::seeded(7616)
}

fn invite() -> Request {
    Request::new(Method::INVITE, Uri::parse("sip:bob@biloxi.example").unwrap())
}

fn challenged(status: u16, lines: &[&str]) -> SipResponse {
    let mut response = SipResponse::new(status);
    let name = if status == 407 { header::PROXY_AUTHENTICATE } else { header::WWW_AUTHENTICATE };
    for line in lines {
        response.headers.push(name, *line);
    }
    response
}

fn answer(auth: &mut ClientAuth, name: &str) -> Response {
    let mut request = invite();
    auth.apply(&mut request, &mut rng());
    Response::parse(request.headers.get(name).unwrap()).unwrap()
}

#[test]
fn the_strongest_challenge_is_answered() {
    fn check(lines: &[&str], expect: Result<Algorithm, ChallengeError>) {
        let mut auth = ClientAuth::new("bob", "zanzibar", None);
        let got = auth
            .handle_challenge(&challenged(401, lines))
            .map(|()| answer(&mut auth, header::AUTHORIZATION).algorithm);
        assert_eq!(got, expect, "{lines:?}");
    }
    const MD5: &str = r#"Digest realm="r", nonce="1""#;
    const SHA: &str = r#"Digest realm="r", nonce="2", algorithm=SHA-256, qop="auth,auth-int""#;
    check(&[MD5], Ok(Algorithm::Md5));
    check(&[MD5, SHA], Ok(Algorithm::Sha256));
    check(&[SHA, MD5], Ok(Algorithm::Sha256));
    check(&[r#"Digest realm="r", nonce="3", algorithm=SHA-512-256"#, MD5], Ok(Algorithm::Md5));
    check(&[r#"Digest realm="r", nonce="3", qop="auth-int""#], Err(ChallengeError::Unsupported));
    check(&[r#"Basic realm="r""#], Err(ChallengeError::Unsupported));
    check(&[], Err(ChallengeError::Unsupported));
}

/// RFC 3261 section 22.4 with the numbers of RFC 2617's scheme without qop.
#[test]
fn a_challenge_without_qop_is_answered_as_rfc_2069_says() {
    let mut auth = ClientAuth::new("bob", "zanzibar", None);
    let line = r#"Digest realm="biloxi.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc""#;
    auth.handle_challenge(&challenged(401, &[line])).unwrap();
    let got = answer(&mut auth, header::AUTHORIZATION);
    let md5 = Algorithm::Md5;
    let a1 = md5.hash("bob:biloxi.com:zanzibar");
    let a2 = md5.hash("INVITE:sip:bob@biloxi.example");
    assert_eq!(got.response, md5.hash(&format!("{a1}:dcd98b7102dd2f0e8b11d0f600bfb0c093:{a2}")));
    assert_eq!((got.counted, got.opaque.as_deref()), (None, Some("5ccc")));
}

#[test]
fn a_nonce_is_used_again_with_the_next_count() {
    let mut auth = ClientAuth::new("bob", "zanzibar", None);
    let line = r#"Digest realm="r", nonce="1", qop="auth""#;
    auth.handle_challenge(&challenged(407, &[line])).unwrap();
    let counts: Vec<u32> =
        (0..10).map(|_| answer(&mut auth, header::PROXY_AUTHORIZATION).counted.unwrap().0).collect();
    assert_eq!(counts, (1..=10).collect::<Vec<u32>>());
}

#[test]
fn at_most_two_attempts_are_made_and_none_with_a_refused_answer() {
    let line = |nonce: &str, more: &str| format!(r#"Digest realm="r", nonce="{nonce}", qop="auth"{more}"#);
    let mut auth = ClientAuth::new("bob", "zanzibar", None);
    assert_eq!(auth.handle_challenge(&challenged(401, &[&line("1", "")])), Ok(()));
    auth.apply(&mut invite(), &mut rng());
    assert_eq!(auth.handle_challenge(&challenged(401, &[&line("1", "")])), Err(ChallengeError::Refused));

    assert_eq!(auth.handle_challenge(&challenged(401, &[&line("2", "")])), Ok(()));
    auth.apply(&mut invite(), &mut rng());
    assert_eq!(auth.handle_challenge(&challenged(401, &[&line("3", ", stale=true")])), Ok(()));
    auth.apply(&mut invite(), &mut rng());
    assert_eq!(
        auth.handle_challenge(&challenged(401, &[&line("4", ", stale=true")])),
        Err(ChallengeError::Refused)
    );

    assert_eq!(auth.handle_challenge(&challenged(401, &[&line("5", "")])), Ok(()));
    auth.handle_accepted();
    assert_eq!(auth.handle_challenge(&challenged(401, &[&line("6", ", stale=true")])), Ok(()));
    assert_eq!(answer(&mut auth, header::AUTHORIZATION).counted.unwrap().0, 1, "a new nonce counts from 1");
}

#[test]
fn a_foreign_realm_gets_nothing() {
    let mut auth = ClientAuth::new("bob", "zanzibar", Some("trunk.example"));
    let evil = challenged(401, &[r#"Digest realm="evil", nonce="1""#]);
    assert_eq!(auth.handle_challenge(&evil), Err(ChallengeError::ForeignRealm("evil".to_owned())));
    let mut request = invite();
    auth.apply(&mut request, &mut rng());
    assert!(!request.headers.contains(header::AUTHORIZATION));

    let mut open = ClientAuth::new("bob", "zanzibar", None);
    open.handle_challenge(&challenged(401, &[r#"Digest realm="first", nonce="1""#])).unwrap();
    open.handle_accepted();
    assert!(open.handle_challenge(&evil).is_err(), "the first realm is the one");
}

const T0: Mono = Mono(1_000_000);

/// A request of a client to a server with these algorithms; the verdict on its answer.
fn exchange(server: &mut ServerAuth, client: &mut ClientAuth, algorithm: Algorithm, at: Mono) -> Verdict {
    let lines: Vec<String> = server
        .challenges(T0, "a", false, &[algorithm], &mut rng())
        .iter()
        .map(Challenge::to_string)
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    client.handle_challenge(&challenged(401, &lines)).unwrap();
    client.handle_accepted();
    let got = answer(client, header::AUTHORIZATION);
    server.check(at, "a", &Method::INVITE, &got, &algorithm.secret("1001", "agents", "s3cret"))
}

/// Requirement 21 of reliability: nonces expire, counts are checked, stale renews.
#[test]
fn answers_are_checked_with_every_algorithm() {
    for algorithm in [Algorithm::Md5, Algorithm::Md5Sess, Algorithm::Sha256, Algorithm::Sha256Sess] {
        let mut server = ServerAuth::new("agents", &mut rng());
        let mut good = ClientAuth::new("1001", "s3cret", None);
        let mut bad = ClientAuth::new("1001", "wrong", None);
        let late = T0 + NONCE_LIFE + std::time::Duration::from_micros(1);
        assert_eq!(exchange(&mut server, &mut good, algorithm, T0), Verdict::Accepted, "{algorithm:?}");
        assert_eq!(exchange(&mut server, &mut bad, algorithm, T0), Verdict::Refused, "{algorithm:?}");
        let mut slow = ClientAuth::new("1001", "s3cret", None);
        assert_eq!(exchange(&mut server, &mut slow, algorithm, late), Verdict::Stale, "{algorithm:?}");
    }
}

#[test]
fn replayed_foreign_and_uncounted_answers_are_refused() {
    let mut server = ServerAuth::new("agents", &mut rng());
    let secret = Algorithm::Md5.secret("1001", "agents", "s3cret");
    let line = server.challenges(T0, "a", false, &[Algorithm::Md5], &mut rng())[0].to_string();
    let mut client = ClientAuth::new("1001", "s3cret", None);
    client.handle_challenge(&challenged(401, &[&line])).unwrap();
    let first = answer(&mut client, header::AUTHORIZATION);
    let second = answer(&mut client, header::AUTHORIZATION);
    let mut check = |answer: &Response, method: &Method| server.check(T0, "a", method, answer, &secret);
    assert_eq!(check(&first, &Method::BYE), Verdict::Refused, "the proof is about an INVITE");
    assert_eq!(check(&first, &Method::INVITE), Verdict::Accepted);
    assert_eq!(check(&first, &Method::INVITE), Verdict::Stale, "the same count again");
    assert_eq!(check(&second, &Method::INVITE), Verdict::Accepted);
    assert_eq!(check(&first, &Method::INVITE), Verdict::Stale, "an older count");
    let uncounted = Response { counted: None, ..second.clone() };
    assert_eq!(check(&uncounted, &Method::INVITE), Verdict::Refused);
    assert_eq!(server.check(T0, "b", &Method::INVITE, &second, &secret), Verdict::Stale, "another address");
    let mut other = ServerAuth::new("agents", &mut Rng::seeded(1));
    assert_eq!(
        other.check(T0, "a", &Method::INVITE, &first, &secret),
        Verdict::Stale,
        "another server's nonce"
    );
}

#[test]
fn forgotten_nonces_cannot_be_replayed() {
    let mut rng = rng();
    let mut server = ServerAuth::new("agents", &mut rng);
    let secret = Algorithm::Md5.secret("1001", "agents", "s3cret");
    server.capacity = 20;
    let mut first = None;
    for n in 0..=20 {
        let line = server.challenges(Mono(n + 1), "a", false, &[Algorithm::Md5], &mut rng)[0].to_string();
        let mut client = ClientAuth::new("1001", "s3cret", None);
        client.handle_challenge(&challenged(401, &[&line])).unwrap();
        let got = answer(&mut client, header::AUTHORIZATION);
        assert_eq!(server.check(Mono(n + 1), "a", &Method::INVITE, &got, &secret), Verdict::Accepted);
        first.get_or_insert(got);
    }
    let replay = server.check(Mono(22), "a", &Method::INVITE, &first.unwrap(), &secret);
    assert_eq!(replay, Verdict::Stale);
}
