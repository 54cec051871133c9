use super::*;

const ALL: [Transport; 3] = [Transport::Udp, Transport::Tcp, Transport::Tls];

/// A zone: lines of `NAPTR domain order preference service replacement`,
/// `SRV name priority weight port target` and `A host address`.
fn answer(zone: &str, query: &Query) -> Answer {
    let records = |kind: &str, name: &str| -> Vec<Vec<String>> {
        zone.lines()
            .map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
            .filter(|fields| fields.len() > 2 && fields[0] == kind && fields[1] == name)
            .collect()
    };
    match query {
        Query::Naptr(name) => Answer::Naptr(
            records("NAPTR", name)
                .into_iter()
                .map(|f| Naptr {
                    order: f[2].parse().unwrap(),
                    preference: f[3].parse().unwrap(),
                    service: f[4].clone(),
                    replacement: f[5].clone(),
                })
                .collect(),
        ),
        Query::Srv(name) => Answer::Srv(
            records("SRV", name)
                .into_iter()
                .map(|f| Srv {
                    priority: f[2].parse().unwrap(),
                    weight: f[3].parse().unwrap(),
                    port: f[4].parse().unwrap(),
                    target: f[5].clone(),
                })
                .collect(),
        ),
        Query::Address(name) => {
            Answer::Addresses(records("A", name).iter().map(|f| f[2].parse().unwrap()).collect())
        }
    }
}

fn locate(uri: &str, in_use: &[Transport], zone: &str, rng: &mut Rng) -> Vec<String> {
    let mut locate = Locate::new(&Uri::parse(uri).unwrap(), in_use).unwrap_or_else(|e| panic!("{e}"));
    let mut asked = 0;
    while let Some(query) = locate.poll_query() {
        locate.handle_answer(answer(zone, &query), rng);
        asked += 1;
        assert!(asked <= MAX_QUERIES);
    }
    locate.into_destinations().iter().map(|d| format!("{d} {}", d.server_name)).collect()
}

const ZONE: &str = "
    NAPTR full.example 20 10 SIP+D2U _sip._udp.full.example
    NAPTR full.example 10 20 SIP+D2T _sip._tcp.full.example
    NAPTR full.example 10 10 SIPS+D2T _sips._tcp.full.example
    NAPTR full.example 5 5 E2U+sip x.example
    SRV _sips._tcp.full.example 0 0 5061 a.full.example
    SRV _sip._tcp.full.example 0 0 5060 a.full.example
    SRV _sip._udp.full.example 20 0 5070 b.full.example
    SRV _sip._udp.full.example 10 0 5060 a.full.example
    A a.full.example 192.0.2.1
    A b.full.example 192.0.2.2
    A b.full.example 2001:db8::2
    SRV _sip._udp.srv.example 0 0 5090 plain.example
    SRV _sip._tcp.gone.example 0 0 0 .
    A gone.example 192.0.2.9
    A plain.example 192.0.2.7
";

#[test]
fn uris_lead_where_rfc_3263_says() {
    fn check(uri: &str, in_use: &[Transport], expect: &[&str]) {
        assert_eq!(locate(uri, in_use, ZONE, &mut Rng::seeded(1)), expect, "{uri}");
    }
    check("sip:192.0.2.4", &ALL, &["udp:192.0.2.4:5060 192.0.2.4"]);
    check("sip:192.0.2.4:5070;transport=tcp", &ALL, &["tcp:192.0.2.4:5070 192.0.2.4"]);
    check("sips:[2001:db8::9]", &ALL, &["tls:[2001:db8::9]:5061 2001:db8::9"]);
    check("sip:full.example;maddr=192.0.2.8", &ALL, &["udp:192.0.2.8:5060 full.example"]);
    check("sip:plain.example:5080", &ALL, &["udp:192.0.2.7:5080 plain.example"]);
    check("sip:plain.example", &ALL, &["udp:192.0.2.7:5060 plain.example"]);
    check("sips:plain.example", &ALL, &["tls:192.0.2.7:5061 plain.example"]);
    check("sips:plain.example;transport=tcp", &ALL, &["tls:192.0.2.7:5061 plain.example"]);
    check("sip:srv.example", &ALL, &["udp:192.0.2.7:5090 srv.example"]);
    check("sip:plain.example", &[Transport::Tls], &["tls:192.0.2.7:5061 plain.example"]);
    check("sip:gone.example;transport=tcp", &ALL, &["tcp:192.0.2.9:5060 gone.example"]);
    check("sip:nowhere.example", &ALL, &[]);
    check(
        "sip:full.example",
        &ALL,
        &[
            "tls:192.0.2.1:5061 full.example",
            "tcp:192.0.2.1:5060 full.example",
            "udp:192.0.2.1:5060 full.example",
            "udp:192.0.2.2:5070 full.example",
            "udp:[2001:db8::2]:5070 full.example",
        ],
    );
    check("sips:full.example", &ALL, &["tls:192.0.2.1:5061 full.example"]);
    check(
        "sip:full.example;transport=udp",
        &ALL,
        &[
            "udp:192.0.2.1:5060 full.example",
            "udp:192.0.2.2:5070 full.example",
            "udp:[2001:db8::2]:5070 full.example",
        ],
    );
}

#[test]
fn uris_that_lead_nowhere_say_why() {
    for (uri, in_use) in [
        ("tel:+861380000", &ALL[..]),
        ("sip:a.example;transport=ws", &ALL[..]),
        ("sip:a.example;transport=tls", &[Transport::Udp][..]),
        ("sips:a.example", &[Transport::Udp][..]),
    ] {
        let error = Locate::new(&Uri::parse(uri).unwrap(), in_use).unwrap_err();
        assert!(error.to_string().contains(uri), "{error}");
    }
}

#[test]
fn weights_share_the_load() {
    let zone = "SRV _sip._udp.w.example 0 75 1 a
                SRV _sip._udp.w.example 0 25 2 b
                SRV _sip._udp.w.example 0 0 3 c
                SRV _sip._udp.w.example 1 100 4 d
                A a 192.0.2.1\nA b 192.0.2.2\nA c 192.0.2.3\nA d 192.0.2.4";
    let mut rng = Rng::seeded(2782);
    let mut firsts = BTreeMap::new();
    for _ in 0..4_000 {
        let found = locate("sip:w.example;transport=udp", &ALL, zone, &mut rng);
        assert_eq!(found.len(), 4);
        assert!(found[3].starts_with("udp:192.0.2.4"), "the second priority stays last");
        *firsts.entry(found[0].clone()).or_insert(0) += 1;
    }
    let share = |port: u16| {
        firsts.iter().filter(|(f, _)| f.contains(&format!(":{port} "))).map(|(_, n)| n).sum::<i32>()
    };
    assert!((2_800..=3_200).contains(&share(1)), "{firsts:?}");
    assert!((800..=1_200).contains(&share(2)), "{firsts:?}");
    assert!((1..=150).contains(&share(3)), "{firsts:?}");
}

#[test]
fn a_zone_that_never_ends_is_left() {
    let mut locate = Locate::new(&Uri::parse("sip:loop.example;transport=udp").unwrap(), &ALL).unwrap();
    let mut asked = 0;
    while let Some(query) = locate.poll_query() {
        asked += 1;
        let answer = match query {
            Query::Srv(_) => Answer::Srv(
                (0..1_000)
                    .map(|n| Srv { priority: 0, weight: 0, port: 1, target: format!("h{n}") })
                    .collect(),
            ),
            _ => Answer::None,
        };
        locate.handle_answer(answer, &mut Rng::seeded(1));
    }
    assert_eq!(asked, MAX_QUERIES);
}
