//! Values with a unit: sizes, shares, ages; and paths that mean the same from everywhere.

use crate::settings::shape::{self, Shape, StandIn};
use crate::settings::{Field, Misfit, Setting};
use serde_json::json;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// A number of bytes: `100 MiB`, `2G`, `1.5 GB`, `4096`.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Size(pub(crate) u64);

/// A share of a hundred: `90`, `90 %`, `97.5`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) struct Percent(pub(crate) f64);

/// A number that need not be a whole one.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) struct Decimal(pub(crate) f64);

/// A time that may be long: `90` (seconds), `15 min`, `26h`, `2 days`.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Age(pub(crate) Duration);

/// A SHA-256, in 64 hexadecimal digits in small letters.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Sha256(pub(crate) String);

/// A path from the root: whoever runs us has another working directory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct FullPath(pub(crate) PathBuf);

impl Size {
    /// The units, each 1024 times the one before.
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
}

/// In the largest unit of which there is at least one, with as many digits as tell it from its neighbours.
impl fmt::Display for Size {
    #[expect(clippy::cast_precision_loss, reason = "it is rounded for people")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut number = self.0 as f64;
        let mut unit = 0;
        while number >= 1024.0 && unit + 1 < Self::UNITS.len() {
            number /= 1024.0;
            unit += 1;
        }
        let digits = usize::from(unit > 0 && number < 100.0 && number.fract() > 0.0);
        write!(f, "{number:.digits$} {}", Self::UNITS[unit])
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.0)
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match seconds {
            0..120 => write!(f, "{} s", self.0.as_secs_f64()),
            120..7200 => write!(f, "{} min", seconds / 60),
            7200..172_800 => write!(f, "{} h", seconds / 3600),
            _ => write!(f, "{} days", seconds / 86_400),
        }
    }
}

impl Setting for Size {
    const SHAPE: Shape = Shape::plain("a size, such as 100 MiB, 2G or a number of bytes", "size", || {
        let unit = "([kKmMgGtT]([iI]?[bB])?|[bB]|bytes)?";
        shape::number(&json!({"type": "number", "minimum": 0}), &format!("^ *[0-9]+(\\.[0-9]+)? *{unit} *$"))
    });

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        field.parse(&Self::SHAPE, size)
    }
}

impl Setting for Percent {
    const SHAPE: Shape = Shape::plain("a percentage (0 to 100)", "percent", || {
        shape::number(&json!({"type": "number", "minimum": 0, "maximum": 100}), "^ *[0-9]+(\\.[0-9]+)? *%? *$")
    });

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        field.parse(&Self::SHAPE, |text| {
            let number = decimal(text.trim().trim_end_matches('%').trim_end())?;
            (number <= 100.0).then_some(Self(number))
        })
    }
}

impl Setting for Decimal {
    const SHAPE: Shape = Shape::plain("a number, such as 2 or 1.5", "decimal number", || {
        shape::number(&json!({"type": "number", "minimum": 0}), "^ *[0-9]+(\\.[0-9]+)? *$")
    });

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        field.parse(&Self::SHAPE, |text| decimal(text.trim()).map(Self))
    }
}

impl Setting for Age {
    const SHAPE: Shape = Shape::plain("a time, such as 90 (seconds), 15 min, 26h or 2 days", "time", || {
        let unit = "(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?)?";
        shape::number(&json!({"type": "number", "minimum": 0}), &format!("^ *[0-9]+(\\.[0-9]+)? *{unit} *$"))
    });

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        field.parse(&Self::SHAPE, age)
    }
}

impl Setting for Sha256 {
    const SHAPE: Shape = Shape::plain("a SHA-256 (64 hexadecimal digits)", "SHA-256", || {
        shape::number(&json!({"type": "integer"}), "^[ \\t]*([sS][hH][aA]256:)?[0-9a-fA-F]{64}[ \\t]*$")
    })
    .or(StandIn::Like("0000000000000000000000000000000000000000000000000000000000000000"));

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        field.parse(&Self::SHAPE, |text| {
            let text = text.trim().to_ascii_lowercase();
            let digits = text.strip_prefix("sha256:").unwrap_or(&text);
            let is_one = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_one.then(|| Self(digits.to_owned()))
        })
    }
}

impl Setting for FullPath {
    const SHAPE: Shape = Shape::plain(
        "a path from the root, such as /srv/app",
        "full path",
        || json!({"type": "string", "pattern": "^/"}),
    );

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        let path = field
            .parse(&Self::SHAPE, |text| (text.starts_with('/') && !text.contains('\0')).then(|| text.to_owned()))?;
        field.show(&path);
        Ok(Self(PathBuf::from(path)))
    }
}

