//! What the text of a scalar means.
//!
//! The rules are those of `PyYAML`, which follows YAML 1.1 in its own way, and not those of
//! YAML 1.2: `yes` is true, `0644` is an octal number, `1:30` is ninety, and `1e3` is text.
//! The files read here were written for `PyYAML`, so it decides.

#[cfg(test)]
mod tests;

/// What a scalar stands for once its text has been read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Resolved {
    /// `~`, `null` in `PyYAML`'s three casings, or nothing at all.
    Null,
    /// `yes`, `no`, `on`, `off`, `true` and `false` in `PyYAML`'s three casings.
    Bool(bool),
    /// A whole number: decimal, `0x`, `0b`, octal with a leading zero, or sexagesimal.
    Int(i64),
    /// A number with a decimal point, an infinity, or not a number.
    Float(f64),
    /// Everything else: text, time stamps, and whole numbers that need more than 64 bits.
    Str,
}

/// Resolves the text of a plain scalar, one without quotes and without a tag.
///
/// The text is what stands in the file, without surrounding white space; every text has a
/// meaning, so there is no error.
pub(crate) fn resolve(text: &str) -> Resolved {
    match text.as_bytes().first() {
        None | Some(b'~') => word(text),
        Some(b'0'..=b'9' | b'+' | b'-' | b'.') => number(text),
        // No word that means something is longer or begins with another letter.
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O') if text.len() <= 5 => word(text),
        Some(_) => Resolved::Str,
    }
}

/// Reads a whole number in any of `PyYAML`'s notations.
///
/// Gives `None` for every other text, and for numbers outside the range of `i64`.
pub(crate) fn integer(text: &str) -> Option<i64> {
    let (negative, digits) = split_sign(text);
    let magnitude = i128::from(magnitude(digits)?);
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}

/// Reads a floating point number in any of `PyYAML`'s notations.
///
/// A decimal point is required, an exponent needs its sign: `1e3` gives `None`.
pub(crate) fn float(text: &str) -> Option<f64> {
    let (negative, rest) = split_sign(text);
    let signed = rest.len() < text.len();
    let value = match rest {
        ".inf" | ".Inf" | ".INF" => f64::INFINITY,
        ".nan" | ".NaN" | ".NAN" if !signed => f64::NAN,
        _ if rest.contains(':') => sexagesimal(rest)?,
        _ if signed && rest.starts_with('.') => return None,
        _ => decimal(rest)?,
    };
    Some(if negative { -value } else { value })
}

/// Reads what may follow the tag `!!float`: more than what is a float without the tag.
///
/// Python's `float` takes `1` and `1e3` too, and so does this.
pub(crate) fn tagged_float(text: &str) -> Option<f64> {
    float(text).or_else(|| text.replace('_', "").parse().ok())
}

/// Reads what may follow the tag `!!bool`: the words of [`resolve`] in any casing.
pub(crate) fn tagged_bool(text: &str) -> Option<bool> {
    match word(&text.to_ascii_lowercase()) {
        Resolved::Bool(value) => Some(value),
        _ => None,
    }
}

/// Resolves a text that cannot be a number.
fn word(text: &str) -> Resolved {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Resolved::Null,
        "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "true" | "True" | "TRUE" => Resolved::Bool(true),
        "no" | "No" | "NO" | "off" | "Off" | "OFF" | "false" | "False" | "FALSE" => Resolved::Bool(false),
        _ => Resolved::Str,
    }
}

/// Resolves a text that begins like a number.
fn number(text: &str) -> Resolved {
    integer(text).map(Resolved::Int).or_else(|| float(text).map(Resolved::Float)).unwrap_or(Resolved::Str)
}

/// Splits off one leading sign; true means minus.
fn split_sign(text: &str) -> (bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    }
}

/// Reads the digits of a whole number after its sign.
fn magnitude(digits: &str) -> Option<u64> {
    match digits.as_bytes() {
        b"0" => Some(0),
        [b'0', b'b', ..] => in_radix(&digits[2..], 2),
        [b'0', b'x', ..] => in_radix(&digits[2..], 16),
        [b'0', ..] => in_radix(digits, 8),
        [b'1'..=b'9', ..] => {
            digits.split(':').skip(1).try_fold(in_radix(digits.split(':').next()?, 10)?, |sum, part| {
                sum.checked_mul(60)?.checked_add(sixtieth(part)?)
            })
        }
        _ => None,
    }
}

/// Reads digits of one radix; underscores between them mean nothing.
fn in_radix(digits: &str, radix: u32) -> Option<u64> {
    let mut seen = false;
    let mut sum = 0_u64;
    for digit in digits.chars().filter(|&digit| digit != '_') {
        seen = true;
        sum = sum.checked_mul(u64::from(radix))?.checked_add(u64::from(digit.to_digit(radix)?))?;
    }
    seen.then_some(sum)
}

/// Reads one part of a sexagesimal number after the first: 0 to 59, one or two digits.
fn sixtieth(part: &str) -> Option<u64> {
    match part.as_bytes() {
        [unit @ b'0'..=b'9'] => Some(u64::from(unit - b'0')),
        [ten @ b'0'..=b'5', unit @ b'0'..=b'9'] => Some(u64::from(ten - b'0') * 10 + u64::from(unit - b'0')),
        _ => None,
    }
}

/// Reads `12.5`, `12.`, `.5` or `1.5e+3`.
fn decimal(text: &str) -> Option<f64> {
    let (whole, rest) = text.split_once('.')?;
    let fraction = rest.trim_start_matches(is_digit_or_underscore);
    let starts_well =
        if whole.is_empty() { rest.starts_with(|first: char| first.is_ascii_digit()) } else { is_digits(whole) };
    (starts_well && is_exponent(fraction)).then(|| parse(text)).flatten()
}

/// Reads `1:30.5`. The sum is built from the right as Python does, so that it rounds the same.
fn sexagesimal(text: &str) -> Option<f64> {
    let (whole, fraction) = text.rsplit_once('.')?;
    let (first, parts) = whole.split_once(':')?;
    let well_formed = is_digits(first)
        && parts.split(':').all(|part| sixtieth(part).is_some())
        && fraction.chars().all(is_digit_or_underscore);
    if !well_formed {
        return None;
    }
    let mut base = 1.0;
    text.rsplit(':').try_fold(0.0, |sum, part| {
        let term = parse(part)? * base;
        base *= 60.0;
        Some(sum + term)
    })
}

/// Whether the text is a digit, then digits and underscores.
fn is_digits(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit()) && text.chars().all(is_digit_or_underscore)
}

/// Whether the text is nothing, or an exponent with its sign.
fn is_exponent(text: &str) -> bool {
    match text.as_bytes() {
        [] => true,
        [b'e' | b'E', b'-' | b'+', digits @ ..] => !digits.is_empty() && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// Whether the character may stand inside a decimal number.
fn is_digit_or_underscore(character: char) -> bool {
    character.is_ascii_digit() || character == '_'
}

/// Lets the standard library compute a number of which the notation was checked.
fn parse(text: &str) -> Option<f64> {
    if text.contains('_') { text.replace('_', "").parse().ok() } else { text.parse().ok() }
}
