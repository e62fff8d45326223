//! Performance data of a plugin: `'label'=value[UOM];[warn];[crit];[min];[max]`, with spaces between.

use crate::text::escape;
use serde_json::{Map, Value, json};

/// So many are kept.
pub(super) const MOST: usize = 64;

/// The longest part of one that is kept, in bytes.
const LONGEST: usize = 100;

/// One measured value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Performance {
    pub(super) label: String,
    value: f64,
    /// `s`, `%`, `B`, `c`; none where it is a plain number.
    unit: String,
    /// The ranges and bounds, as they are written: `10:`, `@0:5`.
    bounds: Vec<(&'static str, String)>,
}

impl Performance {
    /// For the facts of a check.
    pub(super) fn to_json(&self, clean: impl Fn(&str) -> String) -> Value {
        let mut members = Map::new();
        members.insert("label".to_owned(), clean(&self.label).into());
        members.insert("value".to_owned(), json!(self.value));
        let texts = [("unit", &self.unit)].into_iter().chain(self.bounds.iter().map(|(name, text)| (*name, text)));
        members.extend(
            texts.filter(|(_, text)| !text.is_empty()).map(|(name, text)| (name.to_owned(), clean(text).into())),
        );
        members.into()
    }
}

/// Those that stand in a text; what is none is left out, and so is a value that the plugin does not know (`U`).
pub(super) fn read(data: &[u8]) -> Vec<Performance> {
    let text = String::from_utf8_lossy(data);
    let mut rest = text.trim_start();
    let mut found = Vec::new();
    while !rest.is_empty() && found.len() < MOST {
        let (label, behind) = label(rest);
        let end = behind.find(char::is_whitespace).unwrap_or(behind.len());
        if let Some(value) = behind[..end].strip_prefix('=') {
            found.extend(one(&label, value));
        }
        rest = behind[end..].trim_start();
    }
    found
}

/// A label, which may be quoted (`''` is a quote in it), and what follows.
fn label(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('\'') else {
        let end = text.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut label = String::new();
    let mut rest = quoted;
    while let Some(end) = rest.find('\'') {
        label.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        let Some(more) = rest.strip_prefix('\'') else { return (label, rest) };
        label.push('\'');
        rest = more;
    }
    (label + rest, "")
}

/// Where a number ends, which may have an exponent: `1e-05`.
fn end_of_number(text: &str) -> usize {
    let digits = |from: usize| text[from..].find(|c: char| !c.is_ascii_digit()).map_or(text.len(), |at| from + at);
    let end = text.find(|c: char| !c.is_ascii_digit() && !"+-.".contains(c)).unwrap_or(text.len());
    let Some(exponent) = text[end..].strip_prefix(['e', 'E']) else { return end };
    let sign = usize::from(exponent.starts_with(['+', '-']));
    let from = end + 1 + sign;
    if digits(from) > from { digits(from) } else { end }
}

fn one(label: &str, text: &str) -> Option<Performance> {
    let mut parts = text.split(';');
    let measured = parts.next()?;
    let end = end_of_number(measured);
    let value: f64 = measured[..end].parse().ok().filter(|value: &f64| value.is_finite())?;
    let short = |text: &str| escape(text.as_bytes(), LONGEST);
    let names = ["warn", "crit", "min", "max"];
    let bounds = names.into_iter().zip(parts.map(short)).collect();
    (!label.is_empty()).then(|| Performance { label: short(label), value, unit: short(&measured[end..]), bounds })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<Value> {
        read(text.as_bytes()).iter().map(|one| one.to_json(str::to_owned)).collect()
    }

    #[test]
    fn values_have_labels_units_and_bounds() {
        assert_eq!(
            of("time=0.002s;;;0;10 'a b''c'=-3.5%;@1:5;10: size=12KB;~:5;;;"),
            [
                json!({"label": "time", "value": 0.002, "unit": "s", "min": "0", "max": "10"}),
                json!({"label": "a b'c", "value": -3.5, "unit": "%", "warn": "@1:5", "crit": "10:"}),
                json!({"label": "size", "value": 12.0, "unit": "KB", "warn": "~:5"}),
            ]
        );
    }

    #[test]
    fn what_is_none_is_left_out() {
        for text in ["", "  ", "free text", "a=U", "=5", "a=b", "'unclosed=1", "a=", "a=1e400x;", "a=--1"] {
            assert!(of(text).len() <= usize::from(text.starts_with("a=1")), "{text}");
        }
        assert_eq!(
            of("a=1e-05s b=2E3 c=1e999")[..2],
            [json!({"label": "a", "value": 0.00001, "unit": "s"}), json!({"label": "b", "value": 2000.0})]
        );
        assert_eq!(of("a=1e999").len(), 0, "more than a number can be");
        assert_eq!(of("a=U b=1"), [json!({"label": "b", "value": 1.0})]);
        assert_eq!(of(&"a=1 ".repeat(1_000)).len(), MOST);
    }
}