/// Digits, with a point and digits behind it or without.
fn decimal(text: &str) -> Option<f64> {
    let is_plain = text.starts_with(|c: char| c.is_ascii_digit())
        && text.ends_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    is_plain.then(|| text.parse().ok()).flatten().filter(|number: &f64| number.is_finite())
}

/// The number and the unit behind it, in small letters.
fn measure(text: &str) -> Option<(f64, String)> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    Some((decimal(&text[..end])?, text[end..].trim().to_ascii_lowercase()))
}

/// A letter alone counts by 1024, as `df -h`, systemd and Kubernetes' `Mi` do; `MB` is a million (SI).
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is in the range of both")]
fn size(text: &str) -> Option<Size> {
    /// More than any file system holds, and what a `f64` still counts well.
    const MOST: f64 = 9e18;
    let (number, unit) = measure(text)?;
    let (prefix, base) = match unit.as_str() {
        "" | "b" | "byte" | "bytes" => ("", 1.0),
        unit => match unit.strip_suffix("ib") {
            Some("") => return None,
            Some(prefix) => (prefix, 1024.0),
            None => unit.strip_suffix('b').map_or((unit, 1024.0), |prefix| (prefix, 1000.0)),
        },
    };
    let power = ["", "k", "m", "g", "t"].iter().position(|one| *one == prefix)?;
    let bytes = number * f64::powi(base, i32::try_from(power).ok()?);
    (bytes <= MOST).then_some(Size(bytes.round() as u64))
}

fn age(text: &str) -> Option<Age> {
    /// A hundred years.
    const MOST: f64 = 3_155_760_000.0;
    let (number, unit) = measure(text)?;
    let unit = match unit.as_str() {
        "" | "s" | "sec" | "second" | "seconds" => 1.0,
        "m" | "min" | "minute" | "minutes" => 60.0,
        "h" | "hour" | "hours" => 3600.0,
        "d" | "day" | "days" => 86_400.0,
        _ => return None,
    };
    let seconds = number * unit;
    (seconds <= MOST).then(|| Age(Duration::from_secs_f64(seconds)))
}

/// A time as [`Age`] has it.
pub(crate) fn time(text: &str) -> Option<Duration> {
    age(text).map(|age| age.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_read_in_the_units_that_people_write() {
        let read = |text| size(text).map(|size| size.0);
        assert_eq!(read("4096"), Some(4096));
        assert_eq!(read("100 MiB"), Some(100 << 20));
        assert_eq!(read("2G"), Some(2 << 30));
        assert_eq!(read(" 1.5 gib "), Some(3 << 29));
        assert_eq!(read("1 MB"), Some(1_000_000));
        assert_eq!(read("3 bytes"), Some(3));
        for wrong in ["", "G", "-1", "1e3", "1.", ".5", "2 X", "2 GiBs", "1 2", "99999999T", "inf", "i", "1ib"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_size_is_shown_in_its_own_unit() {
        let shown = |bytes| Size(bytes).to_string();
        assert_eq!(shown(0), "0 bytes");
        assert_eq!(shown(1023), "1023 bytes");
        assert_eq!(shown(100 << 20), "100 MiB");
        assert_eq!(shown(3 << 29), "1.5 GiB");
        assert_eq!(shown(u64::MAX), "16777216 TiB");
    }

    #[test]
    fn an_age_is_read_and_shown_in_the_units_that_people_write() {
        let read = |text| age(text).map(|age| age.0.as_secs());
        assert_eq!(read("90"), Some(90));
        assert_eq!(read("15 min"), Some(900));
        assert_eq!(read("26h"), Some(93_600));
        assert_eq!(read("2 days"), Some(172_800));
        for wrong in ["", "h", "1:30", "-1", "2 weeks", "99999999999"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        let shown = |text| age(text).expect(text).to_string();
        assert_eq!([shown("90"), shown("15 min"), shown("26h"), shown("3d")], ["90 s", "15 min", "26 h", "3 days"]);
    }

    #[test]
    fn a_decimal_number_has_digits_on_both_sides() {
        assert_eq!((decimal("1.5"), decimal("12")), (Some(1.5), Some(12.0)));
        for wrong in ["", ".", "1.", ".1", "1.2.3", "nan", "1e9", "-1", "+1"] {
            assert_eq!(decimal(wrong), None, "{wrong}");
        }
    }
}
