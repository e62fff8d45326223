//! What a POSIX shell reads.

use std::borrow::Cow;

/// A text as one word of the shell, whatever is in it.
pub(crate) fn shell_word(text: &str) -> Cow<'_, str> {
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
            let script = format!("printf '%s|' {}", shell_word(text));
            let output = Command::new("sh").arg("-c").arg(&script).output().expect("a shell");
            assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{text}|"), "{script}");
        }
    }
}
