//! Domain names as people write them.

use hickory_proto::rr::Name;

/// The longest name as text without its last dot, in bytes (RFC 1035, section 3.1: 255 on the
/// wire).
const NAME_BYTES: usize = 253;
/// The longest label, in bytes (RFC 1035, section 3.1).
const LABEL_BYTES: usize = 63;
/// What labels may hold besides letters and digits: host names have `-`, service names `_` (RFC
/// 2782), wildcards `*` and classless reverse zones `/` (RFC 2317).
const PUNCTUATION: &str = "-_*/";

/// The absolute name that `text` stands for, if it is one. `.` is the root.
pub(super) fn parse(text: &str) -> Option<Name> {
    if text == "." {
        return Some(Name::root());
    }
    let relative = text.strip_suffix('.').unwrap_or(text);
    if !relative.chars().all(allowed) {
        return None;
    }
    if relative.is_ascii() {
        return ascii(relative);
    }
    // Each label is encoded for itself; then the limits of ASCII names hold for the result.
    ascii(Name::from_utf8(relative).ok()?.to_ascii().trim_end_matches('.'))
}

fn allowed(c: char) -> bool {
    c == '.' || c.is_ascii_alphanumeric() || PUNCTUATION.contains(c) || !(c.is_ascii() || c.is_control())
}

fn ascii(text: &str) -> Option<Name> {
    let fits = text.len() <= NAME_BYTES && text.split('.').all(|label| (1..=LABEL_BYTES).contains(&label.len()));
    // The labels go in as bytes: as text they would be folded to lower case.
    fits.then(|| Name::from_labels(text.split('.').map(str::as_bytes)).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::super::{Query, RecordType, presentation};
    use super::*;

    fn asked(name: &str, kind: RecordType) -> String {
        presentation::name(&Query::new(name, kind, 1).unwrap().name)
    }

    #[test]
    fn an_address_is_asked_for_under_its_reverse_name() {
        let of = |text: &str| asked(text, RecordType::PTR);
        assert_eq!(of("192.0.2.1"), "1.2.0.192.in-addr.arpa.");
        let expected = format!("1.{}8.b.d.0.1.0.0.2.ip6.arpa.", "0.".repeat(23));
        assert_eq!(of("2001:db8::1"), expected);
        assert_eq!(of("www.example"), "www.example.");
        assert_eq!(asked("192.0.2.1", RecordType::A), "192.0.2.1.");
    }

    #[test]
    fn names_keep_their_letters_and_become_absolute() {
        for (given, expected) in [
            ("example", "example."),
            ("WWW.Example.", "WWW.Example."),
            (".", "."),
            ("_sip._tcp.example", "_sip._tcp.example."),
            ("*.example", "*.example."),
            ("a_b.example", "a_b.example."),
            ("0/25.2.0.192.in-addr.arpa", "0/25.2.0.192.in-addr.arpa."),
            ("bücher.example", "xn--bcher-kva.example."),
        ] {
            assert_eq!(presentation::name(&parse(given).unwrap()), expected);
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let (long, deep) = ("a".repeat(64), "abc.".repeat(64));
        for given in [
            "",
            "..",
            ".example",
            "a..example",
            "a b",
            "a\\.b",
            "a\n",
            "fe80::1%eth0",
            &long,
            &deep,
            "b\u{fffd}r.example",
        ] {
            assert_eq!(parse(given), None, "{given:?}");
        }
    }
}
