//! Values that must never be printed, and the redactor that keeps them out of other texts.

use crate::text::{CUT, escape, escaped, said};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// A value that must not appear in any output: no `Display`, no `Serialize`, no `PartialEq`.
#[derive(Clone, Default)]
pub(crate) struct Secret<T>(T);

impl<T> Secret<T> {
    /// Wraps a value.
    pub(crate) const fn new(value: T) -> Self {
        Self(value)
    }

    /// The only way out; to be called where the value is sent, nowhere else.
    pub(crate) const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Shorter secrets are replaced only where they stand as a whole word: `a` is in every text.
const WORD_ONLY_BELOW: usize = 4;

/// Knows the secrets of one check and takes them out of what servers say.
///
/// Servers echo what they are sent; every text that came over the network passes through
/// [`Redactor::clean`] before anybody sees it. A clone shares what is known: each check has one.
#[derive(Clone, Default)]
pub struct Redactor {
    /// Shared: each running check has a redactor of its own.
    secrets: Option<Arc<Vec<String>>>,
}

impl Redactor {
    /// Knows no secret yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { secrets: None }
    }

    /// Adds a secret, also in the forms in which it is sent, base64 (HTTP, SMTP) and URL encoded,
    /// and in those in which an error page or a JSON answer says it back.
    pub fn add(&mut self, secret: &str) {
        let secrets = Arc::make_mut(self.secrets.get_or_insert_default());
        for form in forms_of(secret) {
            if !form.is_empty() && !secrets.contains(&form) {
                secrets.push(form);
            }
        }
        // Longest first: a secret that contains another one must not be left in half.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    }

    fn secrets(&self) -> &[String] {
        self.secrets.as_ref().map_or(&[], |secrets| secrets.as_slice())
    }

    /// Replaces every secret by `***`.
    #[must_use]
    pub(crate) fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in self.secrets() {
            if secret.len() >= WORD_ONLY_BELOW {
                text = text.replace(secret.as_str(), "***");
            } else {
                text = replace_words(&text, secret);
            }
        }
        self.redact_cut(text)
    }

    /// Takes out the beginnings of secrets that stand before a `...`: where a text was cut, a secret
    /// may have been cut with it.
    fn redact_cut(&self, mut text: String) -> String {
        let mut from = 0;
        while let Some(at) = text[from..].find(CUT).map(|at| from + at) {
            let begun = self.secrets().iter().filter_map(|secret| begun_at_end(&text[..at], secret)).max();
            let start = at - begun.unwrap_or_default();
            if start < at {
                text.replace_range(start..at, "***");
            }
            from = start + if start < at { "***".len() } else { 0 } + CUT.len();
        }
        text
    }

    /// Server text made fit for people: redacted, control characters escaped, cut to 200 bytes.
    #[must_use]
    pub fn clean(&self, text: &str) -> String {
        said(&self.redact(text))
    }
}

/// A secret in all its forms, see [`Redactor::add`].
fn forms_of(secret: &str) -> Vec<String> {
    let base64 = STANDARD.encode(secret);
    if secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)) {
        // None of the other forms changes any of these.
        return vec![secret.to_owned(), base64];
    }
    let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let spaced = encoded.replace('+', "%20");
    let quoted = serde_json::Value::from(secret).to_string();
    let quoted = quoted[1..quoted.len() - 1].to_owned();
    let [decimal, hexadecimal] = ["&#39;", "&#x27;"].map(|apostrophe| html(secret, apostrophe));
    // What a server says back is often escaped before it comes here.
    let escaped = [escape(secret.as_bytes(), usize::MAX), escaped(secret)];
    [secret.to_owned(), base64, encoded, spaced, quoted, decimal, hexadecimal].into_iter().chain(escaped).collect()
}

/// A text as HTML has it; templates differ in the apostrophe.
fn html(text: &str, apostrophe: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    text.replace('\'', apostrophe)
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} forms)", self.secrets().len())
    }
}

/// How many bytes of a secret's beginning a text ends with; fewer than three tell nothing.
fn begun_at_end(text: &str, secret: &str) -> Option<usize> {
    let lengths = secret.char_indices().map(|(at, _)| at).filter(|at| *at >= 3);
    lengths.filter(|length| text.ends_with(&secret[..*length])).max()
}

