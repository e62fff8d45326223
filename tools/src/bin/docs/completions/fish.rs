//! For fish.

use super::{Choice, Level, ORIGIN, Program, Values};
use std::fmt::Write as _;

impl Program {
    /// The script.
    pub(crate) fn fish(&self) -> String {
        let name = &self.name;
        let mut text = format!("{ORIGIN}complete -c {name} -f\n");
        for level in self.words() {
            let _ = writeln!(
                text,
                "complete -c {name} -n __fish_use_subcommand -a {} -d {}",
                level.word,
                quoted(&level.about)
            );
        }
        let words: Vec<_> = self.words().iter().map(|level| level.word.as_str()).collect();
        for level in &self.levels {
            let condition = match (level.word.as_str(), words.is_empty()) {
                ("", true) => String::new(),
                ("", false) => format!(" -n 'not __fish_seen_subcommand_from {}'", words.join(" ")),
                (word, _) => format!(" -n '__fish_seen_subcommand_from {word}'"),
            };
            push(&mut text, &format!("complete -c {name}{condition}"), level);
        }
        text
    }
}

/// What lists files of checks first, and the directories on the way to others.
const YAML: &str =
    "__fish_complete_suffix .yaml; __fish_complete_suffix .yml; __fish_complete_directories (commandline -ct)";

/// The lines of a level, each with the same beginning.
fn push(text: &mut String, begin: &str, level: &Level) {
    for option in &level.options {
        let _ = writeln!(text, "{begin}{}", of_option(option));
    }
    let operands = match &level.operands {
        Values::Words(words) if words.is_empty() => return,
        Values::Words(words) => format!(" -a {}", listed(words)),
        Values::Yaml => format!(" -k -a '({YAML})'"),
        Values::Files => " -F".to_owned(),
        Values::Directories => " -a '(__fish_complete_directories)'".to_owned(),
        Values::Any => return,
    };
    let _ = writeln!(text, "{begin}{operands}");
}

fn of_option(option: &Choice) -> String {
    let shorts = option.shorts.iter().map(|short| format!(" -s {short}"));
    let longs = option.longs.iter().map(|long| format!(" -l {long}"));
    let value = match &option.value {
        None => String::new(),
        Some(Values::Words(words)) => format!(" -x -a {}", listed(words)),
        Some(Values::Directories) => " -x -a '(__fish_complete_directories)'".to_owned(),
        Some(Values::Any) => " -x".to_owned(),
        Some(Values::Files | Values::Yaml) => " -r -F".to_owned(),
    };
    format!("{}{value} -d {}", shorts.chain(longs).collect::<String>(), quoted(&option.about))
}

/// Words with what they mean, as fish splits them.
fn listed(words: &[(String, String)]) -> String {
    let words: Vec<_> = words.iter().map(|(word, about)| format!("{word}\\t{}", quoted(about))).collect();
    // The list is expanded once more before it is offered.
    format!(
        "\"{}\"",
        words.join("\n").replace('\\', "\\\\").replace('$', "\\$").replace('"', "\\\"").replace("\\\\t", "\\t")
    )
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
