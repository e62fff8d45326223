//! How long the phases of a check took.

use crate::phase::Phase;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::time::Duration;

/// The longest that each phase took, in milliseconds; nothing where one was not seen.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
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
impl Serialize for Times {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let seen = (0..).zip(self.0).filter_map(|(phase, time): (u32, _)| Some([phase, time?]));
        serializer.collect_seq(seen.flatten())
    }
}

/// A phase that there is not is not seen.
impl<'de> Deserialize<'de> for Times {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Kept;

        impl<'de> Visitor<'de> for Kept {
            type Value = Times;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the numbers and times of phases")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut kept: A) -> Result<Times, A::Error> {
                let mut times = Times::default();
                while let Some(phase) = kept.next_element::<usize>()? {
                    let Some(time) = kept.next_element()? else { break };
                    if let Some(longest) = times.0.get_mut(phase) {
                        *longest = Some(time);
                    }
                }
                Ok(times)
            }
        }

        deserializer.deserialize_seq(Kept)
    }
}
