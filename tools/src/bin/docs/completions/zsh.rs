//! For zsh and its completion system.

use super::{Choice, Level, ORIGIN, Program, Values};
use std::fmt::Write as _;

impl Program {
    /// The script, which is called like its function.
    pub(crate) fn zsh(&self) -> String {
        let name = &self.name;
        let mut text = format!("#compdef {name}\n{ORIGIN}\n_{name}() {{\n");
        if !self.words().is_empty() {
            let _ = writeln!(text, "    if ((CURRENT > 2)); then\n        case $words[2] in");
            for level in self.words() {
                let _ = writeln!(
                    text,
                    "            {0})\n                shift words\n                ((CURRENT--))\n                _{name}_{0}\n                return\n                ;;",
                    level.word
                );
            }
            let _ = writeln!(text, "        esac\n    fi");
        }
        push_arguments(&mut text, name, self.root(), !self.words().is_empty());
        let _ = writeln!(text, "}}");
        for level in self.words() {
            let _ = writeln!(text, "\n_{name}_{}() {{", level.word);
            push_arguments(&mut text, name, level, false);
            let _ = writeln!(text, "}}");
        }
        if !self.words().is_empty() {
            self.push_first(&mut text);
        }
        for level in &self.levels {
            push_words(&mut text, name, level);
        }
        let _ = write!(
            text,
            "\nif [ \"$funcstack[1]\" = _{name} ]; then\n    _{name} \"$@\"\nelse\n    compdef _{name} {name}\nfi\n"
        );
        text
    }

    /// What may stand in the first place: a word, or an operand.
    fn push_first(&self, text: &mut String) {
        let name = &self.name;
        let words: Vec<_> = self.words().iter().map(|level| described(&level.word, &level.about)).collect();
        let _ = write!(
            text,
            "\n_{name}_first() {{\n    local -a all=(\n        {}\n    )\n    local status_=1\n",
            words.join("\n        ")
        );
        let _ = writeln!(text, "    _describe -t commands command all && status_=0");
        if let Some(action) = action(name, self.root()) {
            let _ = writeln!(text, "    {action} && status_=0");
        }
        let _ = writeln!(text, "    return status_\n}}");
    }
}

fn push_arguments(text: &mut String, name: &str, level: &Level, has_words: bool) {
    let _ = write!(text, "    _arguments -s -S :");
    for option in &level.options {
        let _ = write!(text, " \\\n        {}", spec(option));
    }
    if has_words {
        let _ = write!(text, " \\\n        '1: :_{name}_first'");
    }
    if let Some(action) = action(name, level) {
        let _ = write!(text, " \\\n        {}", quoted(&format!("*: :{action}")));
    }
    text.push('\n');
}

/// What completes the operands of a level.
fn action(name: &str, level: &Level) -> Option<String> {
    match &level.operands {
        Values::Words(words) if words.is_empty() => None,
        Values::Words(_) => Some(format!("_{name}_{}_words", level.word)),
        other => Some(value_action(other)),
    }
}

/// A function that offers the words which an operand of the level may be.
fn push_words(text: &mut String, name: &str, level: &Level) {
    let Values::Words(words) = &level.operands else { return };
    if !words.is_empty() {
        let words: Vec<_> = words.iter().map(|(word, about)| described(word, about)).collect();
        let words = words.join("\n        ");
        let _ = write!(
            text,
            "\n_{name}_{}_words() {{\n    local -a all=(\n        {words}\n    )\n    _describe word all\n}}\n",
            level.word
        );
    }
}

fn described(word: &str, about: &str) -> String {
    quoted(&format!("{}:{about}", word.replace(':', "\\:")))
}

/// An option for `_arguments`: one of its names excludes the others.
fn spec(option: &Choice) -> String {
    let about = option.about.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]").replace(':', "\\:");
    let value = option.value.as_ref().map(|value| format!(": :{}", value_action(value))).unwrap_or_default();
    let takes = |name: String| match (&option.value, name.starts_with("--")) {
        (None, _) => name,
        (Some(_), true) => name + "=",
        (Some(_), false) => name + "+",
    };
    let rest = quoted(&format!("[{about}]{value}"));
    let names = option.names();
    match names.as_slice() {
        [name] => format!("{}{rest}", takes(name.clone())),
        names => {
            let all = names.join(" ");
            format!("'({all})'{{{}}}{rest}", names.iter().cloned().map(takes).collect::<Vec<_>>().join(","))
        }
    }
}

/// What completes a value.
fn value_action(values: &Values) -> String {
    match values {
        Values::Words(words) => {
            format!("({})", words.iter().map(|(word, _)| word.as_str()).collect::<Vec<_>>().join(" "))
        }
        Values::Yaml => "_files -g \"*.(yaml|yml)(-.)\"".to_owned(),
        Values::Files => "_files".to_owned(),
        Values::Directories => "_files -/".to_owned(),
        Values::Any => " ".to_owned(),
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