fn replace_words(text: &str, secret: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = None;
    while let Some(at) = rest.find(secret) {
        let (head, tail) = rest.split_at(at);
        let after = &tail[secret.len()..];
        let left = head.chars().next_back().or(before);
        let whole = !left.is_some_and(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric);
        out.push_str(head);
        out.push_str(if whole { "***" } else { secret });
        before = secret.chars().next_back();
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Query parameters and header names whose values are secrets, wherever the word stands in them.
const SECRET_WORDS: [&str; 9] =
    ["key", "token", "password", "passwd", "pwd", "secret", "signature", "credential", "auth"];

/// Whether a name (of a query parameter, a header, an option) says that its value is a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| name.contains(word))
        || matches!(name.as_str(), "sig" | "jwt" | "pass" | "cookie" | "sid" | "session" | "pin" | "code")
}

/// Whether a URL has user info or a secret-looking query value in it.
pub(crate) fn has_secret(url: &str) -> bool {
    url_pieces(url).into_iter().any(|(piece, secret)| secret && !piece.is_empty())
}

/// A URL as it may be shown: user info and secret-looking query values are `***`.
///
/// Works on the text, so that what is shown is what stands in the file.
pub(crate) fn redact_url(url: &str) -> String {
    let mut shown = String::with_capacity(url.len());
    for (piece, secret) in url_pieces(url) {
        shown.push_str(if secret { "***" } else { piece });
    }
    escaped(&shown)
}

/// Whether a text that should hold no secret has a user's name and password before an `@`.
pub(crate) fn has_login(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(login, _)| login.contains(':'))
}

/// A text that should hold no secret, without the login of a URL that stands in its place.
pub(crate) fn without_login(text: &str) -> Cow<'_, str> {
    if has_login(text) { Cow::Owned(redact_url(text)) } else { Cow::Borrowed(text) }
}

/// The secret parts of a URL (user info, secret-looking query values), as they stand in it.
pub(crate) fn url_secrets(url: &str) -> Vec<&str> {
    url_pieces(url).into_iter().filter_map(|(piece, secret)| secret.then_some(piece)).collect()
}

/// The URL cut into pieces, each with whether it is secret.
fn url_pieces(url: &str) -> Vec<(&str, bool)> {
    let mut pieces = Vec::new();
    let authority = url.find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = url.split_at(authority);
    pieces.push((scheme, false));
    let (authority, rest) = rest.split_at(end_of_authority(rest));
    match authority.rsplit_once('@') {
        Some((user, host)) => {
            pieces.push((user, true));
            pieces.push((&authority[authority.len() - host.len() - 1..], false));
        }
        None => pieces.push((authority, false)),
    }
    let Some(query) = rest.find('?').map(|at| at + 1) else {
        pieces.push((rest, false));
        return pieces;
    };
    let (path, rest) = rest.split_at(query);
    pieces.push((path, false));
    for parameter in rest.split_inclusive(['&', ';', '#']) {
        push_parameter(&mut pieces, parameter);
    }
    pieces
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

fn push_parameter<'a>(pieces: &mut Vec<(&'a str, bool)>, parameter: &'a str) {
    let Some(value) = parameter.find('=').map(|at| at + 1).filter(|at| is_secret_name(&parameter[..*at - 1])) else {
        pieces.push((parameter, false));
        return;
    };
    let (name, value) = parameter.split_at(value);
    let end = value.trim_end_matches(['&', ';', '#']).len();
    pieces.push((name, false));
    pieces.push((&value[..end], !value[..end].is_empty()));
    pieces.push((&value[end..], false));
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
        ] {
            assert_eq!(redact_url(url), shown);
        }
    }

    #[test]
    fn the_redactor_takes_out_every_form_of_a_secret() {
        let mut redactor = Redactor::default();
        redactor.add("hunter2");
        redactor.add("ab");
        assert_eq!(redactor.redact("hunter2 aGVudGVy ab abc"), "*** aGVudGVy *** abc");
        assert_eq!(redactor.redact(&format!("Basic {}", STANDARD.encode("hunter2"))), "Basic ***");
        redactor.add("SEKRIT\u{1}\u{200b}TAIL");
        assert_eq!(redactor.redact(r"QQ SEKRIT\x01\xe2\x80\x8bTAIL and SEKRIT\u{1}\u{200b}TAIL"), "QQ *** and ***");
        redactor.add(r#"a"b<c>&'\d"#);
        for said in [r#"a\"b<c>&'\\d"#, "a&quot;b&lt;c&gt;&amp;&#39;\\d", "a&quot;b&lt;c&gt;&amp;&#x27;\\d"] {
            assert_eq!(redactor.redact(said), "***");
        }
    }

    #[test]
    fn a_secret_that_was_cut_is_taken_out_too() {
        let mut redactor = Redactor::default();
        redactor.add("hunter2 horse");
        for (text, shown) in [
            ("got hunter2 ho..., wanted hunt...", "got ***..., wanted ***..."),
            ("got hu... or hunter3...", "got hu... or hunter3..."),
            ("q=hunter2+horse&r=hunter2%20horse", "q=***&r=***"),
            ("......hunt......", "......***......"),
        ] {
            assert_eq!(redactor.redact(text), shown);
        }
    }

    #[test]
    fn clean_bounds_and_escapes_what_servers_say() {
        let clean = Redactor::default().clean(&format!("\u{1b}[31m\n{}", "x".repeat(1000)));
        assert!(clean.starts_with("\\u{1b}[31m\\nxxx"), "{clean}");
        assert!(clean.len() < 210, "{}", clean.len());
    }

    #[test]
    fn debug_of_a_secret_hides_it() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "***");
    }
}
