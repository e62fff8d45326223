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
    /// A value of it as it stands in a file; empty where its words say how it is written.
    pub example: &'static str,
    /// What is read in the place of a value that stands elsewhere and is not there, so that the rest of the check can be
    /// read. `None`: without the value there is no check.
    pub stand_in: Option<StandIn>,
}

/// What is read in the place of a value that is not there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StandIn {
    /// Any text: it is not shown.
    Hidden,
    /// The reference, as a person writes it.
    Reference,
    /// A text with a word of its own in the place of `?`, by which it is found where a result is called by it.
    Like(&'static str),
    /// The last of all ports.
    Port,
}

impl Shape {
    /// Of a value that may be shown.
    pub(crate) const fn plain(words: &'static str, short: &'static str, schema: fn() -> Value) -> Self {
        Self { words, short, shown: Shown::Plain, schema, example: "", stand_in: None }
    }

    /// Of a value that is, or may contain, a secret.
    pub(crate) const fn secret(words: &'static str, short: &'static str, schema: fn() -> Value) -> Self {
        Self { words, short, shown: Shown::Never, schema, example: "", stand_in: Some(StandIn::Hidden) }
    }

    /// With a value as it stands in a file.
    pub(crate) const fn like(self, example: &'static str) -> Self {
        Self { example, ..self }
    }

    /// With what is read in the place of a value that is not there.
    pub(crate) const fn or(self, stand_in: StandIn) -> Self {
        Self { stand_in: Some(stand_in), ..self }
    }

    /// Accepts what the shape accepts, and a reference to the environment or a file in its place.
    #[must_use]
    pub(crate) fn schema_with_reference(&self) -> Value {
        json!({"anyOf": [(self.schema)(), {"$ref": "#/$defs/reference"}, {"type": "null"}]})
    }
}

/// A host that nobody has.
pub(crate) const NO_HOST: StandIn = StandIn::Like("?.invalid");

/// What was read in the place of values that are not there, each with its reference.
#[derive(Clone, Debug)]
pub(crate) struct StoodIn(Vec<(String, String)>);

impl StoodIn {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// What to read in the place of a value with this reference.
    pub(crate) fn add(&mut self, stand_in: StandIn, reference: String) -> String {
        const PORT: &str = "65535";
        match stand_in {
            // No rule for any option refuses it.
            StandIn::Hidden => "absent".to_owned(),
            StandIn::Reference => reference,
            StandIn::Port => {
                self.0.push((format!(":{PORT}"), format!(":{reference}")));
                PORT.to_owned()
            }
            StandIn::Like(pattern) => {
                let word = format!("conn-check-absent-{}", self.0.len());
                let text = pattern.replace('?', &word);
                // Of a URL, results have the host, with and without its port.
                let parts = [text.clone(), format!("{word}.invalid:443"), format!("{word}.invalid"), word];
                self.0.extend(parts.map(|part| (part, reference.clone())));
                text
            }
        }
    }

    /// A name with the references in their places.
    pub(crate) fn named(&self, name: &str) -> String {
        self.0.iter().fold(name.to_owned(), |name, (read, reference)| name.replace(read, reference))
    }
}

/// The schema of a text; what it says may look like something else to YAML.
pub(crate) fn scalar() -> Value {
    json!({"type": ["string", "number", "boolean"]})
}

/// The schema of a text that is not empty.
pub(crate) fn filled() -> Value {
    json!({"type": "string", "minLength": 1})
}

/// The schema of a number, which may stand there as a text too.
pub(crate) fn number(number: &Value, pattern: &str) -> Value {
    json!({"anyOf": [number, {"type": "string", "pattern": pattern}]})
}

/// The schema of a truth by any of its names, or one word more.
pub(crate) fn flag_or(word: Option<&str>) -> Value {
    let words = ["yes", "no", "on", "off", "true", "false"];
    json!({"anyOf": [{"type": "boolean"}, {"enum": word.into_iter().chain(words).collect::<Vec<_>>()}]})
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
    /// It must be there where the check has no `url`.
    pub by_url: bool,
    /// What it is when it is absent, as YAML.
    pub default: Option<&'static str>,
    /// It is a limit of this host's, which the first entry of a file can set for all of its checks.
    pub limit: bool,
    /// One sentence.
    pub about: &'static str,
}
