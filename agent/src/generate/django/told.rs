//! What the bridge tells: the settings, and what a script adds to them.

use crate::generate::django::group::Group;
use serde_json::Value;

/// What is sent to statsd where nobody says otherwise: a counter that no dashboard shows.
const STATSD_SEND: &str = "conncheck.test:1|c";

/// A settings module, read.
#[derive(Clone, Debug)]
pub struct Told {
    document: Value,
    /// Sent to statsd.
    pub statsd_send: String,
    /// What statsd must answer.
    pub statsd_expect: Option<String>,
    /// The database, where the settings name none.
    pub database: Option<String>,
    /// The file that the script was told to write.
    pub output_file: Option<String>,
    /// Where the script was told to put the secrets.
    pub secrets: Option<String>,
}

impl Told {
    /// Reads the bridge's document.
    ///
    /// # Errors
    /// Why there are no settings, in the bridge's words or in ours.
    pub fn parse(text: &str) -> Result<Self, String> {
        let document: Value = serde_json::from_str(text)
            .map_err(|error| format!("the settings are not as the bridge writes them: {error}"))?;
        if let Some(why) = document["refused"].as_str() {
            return Err(why.to_owned());
        }
        if !document["settings"].is_object() {
            return Err("the settings are not as the bridge writes them: there is no `settings`".to_owned());
        }
        let option = |group: &str, name: &str| text_of(&document[group][name]);
        Ok(Self {
            statsd_send: option("statsd", "send").unwrap_or_else(|| STATSD_SEND.to_owned()),
            statsd_expect: option("statsd", "expect"),
            database: option("options", "db_name"),
            output_file: option("options", "output_file"),
            secrets: option("options", "secrets"),
            document,
        })
    }

    /// The settings, by name.
    pub(super) fn settings(&self) -> Group<'_> {
        Group::settings(&self.document["settings"])
    }

    /// What the script says of the check of statsd beside the texts.
    pub(super) fn statsd(&self) -> Group<'_> {
        Group::settings(&self.document["statsd"])
    }

    /// The checks that the script has made itself.
    pub(super) fn checks(&self) -> &[Value] {
        self.document["checks"].as_array().map_or(&[], Vec::as_slice)
    }
}

fn text_of(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}
