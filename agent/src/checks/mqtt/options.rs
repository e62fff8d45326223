//! What the options say.

use super::Mqtt;
use crate::checks::Check as _;
use crate::diagnostic::{Diagnostic, Flaw};
use crate::net::Port;
use crate::secret::Secret;
use crate::services::Security;
use crate::settings::shape::Shape;
use crate::settings::{
    Credentials, Field, Fields, HOST_OR_SOCKET, HostOrSocket, Misfit, Noted, Setting, Word, tls_of_target,
};
use serde_json::json;

/// The longest text of MQTT, in bytes (section 1.5).
const LONGEST: usize = 65_535;

/// What brokers take for a subscription that takes messages away from others: the standard's (5:
/// section 4.8.2), and those of EMQX.
const TAKING_AWAY: [&str; 3] = ["$share/", "$queue/", "$exclusive/"];

/// A version of the protocol.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Version {
    /// 3.1.1.
    V3,
    /// 5.
    V5,
}

/// A user, a client id: a text of MQTT that is not empty.
#[derive(Clone, Debug)]
pub(super) struct Name(pub(super) String);

/// A filter of topics (section 4.7); without wildcards, the topic itself.
#[derive(Clone, Debug)]
pub(super) struct Topic(pub(super) String);

/// Asks for the options.
pub(super) fn parse(fields: &mut Fields<'_>) -> Result<Mqtt, Noted> {
    let host = fields.required::<HostOrSocket>("host", HOST_OR_SOCKET);
    let port = fields.optional::<Port>("port", "TCP port. Default: 8883 with TLS, 1883 without.");
    let use_tls = fields.or::<bool>("use_tls", "false", "Speak TLS from the first byte.");
    let login = login(fields);
    let version = fields.or("version", "5", "Version of MQTT: `5` or `3.1.1`.");
    let client_id = fields.optional::<Name>(
        "client_id",
        "The client id; the broker disconnects another client that has the same. Default: a random one.",
    );
    let topic = fields
        .optional("topic", "A topic, or a filter with `+` and `#`, that the user must be allowed to subscribe to.");
    let publish = fields.or::<bool>("publish", "false", "Publish an empty message to the topic: subscribers get it.");
    let publish = may_publish(fields, publish, topic.as_ref());
    let usual = Mqtt::SERVICE.port(if use_tls { Security::Tls } else { Security::Plain });
    let target = host.map(|host| host.at(port.unwrap_or(usual)));
    let tls = tls_of_target(fields, use_tls, &target);
    let (tls, client_id) = (Some(tls?).filter(|_| use_tls), client_id.map(|Name(name)| name));
    Ok(Mqtt { target: target?, tls, login: login?, version, client_id, topic, publish: publish? })
}

/// A user that may be without a password: many brokers take a token in its place. A password without
/// a user is one of version 5 alone, and no client's habit.
fn login(fields: &mut Fields<'_>) -> Result<Option<Credentials>, Noted> {
    let user = fields.optional::<Name>("username", "Who logs in; may stand without a password. Default: nobody.");
    let password = fields.optional::<Secret<String>>("password", "The user's password.");
    if fields.has("password") && !fields.has("username") {
        return Err(fields.refuse_lone("password", "username"));
    }
    if password.as_ref().is_some_and(|password| password.expose().len() > LONGEST) {
        let misfit = Misfit::new(format!("longer than the {LONGEST} bytes that MQTT has for it"));
        return Err(fields.refuse_value("password", misfit));
    }
    Ok(user.map(|Name(user)| Credentials { user, password: password.unwrap_or_default() }))
}

/// Whether a message is to be published, which needs the topic it goes to.
fn may_publish(fields: &mut Fields<'_>, publish: bool, topic: Option<&Topic>) -> Result<bool, Noted> {
    if !publish {
        return Ok(false);
    }
    let span = fields.span_of("publish");
    let refusal = match topic {
        None if fields.has("topic") => return Ok(true),
        None => Diagnostic::error(Flaw::MissingKey, span, "`publish` without `topic`")
            .help("add `topic:` with the topic that the message goes to"),
        Some(Topic(topic)) if topic.contains(['+', '#']) => {
            Diagnostic::error(Flaw::BadValue, span, "`publish`: nothing can be published to a filter with wildcards")
                .help("name one topic, without `+` and `#`; or leave `publish` out")
        }
        Some(_) => return Ok(true),
    };
    Err(fields.refuse(refusal))
}

impl Setting for Version {
    const SHAPE: Shape = Shape::plain("5 or 3.1.1", "5 or 3.1.1", || json!({"enum": [5, "5", "3.1.1"]}));

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        field.parse(&Self::SHAPE, |text| match text {
            "5" | "5.0" => Some(Self::V5),
            "3.1.1" => Some(Self::V3),
            _ => None,
        })
    }
}

impl Setting for Name {
    const SHAPE: Shape = Shape { words: "a name of 1 to 65535 bytes", ..Word::SHAPE };

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        let Word(text) = Word::read(field)?;
        if matches!(text.len(), 1..=LONGEST) { Ok(Self(text)) } else { Err(field.wrong(&Self::SHAPE)) }
    }
}

impl Setting for Topic {
    const SHAPE: Shape = Shape { words: "a topic or a filter of topics", ..Word::SHAPE };

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        let Word(text) = Word::read(field)?;
        match rule_against(&text) {
            Some(rule) => Err(field.wrong(&Self::SHAPE).help(rule)),
            None => Ok(Self(text)),
        }
    }
}

/// Why a text is not a filter (section 4.7), or not one to be used here.
fn rule_against(filter: &str) -> Option<&'static str> {
    let levels = || filter.split('/');
    if filter.is_empty() || filter.len() > LONGEST {
        Some("a topic has 1 to 65535 bytes")
    } else if TAKING_AWAY.iter().any(|prefix| filter.starts_with(prefix)) {
        Some("a subscription like this takes messages away from others: name the topic behind it")
    } else if levels().any(|level| level.len() > 1 && level.contains(['+', '#'])) {
        Some("`+` and `#` stand for whole levels: `site/+/state`, `site/#`")
    } else if levels().rev().skip(1).any(|level| level == "#") {
        Some("`#` stands for all that follows: it is the last level")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_those_of_the_standard() {
        for right in
            ["a", "/", "a//b", "+", "#", "+/+", "a/+/b", "a/#", "/#", "$SYS/broker/uptime", "$SYS/#", "ä b", "$share"]
        {
            assert_eq!(rule_against(right), None, "{right}");
        }
        for wrong in ["", "a#", "a/#/b", "#/", "##", "a+", "a/+b", "+#", "$share/group/a", "$queue/a", "$exclusive/a"] {
            assert!(rule_against(wrong).is_some(), "{wrong}");
        }
        assert!(rule_against(&"a".repeat(LONGEST)).is_none());
        assert!(rule_against(&"a".repeat(LONGEST + 1)).is_some());
    }
}
