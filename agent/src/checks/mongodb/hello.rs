//! The first command of a connection, and what the server says about itself in its answer
//! (<https://www.mongodb.com/docs/manual/reference/command/hello/>).

use super::message::{Message, number, text};
use super::refusal::{self, Refused};
use super::{MemberRole, Mongodb};
use crate::fault::{Cause, Fault, Phase};
use crate::net::Talk;
use crate::phase::words;
use crate::probe::Probe;
use crate::secret::{sentence, theirs};
use crate::text::detail;
use mongodb::bson::{RawBsonRef, RawDocument, RawDocumentBuf, cstr, rawdoc};

/// The least wire version that the driver speaks, `MongoDB` 4.4's.
const LEAST_WIRE_VERSION: i64 = 9;

/// The highest that it knows.
const HIGHEST_WIRE_VERSION: i64 = 29;

words! {
    /// What a server is among others.
    Member {
        Primary "primary",
        Secondary "secondary",
        Arbiter "arbiter",
        Alone "standalone",
        Router "mongos",
        Recovering "recovering",
        Uninitiated "uninitiated",
    }
}

/// What a server says about itself.
#[derive(Debug)]
pub(super) struct Hello {
    pub(super) answer: Message,
    member: Member,
}

impl Hello {
    /// Asks a server what it is. The old name of the command is the one that every server knows.
    pub(super) async fn ask(check: &Mongodb, talk: &mut Talk) -> Result<Self, Fault> {
        let command = Message::command(1, command(check));
        command.send(talk).await;
        let answer = Message::answer(talk, &command).await.map_err(|fault| hung_up(check, fault))?;
        if let Some(fault) = refusal::of_reply(check, &answer.body, Refused::Hello) {
            return Err(fault);
        }
        let member = Member::of(&answer.body);
        compatible(&answer.body)?;
        Ok(Self { answer, member })
    }

    /// Whether this is the server that the check wants.
    pub(super) fn judge(&self, check: &Mongodb) -> Result<(), Fault> {
        let answer = &self.answer.body;
        let set = text(answer, "setName");
        if let Some(wanted) = check.replica_set.as_deref().filter(|wanted| *wanted != set) {
            let found = match set {
                "" => "no replica set".into(),
                set => sentence!["the replica set ", detail(set.as_bytes())],
            };
            return Err(Fault::new(
                Cause::UnexpectedReply,
                sentence!["the server belongs to ", found, ", not to ", theirs(wanted)],
            ));
        }
        let another = match (self.member, check.role) {
            (Member::Recovering, _) => {
                let message =
                    "this member is neither primary nor secondary: it is starting, recovering or rolling back";
                return Err(Fault::new(Cause::NotReady, message).at(Phase::Protocol));
            }
            (Member::Uninitiated, _) => {
                return Err(Fault::new(Cause::NotReady, "the server is not yet a member of a replica set")
                    .at(Phase::Protocol)
                    .next_step("initiate the replica set (rs.initiate), or add this member to it"));
            }
            (Member::Arbiter, _) => {
                return Err(Fault::new(Cause::UnexpectedReply, "an arbiter answered: it votes, but holds no data"));
            }
            (Member::Secondary, Some(MemberRole::Primary)) => {
                let primary =
                    Some(text(answer, "primary")).filter(|name| !name.is_empty()).unwrap_or("not known to it");
                return Err(Fault::new(Cause::ReadOnly, "a secondary answered, but the primary is wanted")
                    .evidence(sentence!["the primary is ", theirs(primary)]));
            }
            (Member::Primary, Some(MemberRole::Secondary)) => "the primary",
            (Member::Alone, Some(MemberRole::Secondary)) => "a server without a replica set",
            (Member::Router, Some(MemberRole::Secondary)) => "mongos",
            _ => return Ok(()),
        };
        Err(Fault::new(Cause::UnexpectedReply, sentence![another, " answered, but a secondary is wanted"]))
    }

