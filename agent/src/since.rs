//! What changed since a check passed last, and how long it has been failing: as it is told.

use std::fmt;
use std::time::{Duration, SystemTime};
use time::OffsetDateTime;

/// So many differences are told in one line; the formats for programs have all.
const TOLD: usize = 3;

/// What is known of a failing check from before.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Since {
    /// When it passed last; nothing where that is not known.
    pub passed: Option<SystemTime>,
    /// How long it has been failing; nothing in the first run that finds it so.
    pub failing: Duration,
    /// What is otherwise now, what explains most first.
    pub differences: Vec<Difference>,
    /// When that is said.
    pub now: SystemTime,
}

/// One thing that is otherwise.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Difference {
    /// What it is, for programs: `address`, `certificate.issuer`, `file.timeout`.
    pub what: String,
    /// As people say it: `db.internal`, `the gateway to it`.
    pub named: String,
    /// How it was.
    pub before: String,
    /// How it is.
    pub now: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} -> {}", self.named, self.before, self.now)
    }
}

impl fmt::Display for Since {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failing = (!self.failing.is_zero()).then(|| format!("failing for {}", lasting(self.failing)));
        let Some(passed) = self.passed.map(|passed| moment(passed, self.now)) else {
            let failing = failing.unwrap_or_else(|| "failing".to_owned());
            return write!(f, "{failing}, and it is not known to have passed before");
        };
        if self.differences.is_empty() {
            write!(f, "passed last at {passed}, and nothing that is remembered of it has changed")?;
        } else {
            let told: Vec<_> = self.differences.iter().take(TOLD).map(Difference::to_string).collect();
            write!(f, "since {passed}: {}", told.join("; "))?;
            match self.differences.len() - told.len() {
                0 => {}
                1 => f.write_str("; and 1 more difference")?,
                more => write!(f, "; and {more} more differences")?,
            }
        }
        failing.map_or(Ok(()), |failing| write!(f, "; {failing}"))
    }
}

/// A time of the wall clock to the minute: `09:14 UTC today`. Times of this host's own zone would need its rules.
#[must_use]
pub fn moment(time: SystemTime, now: SystemTime) -> String {
    let (time, now) = (OffsetDateTime::from(time), OffsetDateTime::from(now));
    let minute = format!("{:02}:{:02} UTC", time.hour(), time.minute());
    match (now.date() - time.date()).whole_days() {
        0 => format!("{minute} today"),
        1 => format!("{minute} yesterday"),
        _ => format!("{minute} on {}", time.date()),
    }
}

/// A time as people say it: `12 s`, `3 min`, `5 h`, `2 d`.
#[must_use]
pub fn lasting(time: Duration) -> String {
    match time.as_secs() {
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds @ 7200..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    /// 2026-11-21 09:14:40 UTC.
    const NOON: Duration = Duration::from_secs(1_795_252_480);

    fn since(passed: Option<u64>, failing: u64, differences: usize) -> String {
        let difference = |number| Difference {
            what: "address".to_owned(),
            named: format!("db{number}.internal"),
            before: "10.0.0.4".to_owned(),
            now: "10.0.0.9".to_owned(),
        };
        Since {
            passed: passed.map(|ago| UNIX_EPOCH + NOON - Duration::from_secs(ago)),
            failing: Duration::from_secs(failing),
            differences: (1..=differences).map(difference).collect(),
            now: UNIX_EPOCH + NOON,
        }
        .to_string()
    }

    #[test]
    fn a_failure_says_what_is_otherwise_and_for_how_long() {
        assert_eq!(since(Some(0), 0, 1), "since 09:14 UTC today: db1.internal 10.0.0.4 -> 10.0.0.9");
        assert_eq!(
            since(Some(86_400), 720, 1),
            "since 09:14 UTC yesterday: db1.internal 10.0.0.4 -> 10.0.0.9; failing for 12 min"
        );
        assert!(since(Some(0), 0, 5).ends_with("db3.internal 10.0.0.4 -> 10.0.0.9; and 2 more differences"));
        assert_eq!(
            since(Some(172_800), 200_000, 0),
            "passed last at 09:14 UTC on 2026-11-19, and nothing that is remembered of it has changed; failing for 2 d"
        );
        assert_eq!(since(None, 60, 0), "failing for 60 s, and it is not known to have passed before");
    }

    #[test]
    fn times_are_told_in_the_unit_that_fits() {
        let of = |seconds| lasting(Duration::from_secs(seconds));
        assert_eq!([of(0), of(119), of(120), of(7200), of(172_800)], ["0 s", "119 s", "2 min", "2 h", "2 d"]);
    }
}
