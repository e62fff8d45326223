//! When two mapping keys are the same key.

use super::{Node, Resolved, Value};

/// What makes a scalar key what it is, as Python compares the keys of a `dict`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Identity<T> {
    /// The null key.
    Null,
    /// A whole number; `1.0` and `true` are equal to `1` in Python.
    Whole(i64),
    /// Another number, by its bits.
    Fraction(u64),
    /// A text.
    Text(T),
}

impl<'n> Identity<&'n str> {
    /// The identity of a key; lists, mappings and not-a-number are equal to nothing.
    pub(super) fn of(key: &'n Node) -> Option<Self> {
        let Value::Scalar(scalar) = &key.value else {
            return None;
        };
        Some(match scalar.resolved {
            Resolved::Null => Self::Null,
            Resolved::Bool(value) => Self::Whole(i64::from(value)),
            Resolved::Int(value) => Self::Whole(value),
            Resolved::Float(value) if value.is_nan() => return None,
            Resolved::Float(value) => whole(value).map_or(Self::Fraction(value.to_bits()), Self::Whole),
            Resolved::Str => Self::Text(&scalar.text),
        })
    }

    /// The same with a text of its own.
    pub(super) fn owned(self) -> Identity<String> {
        match self {
            Self::Null => Identity::Null,
            Self::Whole(value) => Identity::Whole(value),
            Self::Fraction(bits) => Identity::Fraction(bits),
            Self::Text(text) => Identity::Text(text.to_owned()),
        }
    }
}

/// The whole number that a float is equal to, if there is one.
fn whole(value: f64) -> Option<i64> {
    // Formatting is slow but exact, and float keys hardly exist.
    (value.fract() == 0.0 && value.abs() < 9.0e18).then(|| format!("{value:.0}").parse().ok()).flatten()
}
