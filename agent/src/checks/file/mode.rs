//! Permissions as `chmod(1)` takes them in digits.

use crate::settings::shape::{self, Shape};
use crate::settings::{Field, Misfit, Setting};
use serde_json::json;
use std::fmt;

/// The last twelve bits of a mode.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Mode(pub(super) u32);

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

impl Setting for Mode {
    const SHAPE: Shape = Shape::plain("permissions in octal digits, such as 0640", "mode", || {
        shape::number(&json!({"type": "integer", "minimum": 0, "maximum": 7777}), "^ *(0o)?[0-7]{3,5} *$")
    });

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        // As it is written, whatever number YAML makes of it.
        field.parse(&Self::SHAPE, |text| {
            let text = text.trim();
            let digits = text.strip_prefix("0o").unwrap_or(text);
            let is_octal = (3..=5).contains(&digits.len()) && digits.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
            let mode = u32::from_str_radix(digits, 8).ok().filter(|mode| is_octal && *mode <= 0o7777)?;
            Some(Self(mode))
        })
    }
}