    /// Whether there is a mechanism that the driver and the server have in common, for this user.
    pub(super) fn common_mechanism(&self) -> Result<(), Fault> {
        // A server that does not know the user says nothing here, and rejects the login.
        let Ok(offered) = self.answer.body.get_array("saslSupportedMechs") else { return Ok(()) };
        let names: Vec<_> = offered.into_iter().flatten().filter_map(RawBsonRef::as_str).collect();
        if names.iter().any(|name| matches!(*name, "SCRAM-SHA-256" | "SCRAM-SHA-1")) {
            return Ok(());
        }
        Err(Fault::new(Cause::MethodUnsupported, "the server does not offer this user a login by SCRAM")
            .evidence(sentence!["it offers ", if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }])
            .next_step("give the user SCRAM-SHA-256 credentials, and enable it in authenticationMechanisms"))
    }

    /// Keeps what the server said about itself.
    pub(super) fn note(&self, probe: &mut Probe) {
        let answer = &self.answer.body;
        let wire_version = number(answer, "maxWireVersion").unwrap_or_default();
        probe.fact("wire_version", wire_version);
        if let Some(series) = series(wire_version) {
            // The protocol tells no version, only which one's commands the server understands.
            probe.fact("server_version", format!("speaks as MongoDB {series}"));
        }
        probe.fact("server_role", self.member.slug());
        let set = text(answer, "setName");
        if !set.is_empty() {
            probe.fact("replica_set", probe.clean(set));
        }
    }
}

impl Member {
    fn of(answer: &RawDocument) -> Self {
        let is = |field: &str| number(answer, field).is_some_and(|yes| yes != 0);
        let in_set = !text(answer, "setName").is_empty();
        let is_writable = is("isWritablePrimary") || is("ismaster");
        match () {
            () if text(answer, "msg") == "isdbgrid" => Self::Router,
            () if is("isreplicaset") => Self::Uninitiated,
            () if in_set && is("secondary") => Self::Secondary,
            () if in_set && is("arbiterOnly") => Self::Arbiter,
            () if in_set && is_writable => Self::Primary,
            () if is_writable => Self::Alone,
            () => Self::Recovering,
        }
    }
}

/// The command, as a client of this check says it.
fn command(check: &Mongodb) -> RawDocumentBuf {
    let version = env!("CARGO_PKG_VERSION");
    let mut command = rawdoc! {
        "isMaster": 1, "helloOk": true,
        "client": {
            "application": {"name": "conn-check"},
            "driver": {"name": "conn-check", "version": version},
            "os": {"type": "Linux"},
        },
    };
    if let Some(login) = &check.login {
        command.append(cstr!("saslSupportedMechs"), format!("{}.{}", check.auth_source, login.user));
    }
    command.append(cstr!("$db"), "admin");
    command
}

/// mongod says nothing when it hangs up; what can be behind it, is.
fn hung_up(check: &Mongodb, fault: Fault) -> Fault {
    if !matches!(fault.cause, Cause::Closed | Cause::Reset) || fault.phase.is_some() {
        return fault;
    }
    let tls = if check.tls.is_none() { "it wants TLS (`use_tls: true`), or " } else { "" };
    fault.next_step(sentence![
        "look at mongod's log; it closes the connection without a word when ",
        tls,
        "it has too many connections (net.maxIncomingConnections)"
    ])
}

/// Whether the driver and the server have a wire version in common.
fn compatible(answer: &RawDocument) -> Result<(), Fault> {
    let version = |field: &str| number(answer, field).unwrap_or_default();
    let (least, highest) = (version("minWireVersion"), version("maxWireVersion"));
    let message = if highest < LEAST_WIRE_VERSION {
        "the server is older than MongoDB 4.4, which is the oldest that is supported"
    } else if least > HIGHEST_WIRE_VERSION {
        "the server no longer supports clients this old"
    } else {
        return Ok(());
    };
    let evidence = sentence![
        "the server speaks the wire versions ",
        least,
        " to ",
        highest,
        ", conn-check ",
        LEAST_WIRE_VERSION,
        " to ",
        HIGHEST_WIRE_VERSION
    ];
    Err(Fault::new(Cause::UnsupportedVersion, message).evidence(evidence))
}

/// The release series that a wire version came with.
const fn series(wire_version: i64) -> Option<&'static str> {
    Some(match wire_version {
        9 => "4.4",
        13 => "5.0",
        17 => "6.0",
        21 => "7.0",
        25 => "8.0",
        _ => return None,
    })
}
