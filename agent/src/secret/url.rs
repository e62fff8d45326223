//! The secrets in a URL. Which they are is said by their place (the user info), their name, or their
//! looks: a long value without words in it is a key, whatever it is called.

use crate::text::{escaped, percent_decoded_text};

/// What looks like a key in the query or the fragment has so many characters at least.
const KEY: usize = 24;

/// What looks like a key in the path: there are long identifiers, too.
const KEY_IN_PATH: usize = 32;

/// Words that say of a value that it is a secret, wherever they stand in its name.
const WORDS: [&str; 13] = [
    "key",
    "token",
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "signature",
    "credential",
    "auth",
    "session",
    "bearer",
    "ticket",
];

/// Words that say so where they stand by themselves.
const WHOLE_WORDS: [&str; 10] = ["sig", "jwt", "pass", "pw", "cookie", "sid", "sess", "pin", "otp", "dpop"];

/// The name of an authorization code (RFC 6749 section 4.1.2); parts of other names are codes of countries.
const CODE: &str = "code";

/// Whether a name (of a query parameter, a header, an option) says that its value is a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == CODE
        || WORDS.iter().any(|word| name.contains(word))
        || name.split(|c: char| !c.is_alphanumeric()).any(|part| WHOLE_WORDS.contains(&part))
}

/// Whether a URL has a secret in it.
pub(crate) fn has_secret(url: &str) -> bool {
    pieces(url).into_iter().any(|(piece, secret)| secret && !piece.is_empty())
}

/// A URL as it may be shown: its secrets are `***`.
///
/// Works on the text, so that what is shown is what stands in the file.
pub(crate) fn redact_url(url: &str) -> String {
    let mut shown = String::with_capacity(url.len());
    for (piece, secret) in pieces(url) {
        shown.push_str(if secret { "***" } else { piece });
    }
    escaped(&shown)
}

/// The secrets of a URL, as they stand in it.
pub(crate) fn url_secrets(url: &str) -> Vec<&str> {
    pieces(url).into_iter().filter_map(|(piece, secret)| secret.then_some(piece)).collect()
}

/// Whether a text that should hold no secret has the looks of one that does: a login before an `@`, a URL,
/// or `password=...`.
pub(crate) fn may_hold_login(text: &str) -> bool {
    let is_behind_a_word = |at: usize| text[..at].ends_with(|c: char| !c.is_whitespace());
    text.contains("//") || text.match_indices(['=', '@']).any(|(at, _)| is_behind_a_word(at))
}

/// The URL cut into pieces, each with whether it is secret.
fn pieces(url: &str) -> Vec<(&str, bool)> {
    let mut pieces = Vec::new();
    let authority = if url.starts_with("//") { 2 } else { url.find("://").map_or(0, |at| at + 3) };
    let (scheme, rest) = url.split_at(authority);
    pieces.push((scheme, false));
    let (authority, rest) = rest.split_at(end_of_authority(rest));
    match authority.rsplit_once('@') {
        Some((user, host)) => {
            pieces.push((user, true));
            push_hosts(&mut pieces, &authority[authority.len() - host.len() - 1..]);
        }
        None => push_hosts(&mut pieces, authority),
    }
    let (path, rest) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
    push_all(&mut pieces, path, &['/', ';'], KEY_IN_PATH);
    push_all(&mut pieces, rest, &['?', '#', '&', ';'], KEY);
    pieces
}

/// The hosts, and the options that may follow them behind a semicolon (`jdbc:sqlserver://h:1433;password=p`).
fn push_hosts<'a>(pieces: &mut Vec<(&'a str, bool)>, hosts: &'a str) {
    let options = hosts.find(';').filter(|at| hosts[*at..].contains('='));
    let (hosts, options) = hosts.split_at(options.unwrap_or(hosts.len()));
    pieces.push((hosts, false));
    push_all(pieces, options, &[';'], KEY);
}

/// Where the authority ends. A password with a `/`, `?` or `#` in it does not make a URL, but is a password all
/// the same: what looks like its beginning is not a port.
fn end_of_authority(rest: &str) -> usize {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = &rest[..end];
    let port = authority.rsplit_once(':').map_or("", |(_, port)| port);
    let is_port = port.ends_with(']') || port.bytes().all(|byte| byte.is_ascii_digit());
    match rest.rfind('@') {
        Some(at) if !authority.contains('@') && !is_port => {
            rest[at..].find(['/', '?', '#']).map_or(rest.len(), |end| at + end)
        }
        _ => end,
    }
}

/// The parameters (or segments) of a part of a URL, each behind one of the separators.
fn push_all<'a>(pieces: &mut Vec<(&'a str, bool)>, part: &'a str, separators: &[char], key: usize) {
    for one in part.split_inclusive(separators) {
        let (one, separator) = one.split_at(one.trim_end_matches(separators).len());
        let value = one.find('=').map_or(0, |at| at + 1);
        let (name, value) = one.split_at(value);
        let secret = !value.is_empty()
            && (is_secret_name(&percent_decoded_text(name)) || is_key(&percent_decoded_text(value), key));
        pieces.push((name, false));
        pieces.push((value, secret));
        pieces.push((separator, false));
    }
}

