//! What a broker's codes mean: those of 3.1.1 (table 3.1, section 3.9.3) and the reason codes of 5
//! (section 2.4). The two do not overlap.

use super::Mqtt;
use super::options::Version;
use super::packet::Answer;
use crate::fault::{Cause, Fault, Owner, Phase};
use crate::remedy::mosquitto;
use crate::secret::{Sentence, sentence, theirs};

/// What the standards call the codes.
const NAMES: [(u8, &str); 39] = [
    (0x01, "unacceptable protocol version"),
    (0x02, "identifier rejected"),
    (0x03, "server unavailable"),
    (0x04, "bad user name or password"),
    (0x05, "not authorized"),
    (0x80, "unspecified error"),
    (0x81, "malformed packet"),
    (0x82, "protocol error"),
    (0x83, "implementation specific error"),
    (0x84, "unsupported protocol version"),
    (0x85, "client identifier not valid"),
    (0x86, "bad user name or password"),
    (0x87, "not authorized"),
    (0x88, "server unavailable"),
    (0x89, "server busy"),
    (0x8a, "banned"),
    (0x8b, "server shutting down"),
    (0x8c, "bad authentication method"),
    (0x8d, "keep alive timeout"),
    (0x8e, "session taken over"),
    (0x8f, "topic filter invalid"),
    (0x90, "topic name invalid"),
    (0x91, "packet identifier in use"),
    (0x93, "receive maximum exceeded"),
    (0x94, "topic alias invalid"),
    (0x95, "packet too large"),
    (0x96, "message rate too high"),
    (0x97, "quota exceeded"),
    (0x98, "administrative action"),
    (0x99, "payload format invalid"),
    (0x9a, "retain not supported"),
    (0x9b, "quality of service not supported"),
    (0x9c, "use another server"),
    (0x9d, "server moved"),
    (0x9e, "shared subscriptions not supported"),
    (0x9f, "connection rate exceeded"),
    (0xa0, "maximum connect time"),
    (0xa1, "subscription identifiers not supported"),
    (0xa2, "wildcard subscriptions not supported"),
];

fn name(code: u8) -> &'static str {
    NAMES.iter().find(|(known, _)| *known == code).map_or("not one of MQTT", |(_, name)| name)
}

/// Judges the answer to CONNECT.
pub(super) fn of_connack(answer: &Answer, check: &Mqtt) -> Result<(), Fault> {
    let fault = match answer.code {
        0x00 => return Ok(()),
        0x01 | 0x84 => other_version(check.version),
        0x02 | 0x85 => client_id(check),
        0x04 | 0x05 | 0x86 | 0x87 => login(check),
        0x8a => Fault::new(Cause::Locked, "the broker has banned this client or user")
            .next_step("look at the broker's list of banned clients, users and addresses"),
        0x8c => Fault::new(Cause::MethodUnsupported, "the broker wants another way to log in than a password"),
        0x95 => Fault::new(Cause::TooLarge, "the request to connect is longer than the broker takes")
            .next_step("look at the broker's limit for packets, and at the length of the user and the password"),
        code => of_any(answer).unwrap_or_else(|| {
            Fault::new(Cause::NotReady, sentence!["the broker does not accept the connection: ", name(code)])
                .next_step("look at the broker's log, which knows the reason")
        }),
    };
    Err(placed(fault).evidence(evidence(answer)))
}

/// Judges the answer to SUBSCRIBE.
pub(super) fn of_suback(answer: &Answer, check: &Mqtt, filter: &str) -> Result<(), Fault> {
    let fault = match answer.code {
        0x00..=0x02 => return Ok(()),
        // The only refusal that 3.1.1 has.
        0x80 if check.version == Version::V3 => {
            let fault = forbidden(check, "subscribe to", filter);
            match fault.next_step {
                None => fault.next_step(
                    "grant this user what the application needs; MQTT 3.1.1 has one refusal for all reasons, and the broker's \
                     log may have another",
                ),
                Some(_) => fault,
            }
        }
        0x87 => forbidden(check, "subscribe to", filter),
        0x8f => invalid(filter),
        code => return Err(of_request(answer, sentence!["the broker refuses the subscription: ", name(code)])),
    };
    Err(fault.at(Phase::Request).evidence(evidence(answer)))
}

/// Judges the answer to PUBLISH; 3.1.1 has none but yes.
pub(super) fn of_puback(answer: &Answer, check: &Mqtt, topic: &str) -> Result<(), Fault> {
    let fault = match answer.code {
        // The second one: nobody has subscribed.
        0x00 | 0x10 => return Ok(()),
        // Of Mosquitto, that is its `acl_file`: a subscription it never refuses by that.
        0x87 => {
            let user = check.login.as_ref().map(|login| login.user.as_str());
            forbidden(check, "publish to", topic).remedy(mosquitto::let_publish(user, topic))
        }
        0x90 => invalid(topic),
        code => return Err(of_request(answer, sentence!["the broker refuses the message: ", name(code)])),
    };
    Err(fault.at(Phase::Request).evidence(evidence(answer)))
}

