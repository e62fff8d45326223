//! `expect` of a query: its first value, compared by value.

use crate::fault::{Cause, Fault};
use crate::secret::{sentence, theirs};
use crate::settings::Fields;

/// The value that a query's first row has to have in its first column.
#[derive(Clone, Debug)]
pub(super) struct FirstValue(String);

/// Asks for `expect`, which does nothing without `query`.
pub(super) fn expected(fields: &mut Fields<'_>) -> Option<FirstValue> {
    let about = "What the query's first value must be: the same text, number or truth.";
    let value = fields.optional::<String>("expect", about);
    if !fields.has("query") {
        fields.warn_idle("expect", "without `query`", "add `query:`, or leave `expect` out");
    }
    value.map(FirstValue)
}

/// The first value that a query gave.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Found {
    NoRow,
    Null,
    Value(String),
}

impl FirstValue {
    /// Compares it with what came.
    pub(super) fn compare(&self, found: &Found) -> Result<(), Fault> {
        let wanted = &self.0;
        let message = match found {
            Found::Value(found) if is_same(wanted, found) => return Ok(()),
            Found::Value(found) => sentence!["the query's first value is ", theirs(found), ", not ", theirs(wanted)],
            Found::Null => sentence!["the query's first value is NULL, not ", theirs(wanted)],
            Found::NoRow => sentence!["the query returns no row, and ", theirs(wanted), " is expected"],
        };
        Err(Fault::new(Cause::UnexpectedReply, message)
            .next_step("look at what the query reads in the database; else correct `expect`"))
    }
}

/// Whether two values are the same: as texts, as numbers, or as truths where one of them is a word for one.
fn is_same(one: &str, other: &str) -> bool {
    let numbers = || Some(Decimal::read(one)? == Decimal::read(other)?);
    let truths = || {
        let (one_is, other_is) = (truth(one)?, truth(other)?);
        let is_word = |text: &str| !matches!(text, "0" | "1");
        Some((is_word(one) || is_word(other)) && one_is == other_is)
    };
    one == other || numbers() == Some(true) || truths() == Some(true)
}

fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "t" | "true" | "1" => Some(true),
        "f" | "false" | "0" => Some(false),
        _ => None,
    }
}

/// A number, whatever its form: digits without zeros at either end, and the power of ten of the last one.
#[derive(Debug, Eq, PartialEq)]
struct Decimal {
    is_negative: bool,
    digits: String,
    power: i64,
}

impl Decimal {
    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let (is_negative, text) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = [whole, fraction].concat();
        if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let significant = all.trim_start_matches('0');
        let digits = significant.trim_end_matches('0');
        if digits.is_empty() {
            return Some(Self { is_negative: false, digits: String::new(), power: 0 });
        }
        let zeros = i64::try_from(significant.len() - digits.len()).ok()?;
        let power = i64::from(exponent) - i64::try_from(fraction.len()).ok()? + zeros;
        Some(Self { is_negative, digits: digits.to_owned(), power })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_compared_as_what_they_are() {
        for (one, other) in [
            ("a", "a"),
            ("", ""),
            ("5", "5.0"),
            ("5", "05"),
            ("+5", "5"),
            ("-0", "0"),
            ("1e3", "1000"),
            ("0.50", ".5"),
            ("12345678901234567890.10", "12345678901234567890.1"),
            ("true", "t"),
            ("True", "1"),
            ("f", "false"),
            ("false", "0"),
            ("1500", "1.5E3"),
        ] {
            assert!(is_same(one, other) && is_same(other, one), "{one} {other}");
        }
        for (one, other) in [
            ("a", "b"),
            ("a", "A"),
            ("5", "6"),
            ("5", "-5"),
            ("5", ""),
            ("", "0"),
            ("true", "false"),
            ("true", "yes"),
            ("1", "0"),
            ("12345678901234567890", "12345678901234567891"),
            ("1e", "1"),
            (".", "0"),
            ("t", "0"),
        ] {
            assert!(!is_same(one, other) && !is_same(other, one), "{one} {other}");
        }
    }
}
