//! A check that is about to be written into a file.

use crate::generate::Hidden;
use crate::text::escaped;
use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// What an option is set to.
#[derive(Clone, Debug)]
pub enum Value {
    /// A text; written so that no reader takes it for anything else.
    Text(String),
    /// A whole number.
    Number(u64),
    /// A number with a fraction, or below zero.
    Float(f64),
    /// True or false.
    Flag(bool),
    /// Nothing: the option is there, and says so.
    Null,
    /// A list of values.
    List(Vec<Value>),
    /// Values by name.
    Map(Vec<(String, Value)>),
    /// A text that is written as [`Secrets`](crate::generate::Secrets) says.
    Secret(Hidden),
}

impl Value {
    fn name_secrets(&mut self, variable: &str) {
        match self {
            Self::Secret(hidden) => *hidden = Hidden::new(hidden.expose(), variable),
            Self::List(values) => values.iter_mut().for_each(|value| value.name_secrets(variable)),
            Self::Map(pairs) => pairs.iter_mut().for_each(|(_, value)| value.name_secrets(variable)),
            Self::Text(_) | Self::Number(_) | Self::Float(_) | Self::Flag(_) | Self::Null => {}
        }
    }

    /// The same for values that are the same ([`Value::is_same`]).
    fn fingerprint(&self, hasher: &mut DefaultHasher) {
        match self {
            Self::Text(text) => text.hash(hasher),
            Self::Secret(secret) => secret.expose().hash(hasher),
            Self::Number(number) => number.hash(hasher),
            Self::Float(number) => number.to_bits().hash(hasher),
            Self::Flag(flag) => flag.hash(hasher),
            Self::Null => {}
            Self::List(values) => values.iter().for_each(|value| value.fingerprint(hasher)),
            Self::Map(pairs) => pairs.iter().for_each(|(key, value)| {
                key.hash(hasher);
                value.fingerprint(hasher);
            }),
        }
    }

    /// Whether both say the same, secrets included.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(one), Self::Text(two)) => one == two,
            (Self::Number(one), Self::Number(two)) => one == two,
            (Self::Float(one), Self::Float(two)) => one.to_bits() == two.to_bits(),
            (Self::Flag(one), Self::Flag(two)) => one == two,
            (Self::Null, Self::Null) => true,
            (Self::List(one), Self::List(two)) => {
                one.len() == two.len() && one.iter().zip(two).all(|(one, two)| one.is_same(two))
            }
            (Self::Map(one), Self::Map(two)) => {
                let is_same = |(one, two): (&(String, Self), &(String, Self))| one.0 == two.0 && one.1.is_same(&two.1);
                one.len() == two.len() && one.iter().zip(two).all(is_same)
            }
            (Self::Secret(one), Self::Secret(two)) => one.expose() == two.expose(),
            // The default of a password, and the same one named.
            (Self::Text(text), Self::Secret(secret)) | (Self::Secret(secret), Self::Text(text)) => {
                text == secret.expose()
            }
            _ => false,
        }
    }
}

/// A check before it is written: its type, its options in order, and where it comes from.
#[derive(Clone, Debug)]
pub struct GeneratedCheck {
    pub(crate) kind: Cow<'static, str>,
    pub(crate) origins: Vec<String>,
    pub(crate) label: Option<String>,
    pub(crate) options: Vec<(Cow<'static, str>, Value)>,
    pub(crate) tags: Vec<String>,
    /// Whether the file says what the check is called.
    pub(crate) named: bool,
    /// Whether it is somebody's own, who may say more than conn-check knows.
    pub(crate) from_user: bool,
}

impl GeneratedCheck {
    /// A check of this type; the origin is the variable or setting it comes from. It is the
    /// check's label unless [`GeneratedCheck::label`] gives another, and names its secrets.
    #[must_use]
    pub fn new(kind: impl Into<Cow<'static, str>>, origin: &str) -> Self {
        let (kind, origins) = (kind.into(), vec![origin.to_owned()]);
        Self { kind, origins, label: None, options: Vec::new(), tags: Vec::new(), named: true, from_user: false }
    }

