//! `type`: which check a mapping of the file is.

use crate::checks::Spec;
use crate::diagnostic::{Diagnostic, Flaw, Severity};
use crate::settings::meant::type_help;
use crate::settings::nearest;
use crate::text::{Span, escaped};
use crate::yaml::{Node, Scalar, Value};

/// The canonical type of a check, and a note where it stands there by an old name.
pub(super) fn kind(check: Span, pairs: &[(Node, Node)]) -> Result<(&'static str, Option<Diagnostic>), Diagnostic> {
    let mut texts = pairs.iter().filter_map(|(key, value)| match &key.value {
        Value::Scalar(Scalar { text, .. }) => Some((text.as_str(), key.span, value)),
        Value::Seq(_) | Value::Map(_) => None,
    });
    let Some((_, _, value)) = texts.clone().find(|(text, _, value)| *text == "type" && !value.is_null()) else {
        let first = pairs.first().map_or(check, |(key, _)| key.span);
        let missing = |span, message| Diagnostic::error(Flaw::MissingKey, span, message);
        return Err(match texts.find(|(text, ..)| nearest(text, &["type"]).is_some()) {
            Some(("type", span, _)) => missing(span, "`type` is empty").help(format!("one of {}", known_types())),
            Some((_, span, _)) => missing(span, "this check has no `type`").help("did you mean `type`?"),
            None => missing(first, "this check has no `type`").help(format!("add `type:`, one of {}", known_types())),
        });
    };
    let Value::Scalar(Scalar { text, .. }) = &value.value else {
        let problem = Diagnostic::error(Flaw::WrongType, value.span, "`type`: expected the name of a check");
        return Err(problem.help(format!("one of {}", known_types())));
    };
    let (kind, deprecated) = Spec::canonical(text).ok_or_else(|| unknown_type(text, value.span))?;
    Ok((kind, deprecated.then(|| deprecated_alias(text, kind, value.span))))
}

fn known_types() -> String {
    Spec::types().join(", ")
}

fn unknown_type(text: &str, span: Span) -> Diagnostic {
    let types = Spec::types();
    let message = format!("there is no check of type `{}`", escaped(&text.chars().take(40).collect::<String>()));
    let near = || nearest(text, &types).map(|near| format!("did you mean `{near}`?"));
    let help = type_help(text).or_else(near).unwrap_or_else(|| format!("one of {}", types.join(", ")));
    Diagnostic::error(Flaw::UnknownType, span, message).help(help)
}

/// A note: even `--strict` does not refuse the old name.
fn deprecated_alias(text: &str, kind: &str, span: Span) -> Diagnostic {
    let warning = Diagnostic::warning(Flaw::DeprecatedAlias, span, format!("`{text}` is an old name of `{kind}`"));
    Diagnostic { severity: Severity::Note, ..warning }.help(format!("write `type: {kind}`"))
}
