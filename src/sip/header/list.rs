//! Splitting at separators outside quoted strings and angle brackets.

/// The values of a comma-separated line; see [`split_list`].
#[derive(Clone, Debug)]
pub struct Items<'a> {
    rest: Option<&'a str>,
}

/// The values of one line, split at commas outside quotes and angle brackets, trimmed;
/// empty ones are left out.
pub fn split_list(line: &str) -> Items<'_> {
    Items { rest: Some(line) }
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        loop {
            let rest = self.rest?;
            let item = match find_outside(rest, b',') {
                Some(at) => {
                    self.rest = Some(&rest[at + 1..]);
                    &rest[..at]
                }
                None => {
                    self.rest = None;
                    rest
                }
            };
            let item = trim(item);
            if !item.is_empty() {
                return Some(item);
            }
        }
    }
}

/// The place of the first `wanted` outside quoted strings and angle brackets. `wanted` is
/// ASCII, so the place is a character boundary.
pub(in crate::sip) fn find_outside(text: &str, wanted: u8) -> Option<usize> {
    let mut quoted = false;
    let mut escaped = false;
    let mut angle = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' if !angle => quoted = !quoted,
            _ if quoted => {}
            _ if byte == wanted && !angle => return Some(at),
            b'<' => angle = true,
            b'>' => angle = false,
            _ => {}
        }
    }
    None
}

/// Without spaces and tabs at both ends.
pub(in crate::sip) fn trim(text: &str) -> &str {
    let bytes = text.as_bytes();
    let blank = |b: &u8| matches!(b, b' ' | b'\t');
    let Some(start) = bytes.iter().position(|b| !blank(b)) else { return "" };
    let end = bytes.iter().rposition(|b| !blank(b)).map_or(0, |last| last + 1);
    // Both ends are next to an ASCII byte or the text's end.
    &text[start..end]
}

/// True for a token (RFC 3261 section 25.1).
pub(in crate::sip) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

/// True for a byte of a token.
pub(in crate::sip) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte)
}

/// Reads the quoted string at the beginning: its text without escapes and what follows the
/// closing quote. None where it does not begin with a quote or does not end.
pub(in crate::sip) fn read_quoted(text: &str) -> Option<(String, &str)> {
    let inner = text.strip_prefix('"')?;
    let mut value = String::new();
    let mut chars = inner.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &inner[at + 1..])),
            '\\' => value.push(chars.next()?.1),
            c => value.push(c),
        }
    }
    None
}

/// Writes a quoted string, escaping quotes and backslashes. Line breaks become spaces.
pub(in crate::sip) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' | '\0' => quoted.extend(['\\', c]),
            '\r' | '\n' => quoted.push(' '),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_inside_quotes_and_brackets_do_not_split() {
        fn check(line: &str, expect: &[&str]) {
            assert_eq!(split_list(line).collect::<Vec<_>>(), expect, "{line}");
        }
        check("a, b ,c", &["a", "b", "c"]);
        check(
            r#""Bell, A" <sip:a@b>, <sip:c,d@e;x=",">"#,
            &[r#""Bell, A" <sip:a@b>"#, r#"<sip:c,d@e;x=",">"#],
        );
        check(r#""q\", still" <sip:x@y>"#, &[r#""q\", still" <sip:x@y>"#]);
        check(",, ,", &[]);
        check("", &[]);
    }

    #[test]
    fn quoted_strings_lose_and_regain_their_escapes() {
        assert_eq!(read_quoted(r#""a\"b\\" rest"#), Some((r#"a"b\"#.to_owned(), " rest")));
        assert_eq!(read_quoted(r#""open"#), None);
        assert_eq!(read_quoted(r#""open\"#), None);
        assert_eq!(quote("a\"b\\c\r\nd"), r#""a\"b\\c  d""#);
    }
}
