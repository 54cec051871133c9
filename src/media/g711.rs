//! G.711: A-law and mu-law by tables that the compiler computes.
//!
//! Encoding takes the sign by one's complement, as the reference software of ITU-T G.191
//! does, so that every one of the 65,536 inputs gives the code that the recommendation
//! gives. 16-bit samples hold the 13-bit (A) and 14-bit (mu) values in their upper bits.

/// A-law code of silence (+0 with the even bits inverted).
pub const ALAW_SILENCE: u8 = 0xD5;
/// mu-law code of silence (+0).
pub const MULAW_SILENCE: u8 = 0xFF;

/// 12 bits of magnitude and sign select an A-law code.
const ALAW_ENCODE: [u8; 4_096] = {
    let mut table = [0; 4_096];
    let mut i = 0;
    while i < 4_096 {
        // The index is the upper 12 bits of the sample as an unsigned number.
        table[i] = alaw_code(((i as u16) << 4) as i16);
        i += 1;
    }
    table
};

/// 14 bits select a mu-law code.
const MULAW_ENCODE: [u8; 16_384] = {
    let mut table = [0; 16_384];
    let mut i = 0;
    while i < 16_384 {
        table[i] = mulaw_code(((i as u16) << 2) as i16);
        i += 1;
    }
    table
};

const ALAW_DECODE: [i16; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        table[i] = alaw_value(i as u8);
        i += 1;
    }
    table
};

const MULAW_DECODE: [i16; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        table[i] = mulaw_value(i as u8);
        i += 1;
    }
    table
};

static ALAW_ENCODER: [u8; 4_096] = ALAW_ENCODE;
static MULAW_ENCODER: [u8; 16_384] = MULAW_ENCODE;
static ALAW_DECODER: [i16; 256] = ALAW_DECODE;
static MULAW_DECODER: [i16; 256] = MULAW_DECODE;

/// G.711 table 1: seven segments of 16 steps, the first of which is twice as long.
const fn alaw_code(sample: i16) -> u8 {
    let magnitude = (if sample < 0 { !sample } else { sample } >> 4) as u16;
    let code = if magnitude < 32 {
        magnitude as u8
    } else {
        let exponent = 15 - magnitude.leading_zeros() as u8 - 4;
        (exponent << 4) + ((magnitude >> exponent) as u8 & 0x0F) + 0x10
    };
    let signed = if sample < 0 { code } else { code | 0x80 };
    signed ^ 0x55
}

const fn alaw_value(code: u8) -> i16 {
    let code = code ^ 0x55;
    let exponent = (code >> 4) & 0x07;
    let step = ((code & 0x0F) as i16) << 4;
    let magnitude = if exponent == 0 { step + 8 } else { (step + 0x108) << (exponent - 1) };
    if code & 0x80 == 0 { -magnitude } else { magnitude }
}

/// G.711 table 2: eight segments after adding 33; magnitudes beyond the last step are clipped.
const fn mulaw_code(sample: i16) -> u8 {
    let magnitude = (if sample < 0 { !sample } else { sample } >> 2) as u16 + 33;
    let magnitude = if magnitude > 0x1FFF { 0x1FFF } else { magnitude };
    let segment = 15 - magnitude.leading_zeros() as u8 - 5;
    let code = (segment << 4) | ((magnitude >> (segment + 1)) as u8 & 0x0F);
    let signed = if sample < 0 { code } else { code | 0x80 };
    signed ^ 0x7F
}

const fn mulaw_value(code: u8) -> i16 {
    let code = code ^ 0x7F;
    let segment = (code >> 4) & 0x07;
    let step = (code & 0x0F) as i16;
    let magnitude = (((step << 1) + 33) << segment) - 33;
    if code & 0x80 == 0 { -magnitude << 2 } else { magnitude << 2 }
}

/// The A-law code of one 16-bit sample.
pub fn alaw_encode(sample: i16) -> u8 {
    ALAW_ENCODER[usize::from(sample as u16 >> 4)]
}

/// The mu-law code of one 16-bit sample.
pub fn mulaw_encode(sample: i16) -> u8 {
    MULAW_ENCODER[usize::from(sample as u16 >> 2)]
}

/// The 16-bit sample of one A-law code.
pub fn alaw_decode(code: u8) -> i16 {
    ALAW_DECODER[usize::from(code)]
}

/// The 16-bit sample of one mu-law code.
pub fn mulaw_decode(code: u8) -> i16 {
    MULAW_DECODER[usize::from(code)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decision values of G.711 table 1a (positive half), in 13-bit units doubled: the
    /// lowest magnitude of each segment and the step within it.
    const ALAW_SEGMENTS: [(i32, i32); 8] =
        [(0, 2), (32, 2), (64, 4), (128, 8), (256, 16), (512, 32), (1_024, 64), (2_048, 128)];

    /// Lowest magnitude of each mu-law segment and its step (G.711 table 2a, 14-bit units).
    const MULAW_SEGMENTS: [(i32, i32); 8] =
        [(-1, 2), (31, 4), (95, 8), (223, 16), (479, 32), (991, 64), (2_015, 128), (4_063, 256)];

    fn code_by_search(magnitude: i32, segments: &[(i32, i32); 8]) -> u8 {
        let segment = segments.iter().rposition(|(low, _)| magnitude >= *low).unwrap();
        let (low, step) = segments[segment];
        (segment as u8) << 4 | ((magnitude - low) / step).min(15) as u8
    }

    #[test]
    fn every_sample_gets_the_code_of_the_recommendation_s_decision_table() {
        for sample in i16::MIN..=i16::MAX {
            let positive = i32::from(if sample < 0 { !sample } else { sample });
            let sign = if sample < 0 { 0 } else { 0x80 };
            let alaw = (code_by_search(positive >> 3, &ALAW_SEGMENTS) | sign) ^ 0x55;
            assert_eq!(alaw_encode(sample), alaw, "A-law of {sample}");
            let mulaw = (code_by_search(positive >> 2, &MULAW_SEGMENTS) | sign) ^ 0x7F;
            assert_eq!(mulaw_encode(sample), mulaw, "mu-law of {sample}");
        }
    }

    #[test]
    fn every_code_survives_decoding_and_encoding() {
        for code in 0..=255 {
            assert_eq!(alaw_encode(alaw_decode(code)), code);
            // 0x7F is -0, which decodes to 0 and so comes back as +0.
            let expect = if code == 0x7F { 0xFF } else { code };
            assert_eq!(mulaw_encode(mulaw_decode(code)), expect);
        }
    }

    #[test]
    fn the_ends_of_the_scale_are_those_of_the_recommendation() {
        for (sample, alaw, mulaw) in
            [(0, 0xD5, 0xFF), (-1, 0x55, 0x7F), (i16::MAX, 0xAA, 0x80), (i16::MIN, 0x2A, 0x00)]
        {
            assert_eq!((alaw_encode(sample), mulaw_encode(sample)), (alaw, mulaw), "sample {sample}");
        }
        assert_eq!((alaw_decode(0xAA), mulaw_decode(0x80)), (32_256, 32_124));
        assert_eq!((alaw_decode(ALAW_SILENCE), mulaw_decode(MULAW_SILENCE)), (8, 0));
    }
}
