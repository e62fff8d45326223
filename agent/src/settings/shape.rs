//! The shape of an option's value: one declaration for the parser's messages, the JSON Schema and
//! the option tables of the documentation.

use serde_json::{Value, json};

/// What may be shown of a value in a diagnostic.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shown {
    /// All of it.
    Plain,
    /// All but the secret parts of a URL.
    Url,
    /// Nothing: it is, or may contain, a secret.
    Never,
}

/// The shape of a value.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// With its article, for messages: "a port number (1 to 65535)".
    pub words: &'static str,
    /// For the option tables: "port".
    pub short: &'static str,
    /// What may be shown of it.
    pub shown: Shown,
    /// Its JSON Schema.
    pub schema: fn() -> Value,
}

impl Shape {
    /// Accepts what the shape accepts, and a reference to the environment or a file in its place.
    #[must_use]
    pub fn schema_with_reference(&self) -> Value {
        json!({"anyOf": [(self.schema)(), {"$ref": "#/$defs/reference"}, {"type": "null"}]})
    }
}

/// One option of a check, as it was declared.
#[derive(Clone, Debug)]
pub struct Declared {
    /// The key in the file.
    pub key: &'static str,
    /// The shape of its value.
    pub shape: Shape,
    /// Whether it must be there.
    pub required: bool,
    /// What it is when it is absent, as YAML.
    pub default: Option<&'static str>,
    /// One sentence.
    pub about: &'static str,
}
