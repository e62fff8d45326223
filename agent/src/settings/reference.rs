//! Values that stand elsewhere: `{env: VAR}` and `{file: PATH}`, and what only looks like one of them.

use crate::file::{self, ReadError};
use crate::settings::Misfit;
use crate::text::shortened;
use crate::yaml::{Node, Value};
use std::path::Path;

/// `{{ name }}` without quotes: to YAML, a mapping whose key is a mapping.
pub(super) fn is_template(pairs: &[(Node, Node)]) -> bool {
    matches!(pairs, [(Node { value: Value::Map(_), .. }, value)] if value.is_null())
}

/// One name with one value.
pub(super) fn is_like_reference(pairs: &[(Node, Node)]) -> bool {
    matches!(pairs, [(Node { value: Value::Scalar(_), .. }, Node { value: Value::Scalar(_), .. })])
        && reference(pairs).is_none()
}

/// Whether a mapping stands for a value that stands elsewhere.
pub(crate) fn is_reference(pairs: &[(Node, Node)]) -> bool {
    reference(pairs).is_some()
}

/// What to do about a reference that leads nowhere.
pub(super) fn reference_help(key: &str) -> &'static str {
    if key == "env" {
        "set it where conn-check is started: NRPE, cron and hooks have hardly any variable of a shell"
    } else {
        "put it there, for the user who runs conn-check to read"
    }
}

/// `{env: VAR}` or `{file: PATH}`: the word, and the name behind it.
pub(super) fn reference(pairs: &[(Node, Node)]) -> Option<(&str, &str)> {
    let [(Node { value: Value::Scalar(key), .. }, Node { value: Value::Scalar(value), .. })] = pairs else {
        return None;
    };
    matches!(key.text.as_str(), "env" | "file").then_some((&key.text, &value.text))
}

/// The value of a variable.
pub(super) fn from_environment(name: &str) -> Result<String, Misfit> {
    std::env::var(name).map_err(|error| {
        let why = match error {
            std::env::VarError::NotPresent => "is not set",
            std::env::VarError::NotUnicode(_) => "is not UTF-8",
        };
        Misfit::new(format!("the environment variable `{}` {why}", shortened(name)))
    })
}

/// The longest file that a `{file: PATH}` may name, in bytes.
const REFERENCE_LIMIT: u64 = 64 * 1024;

/// What a file holds, without the end of its last line.
pub(super) fn from_file(path: &str) -> Result<String, Misfit> {
    let failed =
        |why: &dyn std::fmt::Display| Misfit::new(format!("cannot read the file `{}`: {why}", shortened(path)));
    let content = file::read_bounded(Path::new(path), REFERENCE_LIMIT).map_err(|error| {
        let misfit = failed(&error);
        if let ReadError::Io(error) = &error { misfit.because(error) } else { misfit }
    })?;
    let mut text = String::from_utf8(content).map_err(|_| failed(&"it is not UTF-8"))?;
    text.truncate(text.trim_end_matches(['\n', '\r']).len());
    if text.is_empty() {
        return Err(Misfit::new(format!("the file `{}` is empty", shortened(path))));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_file_that_a_reference_names_is_read_whole_or_not_at_all() {
        let folder = std::env::temp_dir().join(format!("conn-check-field-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a directory");
        let (fifo, file) = (folder.join("fifo"), folder.join("file"));
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).expect("a FIFO");
        let read = |path: &Path| from_file(path.to_str().expect("a path")).map_err(|misfit| misfit.message);
        assert!(read(&fifo).is_err_and(|why| why.ends_with("it is not a regular file")), "nobody writes to it");
        for (content, expected) in [
            ("x".repeat(64 * 1024).into_bytes(), Ok("x".repeat(64 * 1024))),
            ("x".repeat(64 * 1024 + 1).into_bytes(), Err("it is larger than 64 KiB")),
            (b"secret\n\r\n".to_vec(), Ok("secret".to_owned())),
            (b"\xff".to_vec(), Err("it is not UTF-8")),
            (b"\n".to_vec(), Err("is empty")),
        ] {
            fs::write(&file, content).expect("written");
            match (read(&file), expected) {
                (Ok(text), Ok(expected)) => assert_eq!(text, expected),
                (Err(why), Err(end)) => assert!(why.ends_with(end), "{why}"),
                (read, expected) => panic!("{read:?}, and not {expected:?}"),
            }
        }
        fs::remove_dir_all(&folder).expect("removed");
    }
}
