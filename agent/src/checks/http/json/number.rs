//! Numbers of JSON, of any size and precision (RFC 8259 section 6).

/// Whether a text is a number as JSON writes them.
pub(super) fn is_decimal(text: &str) -> bool {
    Decimal::parse(text).is_some()
}

/// By value: `1.0` is 1. Whole numbers are compared digit by digit; others may also be the same to a computer, which
/// has 53 bits for them (IEEE 754).
pub(super) fn are_equal(one: &str, other: &str) -> bool {
    let (Some(a), Some(b)) = (Decimal::parse(one), Decimal::parse(other)) else { return one == other };
    let is_same = |a: f64, b: f64| a.is_finite() && a.total_cmp(&b).is_eq();
    let are_same = || matches!((one.parse(), other.parse()), (Ok(a), Ok(b)) if is_same(a, b));
    a == b || (!(a.is_whole() && b.is_whole()) && are_same())
}

/// Its digits, without zeros at either end, times ten to the exponent.
#[derive(Debug, Eq, PartialEq)]
struct Decimal {
    is_negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    fn parse(text: &str) -> Option<Self> {
        let (is_negative, bare) = match text.strip_prefix('-') {
            Some(bare) => (true, bare),
            None => (false, text),
        };
        let (mantissa, exponent) = match bare.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (bare, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = [whole, fraction].concat();
        if whole.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digits = all.trim_start_matches('0').trim_end_matches('0');
        if digits.is_empty() {
            return Some(Self { is_negative: false, digits: String::new(), exponent: 0 });
        }
        let zeros = all.len() - all.trim_end_matches('0').len();
        let shift = i64::try_from(zeros).ok()? - i64::try_from(fraction.len()).ok()?;
        Some(Self { is_negative, digits: digits.to_owned(), exponent: exponent.checked_add(shift)? })
    }

    const fn is_whole(&self) -> bool {
        self.exponent >= 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_size_are_compared_by_value() {
        for (one, other) in [
            ("1", "1.0"),
            ("1e400", "10E399"),
            ("0", "-0.0"),
            ("100", "1e2"),
            ("18446744073709551617", "18446744073709551617.0"),
            ("0.1", "0.1000000000000000055511151231257827"),
            ("-2.50", "-25e-1"),
            ("1e99999999999999999999", "1e99999999999999999999"),
        ] {
            assert!(are_equal(one, other) && are_equal(other, one), "{one} {other}");
        }
        for (one, other) in [
            ("12345678901234567890123", "12345678901234567890124"),
            ("1e400", "1e401"),
            ("1", "-1"),
            ("0.1", "0.2"),
            ("9007199254740993", "9007199254740992"),
            ("1e400", "null"),
        ] {
            assert!(!are_equal(one, other), "{one} {other}");
        }
    }
}
