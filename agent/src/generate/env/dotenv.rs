//! Files of variables: `NAME=VALUE` in each line, as python-dotenv, Docker and systemd have them in
//! common.
//!
//! - `export` before a name is passed over, and so are blank lines and those that begin with `#`.
//! - Without quotes, the value ends at the end of the line or before a blank and `#`.
//! - `'...'` is taken as it stands; in `"..."`, a backslash makes `\n`, `\r`, `\t`, `\"`, `\\` and
//!   `\$`. Both may go over several lines.
//! - Nothing is expanded; outside of single quotes, a value with `${NAME}`, `$NAME` or `$(...)` in
//!   it is not known.

use super::{Content, Variables};
use crate::secret::Secret;
use std::fmt;

/// Why a text is not a file of variables; never with a part of it.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct BadLine {
    /// From 1.
    pub(super) line: usize,
    pub(super) why: Bad,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Bad {
    NoAssignment,
    OpenQuote,
    BehindQuote,
    Nul,
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoAssignment => "expected NAME=VALUE",
            Self::OpenQuote => "the quote is never closed",
            Self::BehindQuote => "something follows the closing quote",
            Self::Nul => "a NUL byte: this is not a file of variables",
        })
    }
}

/// Reads a whole file.
pub(super) fn parse(text: &str) -> Result<Variables, BadLine> {
    let mut variables = Variables::default();
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    while !rest.is_empty() {
        let (own, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let content = own.trim();
        if content.is_empty() || content.starts_with('#') {
            rest = after;
            continue;
        }
        let before = text.len() - rest.len();
        let bad = |why| BadLine { line: text[..before].matches('\n').count() + 1, why };
        let Some((name, value)) = assignment(rest) else {
            if exported(content).is_some_and(is_name) {
                rest = after;
                continue;
            }
            return Err(bad(Bad::NoAssignment));
        };
        let (content, tail) = read_value(value).map_err(bad)?;
        variables.set(name.to_owned(), content);
        rest = tail;
    }
    Ok(variables)
}

/// The name, and all that follows the equals sign.
fn assignment(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once('=')?;
    let name = name.trim();
    let name = exported(name).unwrap_or(name);
    is_name(name).then_some((name, value))
}

/// What stands behind the word `export`.
fn exported(text: &str) -> Option<&str> {
    text.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t'])).map(str::trim)
}

fn is_name(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') && text.chars().all(legal)
}

/// The value, and what follows the line in which it ends.
fn read_value(text: &str) -> Result<(Content, &str), Bad> {
    let start = text.trim_start_matches([' ', '\t']);
    let (content, after) = match start.chars().next() {
        Some('\'') => single_quoted(&start[1..])?,
        Some('"') => double_quoted(&start[1..])?,
        _ => {
            let (line, after) = start.split_once('\n').unwrap_or((start, ""));
            return unquoted(line).map(|content| (content, after));
        }
    };
    let (tail, after) = after.split_once('\n').unwrap_or((after, ""));
    let tail = tail.trim();
    if tail.is_empty() || tail.starts_with('#') { Ok((content, after)) } else { Err(Bad::BehindQuote) }
}

fn unquoted(line: &str) -> Result<Content, Bad> {
    let comment = line.match_indices('#').find(|(at, _)| *at == 0 || line[..*at].ends_with([' ', '\t']));
    let value = comment.map_or(line, |(at, _)| &line[..at]).trim();
    content(value.to_owned(), wants_expansion(value))
}

fn single_quoted(text: &str) -> Result<(Content, &str), Bad> {
    let (value, after) = text.split_once('\'').ok_or(Bad::OpenQuote)?;
    Ok((content(value.to_owned(), false)?, after))
}

fn double_quoted(text: &str) -> Result<(Content, &str), Bad> {
    let mut value = String::new();
    let mut expands = false;
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((content(value, expands)?, &text[at + 1..])),
            '\\' => match characters.next().map(|(_, next)| next) {
                Some('n') => value.push('\n'),
                Some('r') => value.push('\r'),
                Some('t') => value.push('\t'),
                Some(same @ ('"' | '\\' | '$' | '`')) => value.push(same),
                Some(other) => value.extend(['\\', other]),
                None => break,
            },
            other => {
                expands |= wants_expansion_at(&text[at..]);
                value.push(other);
            }
        }
    }
    Err(Bad::OpenQuote)
}

fn content(value: String, expands: bool) -> Result<Content, Bad> {
    if value.contains('\0') {
        return Err(Bad::Nul);
    }
    Ok(if expands { Content::Unexpanded } else { Content::Text(Secret::new(value)) })
}

fn wants_expansion(text: &str) -> bool {
    text.match_indices('$').any(|(at, _)| wants_expansion_at(&text[at..]))
}

/// Whether a shell or a reader of such files would put something else here. A dollar sign before
/// anything but a name or bracket stands for itself everywhere.
fn wants_expansion_at(text: &str) -> bool {
    let next = text.strip_prefix('$').and_then(|rest| rest.chars().next());
    next.is_some_and(|next| next.is_ascii_alphabetic() || matches!(next, '{' | '(' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_mean_what_dotenv_readers_make_of_them() {
        let text = "# comment\n\nexport A=1\nB = two # not this\nC='#3 \\n $x'\nD=\"a\\nb \\\"c\\\" \\$x\"\n E=\nF=a#b\nG='x\ny' # end\r\n\
                    export H\nexport\tA=last\nI=\"p$$ 5$ $5\"\r\nJ=#\nK=val\\ue\r\n";
        let variables = parse(text).expect("variables");
        let shown = |name: &str| variables.text(name).map(str::to_owned);
        for (name, value) in [
            ("A", Some("last")),
            ("B", Some("two")),
            ("C", Some("#3 \\n $x")),
            ("D", Some("a\nb \"c\" $x")),
            ("E", None),
            ("F", Some("a#b")),
            ("G", Some("x\ny")),
            ("H", None),
            ("I", Some("p$$ 5$ $5")),
            ("J", None),
            ("K", Some("val\\ue")),
        ] {
            assert_eq!(shown(name).as_deref(), value, "{name}");
        }
    }

    #[test]
    fn a_value_that_wants_to_be_expanded_is_not_known() {
        for text in ["A=$B", "A=x${B}y", "A=\"$B\"", "A=$(reboot)", "A=\"a$(reboot)\""] {
            let variables = parse(text).expect("variables");
            assert!(matches!(variables.all[0].value, Content::Unexpanded), "{text}");
        }
        assert_eq!(parse("A='$(reboot)'").expect("variables").text("A"), Some("$(reboot)"));
    }

    #[test]
    fn what_is_no_file_of_variables_is_refused_with_its_line() {
        for (text, line) in [
            ("A=1\nnot a line\n", 2),
            ("A='open\nB=2\n", 1),
            ("A=1\nB=2\n\nC=\"x\\", 4),
            ("A='x'y", 1),
            ("\u{7f}ELF", 1),
            ("A=a\0b", 1),
            ("1A=2", 1),
            ("=x", 1),
        ] {
            assert_eq!(parse(text).map_err(|bad| bad.line).err(), Some(line), "{text:?}");
        }
    }
}