/// What a broker means by ending the connection (5: section 3.14.2.1).
pub(super) fn of_disconnect(answer: &Answer) -> Fault {
    let fault = match answer.code {
        0x8b => Fault::new(Cause::NotReady, "the broker is shutting down").at(Phase::Protocol),
        0x8e => Fault::new(Cause::Closed, "another client with this client id has connected")
            .owner(Owner::Config)
            .next_step("give each client an id of its own; without `client_id` this check has one"),
        0x87 | 0x98 => Fault::new(Cause::PermissionDenied, "the broker ends the connection: it is not permitted")
            .next_step("look at the broker's log, and at whether the user was disabled")
            .at(Phase::Request),
        0x9b => Fault::new(Cause::UnexpectedReply, "the broker accepts messages of quality of service 0 only")
            .owner(Owner::Config)
            .next_step("leave `publish` out for this broker")
            .at(Phase::Request),
        0x8d | 0xa0 => Fault::new(Cause::Timeout, sentence!["the broker ends the connection: ", name(answer.code)]),
        code => of_any(answer)
            .unwrap_or_else(|| Fault::new(Cause::Closed, sentence!["the broker ends the connection: ", name(code)])),
    };
    fault.evidence(evidence(answer))
}

/// What a broker may say at any time.
fn of_any(answer: &Answer) -> Option<Fault> {
    let what = name(answer.code);
    Some(match answer.code {
        0x03 | 0x88 => Fault::new(Cause::NotReady, "the broker is not available").at(Phase::Protocol),
        0x81 | 0x82 => Fault::new(Cause::Malformed, sentence!["the broker did not understand the check: ", what])
            .next_step("look at the broker's log, and at its version")
            .at(Phase::Protocol),
        0x89 | 0x96 | 0x97 | 0x9f => {
            Fault::new(Cause::Overloaded, sentence!["the broker has no room for this client: ", what])
                .next_step("look at the broker's limits, and at who uses them up")
                .at(Phase::Protocol)
        }
        0x9c | 0x9d => Fault::new(Cause::Redirected, sentence!["the broker sends its clients elsewhere: ", what])
            .next_step("check the broker that it names, if that is the one that is meant")
            .at(Phase::Request),
        _ => return None,
    })
}

fn of_request(answer: &Answer, message: impl Into<Sentence>) -> Fault {
    let fault = of_any(answer).unwrap_or_else(|| {
        Fault::new(Cause::UnexpectedReply, message).next_step("look at the broker's log, and at what it supports")
    });
    fault.evidence(evidence(answer))
}

/// Where a refusal to connect belongs, by its cause.
const fn placed(fault: Fault) -> Fault {
    match (fault.phase, fault.cause) {
        (Some(_), _) => fault,
        (None, Cause::NotReady | Cause::TooLarge | Cause::UnsupportedVersion) => fault.at(Phase::Protocol),
        (None, _) => fault.at(Phase::Auth),
    }
}

fn other_version(version: Version) -> Fault {
    let (spoken, next_step) = match version {
        Version::V5 => ("5", "set `version: 3.1.1` if that is what the application speaks; else upgrade the broker"),
        Version::V3 => {
            ("3.1.1", "set `version: 5` if that is what the application speaks; else let the broker accept 3.1.1")
        }
    };
    Fault::new(Cause::UnsupportedVersion, sentence!["the broker does not speak MQTT ", spoken]).next_step(next_step)
}

fn client_id(check: &Mqtt) -> Fault {
    let (message, next_step) = match &check.client_id {
        Some(id) => (
            sentence!["the broker does not accept the client id `", id, "`"],
            "correct `client_id`; some brokers say so when 60 seconds of keep-alive are more than they allow, too",
        ),
        None => (
            "the broker does not accept a random client id".into(),
            "set `client_id` to one that the broker knows; some brokers say so when 60 seconds of keep-alive are more \
             than they allow, too",
        ),
    };
    Fault::new(Cause::Rejected, message).owner(Owner::Config).next_step(next_step)
}

/// Most brokers say the same to a wrong password, a user that is not there or may not connect, and a
/// client id that is not the user's.
fn login(check: &Mqtt) -> Fault {
    let Some(login) = &check.login else {
        if check.tls.as_ref().is_some_and(|tls| tls.client.is_some()) {
            return Fault::new(Cause::Rejected, "the broker does not let in whom the client certificate names")
                .next_step(
                    "look at which users the broker knows by their certificates; else add `username:` and `password:`",
                );
        }
        return Fault::new(Cause::Required, "the broker lets nobody in without a login").next_step(
            "add `username:` and `password:` to this check, or the client certificate that the broker knows",
        );
    };
    let message =
        sentence!["the broker does not accept the login of `", &login.user, "`, or does not let this user in"];
    let next_step = match check.client_id {
        Some(_) => "check the user, the password and the client id of this check, and the application's",
        None => {
            "check the user and password of this check, and the application's; where users have a client id of their \
             own, set `client_id`"
        }
    };
    Fault::new(Cause::Rejected, message).next_step(next_step)
}

fn forbidden(check: &Mqtt, what: &'static str, topic: &str) -> Fault {
    match &check.login {
        Some(login) => Fault::new(
            Cause::PermissionDenied,
            sentence!["`", &login.user, "` is not permitted to ", what, " `", theirs(topic), "`"],
        ),
        None => Fault::new(
            Cause::PermissionDenied,
            sentence!["without a login nobody is permitted to ", what, " `", theirs(topic), "`"],
        )
        .next_step("add `username:` and `password:` to this check, or permit it to everybody"),
    }
}

fn invalid(topic: &str) -> Fault {
    Fault::new(Cause::PermissionDenied, sentence!["the broker does not take `", theirs(topic), "` for a topic"])
        .owner(Owner::Config)
        .next_step("correct `topic`; look at the broker's limits for topics")
}

fn evidence(answer: &Answer) -> String {
    answer.evidence(name(answer.code))
}
