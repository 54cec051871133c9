//! Writing messages.

use std::io::Write;

use super::{Request, Response};
use crate::sip::header::{self, Headers};

/// Writes a request.
pub fn request(request: &Request, out: &mut Vec<u8>) {
    out.extend_from_slice(request.method.as_str().as_bytes());
    write(out, format_args!(" {} SIP/2.0\r\n", request.uri));
    rest(&request.headers, &request.body, out);
}

/// Writes a response.
pub fn response(response: &Response, out: &mut Vec<u8>) {
    write(out, format_args!("SIP/2.0 {} ", response.status));
    out.extend(response.reason.bytes().map(|b| if b == b'\r' || b == b'\n' { b' ' } else { b }));
    out.extend_from_slice(b"\r\n");
    rest(&response.headers, &response.body, out);
}

fn rest(headers: &Headers, body: &[u8], out: &mut Vec<u8>) {
    for (name, value) in headers.fields() {
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    write(out, format_args!("{}: {}\r\n\r\n", header::CONTENT_LENGTH, body.len()));
    out.extend_from_slice(body);
}

fn write(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a Vec takes every write");
}
