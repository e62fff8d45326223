//! `depends_on` and `parts`: which checks hang together.

use crate::settings::shape::{self, Shape};
use crate::settings::{Field, Misfit, Setting, Word};
use crate::text::Span;
use serde_json::json;

/// The option that has the parts of a check.
pub(crate) const PARTS: &str = "parts";

/// The option that names what a check waits for.
pub(crate) const DEPENDS_ON: &str = "depends_on";

/// A name, and where it stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Named {
    pub(crate) text: String,
    pub(crate) span: Span,
}

/// The names of checks: a list, or one.
pub(crate) struct Names(pub(crate) Vec<Named>);

impl Setting for Names {
    const SHAPE: Shape = Shape::plain(
        "the name of a check, or a list of names",
        "name or names",
        || json!({"anyOf": [shape::filled(), {"type": "array", "minItems": 1, "items": shape::filled()}]}),
    )
    .like("the database");

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        let one = |item: Field<'_>| {
            let text = Word::read(&item).map(|word| word.0).map_err(|misfit| item.with_span(misfit))?;
            if text.is_empty() { Err(item.wrong(&Self::SHAPE)) } else { Ok(Named { text, span: item.span() }) }
        };
        let names = match field.items() {
            Some(items) => items.map(one).collect::<Result<Vec<_>, _>>()?,
            None => vec![one(*field)?],
        };
        if names.is_empty() { Err(field.wrong(&Self::SHAPE)) } else { Ok(Self(names)) }
    }
}

/// Checks below a check. What each of them says is read as every check is.
pub(crate) struct Parts;

impl Setting for Parts {
    const SHAPE: Shape = Shape::plain(
        "a list of checks",
        "list of checks",
        || json!({"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/part"}}),
    );

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        match field.items().map(|mut items| items.next().is_some()) {
            Some(true) => Ok(Self),
            _ => Err(field.wrong(&Self::SHAPE).help("write `- type:` below it for each part, indented by two spaces")),
        }
    }
}
