//! References to other variables in a file of variables: `${NAME}` and `${NAME:-default}`.
//!
//! python-dotenv (its `variables.py`) replaces these two alone and takes `${NAME-default}` for a name; docker compose
//! ("Interpolation") and shells replace `$NAME` and all operators as well; django-environ replaces only a `$` that comes
//! first. What is replaced is what all who replace anything agree on: a reference to a variable that stands earlier in the
//! same file, or one with a default where there is none. For all else the readers differ, or look where nobody can look
//! from here: such a value is not known.

use super::{Content, Variables};

/// A value with what it refers to in its place.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Expanded {
    pub(super) text: String,
    /// A default was taken for a variable that is not in the file, and may be in the environment.
    pub(super) by_default: bool,
}

/// The value with all references replaced; `None` if one of them is not known.
pub(super) fn expand(value: &str, earlier: &Variables) -> Option<Expanded> {
    let mut expanded = Expanded { text: String::new(), by_default: false };
    let mut at = 0;
    while let Some(dollar) = value[at..].find('$').map(|offset| at + offset) {
        expanded.text.push_str(&value[at..dollar]);
        let rest = &value[dollar + 1..];
        let next = rest.chars().next();
        let is_reference = next.is_some_and(|next| next.is_ascii_alphabetic() || matches!(next, '{' | '(' | '_' | '$'));
        if !is_reference {
            expanded.text.push('$');
            at = dollar + 1;
            continue;
        }
        let inner = rest.strip_prefix('{')?;
        let end = inner.find('}')?;
        expanded.text.push_str(&braced(&inner[..end], earlier, &mut expanded.by_default)?);
        at = dollar + end + 3;
    }
    expanded.text.push_str(&value[at..]);
    Some(expanded)
}

/// What stands between the brackets: a name, and perhaps a default. Of a variable that is there and empty,
/// python-dotenv takes nothing, and others the default.
fn braced(inner: &str, earlier: &Variables, by_default: &mut bool) -> Option<String> {
    let (name, rest) = inner.split_at(name_end(inner));
    let value = known(name, earlier);
    if name.is_empty() || is_unknown(name, earlier) {
        return None;
    }
    if rest.is_empty() {
        return value.map(str::to_owned);
    }
    let default = rest.strip_prefix(":-").filter(|default| !default.contains('$'))?;
    match value {
        Some(text) => Some(text.to_owned()).filter(|text| !text.is_empty()),
        None => {
            *by_default = true;
            Some(default.to_owned())
        }
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
