use jiff::civil::date;
use proptest::prelude::*;

use super::*;

const DAY: i64 = 86_400_000;

/// A chain of that many entries, three a day.
fn chain(length: u64) -> Vec<Entry> {
    let mut head = Head::default();
    (0..length)
        .map(|n| {
            let now = Timestamp(i64::try_from(n / 3).unwrap() * DAY + 5);
            head.link(now, Kind::Answer, format!("call:{n}/1"), digest("salt", &n.to_string()))
        })
        .collect()
}

/// The root of the day `day` (from 0) of such a chain, with the end of that day.
fn root(chain: &[Entry], day: i64) -> (Root, Timestamp) {
    let end = Timestamp((day + 1) * DAY);
    let last = chain.iter().rfind(|entry| entry.at < end).unwrap();
    let day = date(1970, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap();
    (Root { day, seq: last.seq, hash: last.hash }, end)
}

fn walk(chain: &[Entry], roots: Vec<(Root, Timestamp)>) -> Vec<Break> {
    let mut walk = Walk::new(roots);
    let mut breaks: Vec<Break> = chain.iter().flat_map(|entry| walk.step(entry)).collect();
    breaks.extend(walk.end());
    breaks
}

/// Makes the hashes fit again, as somebody who knows the program would.
fn made_anew(mut chain: Vec<Entry>) -> Vec<Entry> {
    let mut head = Head::default();
    for entry in &mut chain {
        *entry = head.link(entry.at, entry.kind, entry.subject.clone(), entry.digest);
    }
    chain
}

#[test]
fn rec_03_an_entry_is_what_coreutils_make_of_it() {
    let mut head = Head::default();
    let first = head.link(Timestamp(7), Kind::Audit, "audit:1".into(), Digest::of(b"x"));
    // printf '%s\n' 0000...0 1 7 audit audit:1 2d711642... | sha256sum
    let text = format!("{}\n1\n7\naudit\naudit:1\n{}\n", "0".repeat(64), Digest::of(b"x"));
    assert_eq!(first.hash, Digest::of(text.as_bytes()));
    assert_eq!(
        Digest::of(b"abc").to_string(),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    assert_eq!(digest("salt", "x"), Digest::of(b"saltx"));
}

#[test]
fn rec_03_an_unbroken_chain_with_its_roots_holds() {
    let chain = chain(10);
    assert_eq!(walk(&chain, (0..4).map(|day| root(&chain, day)).collect()), []);
    assert_eq!(walk(&[], Vec::new()), []);
    // A day on which nothing was linked has the root of the day before.
    let (quiet, _) = root(&chain, 3);
    assert_eq!(walk(&chain, vec![(Root { day: date(1970, 1, 5), ..quiet }, Timestamp(5 * DAY))]), []);
}

#[test]
fn rec_03_a_chain_made_anew_is_found_by_a_root_that_was_published() {
    let published: Vec<_> = (0..4).map(|day| root(&chain(12), day)).collect();
    let mut forged = chain(12);
    forged[4].digest = digest("salt", "a better answer");
    let forged = made_anew(forged);
    assert_eq!(walk(&forged, Vec::new()), [], "it holds by itself");
    let breaks = walk(&forged, published.clone());
    let days: Vec<_> = breaks.iter().map(|b| matches!(b, Break::Root(_))).collect();
    assert_eq!(days, [true, true, true], "from the second day on: {breaks:?}");
    // Cut off behind the root, and prolonged within a day that was over.
    let cut = walk(&chain(4), published.clone());
    assert!(cut.iter().any(|b| matches!(b, Break::Cut(root) if root.seq == 6)), "{cut:?}");
    let mut late = chain(3);
    late.push(Head { seq: 3, at: late[2].at, hash: late[2].hash }.link(
        Timestamp(9),
        Kind::Answer,
        "call:x/1".into(),
        Digest::NONE,
    ));
    assert_eq!(walk(&late, vec![published[0].clone()]), [Break::Root(published[0].0.clone())]);
}

#[test]
fn the_clock_may_be_set_back_and_the_chain_goes_on() {
    let mut head = Head::default();
    let first = head.link(Timestamp(100), Kind::Audit, "audit:1".into(), Digest::NONE);
    let second = head.link(Timestamp(50), Kind::Audit, "audit:2".into(), Digest::NONE);
    assert_eq!(second.at, Timestamp(100));
    assert_eq!(walk(&[first, second], Vec::new()), []);
}

#[test]
fn files_of_roots_are_read_and_a_bad_line_is_named() {
    let (one, _) = root(&chain(3), 0);
    let text = format!("# roots of 1970-01\n\n{one}\n");
    assert_eq!(parse_roots(&text), Ok(vec![one.clone()]));
    let (line, mistake) = parse_roots(&format!("{one}\n1970-01-02 7")).unwrap_err();
    assert!(line == 2 && mistake.contains("DAY NUMBER SHA-256"), "{mistake}");
    let (_, mistake) = parse_roots("1970-01-02 7 ABC").unwrap_err();
    assert!(mistake.contains("64 lower-case hexadecimal digits"), "{mistake}");
}

#[test]
fn kinds_have_words_of_their_own() {
    for kind in Kind::ALL {
        assert_eq!(Kind::of(kind.as_str()), Some(kind));
    }
}

proptest! {
    /// Whatever is done to one entry of a chain, the walk says so.
    #[test]
    fn rec_03_any_change_of_a_chain_is_found(length in 2_u64..40, place in 0_usize..40, what in 0..7) {
        let mut chain = chain(length);
        let place = place % chain.len();
        match what {
            0 => chain[place].digest = Digest::of(b"other"),
            1 => chain[place].subject.push('0'),
            2 => chain[place].kind = Kind::Sheet,
            3 => chain[place].at = Timestamp(chain[place].at.0 + 1),
            4 => chain[place].hash = Digest::of(b"other"),
            // Without its end a chain holds: that is what roots are for.
            5 => { let place = place.min(chain.len() - 2); chain.remove(place); }
            _ => { let one = chain[place].clone(); chain.insert(place, one); }
        }
        prop_assert!(!walk(&chain, Vec::new()).is_empty());
    }

    #[test]
    fn digests_round_trip(bytes: Vec<u8>) {
        let digest = Digest::of(&bytes);
        prop_assert_eq!(digest.to_string().parse::<Digest>(), Ok(digest));
    }
}
