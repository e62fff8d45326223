//! Lists of commands: what people read, change and then hand to a shell (POSIX).

use super::{Group, Network, Passage, Ports};
use std::borrow::Cow;
use std::fmt::Write as _;

/// The commands one after the other, each address with where it comes from in a comment above. Without a
/// group, a variable that the person sets stands in its place.
pub(super) fn commands(
    about: &[&str],
    passages: &[Passage],
    group: Option<&Group>,
    command: fn(&str, Network, &str, Ports) -> String,
) -> String {
    let group = group.map_or(Cow::Borrowed("\"$SECGROUP\""), |group| quoted(&group.0));
    let mut text = "#!/bin/sh\n".to_owned();
    about.iter().for_each(|line| text.extend(["# ", line, "\n"]));
    for (origin, passages) in Passage::grouped(passages) {
        let _ = writeln!(text, "\n# {origin}");
        for passage in passages {
            let command = |ports: &Ports| command(&group, passage.to, passage.transport.slug(), *ports) + "\n";
            text.extend(passage.ports.iter().map(command));
        }
    }
    text
}

/// A text as one word of the shell, whatever is in it.
pub(super) fn quoted(text: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@%+,=".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn whatever_is_quoted_is_one_word_of_the_shell() {
        for text in
            ["sg-12345", "", "a b", "$(reboot)", "`x`", "it's", "'", "\"", "\\", "a;b|c&d", "*", "~", "#", "\n", "!"]
        {
            let script = format!("printf '%s|' {}", quoted(text));
            let output = Command::new("sh").arg("-c").arg(&script).output().expect("a shell");
            assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{text}|"), "{script}");
        }
    }
}
