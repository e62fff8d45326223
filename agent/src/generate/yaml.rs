//! Checks as YAML that conn-check and `PyYAML` read alike.
//!
//! A text stands plain only where nothing can take it for something else, in YAML 1.1 or 1.2; all
//! others are quoted on their line, and what hides or turns text around is escaped. serde-saphyr's
//! serializer quotes as well, and was tried: it lets bidirectional controls through, and makes
//! blocks of texts with line ends, which nobody expects of a password.

use crate::generate::secrets::Names;
use crate::generate::{GeneratedCheck, Hidden, Item, Needed, Secrets, Value};
use crate::settings::is_variable;
use crate::text::escaped;
use crate::url::one_line;
use crate::yaml::scalar::{Resolved, resolve};
use std::fmt::Write as _;

/// What a file says that has no checks.
const NOTHING_YET: &str = "Nothing in it can be checked, not yet at least: the list is empty until that changes.";

/// A file as text.
#[derive(Debug)]
pub struct Written {
    /// YAML.
    pub text: String,
    /// What it refers to, and somebody has to provide.
    pub needed: Vec<Needed>,
    /// Whether passwords stand in the text itself.
    pub has_passwords: bool,
}

/// The whole file.
pub(super) fn write(title: &str, items: &[Item], secrets: &Secrets) -> Written {
    let mut writer = Writer { text: String::new(), names: Names::default(), secrets, has_passwords: false };
    if !title.is_empty() {
        writer.comment(title);
    }
    let mut after_comment = false;
    for item in items {
        let is_comment = matches!(item, Item::Comment(_));
        if !(writer.text.is_empty() || after_comment && is_comment) {
            writer.text.push('\n');
        }
        match item {
            Item::Check(check) => writer.check(check),
            Item::Comment(comment) => writer.comment(&comment.line()),
        }
        after_comment = is_comment;
    }
    if !items.iter().any(|item| matches!(item, Item::Check(_))) {
        // A list all the same: what reads the file finds no checks, and no fault.
        writer.comment(NOTHING_YET);
        writer.text.push_str("\n[]\n");
    }
    Written { text: writer.text, needed: writer.names.needed(secrets), has_passwords: writer.has_passwords }
}

struct Writer<'a> {
    text: String,
    names: Names<'a>,
    secrets: &'a Secrets,
    has_passwords: bool,
}

impl<'a> Writer<'a> {
    fn comment(&mut self, text: &str) {
        let _ = writeln!(self.text, "# {}", one_line(text));
    }

    fn check(&mut self, check: &'a GeneratedCheck) {
        let label = check.label();
        let _ = writeln!(self.text, "- type: {}", scalar(&check.kind));
        // A dns check has a name of its own.
        if check.named && check.get("name").is_none() && !label.is_empty() {
            let _ = writeln!(self.text, "  name: {}", scalar(&label));
        }
        for (key, value) in &check.options {
            let value = inline(value, &mut |hidden| self.secret(hidden, &label));
            let _ = writeln!(self.text, "  {}: {value}", scalar(key));
        }
    }

    fn secret(&mut self, hidden: &'a Hidden, check: &str) -> String {
        match self.secrets {
            Secrets::Inline => {
                self.has_passwords = true;
                scalar(hidden.expose())
            }
            Secrets::Env => format!("{{env: {}}}", scalar(&self.names.name(hidden, check))),
            Secrets::File(directory) => {
                let path = directory.join(self.names.name(hidden, check));
                format!("{{file: {}}}", scalar(&path.to_string_lossy()))
            }
        }
    }
}

