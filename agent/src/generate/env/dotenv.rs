//! Files of variables: `NAME=VALUE` in each line, as python-dotenv, docker compose, django-environ and
//! systemd have them in common.
//!
//! - `export` before a name is passed over, and so are blank lines and those that begin with `#`.
//! - Without quotes, the value ends at the end of the line or before a blank and `#`; a `#` directly behind the
//!   equals sign belongs to it.
//! - `'...'` is taken as it stands; in `"..."`, a backslash makes `\n`, `\r`, `\t`, `\"` and `\\`. Both may
//!   go over several lines.
//! - References to other variables: see [`expand`](super::expand).
//! - What the readers take differently is not known: between single quotes, `${NAME}` and `\\`, which python-dotenv
//!   replaces and others do not; between double ones, a backslash before anything else: of `\$`, python-dotenv keeps both
//!   signs, docker compose and django-environ the dollar.
//! - A line that is none of this is told and passed over, as the readers do.

use super::expand::expand;
use super::{Content, Variables};
use crate::secret::Secret;
use std::fmt;

/// A line that is no assignment; never with a part of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
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

/// Reads a whole file; what is wrong with its lines is in [`Variables::bad`].
///
/// # Errors
/// Not one line of it is an assignment, or it has a NUL byte: it is something else.
pub(super) fn parse(text: &str) -> Result<Variables, BadLine> {
    let mut variables = Variables::default();
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut line = 1;
    while !rest.is_empty() {
        let (own, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let content = own.trim();
        let is_nothing = content.is_empty() || content.starts_with('#') || exported(content).is_some_and(is_name);
        let tail = match if is_nothing { Ok(after) } else { take(rest, &mut variables) } {
            Ok(tail) => tail,
            Err(Bad::Nul) => return Err(BadLine { line, why: Bad::Nul }),
            Err(why) => {
                variables.bad.push(BadLine { line, why });
                after
            }
        };
        line += rest[..rest.len() - tail.len()].matches('\n').count();
        rest = tail;
    }
    match variables.bad.first() {
        Some(first) if variables.all.iter().all(|variable| matches!(variable.value, Content::Unknown)) => Err(*first),
        _ => Ok(variables),
    }
}

/// Takes the assignment with which the text begins; what follows it.
fn take<'a>(text: &'a str, variables: &mut Variables) -> Result<&'a str, Bad> {
    let (name, value) = assignment(text).ok_or(Bad::NoAssignment)?;
    match read_value(value, variables) {
        Ok((read, tail)) => {
            variables.set(name.to_owned(), read.content);
            variables.assumed.extend(read.by_default.then(|| name.to_owned()));
            Ok(tail)
        }
        Err(why) => {
            variables.set(name.to_owned(), Content::Unknown);
            Err(why)
        }
    }
}

/// A value as it was read.
struct Read {
    content: Content,
    /// It has a default in it that stands for a variable which is not in the file.
    by_default: bool,
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
fn read_value<'a>(text: &'a str, earlier: &Variables) -> Result<(Read, &'a str), Bad> {
    let start = text.trim_start_matches([' ', '\t']);
    let (read, after) = match start.chars().next() {
        Some('\'') => single_quoted(&start[1..])?,
        Some('"') => double_quoted(&start[1..], earlier)?,
        _ => {
            let (line, after) = text.split_once('\n').unwrap_or((text, ""));
            return unquoted(line, earlier).map(|read| (read, after));
        }
    };
    let (tail, after) = after.split_once('\n').unwrap_or((after, ""));
    let tail = tail.trim();
    if tail.is_empty() || tail.starts_with('#') { Ok((read, after)) } else { Err(Bad::BehindQuote) }
}

fn unquoted(line: &str, earlier: &Variables) -> Result<Read, Bad> {
    let comment = line.match_indices('#').find(|(at, _)| line[..*at].ends_with([' ', '\t']));
    let value = comment.map_or(line, |(at, _)| &line[..at]).trim();
    read(value, earlier)
}

fn single_quoted(text: &str) -> Result<(Read, &str), Bad> {
    let (value, after) = text.split_once('\'').ok_or(Bad::OpenQuote)?;
    if value.contains('\0') {
        return Err(Bad::Nul);
    }
    let differs = value.contains("${") || value.contains("\\\\");
    let content = if differs { Content::Unknown } else { Content::Text(Secret::new(value.to_owned())) };
    Ok((Read { content, by_default: false }, after))
}

fn double_quoted<'a>(text: &'a str, earlier: &Variables) -> Result<(Read, &'a str), Bad> {
    let mut value = String::new();
    let mut differs = false;
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' if differs => return Ok((Read { content: Content::Unknown, by_default: false }, &text[at + 1..])),
            '"' => return Ok((read(&value, earlier)?, &text[at + 1..])),
            '\\' => match characters.next().map(|(_, next)| next) {
                Some('n') => value.push('\n'),
                Some('r') => value.push('\r'),
                Some('t') => value.push('\t'),
                Some(same @ ('"' | '\\')) => value.push(same),
                Some(_) => differs = true,
                None => break,
            },
            other => value.push(other),
        }
    }
    Err(Bad::OpenQuote)
}

