//! The charm's options, as config.yaml declares them.

use crate::listen::Listen;
use crate::token::TokenSource;
use serde_json::{Map, Value};
use std::fmt::Display;

/// The options and their problems: a wrong value is replaced by the default.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Options {
    /// The YAML text of the checks; may be empty.
    pub(crate) config: String,
    /// The version to use; the newest if empty.
    pub(crate) revision: String,
    /// Seconds that Nagios waits for an answer.
    pub(crate) max_timeout: u64,
    /// Timeout in seconds of a check that does not set its own.
    pub(crate) connect_timeout: u64,
    /// The tags of checks that Nagios does not run, separated by commas; may be empty.
    pub(crate) nagios_exclude_tags: String,
    /// The first part of the host name for Nagios, before the unit's name.
    pub(crate) nagios_context: String,
    /// Nagios service groups, separated by commas.
    pub(crate) nagios_servicegroups: String,
    /// Where the endpoint listens, if there is one.
    pub(crate) health_listen: Option<Listen>,
    /// Where its token is; `None` if the option cannot be used, so that nothing may be served.
    pub(crate) health_token: Option<TokenSource>,
    /// Problems, for the status.
    pub(crate) problems: Vec<String>,
}

/// The default of the charm and of the agent: this value need not be passed to the agent.
pub(crate) const CONNECT_TIMEOUT: u64 = 10;

/// The default of `nagios_context`.
pub(crate) const NAGIOS_CONTEXT: &str = "juju";

impl Options {
    /// Parses the output of `config-get`.
    #[must_use]
    pub(crate) fn parse(config: &Map<String, Value>) -> Self {
        let mut reader = Reader { config, problems: Vec::new() };
        let nagios_context = reader.name("nagios_context", NAGIOS_CONTEXT);
        let groups = without_empty_names(&reader.names("nagios_servicegroups", ""));
        Self {
            config: reader.text("config"),
            revision: reader.text("revision").trim().to_owned(),
            // nrpe kills a command after 60 seconds.
            max_timeout: reader.seconds("max_timeout", 10, 59),
            connect_timeout: reader.seconds("connect_timeout", CONNECT_TIMEOUT, 3600),
            nagios_exclude_tags: reader.tags("nagios_exclude_tags", "no-nagios"),
            nagios_servicegroups: if groups.is_empty() { nagios_context.clone() } else { groups },
            nagios_context,
            health_listen: reader.listen("health_listen"),
            health_token: reader.token("health_token"),
            problems: reader.problems,
        }
    }
}

struct Reader<'a> {
    config: &'a Map<String, Value>,
    problems: Vec<String>,
}

impl Reader<'_> {
    fn text(&self, name: &str) -> String {
        self.config.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    fn listen(&mut self, name: &str) -> Option<Listen> {
        match self.text(name).trim() {
            "" => None,
            text => self.usable(name, "there is no endpoint", Listen::parse(text)),
        }
    }

    /// An endpoint that is to have a token is not opened without.
    fn token(&mut self, name: &str) -> Option<TokenSource> {
        self.usable(name, "the endpoint is left as it is", TokenSource::parse(&self.text(name)))
    }

    fn usable<T>(&mut self, name: &str, instead: &str, read: Result<T, impl Display>) -> Option<T> {
        read.map_err(|why| self.problems.push(format!("option {name} {why}; {instead}"))).ok()
    }

    fn seconds(&mut self, name: &str, default: u64, most: u64) -> u64 {
        let Some(value) = self.config.get(name) else { return default };
        match value.as_u64().filter(|seconds| (1..=most).contains(seconds)) {
            Some(seconds) => seconds,
            None => {
                self.problems.push(format!("option {name} must be 1 to {most} seconds; {default} is used"));
                default
            }
        }
    }

    /// A tag may be any text on one line.
    fn tags(&mut self, name: &str, default: &str) -> String {
        let Some(text) = self.config.get(name).and_then(Value::as_str) else { return default.to_owned() };
        if text.trim().chars().any(char::is_control) {
            self.problems.push(format!("option {name} must be one line; {default} is used"));
            return default.to_owned();
        }
        without_empty_names(text)
    }

    /// A name becomes part of file names and of Nagios objects.
    fn name(&mut self, name: &str, default: &str) -> String {
        let named = self.names(name, default);
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        match named.as_str() {
            "" => default.to_owned(),
            text if plain(text) => named,
            _ => {
                self.problems.push(format!(
                    "option {name} may only have letters, digits, dots, dashes and underscores; {default} is used"
                ));
                default.to_owned()
            }
        }
    }

    fn names(&mut self, name: &str, default: &str) -> String {
        let Some(text) = self.config.get(name).and_then(Value::as_str) else { return default.to_owned() };
        let text = text.trim();
        if text.chars().any(|character| character.is_control() || FORBIDDEN.contains(character)) {
            let instead = if default.is_empty() { "it is not used".to_owned() } else { format!("{default} is used") };
            self.problems.push(format!("option {name} has characters that Nagios does not accept; {instead}"));
            return default.to_owned();
        }
        text.to_owned()
    }
}

/// Leaves empty names out: Nagios would refuse its whole configuration.
fn without_empty_names(names: &str) -> String {
    let names: Vec<_> = names.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    names.join(",")
}

/// Nagios' `illegal_object_name_chars` without the comma, which separates names, and with the
/// semicolon, which starts a comment.
const FORBIDDEN: &str = "`~!$%^&*\"|'<>?()=;#{}\\";

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn options(config: &Value) -> Options {
        Options::parse(config.as_object().expect("a mapping"))
    }

    #[test]
    fn options_that_are_not_set_have_the_defaults_of_the_manual() {
        let options = options(&json!({}));
        assert_eq!((options.max_timeout, options.connect_timeout), (10, 10));
        assert_eq!(options.nagios_exclude_tags, "no-nagios");
        assert_eq!((options.nagios_context.as_str(), options.nagios_servicegroups.as_str()), ("juju", "juju"));
        assert_eq!((options.health_listen, options.health_token), (None, Some(TokenSource::None)));
        assert_eq!(options.problems, Vec::<String>::new());
    }

    #[test]
    fn every_wrong_option_is_reported_and_has_its_default() {
        let options = options(&json!({
            "max_timeout": 60, "connect_timeout": 0, "nagios_exclude_tags": "a\nb",
            "nagios_context": "../../x", "nagios_servicegroups": "a;b",
            "health_listen": "here", "health_token": "hunter2",
        }));
        assert_eq!((&options.health_listen, &options.health_token), (&None, &None));
        assert!(!format!("{options:?}").contains("hunter2"));
        assert_eq!(options.problems.len(), 7, "{:?}", options.problems);
        assert_eq!((options.max_timeout, options.connect_timeout), (10, 10));
        assert_eq!((options.nagios_context.as_str(), options.nagios_servicegroups.as_str()), ("juju", "juju"));
    }

    #[test]
    fn tags_are_joined_as_the_agent_takes_them_and_may_be_empty() {
        assert_eq!(options(&json!({"nagios_exclude_tags": " a, b ,,c "})).nagios_exclude_tags, "a,b,c");
        assert_eq!(options(&json!({"nagios_exclude_tags": ""})).nagios_exclude_tags, "");
    }

    #[test]
    fn groups_without_a_name_are_left_out() {
        let groups = |text: &str| options(&json!({"nagios_servicegroups": text})).nagios_servicegroups;
        assert_eq!(groups(" a,, b c ,"), "a,b c");
        assert_eq!((groups(","), groups(" , ,")), ("juju".to_owned(), "juju".to_owned()));
    }
}