/// A value in one line; the function writes what stands for a secret.
pub(super) fn inline<'a>(value: &'a Value, secret: &mut dyn FnMut(&'a Hidden) -> String) -> String {
    match value {
        Value::Text(text) => scalar(text),
        Value::Plain(value) => value.to_string(),
        Value::List(values) => {
            let values: Vec<_> = values.iter().map(|value| inline(value, secret)).collect();
            format!("[{}]", values.join(", "))
        }
        Value::Map(pairs) => {
            let pair = |(key, value): &'a (String, Value)| format!("{}: {}", scalar(key), inline(value, secret));
            let pairs: Vec<_> = pairs.iter().map(pair).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        Value::Secret(hidden) => secret(hidden),
    }
}

/// A text as one scalar, also inside a list or mapping in one line.
pub(super) fn scalar(text: &str) -> String {
    if is_plain(text) {
        text.to_owned()
    } else if text.chars().any(is_hidden) {
        double_quoted(text)
    } else {
        // A value that looks like a variable of a shell is meant as it stands here.
        let literal = if is_variable(text) { "!!str " } else { "" };
        format!("{literal}'{}'", text.replace('\'', "''"))
    }
}

/// Whether no reader takes it for anything but this text.
fn is_plain(text: &str) -> bool {
    let starts = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/');
    let rest = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'));
    // YAML 1.1 has these for true and false, and some readers go by it.
    let letter = matches!(text, "y" | "Y" | "n" | "N");
    starts && rest && !letter && resolve(text) == Resolved::Str
}

/// What would not survive between single quotes, or not be seen there: what YAML wants to be escaped
/// (its "c-printable" leaves it out), and blanks that do not look like one.
fn is_hidden(character: char) -> bool {
    escaped(character.encode_utf8(&mut [0; 4])).len() != character.len_utf8()
        || matches!(character, '\u{a0}' | '\u{fffe}' | '\u{ffff}' | '\u{e000}'..='\u{f8ff}')
}

fn double_quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if !is_hidden(c) => quoted.push(c),
            c => {
                let number = u32::from(c);
                let _ = match number {
                    0..0x100 => write!(quoted, "\\x{number:02x}"),
                    0x100..0x1_0000 => write!(quoted, "\\u{number:04x}"),
                    _ => write!(quoted, "\\U{number:08x}"),
                };
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::{Comment, GeneratedFile};
    use crate::yaml::{self, Scalar, Value as Parsed};

    /// What a reader gets out of a scalar.
    fn read(scalar: &str) -> (String, Resolved) {
        let document = yaml::parse(&format!("[{scalar}]\n")).expect("YAML");
        let Some(Parsed::Seq(items)) = document.root.map(|root| root.value) else { panic!("no list: {scalar}") };
        let Parsed::Scalar(Scalar { text, resolved, .. }) = &items[0].value else { panic!("no scalar: {scalar}") };
        assert_eq!(items.len(), 1, "{scalar}");
        (text.clone(), *resolved)
    }

    #[test]
    fn every_text_is_read_as_the_same_text() {
        let words = "
            yes No on null ~ 0777 0x1f 1:30 1e3 1.5 .inf 2026-11-21 123456asdf #a [a] *a &a !a | > %a @a `a
            ' '' a,b ? $(reboot) << = --- ... y N ::1 plain /run/x.sock true TRUE - -1 +1 0b1 1_000 0o17
            190:20:30 null_ Null";
        let others = [
            "",
            "a: b",
            "a #b",
            "- a",
            "{a: b}",
            "\\n",
            "a'b\"c",
            "a\nb",
            "a\r\nb",
            "\ttab",
            "nul\0",
            "\u{1b}[2J",
            "\u{1f600}",
            "\u{10ffff}",
            "p\u{e4}ss",
            " lead",
            "trail ",
        ];
        for text in words.split_whitespace().chain(others) {
            assert_eq!(read(&scalar(text)), (text.to_owned(), Resolved::Str), "{text:?} as {}", scalar(text));
        }
    }

    #[test]
    fn every_character_survives() {
        let all: String = (0..=0xffff).filter_map(char::from_u32).collect();
        for text in all.chars().map(String::from).chain([all.clone()]) {
            assert_eq!(read(&scalar(&text)), (text, Resolved::Str));
        }
    }

    #[test]
    fn a_comment_is_one_line_whatever_stands_in_it() {
        let mut file = GeneratedFile::new("title\n- type: tcp");
        file.push(Comment::gap("A\nB", "c\r\nd\u{2028}e\u{85}f\0"));
        let text = file.write(&Secrets::Inline).text;
        assert_eq!(
            text,
            format!(
                "# title\\n- type: tcp\n\n# A\\nB: c\\r\\nd\\u{{2028}}e\\u{{85}}f\\u{{0}}\n# {NOTHING_YET}\n\n[]\n"
            )
        );
    }
}
