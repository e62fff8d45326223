//! How long the phases of a check took.

use crate::phase::Phase;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The longest that each phase took, in milliseconds; nothing where one was not seen.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(from = "Vec<u32>", into = "Vec<u32>")]
pub(super) struct Times([Option<u32>; Phase::ALL.len()]);

/// No longer time is known: there is not much room.
const LONGEST: u32 = 99_999;

impl Times {
    /// A phase took so long.
    pub(super) fn took(&mut self, phase: Phase, time: Duration) {
        let millis = u32::try_from(time.as_millis()).unwrap_or(LONGEST).min(LONGEST);
        let longest = &mut self.0[phase as usize];
        *longest = Some(millis.max(longest.unwrap_or_default()));
    }

    /// What another run says of them. What took long once is forgotten by and by.
    pub(super) fn learn(&mut self, of_run: &Self) {
        for (longest, time) in self.0.iter_mut().zip(of_run.0) {
            if let Some(time) = time {
                *longest = Some(longest.map_or(time, |before| time.max(before - before / 8)));
            }
        }
    }

    /// The longest of a phase.
    pub(super) fn of(&self, phase: Phase) -> Option<u32> {
        self.0[phase as usize]
    }
}

/// As they are kept: the number of a phase in the order of all, its time, and so on.
impl From<Times> for Vec<u32> {
    fn from(Times(longest): Times) -> Self {
        let seen = (0..).zip(longest).filter_map(|(phase, time)| Some([phase, time?]));
        seen.flatten().collect()
    }
}

/// A phase that there is not is not seen.
impl From<Vec<u32>> for Times {
    fn from(kept: Vec<u32>) -> Self {
        let mut times = Self::default();
        let (pairs, _) = kept.as_chunks();
        for &[phase, time] in pairs {
            if let Some(longest) = times.0.get_mut(phase as usize) {
                *longest = Some(time);
            }
        }
        times
    }
}
