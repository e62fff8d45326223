//! Why there are no settings.

use crate::text::escaped;
use std::fmt;
use std::io;
use std::time::Duration;

/// Why there are no settings; as text, with the next step.
#[derive(Debug)]
pub enum Unreadable {
    /// No Python was named, and none is on the path.
    NoPython,
    /// The path of the settings does not lead from this directory to them.
    NotFromHere(String),
    /// Python of this path cannot be started.
    NotStarted(String, io::Error),
    /// The settings are still being imported after the time they were given.
    TooSlow(Duration),
    /// Python of this path ended, or closed its output, without saying what the settings are; how.
    Mute(String, String),
    /// What Python of this path said is not what the bridge writes.
    Document(String, BadDocument),
    /// The file of this name with the document cannot be read, and why.
    File(String, String),
    /// The file holds something else.
    NotADocument(BadDocument),
}

/// Why a text is not a document of the bridge.
#[derive(Debug)]
pub enum BadDocument {
    /// It is not JSON.
    NotJson(serde_json::Error),
    /// There are no settings in it.
    NoSettings,
    /// The bridge says why there are none.
    Refused(String),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPython => f.write_str("there is no python3 on the path: name the application's with --python PATH"),
            Self::NotFromHere(path) => write!(
                f,
                "`{}` is a path: run this in the directory that manage.py is in, and name the module as Python imports it from there, such as -m shop.settings",
                escaped(path)
            ),
            Self::NotStarted(python, error) => {
                write!(f, "`{python}` cannot be run: {error}; name the application's Python with --python PATH")
            }
            Self::TooSlow(limit) => {
                let seconds = limit.as_secs_f64();
                write!(
                    f,
                    "importing the settings takes more than {seconds} s: what do they wait for? --timeout SECONDS gives them more"
                )
            }
            Self::Mute(python, ended) => write!(
                f,
                "`{python}` {ended} without a word about the settings: either it is not Python (2.7 or 3), or the settings end it"
            ),
            Self::Document(python, why) => {
                let why = escaped(&why.to_string());
                write!(f, "{why} (by {python}; another one is named with --python PATH)")
            }
            Self::File(file, why) => write!(f, "{file}: {why}"),
            Self::NotADocument(why) => why.fmt(f),
        }
    }
}

impl std::error::Error for Unreadable {}

impl fmt::Display for BadDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson(error) => write!(f, "the settings are not as the bridge writes them: {error}"),
            Self::NoSettings => f.write_str("the settings are not as the bridge writes them: there is no `settings`"),
            Self::Refused(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for BadDocument {}
