//! The status of the unit that `juju status` shows.

use crate::error::Error;
use crate::hook_tools;
use crate::host::Host;
use crate::text::printable;

/// Juju's status values, the worst last.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Level {
    /// Everything works.
    Active,
    /// The charm is working.
    Maintenance,
    /// Another charm or program has to do something.
    Waiting,
    /// A person has to do something.
    Blocked,
}

/// A status of the unit.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Status {
    /// The status value.
    pub(crate) level: Level,
    /// The message for people.
    pub(crate) message: String,
}

/// In characters: Juju shows a status in one line.
const MAX_MESSAGE: usize = 400;

impl Status {
    pub(crate) fn active(message: impl Into<String>) -> Self {
        Self { level: Level::Active, message: message.into() }
    }

    pub(crate) fn maintenance(message: impl Into<String>) -> Self {
        Self { level: Level::Maintenance, message: message.into() }
    }

    pub(crate) fn waiting(message: impl Into<String>) -> Self {
        Self { level: Level::Waiting, message: message.into() }
    }

    pub(crate) fn blocked(message: impl Into<String>) -> Self {
        Self { level: Level::Blocked, message: message.into() }
    }

    /// Combines several: the worst value, and all messages, the worst first.
    #[must_use]
    pub(crate) fn of(mut parts: Vec<Self>) -> Self {
        parts.sort_by_key(|part| std::cmp::Reverse(part.level));
        let level = parts.first().map_or(Level::Active, |worst| worst.level);
        let messages = parts.iter().map(|part| printable(&part.message)).filter(|message| !message.is_empty());
        let messages: Vec<_> = messages.collect();
        Self { level, message: cut(&messages.join("; ")) }
    }

    /// Sets it with `status-set`.
    ///
    /// # Errors
    /// `status-set` fails.
    pub(crate) fn set(&self, host: &mut dyn Host) -> Result<(), Error> {
        let name = match self.level {
            Level::Active => "active",
            Level::Maintenance => "maintenance",
            Level::Waiting => "waiting",
            Level::Blocked => "blocked",
        };
        hook_tools::status_set(host, name, &self.message)
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= MAX_MESSAGE {
        return text.to_owned();
    }
    text.chars().take(MAX_MESSAGE - 3).chain("...".chars()).collect()
}
