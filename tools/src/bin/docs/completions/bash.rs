//! For bash, from version 4 on; nothing of bash-completion is needed.

use super::{Level, ORIGIN, Program, Values};
use std::fmt::Write as _;

impl Program {
    /// The script.
    pub(crate) fn bash(&self) -> String {
        let function = format!("_{}", self.name.replace('-', "_"));
        let words: Vec<_> = self.words().iter().map(|level| level.word.as_str()).collect();
        let mut text = format!("# shellcheck shell=bash\n{ORIGIN}");
        let _ = write!(text, "{}", FILES.replace("FUNCTION", &function));
        let _ = write!(text, "{}", BEGIN.replace("FUNCTION", &function));
        if !words.is_empty() {
            let _ = write!(text, "{}", WORDS.replace("NAMES", &words.join(" | ")));
        }
        let _ = writeln!(text, "    case $level:$before in");
        for level in &self.levels {
            push_values(&mut text, &function, level);
        }
        let _ = writeln!(text, "    esac\n    case $level:$current in");
        for level in &self.levels {
            let names: Vec<_> = level.options.iter().flat_map(super::Choice::names).collect();
            let _ = writeln!(text, "        {}:-*) {} ;;", level.word, words_of(&names.join(" ")));
        }
        for level in &self.levels {
            let _ = writeln!(text, "        {}:*)", level.word);
            if level.word.is_empty() && !words.is_empty() {
                let _ = writeln!(text, "            ((COMP_CWORD > 1)) || {}", words_of(&words.join(" ")));
            }
            let _ = writeln!(text, "            {}\n            ;;", completed(&function, &level.operands));
        }
        let _ = write!(text, "    esac\n}}\n\ncomplete -F {function} {}\n", self.name);
        text
    }
}

/// What each option of a level takes.
fn push_values(text: &mut String, function: &str, level: &Level) {
    for option in &level.options {
        let Some(value) = &option.value else { continue };
        let names: Vec<_> = option.names().iter().map(|name| format!("{}:{name}", level.word)).collect();
        let _ = writeln!(
            text,
            "        {})\n            {}\n            return\n            ;;",
            names.join(" | "),
            completed(function, value)
        );
    }
}

/// The command that completes such a value.
fn completed(function: &str, values: &Values) -> String {
    match values {
        Values::Words(words) if words.is_empty() => ":".to_owned(),
        Values::Words(words) => words_of(&words.iter().map(|(word, _)| word.as_str()).collect::<Vec<_>>().join(" ")),
        Values::Yaml => format!("{function}_files yaml \"$current\""),
        Values::Files => format!("{function}_files all \"$current\""),
        Values::Directories => format!("{function}_files none \"$current\""),
        Values::Any => ":".to_owned(),
    }
}

fn words_of(words: &str) -> String {
    format!("mapfile -t COMPREPLY < <(compgen -W '{words}' -- \"$current\")")
}

/// Files of a kind, and directories, on the way to them.
const FILES: &str = r#"
FUNCTION_files() {
    local kind=$1 file
    compopt -o filenames 2> /dev/null
    while IFS= read -r file; do
        if [[ -d $file || $kind == all || ($kind == yaml && $file == *.@(yaml|yml)) ]]; then
            COMPREPLY+=("$file")
        fi
    done < <(compgen -f -- "$2")
}
"#;

const BEGIN: &str = r#"
FUNCTION() {
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} level=
    COMPREPLY=()
    # --option=value is three words here.
    if [[ $current == "=" ]]; then
        current=
    elif [[ $before == "=" ]]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
"#;

const WORDS: &str = r"    if ((COMP_CWORD > 1)); then
        case ${COMP_WORDS[1]} in
            NAMES) level=${COMP_WORDS[1]} ;;
        esac
    fi
";
