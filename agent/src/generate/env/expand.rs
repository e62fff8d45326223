//! References to other variables in a file of variables: `${NAME}`, `${NAME:-default}`, `$NAME`.
//!
//! python-dotenv replaces `${NAME}` alone, docker compose and shells `$NAME` as well, django-environ only a
//! `$` that comes first. What is replaced is what all of them would have meant: a reference to a variable that
//! stands earlier in the same file, or one with a default of its own. For all else the readers differ, or
//! look where nobody can look from here: such a value is not known.

use super::{Content, Variables};

/// A value with what it refers to in its place.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Expanded {
    pub(super) text: String,
    /// A default was taken for a variable that is not in the file, and may be in the environment.
    pub(super) by_default: bool,
}

/// The value with all references replaced; `None` if one of them is not known. The dollar signs at these
/// places stand for themselves.
pub(super) fn expand(value: &str, literal: &[usize], earlier: &Variables) -> Option<Expanded> {
    let mut expanded = Expanded { text: String::new(), by_default: false };
    let mut at = 0;
    while let Some(dollar) = value[at..].find('$').map(|offset| at + offset) {
        expanded.text.push_str(&value[at..dollar]);
        let rest = &value[dollar + 1..];
        let next = rest.chars().next();
        let is_reference = next.is_some_and(|next| next.is_ascii_alphabetic() || matches!(next, '{' | '(' | '_' | '$'));
        if literal.contains(&dollar) || !is_reference {
            expanded.text.push('$');
            at = dollar + 1;
            continue;
        }
        let (text, length) = match rest.strip_prefix('{') {
            Some(inner) => {
                let end = inner.find('}')?;
                (braced(&inner[..end], earlier, &mut expanded.by_default)?, end + 2)
            }
            None => {
                let end = name_end(rest);
                (known(&rest[..end], earlier)?.to_owned(), end)
            }
        };
        expanded.text.push_str(&text);
        at = dollar + 1 + length;
    }
    expanded.text.push_str(&value[at..]);
    Some(expanded)
}

/// What stands between the brackets: a name, and perhaps what is to be done if there is none.
fn braced(inner: &str, earlier: &Variables, by_default: &mut bool) -> Option<String> {
    let (name, rest) = inner.split_at(name_end(inner));
    if name.is_empty() {
        return None;
    }
    let value = known(name, earlier);
    let is_there = value.is_some_and(|text| !text.is_empty() || !rest.starts_with(':'));
    let (operator, word) = match rest.strip_prefix(':').unwrap_or(rest) {
        "" => return value.map(str::to_owned),
        rest => rest.split_at(1),
    };
    match operator {
        _ if is_unknown(name, earlier) || word.contains('$') => None,
        "-" | "?" if is_there => value.map(str::to_owned),
        "-" => {
            *by_default |= value.is_none();
            Some(word.to_owned())
        }
        "+" if is_there => Some(word.to_owned()),
        _ => None,
    }
}

/// The text of a variable that stands earlier, which may be empty.
fn known<'a>(name: &str, earlier: &'a Variables) -> Option<&'a str> {
    match &earlier.get(name)?.value {
        Content::Text(text) => Some(text.expose()),
        Content::Unknown | Content::NotUtf8 => None,
    }
}

fn is_unknown(name: &str, earlier: &Variables) -> bool {
    earlier.get(name).is_some() && known(name, earlier).is_none()
}

fn name_end(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())
}
