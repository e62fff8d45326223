//! Names in the languages of those who read them, whoever has chosen the names.
//!
//! Every function gives nothing for a name that cannot be written so that it is a name and nothing else.

use crate::text::{is_escaped, shell_word};

/// No name of a thing that is asked for is longer, in bytes.
const LONGEST: usize = 255;

/// A name in which every character is seen.
pub(super) fn visible(name: &str) -> Option<&str> {
    (!name.is_empty() && name.len() <= LONGEST && !name.chars().any(is_escaped)).then_some(name)
}

/// One word of the shell, which no program takes for an option.
pub(super) fn word(name: &str) -> Option<String> {
    visible(name).filter(|name| !name.starts_with('-')).map(|name| shell_word(name).into_owned())
}

/// A name of SQL (ISO 9075, delimited identifier), and of `pg_hba.conf`.
pub(super) fn sql(name: &str) -> Option<String> {
    visible(name).map(|name| doubled(name, '"'))
}

/// A text of SQL where a backslash is one; with a backslash, which it is not everywhere, nothing.
pub(super) fn sql_text(text: &str) -> Option<String> {
    visible(text).filter(|text| !text.contains('\\')).map(|text| doubled(text, '\''))
}

/// A name of `MySQL`.
pub(super) fn mysql(name: &str) -> Option<String> {
    visible(name).map(|name| doubled(name, '`'))
}

/// A database of `MySQL` where rights are granted on all of it: `_` and `%` would stand for others there.
pub(super) fn mysql_database(name: &str) -> Option<String> {
    let plain = visible(name).filter(|name| !name.contains('\\'))?;
    mysql(&plain.replace('_', "\\_").replace('%', "\\%"))
}

/// A word between blanks, where there is no way to quote: of a command of Redis, of a file of Mosquitto.
pub(super) fn bare(name: &str) -> Option<&str> {
    let fits = |name: &&str| !name.chars().any(|one| one.is_whitespace() || matches!(one, '"' | '\'' | '\\' | '#'));
    visible(name).filter(fits)
}

/// A scalar of YAML, of plain letters.
pub(super) fn yaml(text: &str) -> Option<String> {
    visible(text).map(|text| doubled(text, '\''))
}

/// The parts of a name of SQL as it stands in a statement: unquoted ones in small letters, as `PostgreSQL` takes them
/// (<https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS>).
pub(super) fn sql_parts(name: &str) -> Option<Vec<String>> {
    let (mut parts, mut rest) = (Vec::new(), visible(name)?.trim());
    loop {
        let (part, behind) = match rest.strip_prefix('"') {
            Some(quoted) => delimited(quoted)?,
            None => {
                let end = rest.find('.').unwrap_or(rest.len());
                (rest[..end].to_ascii_lowercase(), &rest[end..])
            }
        };
        let was_quoted = rest.starts_with('"');
        let fits = |one: char| one.is_alphanumeric() || matches!(one, '_' | '$');
        if part.is_empty() || !(was_quoted || part.chars().all(fits)) {
            return None;
        }
        parts.push(part);
        match behind.strip_prefix('.') {
            Some(next) => rest = next,
            None => return behind.is_empty().then_some(parts),
        }
    }
}

/// A delimited name up to its end, and what comes behind it.
fn delimited(text: &str) -> Option<(String, &str)> {
    let (mut name, mut rest) = (String::new(), text);
    loop {
        let end = rest.find('"')?;
        name.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(behind) => {
                name.push('"');
                rest = behind;
            }
            None => return Some((name, rest)),
        }
    }
}

fn doubled(text: &str, quote: char) -> String {
    let twice: String = [quote, quote].iter().collect();
    format!("{quote}{}{quote}", text.replace(quote, &twice))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names by which somebody wants more than to be named.
    const HOSTILE: [&str; 10] = [
        "\"; DROP TABLE x; --",
        "'; DROP TABLE x; --",
        "`; DROP TABLE x; --",
        "$(reboot)",
        "`reboot`",
        "x' -c reboot '",
        ".*|^.*$",
        "a\\",
        "*",
        "all, +admins",
    ];

    #[test]
    fn what_cannot_be_seen_is_written_nowhere() {
        for name in ["", "a\nb", "a\0b", "a\u{1b}[31m", "a\u{202e}b", "a\u{200b}b", &"x".repeat(256)] {
            for quoted in [word(name), sql(name), sql_text(name), mysql(name), mysql_database(name), yaml(name)] {
                assert_eq!(quoted, None, "{name:?}");
            }
            assert_eq!((bare(name), sql_parts(name)), (None, None), "{name:?}");
        }
    }

    #[test]
    fn a_quoted_name_has_no_end_within_it() {
        for name in HOSTILE {
            for (quoted, quote) in [(sql(name), '"'), (mysql(name), '`'), (sql_text(name), '\''), (yaml(name), '\'')] {
                let Some(quoted) = quoted else { continue };
                let inner = &quoted[1..quoted.len() - 1];
                let twice: String = [quote, quote].iter().collect();
                assert!(!inner.replace(&twice, "").contains(quote), "{quoted}");
                assert_eq!(inner.replace(&twice, &quote.to_string()), name);
            }
            assert!(bare(name).is_none_or(|bare| !bare.contains(' ')), "{name}");
        }
        assert_eq!(sql_text("a\\"), None);
        assert_eq!(word("-p"), None);
        assert_eq!(mysql_database("shop_1%").as_deref(), Some("`shop\\_1\\%`"));
    }

    #[test]
    fn a_name_of_sql_is_taken_apart_as_the_server_does() {
        let parts = |name| sql_parts(name).map(|parts| parts.join("|"));
        assert_eq!(parts("public.Orders").as_deref(), Some("public|orders"));
        assert_eq!(parts("\"My\"\"Schema\".\"a.b\"").as_deref(), Some("My\"Schema|a.b"));
        for wrong in ["a..b", ".a", "a.", "\"a", "\"a\"b", "a b", "a;b", "a(b)", "\"\""] {
            assert_eq!(parts(wrong), None, "{wrong}");
        }
    }
}
