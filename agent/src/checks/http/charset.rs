//! The characters of a body.

use super::answer::text_of;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use std::borrow::Cow;

/// How the bytes of a body are read as text.
pub(super) struct Charset {
    /// What `Content-Type` says (RFC 9110 section 8.3.2).
    told: Option<&'static Encoding>,
}

impl Charset {
    /// The charset of an answer.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let kind = text_of(headers, CONTENT_TYPE).unwrap_or_default();
        let told = kind.split(';').skip(1).find_map(|param| {
            let (name, value) = param.split_once('=')?;
            let value = value.trim().trim_matches(['"', '\'']);
            name.trim().eq_ignore_ascii_case("charset").then(|| Encoding::for_label(value.as_bytes())).flatten()
        });
        Self { told }
    }

    /// What a page says of itself: HTML in a `meta`, XML in its declaration, both near the beginning.
    fn of_page(bytes: &[u8]) -> Option<&'static Encoding> {
        const NEAR: usize = 1024;
        let near = String::from_utf8_lossy(&bytes[..bytes.len().min(NEAR)]).to_ascii_lowercase();
        if !near.trim_start().starts_with('<') {
            return None;
        }
        let at = ["charset=", "encoding="].iter().find_map(|name| near.find(name).map(|at| at + name.len()))?;
        let label = near[at..].trim_start_matches(['"', '\'']);
        let end = label.find(|c: char| !c.is_ascii_alphanumeric() && !"-_:.".contains(c)).unwrap_or(label.len());
        // What is read as ASCII here cannot be in UTF-16, whatever it says (HTML, "determining the character encoding").
        Encoding::for_label(&label.as_bytes()[..end]).filter(|encoding| encoding.is_ascii_compatible())
    }

    /// What the bytes may say: first by what they or the answer say of themselves, then by what else is usual, where
    /// that may be a mistake.
    pub(super) fn readings<'a>(&self, bytes: &'a [u8]) -> impl Iterator<Item = Cow<'a, str>> {
        let told = self.told.or_else(|| Self::of_page(bytes));
        let (first, used, _) = told.unwrap_or(UTF_8).decode(bytes);
        let utf8 = std::str::from_utf8(bytes).ok();
        let other = match utf8 {
            Some(text) => Some(Cow::Borrowed(text)),
            None if told.is_none() && used == UTF_8 => Some(WINDOWS_1252.decode_without_bom_handling(bytes).0),
            None => Some(String::from_utf8_lossy(bytes)),
        };
        let other = other.filter(|other| *other != first);
        [Some(first), other].into_iter().flatten()
    }

    /// The same of JSON: it is in UTF-8, whatever is said of it (RFC 8259 section 8.1). It was in UTF-16, too, which
    /// shows in its first two characters, both of them ASCII (RFC 4627 section 3).
    pub(super) fn readings_of_json<'a>(&self, bytes: &'a [u8]) -> impl Iterator<Item = Cow<'a, str>> {
        let utf8 = std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).ok().map(Cow::Borrowed);
        let utf16 = match bytes {
            [0, 1..=0xff, ..] => Some(UTF_16BE),
            [1..=0xff, 0, ..] => Some(UTF_16LE),
            _ => None,
        };
        let utf16 = utf16.map(|encoding| encoding.decode_without_bom_handling(bytes).0);
        utf16.into_iter().chain(utf8).chain(self.readings(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    #[test]
    fn a_body_is_read_by_what_it_says_of_itself() {
        for (kind, bytes, wanted) in [
            ("text/plain; charset=iso-8859-1", &b"gr\xfc\xdfe"[..], "gr\u{fc}\u{df}e"),
            ("text/html;Charset=\"Shift_JIS\"", b"\x83e\x83X\x83g", "\u{30c6}\u{30b9}\u{30c8}"),
            ("text/plain; charset=utf-16le", b"o\0k\0", "ok"),
            ("text/plain", b"\xff\xfeo\0k\0", "ok"),
            ("application/json", b"\xef\xbb\xbf{}", "{}"),
            ("text/plain", "gr\u{fc}n".as_bytes(), "gr\u{fc}n"),
            ("text/plain", b"gr\xfcn", "gr\u{fc}n"),
            ("text/plain; charset=latin1", "gr\u{fc}n".as_bytes(), "gr\u{fc}n"),
            ("text/plain; charset=none-such", b"ok", "ok"),
            (
                "text/html",
                b"<html><meta charset=\"windows-1251\"><p>\xef\xf0\xe8\xe2\xe5\xf2",
                "<html><meta charset=\"windows-1251\"><p>\u{43f}\u{440}\u{438}\u{432}\u{435}\u{442}",
            ),
            (
                "text/xml",
                b"<?xml version='1.0' encoding='koi8-r'?>\xd0",
                "<?xml version='1.0' encoding='koi8-r'?>\u{43f}",
            ),
            ("text/html", b"<meta charset=utf-16>\xfc", "<meta charset=utf-16>\u{fc}"),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]);
            let read: Vec<_> = Charset::of(&headers).readings(bytes).collect();
            assert!(read.iter().any(|text| text == wanted), "{kind}: {read:?}");
        }
    }
}
