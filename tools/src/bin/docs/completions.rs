//! Completions for bash, zsh and fish. clap's own do not find the words of a program with dashes in its
//! name (bash), take files for commands (zsh) and offer what is hidden.

mod bash;
mod fish;
mod zsh;

use clap::{Arg, Command};
use conn_check::explain;

/// What marks a script as written by this program.
const ORIGIN: &str = "# Generated from the declarations in the code by `cargo xtask docs`.\n";

/// What a shell has to know of a program.
pub(crate) struct Program {
    name: String,
    /// The program itself, then each of its words.
    levels: Vec<Level>,
}

/// The options and operands of a program, or of a word of it.
struct Level {
    /// Empty for the program itself.
    word: String,
    about: String,
    options: Vec<Choice>,
    operands: Values,
}

/// An option.
struct Choice {
    shorts: Vec<char>,
    longs: Vec<String>,
    about: String,
    /// `None` for a flag.
    value: Option<Values>,
}

/// What may stand in a place.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Values {
    /// One of these words, each with what it means.
    Words(Vec<(String, String)>),
    /// Files of checks, and directories.
    Yaml,
    Files,
    Directories,
    /// Nobody can know.
    Any,
}

impl Program {
    /// A command that is built.
    pub(crate) fn of(command: &Command) -> Self {
        let words = command.get_subcommands().map(|part| Level::of(part, part.get_name()));
        let levels = std::iter::once(Level::of(command, "")).chain(words).collect();
        Self { name: command.get_name().to_owned(), levels }
    }

    /// The level of the program itself.
    fn root(&self) -> &Level {
        &self.levels[0]
    }

    /// The words that may stand in the first place.
    fn words(&self) -> &[Level] {
        &self.levels[1..]
    }
}

impl Level {
    fn of(command: &Command, word: &str) -> Self {
        let shown = || command.get_arguments().filter(|argument| !argument.is_hide_set());
        // `help` knows the words of its program, which are nothing more to complete.
        let operands = shown().find(|argument| argument.is_positional()).map_or(Values::Words(Vec::new()), values);
        Self {
            word: word.to_owned(),
            about: first_sentence(&command.get_about().map(ToString::to_string).unwrap_or_default()),
            options: shown().filter(|argument| !argument.is_positional()).map(Choice::of).collect(),
            operands,
        }
    }
}

impl Choice {
    fn of(option: &Arg) -> Self {
        Self {
            shorts: option.get_short_and_visible_aliases().unwrap_or_default(),
            longs: option.get_long_and_visible_aliases().unwrap_or_default().into_iter().map(str::to_owned).collect(),
            about: first_sentence(&option.get_help().map(ToString::to_string).unwrap_or_default()),
            value: option.get_action().takes_values().then(|| values(option)),
        }
    }

    /// As they are typed.
    fn names(&self) -> Vec<String> {
        let shorts = self.shorts.iter().map(|short| format!("-{short}"));
        shorts.chain(self.longs.iter().map(|long| format!("--{long}"))).collect()
    }
}

/// What an argument takes, by what it may be and how it is called.
fn values(argument: &Arg) -> Values {
    let words: Vec<_> = argument
        .get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| (value.get_name().to_owned(), value.get_help().map(ToString::to_string).unwrap_or_default()))
        .collect();
    if !words.is_empty() {
        return Values::Words(words);
    }
    let names = argument.get_value_names().unwrap_or_default();
    match (names.first().map(clap::builder::Str::as_str), argument.is_positional()) {
        (Some("CONFIG"), _) => Values::Yaml,
        (Some("CODE|TYPE|OPTION"), _) => Values::Words(
            explain::words().into_iter().map(|(word, about)| (word.to_owned(), about.to_owned())).collect(),
        ),
        // Those of rules are written in YAML, too.
        (Some("FILE"), true) if argument.is_required_set() => Values::Yaml,
        (Some("FILE" | "PATH"), _) => Values::Files,
        (Some("DIR"), _) => Values::Directories,
        _ => Values::Any,
    }
}

/// One line of a list.
fn first_sentence(text: &str) -> String {
    let text = text.split(['\n', ';']).next().unwrap_or_default();
    text.split(" [").next().unwrap_or_default().trim_end_matches('.').to_owned()
}
