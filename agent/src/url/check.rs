//! A check as a URL or a setting has it: before it is written into a file, or read as if it stood in one.

use crate::text::escaped;
use crate::url::Hidden;
use serde_json::Value as Json;
use std::borrow::Cow;

/// What an option is set to.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// A text; written so that no reader takes it for anything else.
    Text(String),
    /// A number, true, false, or null: the option is there, and says nothing.
    Plain(Json),
    /// A list of values.
    List(Vec<Value>),
    /// Values by name.
    Map(Vec<(String, Value)>),
    /// A text that is written as who writes the file says.
    Secret(Hidden),
}

impl Value {
    fn name_secrets(&mut self, variable: &str) {
        match self {
            Self::Secret(hidden) => *hidden = Hidden::new(hidden.expose(), variable),
            Self::List(values) => values.iter_mut().for_each(|value| value.name_secrets(variable)),
            Self::Map(pairs) => pairs.iter_mut().for_each(|(_, value)| value.name_secrets(variable)),
            Self::Text(_) | Self::Plain(_) => {}
        }
    }
}

/// A check before it is written: its type, its options in order, and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct GeneratedCheck {
    pub(crate) kind: Cow<'static, str>,
    pub(crate) origins: Vec<String>,
    pub(crate) options: Vec<(Cow<'static, str>, Value)>,
    /// Whether the file says what the check is called.
    pub(crate) named: bool,
    /// Whether it is somebody's own, who may say more than conn-check knows.
    pub(crate) from_user: bool,
}

impl GeneratedCheck {
    /// A check of this type; the origin is the variable or setting it comes from. It is the check's
    /// label, and names its secrets.
    pub(crate) fn new(kind: impl Into<Cow<'static, str>>, origin: &str) -> Self {
        let (kind, origins) = (kind.into(), vec![origin.to_owned()]);
        Self { kind, origins, options: Vec::new(), named: true, from_user: false }
    }

    /// A check of a service at this address.
    pub(crate) fn at(kind: &'static str, origin: &str, host: impl Into<String>, port: u16) -> Self {
        Self::new(kind, origin).text("host", host).number("port", port)
    }

    /// Adds an option.
    pub(crate) fn set(mut self, key: impl Into<Cow<'static, str>>, value: Value) -> Self {
        self.options.push((key.into(), value));
        self
    }

    /// Adds an option that is a text.
    pub(crate) fn text(self, key: impl Into<Cow<'static, str>>, text: impl Into<String>) -> Self {
        self.set(key, Value::Text(text.into()))
    }

    /// Adds an option that is a text, if there is one that is not empty.
    pub(crate) fn some_text(self, key: impl Into<Cow<'static, str>>, text: Option<&str>) -> Self {
        match text.filter(|text| !text.is_empty()) {
            Some(text) => self.text(key, text),
            None => self,
        }
    }

    /// Adds an option that is a number.
    pub(crate) fn number(self, key: impl Into<Cow<'static, str>>, number: impl Into<u64>) -> Self {
        self.set(key, Value::Plain(Json::from(Into::<u64>::into(number))))
    }

    /// Adds an option that is a number, if there is one.
    pub(crate) fn some_number(self, key: &'static str, number: Option<impl Into<u64>>) -> Self {
        match number {
            Some(number) => self.number(key, number),
            None => self,
        }
    }

    /// Adds an option that is true or false.
    pub(crate) fn flag(self, key: impl Into<Cow<'static, str>>, flag: bool) -> Self {
        self.set(key, Value::Plain(flag.into()))
    }

    /// Adds an option that is a secret. Where it is not written down, a variable or file named
    /// after the origin and the option stands for it: `DATABASE_URL_PASSWORD`.
    pub(crate) fn secret(self, key: impl Into<Cow<'static, str>>, text: impl Into<String>) -> Self {
        let key = key.into();
        let name = format!("{} {key}", self.origins.join(" "));
        self.set(key, Value::Secret(Hidden::new(text, &name)))
    }

    /// Adds an option that is a secret, if there is one.
    pub(crate) fn some_secret(self, key: &'static str, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.secret(key, text),
            None => self,
        }
    }

    /// Calls the secrets by the name of the variable that holds them already.
    pub(crate) fn secrets_named(mut self, variable: &str) -> Self {
        self.options.iter_mut().for_each(|(_, value)| value.name_secrets(variable));
        self
    }

    /// What an option is set to.
    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.options.iter().find(|(own, _)| *own == key).map(|(_, value)| value)
    }

    /// Takes options out.
    pub(crate) fn without(mut self, keys: &[&str]) -> Self {
        self.options.retain(|(key, _)| !keys.contains(&key.as_ref()));
        self
    }

    /// What the check is called in the file: one line that hides nothing.
    pub(crate) fn label(&self) -> String {
        escaped(&self.origins.join(", "))
    }

    /// Takes over where the same check comes from, too.
    pub(crate) fn join(&mut self, same: Self) {
        /// The most that are named: the label is for people.
        const MOST: usize = 20;
        for origin in same.origins {
            match self.origins.len() {
                0..MOST if !self.origins.contains(&origin) => self.origins.push(origin),
                MOST => self.origins.push("...".to_owned()),
                _ => {}
            }
        }
    }
}
