//! HTTP/1.1 requests as they come in (RFC 9112).

use std::io::Read;

use super::Wire;

/// The most a request may be long, bytes.
const LIMIT: usize = 8 * 1024 * 1024;

/// One whole request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    /// GET, POST, ...
    pub method: String,
    /// The request target as sent: a path with its query, or a whole URL where the client takes this for a proxy.
    pub target: String,
    /// Everything that was sent, header and body, byte for byte where it is UTF-8.
    pub text: String,
}

impl Request {
    /// Reads one request: its header, and its body by Content-Length or up to the last chunk.
    ///
    /// `None` if the client closes before, or sends more than 8 MiB.
    #[must_use]
    pub fn read(wire: &Wire) -> Option<Self> {
        let mut bytes = Vec::new();
        let mut buffer = [0; 16 * 1024];
        while !is_whole(&bytes) {
            let length = (&*wire).read(&mut buffer).ok().filter(|length| *length > 0 && bytes.len() < LIMIT)?;
            bytes.extend_from_slice(&buffer[..length]);
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut words = text.split(' ').map(str::to_owned);
        let (method, target) = (words.next()?, words.next()?);
        Some(Self { method, target, text })
    }

    /// The value of the first header called `name`, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.text, name)
    }

    /// What follows the header.
    #[must_use]
    pub fn body(&self) -> &str {
        self.text.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }
}

/// Whether `bytes` hold a header and all of its body.
fn is_whole(bytes: &[u8]) -> bool {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return false;
    };
    let text = String::from_utf8_lossy(&bytes[..end + 4]);
    if header(&text, "transfer-encoding").is_some_and(|coding| coding.contains("chunked")) {
        return bytes.ends_with(b"0\r\n\r\n");
    }
    let length = header(&text, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    bytes.len() >= end + 4 + length
}

/// The value of the first header called `name`.
fn header<'text>(text: &'text str, name: &str) -> Option<&'text str> {
    let fields = text.lines().skip(1).take_while(|line| !line.is_empty()).filter_map(|line| line.split_once(':'));
    fields.into_iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// A whole answer with a text body, after which the connection ends; `fields` are header lines, each with its CRLF.
pub(super) fn answer(status: &str, fields: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\nConnection: close\r\n{fields}\r\n"
    );
    (head + body).into_bytes()
}