    /// Adds an option.
    #[must_use]
    pub fn set(mut self, key: impl Into<Cow<'static, str>>, value: Value) -> Self {
        self.options.push((key.into(), value));
        self
    }

    /// Adds an option that is a text.
    #[must_use]
    pub fn text(self, key: impl Into<Cow<'static, str>>, text: impl Into<String>) -> Self {
        self.set(key, Value::Text(text.into()))
    }

    /// Adds an option that is a text, if there is one that is not empty.
    #[must_use]
    pub fn some_text(self, key: impl Into<Cow<'static, str>>, text: Option<&str>) -> Self {
        match text.filter(|text| !text.is_empty()) {
            Some(text) => self.text(key, text),
            None => self,
        }
    }

    /// Adds an option that is a number.
    #[must_use]
    pub fn number(self, key: impl Into<Cow<'static, str>>, number: impl Into<u64>) -> Self {
        self.set(key, Value::Number(number.into()))
    }

    /// Adds an option that is true or false.
    #[must_use]
    pub fn flag(self, key: impl Into<Cow<'static, str>>, flag: bool) -> Self {
        self.set(key, Value::Flag(flag))
    }

    /// Adds an option that is a secret. Where it is not written down, a variable or file named
    /// after the origin and the option stands for it: `DATABASE_URL_PASSWORD`.
    #[must_use]
    pub fn secret(self, key: impl Into<Cow<'static, str>>, text: impl Into<String>) -> Self {
        let key = key.into();
        let name = format!("{} {key}", self.origins.join(" "));
        self.set(key, Value::Secret(Hidden::new(text, &name)))
    }

    /// As [`GeneratedCheck::secret`], for a secret that has a variable of its own already.
    #[must_use]
    pub fn secret_of(self, key: impl Into<Cow<'static, str>>, text: impl Into<String>, variable: &str) -> Self {
        self.set(key, Value::Secret(Hidden::new(text, variable)))
    }

    /// Calls the secrets by the name of the variable that holds them already.
    #[must_use]
    pub(crate) fn secrets_named(mut self, variable: &str) -> Self {
        self.options.iter_mut().for_each(|(_, value)| value.name_secrets(variable));
        self
    }

    /// What an option is set to.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.options.iter().find(|(own, _)| *own == key).map(|(_, value)| value)
    }

    /// Takes options out.
    #[must_use]
    pub(crate) fn without(mut self, keys: &[&str]) -> Self {
        self.options.retain(|(key, _)| !keys.contains(&key.as_ref()));
        self
    }

    /// What the check is called in the file: one line that hides nothing.
    pub(crate) fn shown_label(&self) -> String {
        escaped(self.label.as_ref().unwrap_or(&self.origins.join(", ")))
    }

    /// Whether both check the same in the same way, whatever they are called.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.tags == other.tags
            && self.options.len() == other.options.len()
            && self.options.iter().all(|(key, value)| other.get(key).is_some_and(|same| value.is_same(same)))
    }

    /// The same number for checks that are the same, whatever they are called and in whatever order
    /// their options stand.
    pub(crate) fn fingerprint(&self) -> u64 {
        let of_option = |(key, value): &(Cow<'static, str>, Value)| {
            let mut hasher = DefaultHasher::new();
            key.hash(&mut hasher);
            value.fingerprint(&mut hasher);
            hasher.finish()
        };
        let mut hasher = DefaultHasher::new();
        (&self.kind, &self.tags).hash(&mut hasher);
        self.options.iter().map(of_option).fold(hasher.finish(), u64::wrapping_add)
    }

    /// Takes over where the same check comes from, too.
    pub(crate) fn join(&mut self, same: Self) {
        /// The most that are named: the label is for people.
        const MOST: usize = 20;
        let Self { origins, label, .. } = same;
        for origin in origins {
            match self.origins.len() {
                0..MOST if !self.origins.contains(&origin) => self.origins.push(origin),
                MOST => self.origins.push("...".to_owned()),
                _ => {}
            }
        }
        if let (Some(own), Some(other)) = (&mut self.label, label)
            && *own != other
        {
            *own = format!("{own}, {other}");
        }
    }
}
