//! Values that somebody left for another program to fill in: `$NAME`, `${NAME}`, `{{ name }}`. Nothing
//! fills them in here; as a password, they are a wrong one.

use super::reference::is_reference;
use crate::diagnostic::{Diagnostic, Flaw};
use crate::settings::shape::Shown;
use crate::yaml::{Node, Resolved, Scalar, Value};

/// A warning for each value below an option that is nothing but a variable; of a URL, for one that has a
/// variable in it, which no URL can have. `!!str` says that a value is meant as it stands.
pub(super) fn warnings(key: &str, node: &Node, shown: Shown) -> Vec<Diagnostic> {
    match &node.value {
        Value::Scalar(Scalar { text, resolved: Resolved::Str, literal: false, .. }) => {
            let whole = variable(text.trim());
            let part = || if shown == Shown::Url { variable_in(text) } else { None };
            let found = whole.map(|variable| (variable, true)).or_else(|| Some((part()?, false)));
            found.into_iter().map(|(variable, whole)| warning(key, node, &variable, whole, shown)).collect()
        }
        Value::Scalar(_) => Vec::new(),
        Value::Seq(items) => items.iter().flat_map(|item| warnings(key, item, shown)).collect(),
        Value::Map(pairs) if is_reference(pairs) => Vec::new(),
        Value::Map(pairs) => pairs.iter().flat_map(|(_, value)| warnings(key, value, shown)).collect(),
    }
}

/// Whether a text would be taken for a variable that nobody has expanded, unless `!!str` stands before it.
pub(crate) fn is_variable(text: &str) -> bool {
    variable(text.trim()).is_some()
}

/// A variable, and how it is written.
#[derive(Debug, Eq, PartialEq)]
struct Variable {
    /// As a variable of the environment is called: capitals, digits and underscores.
    name: String,
    is_bare: bool,
}

fn warning(key: &str, node: &Node, variable: &Variable, whole: bool, shown: Shown) -> Diagnostic {
    // A password may begin with a dollar and go on in capitals.
    let may_be_password = variable.is_bare && shown == Shown::Never && !variable.name.contains('_');
    let name = if may_be_password { "NAME" } else { variable.name.as_str() };
    let help = if whole {
        format!("write {{env: {name}}} in its place, without quotes")
    } else {
        format!("put all of it into a variable, and write {{env: NAME}} ({name} is a part of it)")
    };
    let message = format!("`{key}`: a variable in a file of checks is not expanded, it stays as it is written");
    Diagnostic::warning(Flaw::Unexpanded, node.span, message).help(help)
}

/// The variable that a text is, and nothing else.
fn variable(text: &str) -> Option<Variable> {
    if let Some(name) = text.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")) {
        return Some(Variable { name: template(name)?, is_bare: false });
    }
    let name = text.strip_prefix('$')?;
    match name.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(name) => Some(Variable { name: environment(name.split(":-").next()?, true)?, is_bare: false }),
        None => Some(Variable { name: environment(name, false)?, is_bare: true }),
    }
}

/// The first variable in braces within a text.
fn variable_in(text: &str) -> Option<Variable> {
    let part = |open: &str, close: &str| {
        let begin = text.find(open)?;
        let end = begin + text[begin..].find(close)? + close.len();
        variable(&text[begin..end])
    };
    part("{{", "}}").or_else(|| part("${", "}"))
}

/// The name of a variable of the environment; one without braces is written in capitals.
fn environment(name: &str, small: bool) -> Option<String> {
    let is_part =
        |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_' || (small && c.is_ascii_lowercase());
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    (begins && name.chars().all(is_part)).then(|| name.to_owned())
}

/// What a variable of a template would be called in the environment: `redis.password` is `REDIS_PASSWORD`.
fn template(name: &str) -> Option<String> {
    let name = name.trim().trim_start_matches('.').to_ascii_uppercase().replace(['.', '-'], "_");
    environment(&name, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_a_variable_is_told_from_one_that_only_has_a_dollar() {
        for (text, name) in [
            ("$REDIS_PASSWORD", Some("REDIS_PASSWORD")),
            ("${REDIS_PASSWORD}", Some("REDIS_PASSWORD")),
            ("${REDIS_PASSWORD:-x}", Some("REDIS_PASSWORD")),
            ("${db_password}", Some("db_password")),
            ("{{ redis_password }}", Some("REDIS_PASSWORD")),
            ("{{ .Values.redis.password }}", Some("VALUES_REDIS_PASSWORD")),
            ("$ecret", None),
            ("$1$salt$hash", None),
            ("pa$$WORD", None),
            ("$WORD!", None),
            ("${}", None),
            ("$", None),
            ("{{}}", None),
            ("{{ a | b }}", None),
        ] {
            assert_eq!(variable(text).map(|variable| variable.name).as_deref(), name, "{text}");
        }
        assert_eq!(variable_in("http://a/{{ foo }}?x").map(|variable| variable.name).as_deref(), Some("FOO"));
        assert_eq!(variable_in("http://a/$FOO"), None, "a dollar may stand in a URL");
    }
}