fn read(value: &str, earlier: &Variables) -> Result<Read, Bad> {
    if value.contains('\0') {
        return Err(Bad::Nul);
    }
    Ok(match expand(value, earlier) {
        Some(expanded) => Read { content: Content::Text(Secret::new(expanded.text)), by_default: expanded.by_default },
        None => Read { content: Content::Unknown, by_default: false },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_mean_what_dotenv_readers_make_of_them() {
        let text = "# comment\n\nexport A=1\nB = two # not this\nC='#3 \\n $x'\nD=\"a\\nb \\\"c\\\" \\\\\"\n E=\nF=a#b\nG='x\ny' # end\r\n\
                    export H\nexport\tA=last\nI=\"p 5$ $5\"\r\nJ= #\nK=val\\ue\r\nL=#pw\nM=#\n";
        let variables = parse(text).expect("variables");
        let shown = |name: &str| variables.text(name).map(str::to_owned);
        for (name, value) in [
            ("A", Some("last")),
            ("B", Some("two")),
            ("C", Some("#3 \\n $x")),
            ("D", Some("a\nb \"c\" \\")),
            ("E", None),
            ("F", Some("a#b")),
            ("G", Some("x\ny")),
            ("H", None),
            ("I", Some("p 5$ $5")),
            ("J", None),
            ("K", Some("val\\ue")),
            ("L", Some("#pw")),
            ("M", Some("#")),
        ] {
            assert_eq!(shown(name).as_deref(), value, "{name}");
        }
    }

    #[test]
    fn a_reference_is_replaced_where_all_readers_would_and_else_not_known() {
        let known = |line: &str| {
            let variables = parse(&format!("H=db\nE=\nU=$nowhere\n{line}\nLATER=x\n")).expect("variables");
            let assumed = variables.assumed.contains("A");
            let text = match &variables.get("A").expect("A").value {
                Content::Text(text) => Some(text.expose().clone()),
                Content::Unknown | Content::NotUtf8 => None,
            };
            (text, assumed)
        };
        for (line, text, assumed) in [
            ("A=${H}", Some("db"), false),
            ("A=x-${H}.y", Some("x-db.y"), false),
            ("A=\"x/${H}\"", Some("x/db"), false),
            ("A=${H:-other}", Some("db"), false),
            ("A=${NONE:-other}", Some("other"), true),
            ("A='$H'", Some("$H"), false),
            ("A='$(reboot)'", Some("$(reboot)"), false),
            ("A=5$", Some("5$"), false),
            // What readers differ about, and what stands elsewhere.
            ("A=$H", None, false),
            ("A=\"$H/${H}\"", None, false),
            ("A=\"\\$H\"", None, false),
            ("A=\"a\\sb\"", None, false),
            ("A='a\\\\b'", None, false),
            ("A=${E:-other}", None, false),
            ("A=${H-other}", None, false),
            ("A=${NONE-other}", None, false),
            ("A=${H:?say so}", None, false),
            ("A=${H:+there}", None, false),
            ("A=${NONE}", None, false),
            ("A=$NONE", None, false),
            ("A=ab$defgh@jk", None, false),
            ("A=a$$b", None, false),
            ("A='${H}'", None, false),
            ("A=${LATER}", None, false),
            ("A=${U}", None, false),
            ("A=${U:-other}", None, false),
            ("A=${NONE:?say so}", None, false),
            ("A=${NONE:-$H}", None, false),
            ("A=$(reboot)", None, false),
            ("A=\"a$(reboot)\"", None, false),
            ("A=${H", None, false),
            ("A=${}", None, false),
        ] {
            assert_eq!(known(line), (text.map(str::to_owned), assumed), "{line}");
        }
    }

    #[test]
    fn a_bad_line_is_told_and_the_others_count() {
        for (text, line) in [
            ("A=1\nnot a line\nZ=1\n", 2),
            ("A='open\nZ=1\n", 1),
            ("A=1\nZ=1\n\nC=\"x\\", 4),
            ("Z=1\nA='x'y", 2),
            ("1A=2\nZ=1", 1),
            ("Z=1\n=x", 2),
        ] {
            let variables = parse(text).expect("variables");
            let lines: Vec<_> = variables.bad.iter().map(|bad| bad.line).collect();
            assert_eq!((lines, variables.text("Z")), (vec![line], Some("1")), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_file_of_variables_is_refused_with_its_line() {
        for (text, line) in [("\nnot a line\n", 2), ("A='x'y", 1), ("\u{7f}ELF", 1), ("B=1\nA=a\0b", 2), ("=x", 1)] {
            assert_eq!(parse(text).map_err(|bad| bad.line).err(), Some(line), "{text:?}");
        }
    }
}
