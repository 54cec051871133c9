//! Lines of a message head: they end at CRLF or a bare LF, folded ones are joined
//! (RFC 3261 section 7.3.1), every other byte is left alone.

/// The lines before the empty line.
pub(super) struct Lines<'a> {
    rest: &'a [u8],
}

/// One line, or what is wrong with the head.
pub(super) enum Line<'a> {
    /// Without its end. `folds` tells that the next lines belong to it.
    Text {
        /// The first part.
        first: &'a [u8],
        /// The folded parts, still with their line ends; empty where there is none.
        folded: &'a [u8],
    },
    /// The empty line; what follows is the body.
    End(&'a [u8]),
    /// The bytes ended before an empty line.
    Cut,
}

impl<'a> Lines<'a> {
    /// Over a message without the line breaks that may stand before it.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Lines { rest: bytes }
    }

    /// The next line with all its folded parts.
    pub(super) fn next(&mut self) -> Line<'a> {
        let Some((first, mut after)) = cut(self.rest) else { return Line::Cut };
        if first.is_empty() {
            return Line::End(after);
        }
        let folded = after;
        while matches!(after.first(), Some(b' ' | b'\t')) {
            let Some((_, next)) = cut(after) else { return Line::Cut };
            after = next;
        }
        self.rest = after;
        Line::Text { first, folded: &folded[..folded.len() - after.len()] }
    }
}

/// The first line without its end, and the rest.
fn cut(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|b| *b == b'\n')?;
    let line = &bytes[..end];
    Some((line.strip_suffix(b"\r").unwrap_or(line), &bytes[end + 1..]))
}

/// Without line breaks in front (RFC 3261 section 7.5).
pub(super) fn skip_breaks(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|b| !matches!(b, b'\r' | b'\n')).unwrap_or(bytes.len());
    &bytes[start..]
}

/// Without spaces and tabs at both ends.
pub(super) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// The value of a line whose first part is `first`: folded parts joined by one space each,
/// a bare CR made a space so that it cannot end a line when it is sent on.
pub(super) fn unfold(first: &[u8], folded: &[u8]) -> Vec<u8> {
    let mut value = trim(first).to_vec();
    for part in folded.split(|b| *b == b'\n') {
        let part = trim(part.strip_suffix(b"\r").unwrap_or(part));
        if !part.is_empty() {
            if !value.is_empty() {
                value.push(b' ');
            }
            value.extend_from_slice(part);
        }
    }
    if value.contains(&b'\r') {
        for byte in &mut value {
            if *byte == b'\r' {
                *byte = b' ';
            }
        }
        value = trim(&value).to_vec();
    }
    value
}