/// Whether a value of at least so many characters looks like a key, or is a URL with a secret in it.
fn is_key(value: &str, least: usize) -> bool {
    let is_url = value.contains("://");
    if is_url { has_secret(value) } else { value.len() >= least && !is_uuid(value) && is_random(value) }
}

/// Whether letters, digits and capitals alternate more often than in words, their numbers and
/// `camelCase`: in hexadecimal, base32 and base64 that is at every second to fourth character.
fn is_random(value: &str) -> bool {
    let is_turn = |pair: &[u8]| {
        let (before, after) = (pair[0], pair[1]);
        let both = before.is_ascii_alphanumeric() && after.is_ascii_alphanumeric();
        both && (before.is_ascii_digit() != after.is_ascii_digit()
            || before.is_ascii_lowercase() && after.is_ascii_uppercase())
    };
    value.as_bytes().windows(2).filter(|pair| is_turn(pair)).count() * 6 >= value.len()
}

/// A UUID (RFC 9562 section 4) names things, and is shown.
fn is_uuid(value: &str) -> bool {
    value.len() == 36
        && value.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_shows_neither_user_info_nor_secret_query_values() {
        for (url, shown) in [
            ("https://u:p@h/x?q=1&key=BLAH", "https://***@h/x?q=1&key=***"),
            ("https://h?api_key=a;token=b#frag", "https://h?api_key=***;token=***#frag"),
            ("https://h/a?X-Amz-Signature=00ff&b=c", "https://h/a?X-Amz-Signature=***&b=c"),
            ("http://a@b@host/", "http://***@host/"),
            ("http://host/?key=", "http://host/?key="),
            ("https://h/?sig=a&jwt=b&signal=c", "https://h/?sig=***&jwt=***&signal=c"),
            ("no scheme", "no scheme"),
            ("redis://:pa/ss#w@h:1/0", "redis://***@h:1/0"),
            ("http://h:80/a@b:c", "http://h:80/a@b:c"),
            ("http://[::1]/a@b", "http://[::1]/a@b"),
            ("http://h/\u{1b}[2J", "http://h/\\u{1b}[2J"),
            ("jdbc:sqlserver://h:1;user=sa;password=p", "jdbc:sqlserver://h:1;user=sa;password=***"),
        ] {
            assert_eq!(redact_url(url), shown);
        }
    }

    #[test]
    fn secrets_are_found_in_every_part_of_a_url_and_under_names_in_any_spelling() {
        for (url, shown) in [
            ("/a;jsessionid=0af/b?x=1", "/a;jsessionid=***/b?x=1"),
            ("https://h/#access_token=abc&state=1", "https://h/#access_token=***&state=1"),
            ("https://h/#/done?otp=123", "https://h/#/done?otp=***"),
            ("https://h/?to%6ben=abc", "https://h/?to%6ben=***"),
            ("//bob:pw@host/x", "//***@host/x"),
            ("?passphrase=a&session_id=b&ticket=c&user-pw=d", "?passphrase=***&session_id=***&ticket=***&user-pw=***"),
            ("https://h/?next=https%3A%2F%2Fi%2F%3Ftoken%3Dabc", "https://h/?next=***"),
            ("https://h/?passenger=2&compass=n&monkeys", "https://h/?passenger=2&compass=n&monkeys"),
        ] {
            assert_eq!(redact_url(url), shown);
        }
    }

    #[test]
    fn a_long_value_without_words_is_a_key_whatever_its_name() {
        for (url, shown) in [
            ("https://h/?v=9f86d081884c7d659a2feaa0", "https://h/?v=***"),
            ("https://h/?9f86d081884c7d659a2feaa0", "https://h/?***"),
            ("https://h/#v=kQ3vX9aLm2PzR7tYbN4cWd8e", "https://h/#v=***"),
            ("https://h/bot1:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDs/x", "https://h/***/x"),
            ("https://h/9f86d081884c7d659a2feaa0", "https://h/9f86d081884c7d659a2feaa0"),
        ] {
            assert_eq!(redact_url(url), shown);
        }
        for plain in [
            "https://h/123e4567-e89b-12d3-a456-426614174000?id=123e4567-e89b-12d3-a456-426614174000",
            "https://h/introduction-to-connection-checks-2024/getApplicationConfigurationByName",
            "https://h/?from=2024-10-05T12:00:00Z,2024-10-06T12:00:00Z&callback=https%3A%2F%2Fapp.example%2Fdone%3Fa%3D1",
            "https://h/donaudampfschifffahrtsgesellschaft?q=what%20is%20the%20answer%20to%20all",
        ] {
            assert_eq!(redact_url(plain), plain);
        }
    }

    #[test]
    fn what_may_hold_a_login_is_told_from_hosts_and_words() {
        for text in ["//u:p@db", "password=x host=db", "postgresql:///d?password=x", "a@b", "http://h"] {
            assert!(may_hold_login(text), "{text}");
        }
        for text in ["db.internal", "/run/postgresql", "::1", "=", "a b", "a @ = b"] {
            assert!(!may_hold_login(text), "{text}");
        }
    }
}
