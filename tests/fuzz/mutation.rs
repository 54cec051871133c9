//! Mutants of good examples, made from an input's bytes alone, so that an input replays.

use ringback::base::Rng;

/// Pieces over which readers stumble.
const PIECES: &[&[u8]] = &[
    b"\r\n",
    b"\n",
    b"\0",
    b"\"",
    b"\\",
    b"<",
    b">",
    b";",
    b",",
    b"=",
    b"[",
    b"]",
    b"{",
    b"'",
    b"-1",
    b"0",
    b"99999999999999999999",
    b"1e309",
    b"NaN",
    b"\xFF\xFF\xFF\xFF",
    b"\x00\x00\x00\x00",
    b"\x80",
    b"\xEF\xBB\xBF",
    b"\xE5\xBC\xA0",
    b"\x81\x30\x81\x30",
    b" ",
    b"\t",
    b"%",
    b"../",
    b"=cmd()",
];

/// One example with a few changes.
pub fn mutant(input: &[u8], examples: &[&[u8]]) -> Vec<u8> {
    let seed = input
        .iter()
        .fold(0xCBF2_9CE4_8422_2325u64, |hash, b| (hash ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01B3));
    let mut rng = Rng::seeded(seed);
    let pick = |rng: &mut Rng, len: usize| rng.below(len.max(1) as u64) as usize;
    let mut bytes = examples[pick(&mut rng, examples.len())].to_vec();
    for _ in 0..=rng.below(5) {
        let at = pick(&mut rng, bytes.len() + 1);
        let end = (at + pick(&mut rng, 16)).min(bytes.len());
        match rng.below(7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << rng.below(8),
            1 => drop(bytes.drain(at..end)),
            2 => drop(bytes.splice(at..at, PIECES[pick(&mut rng, PIECES.len())].iter().copied())),
            3 => drop(bytes.splice(at..end, PIECES[pick(&mut rng, PIECES.len())].iter().copied())),
            4 => {
                let other = examples[pick(&mut rng, examples.len())];
                bytes.truncate(at);
                bytes.extend_from_slice(&other[pick(&mut rng, other.len())..]);
            }
            5 => {
                let from = pick(&mut rng, input.len());
                drop(bytes.splice(at..end, input[from..].iter().take(16).copied()));
            }
            _ => {
                let again = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, again));
            }
        }
    }
    bytes
}
