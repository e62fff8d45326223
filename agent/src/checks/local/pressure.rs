//! How long processes had to wait for something of this host: pressure stall information (kernel, `accounting/psi.rst`).

use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// The share of the last 10, 60 and 300 seconds, in percent, in which at least one process waited.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::checks) struct Pressure {
    pub(in crate::checks) ten_seconds: f64,
    pub(in crate::checks) minute: f64,
    pub(in crate::checks) five_minutes: f64,
}

impl Pressure {
    /// What a file of the kernel says: `/proc/pressure/memory`, `memory.pressure` of a control group. Nothing where the
    /// kernel does not count it (before 4.20, without `CONFIG_PSI`, or with `psi=0`).
    pub(in crate::checks) fn read(path: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(path).ok()?)
    }

    /// `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`
    fn parse(text: &str) -> Option<Self> {
        let some = text.lines().find_map(|line| line.strip_prefix("some "))?;
        let average = |name: &str| {
            let mut words = some.split_whitespace().filter_map(|word| word.split_once('='));
            words.find(|(key, _)| *key == name)?.1.parse::<f64>().ok()
        };
        Some(Self { ten_seconds: average("avg10")?, minute: average("avg60")?, five_minutes: average("avg300")? })
    }

    /// For programs.
    pub(in crate::checks) fn facts(self) -> Value {
        json!({"avg10": self.ten_seconds, "avg60": self.minute, "avg300": self.five_minutes})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pressure_is_that_of_some_and_not_of_all() {
        let text = "some avg10=1.50 avg60=0.25 avg300=0.00 total=9\nfull avg10=9.00 avg60=9.00 avg300=9.00 total=9\n";
        assert_eq!(Pressure::parse(text), Some(Pressure { ten_seconds: 1.5, minute: 0.25, five_minutes: 0.0 }));
        assert_eq!(Pressure::parse("full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"), None);
        assert_eq!(Pressure::parse(""), None);
    }
}
