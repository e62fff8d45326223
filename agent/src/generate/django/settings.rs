//! What the bridge hands over: the settings, and what a script adds to them.

use crate::generate::django::group::Group;
use crate::generate::django::unreadable::{BadDocument, Unreadable};
use crate::services::STATSD_PROBE;
use crate::source::Source;
use serde_json::Value;

/// A settings module, read.
#[derive(Clone, Debug)]
pub struct DjangoSettings {
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
    /// Whether the script was told that something that could not be mapped is an error.
    pub strict: bool,
}

impl DjangoSettings {
    /// Reads the bridge's document from a file, or from standard input for `-`.
    ///
    /// # Errors
    /// It cannot be read, or there are no settings in it.
    pub fn read(path: &str) -> Result<Self, Unreadable> {
        let source = Source::read(path).map_err(|unreadable| {
            let (source, diagnostic) = *unreadable;
            let help = diagnostic.help.map(|help| format!("; {help}")).unwrap_or_default();
            Unreadable::File(source.name, format!("{}{help}", diagnostic.message))
        })?;
        Self::parse(&source.text).map_err(Unreadable::NotADocument)
    }

    /// Reads the bridge's document.
    ///
    /// # Errors
    /// Why there are no settings, in the bridge's words or in ours.
    pub fn parse(text: &str) -> Result<Self, BadDocument> {
        let document: Value = serde_json::from_str(text).map_err(BadDocument::NotJson)?;
        if let Some(why) = document["refused"].as_str() {
            return Err(BadDocument::Refused(why.to_owned()));
        }
        if !document["settings"].is_object() {
            return Err(BadDocument::NoSettings);
        }
        let option =
            |group: &str, name: &str| document[group][name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        Ok(Self {
            statsd_send: option("statsd", "send").unwrap_or_else(|| STATSD_PROBE.to_owned()),
            statsd_expect: option("statsd", "expect"),
            database: option("options", "db_name"),
            output_file: option("options", "output_file"),
            secrets: option("options", "secrets"),
            strict: document["options"]["strict"].as_bool().unwrap_or_default(),
            document,
        })
    }

    /// The settings, by name.
    pub(super) fn settings(&self) -> Group<'_> {
        Group::settings(&self.document["settings"])
    }

    /// The settings that are not among [`DjangoSettings::settings`].
    pub(super) fn others(&self) -> impl Iterator<Item = (&str, &Value)> {
        let all = self.document["others"].as_object().into_iter().flatten();
        all.map(|(name, value)| (name.as_str(), value))
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
