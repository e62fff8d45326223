//! Which words of a command may be shown, so that two checks of one program can be told apart: those that are certainly no
//! secrets, by their form or by the option before them. All others are stars.

use std::net::IpAddr;

const STARS: &str = "***";

/// Options behind which stands a place or a name, in most programs.
const NAMING: [&str; 14] = [
    "-H",
    "-I",
    "--host",
    "--hostname",
    "--ip-address",
    "--IPaddress",
    "--server",
    "--port",
    "--unit",
    "--service",
    "--name",
    "--process",
    "--path",
    "--database",
];

/// Arguments in one line, each with whether it stands elsewhere (in a variable, a file).
pub(super) fn shown<'a>(arguments: impl Iterator<Item = (&'a str, bool)>) -> String {
    let mut before = "";
    let mut said = Vec::new();
    for (word, is_elsewhere) in arguments {
        said.push(if is_elsewhere { STARS.to_owned() } else { one(word, before) });
        before = word;
    }
    said.join(" ")
}

fn one(word: &str, before: &str) -> String {
    if let Some((option, value)) = word.split_once('=').filter(|(option, _)| is_option(option)) {
        return format!("{option}={}", one(value, option));
    }
    let is_named = NAMING.contains(&before) && is_name(word);
    if is_option(word) || is_amount(word) || is_path(word) || is_named || word.parse::<IpAddr>().is_ok() {
        word.to_owned()
    } else {
        STARS.to_owned()
    }
}

/// `-w`, `--warning`; not `-pSECRET`.
fn is_option(word: &str) -> bool {
    let is_long = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    match word.strip_prefix("--") {
        Some(name) => is_long(name),
        None => word.strip_prefix('-').is_some_and(|name| name.len() == 1 && name.is_ascii()),
    }
}

/// `10%`, `5`, `0.5s`, `3,5`, `1:2`: short, so that no number that is a key or a card is meant.
fn is_amount(word: &str) -> bool {
    const LONGEST: usize = 8;
    let number = word.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%');
    let unit = word.len() - number.len();
    let is_number = number.contains(|c: char| c.is_ascii_digit())
        && number.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | ':' | '-' | '+' | '~' | '@'));
    word.len() <= LONGEST && unit <= 3 && is_number
}

/// Of words with small letters, as paths of systems are.
fn is_path(word: &str) -> bool {
    let is_part = |part: &str| part.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '-' | '_' | '.' | '0'..='9'));
    word.starts_with('/') && word.split('/').all(|part| part.len() <= 24 && is_part(part))
}

/// The name of a host, a unit or a process.
fn is_name(word: &str) -> bool {
    const LONGEST: usize = 64;
    word.len() <= LONGEST && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> String {
        shown(words.iter().map(|word| (*word, *word == "elsewhere")))
    }

    #[test]
    fn what_tells_two_calls_apart_is_shown_and_what_may_be_a_secret_is_not() {
        assert_eq!(of(&["-w", "10%", "-c", "5%", "-p", "/var/log"]), "-w 10% -c 5% -p /var/log");
        assert_eq!(of(&["-H", "db1.internal", "--port=5432"]), "-H db1.internal --port=5432");
        assert_eq!(of(&["-H", "elsewhere", "10.0.0.1"]), "-H *** 10.0.0.1");
        for secret in ["hunter2", "-phunter2", "--hunter2=x=y", "/9j/4AAQSkZJRg", "4111111111111111", "s3cr:et", "k@h"]
        {
            assert!(!of(&["-C", secret]).contains("hunter") && of(&["-C", secret]).contains(STARS), "{secret}");
        }
        assert_eq!(of(&["--password=hunter2", "-H", "http://u:hunter2@h/"]), "--password=*** -H ***");
    }
}
