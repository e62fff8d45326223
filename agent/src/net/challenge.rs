//! The challenges of HTTP authentication (RFC 9110 section 11.6.1): which logins a server or a proxy takes.

use crate::text::shortened;

/// One challenge: a scheme with its parameters.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Challenge {
    /// As it was written; to be compared without case ([`Challenge::is`]).
    pub(crate) scheme: String,
    /// The names in lower case, the values without their quotes.
    params: Vec<(String, String)>,
}

impl Challenge {
    /// The challenges of all lines of a field. One line may have several, and a comma stands between
    /// challenges as it does between the parameters of one.
    pub(crate) fn all<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<Self> {
        let mut all = Vec::new();
        lines.into_iter().for_each(|line| read(line, &mut all));
        all
    }

    /// Whether it is this scheme (RFC 9110 section 11.1: in any case).
    pub(crate) fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// The value of a parameter; its name comes in lower case.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// What is asked for, for people: each scheme once.
    pub(crate) fn names(all: &[Self]) -> String {
        let mut names: Vec<String> = Vec::new();
        for name in all.iter().map(|challenge| shortened(&challenge.scheme)) {
            if !names.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
                names.push(name);
            }
        }
        names.join(", ")
    }
}

const fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

fn read(line: &str, all: &mut Vec<Challenge>) {
    let mut rest = line;
    // A parameter before any scheme of its line is nobody's.
    let first = all.len();
    loop {
        rest = rest.trim_start_matches(|c| is_space(c) || c == ',');
        let (word, after) = rest.split_at(rest.find([' ', '\t', ',', '=', '"']).unwrap_or(rest.len()));
        let Some(next) = rest.chars().next() else { return };
        if word.is_empty() {
            // A stray `=` or quote.
            rest = &rest[next.len_utf8()..];
            continue;
        }
        let tail = after.trim_start_matches(is_space);
        rest = match tail.strip_prefix('=') {
            Some(value) => {
                let (value, rest) = value_of(value.trim_start_matches(is_space));
                if let Some(challenge) = all[first..].last_mut() {
                    challenge.params.push((word.to_ascii_lowercase(), value));
                }
                rest
            }
            None => {
                all.push(Challenge { scheme: word.to_owned(), params: Vec::new() });
                behind_token68(tail)
            }
        };
    }
}

/// A value, a token or a quoted string, and what follows it.
fn value_of(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, rest) = text.split_at(text.find([' ', '\t', ',']).unwrap_or(text.len()));
        return (value.to_owned(), rest);
    };
    let (mut value, mut chars) = (String::new(), quoted.chars());
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => value.extend(chars.next()),
            c => value.push(c),
        }
    }
    (value, chars.as_str())
}

/// What follows the one value that a scheme such as Negotiate has in the place of parameters.
fn behind_token68(text: &str) -> &str {
    let value = text.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "-._~+/".contains(c));
    let rest = value.trim_start_matches('=').trim_start_matches(is_space);
    // One word with more than a comma behind it is a parameter, or the scheme of another challenge.
    let is_whole = rest.is_empty() || rest.starts_with(',');
    if is_whole && value.len() < text.len() { rest } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(lines: &[&str]) -> Vec<String> {
        let one = |challenge: Challenge| {
            let params: Vec<_> = challenge.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
            format!("{} {}", challenge.scheme, params.join(";")).trim_end().to_owned()
        };
        Challenge::all(lines.iter().copied()).into_iter().map(one).collect()
    }

    #[test]
    fn challenges_are_told_apart_however_they_are_written() {
        for (lines, wanted) in [
            (&["Basic realm=\"r\""][..], &["Basic realm=r"][..]),
            (&["Basic realm=\"a, b\", Digest realm=\"c\", nonce=n"], &["Basic realm=a, b", "Digest realm=c;nonce=n"]),
            (&["Negotiate, NTLM", "Basic realm=x"], &["Negotiate", "NTLM", "Basic realm=x"]),
            (&["Negotiate YIIabc==, Basic realm=\"x\""], &["Negotiate", "Basic realm=x"]),
            (&["digest Realm = \"q\\\"\\\\\" , QOP=\"auth,auth-int\""], &["digest realm=q\"\\;qop=auth,auth-int"]),
            (&["Bearer"], &["Bearer"]),
            (&["Digest realm=\"r\" nonce=\"n\""], &["Digest realm=r;nonce=n"]),
            (
                &["Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\", Basic realm=\"simple\""],
                &["Newauth realm=apps;type=1;title=Login to \"apps\"", "Basic realm=simple"],
            ),
            (&[", ,Basic,, "], &["Basic"]),
            (&["realm=\"lost\"", "=", "\u{fc}\"="], &["\u{fc}"]),
            (&["Digest realm=\"never ends"], &["Digest realm=never ends"]),
            (&[""], &[]),
        ] {
            assert_eq!(told(lines), wanted, "{lines:?}");
        }
    }

    #[test]
    fn schemes_have_any_case_and_are_named_once() {
        let all = Challenge::all(["basic realm=a, BASIC realm=b, Digest realm=c"]);
        assert!(all[0].is("Basic") && all[1].is("basic") && !all[2].is("basic"));
        assert_eq!((Challenge::names(&all).as_str(), all[2].param("realm")), ("basic, Digest", Some("c")));
    }
}
