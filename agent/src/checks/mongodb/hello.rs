//! The first command of a connection, and what the server says about itself in its answer
//! (<https://www.mongodb.com/docs/manual/reference/command/hello/>).

use super::message::{Message, number, text};
use super::options::Mechanism;
use super::refusal::{self, Refused};
use super::{MemberRole, Mongodb, srv};
use crate::checks::scram::Hash;
use crate::fault::{Cause, Fault, Owner, Phase};
use crate::net::{Endpoint, Talk};
use crate::phase::words;
use crate::probe::Probe;
use crate::secret::{sentence, theirs};
use crate::text::detail;
use mongodb::bson::{RawBsonRef, RawDocument, RawDocumentBuf, cstr, rawdoc};

/// The least wire version that is spoken, `MongoDB` 3.6's, which brought `OP_MSG`; Cosmos DB and `DocumentDB` have
/// 6 to 8 in their older editions.
const LEAST_WIRE_VERSION: i64 = 6;

/// The highest that is known.
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
    answer: RawDocumentBuf,
    member: Member,
}

impl Hello {
    /// Asks a server what it is. The old name of the command is the one that every server knows.
    pub(super) async fn ask(check: &Mongodb, talk: &mut Talk) -> Result<Self, Fault> {
        let answer = Message::ask(talk, command(check)).await.map_err(|fault| hung_up(check, fault))?.body;
        if let Some(fault) = refusal::of_reply(check, &answer, Refused::Hello) {
            return Err(fault);
        }
        plausible(&answer)?;
        compatible(&answer)?;
        let member = Member::of(&answer);
        Ok(Self { answer, member })
    }

    /// Whom the server takes for the primary.
    pub(super) fn primary(&self) -> Option<Endpoint> {
        srv::endpoint(text(&self.answer, "primary"))
    }

    /// The members of its set that hold data, as the server knows them.
    pub(super) fn members(&self) -> Vec<Endpoint> {
        let lists = ["hosts", "passives"].into_iter().filter_map(|list| self.answer.get_array(list).ok());
        let names = lists.flatten().flatten().filter_map(RawBsonRef::as_str);
        names.filter_map(srv::endpoint).chain(self.primary()).collect()
    }

    /// Whether this is the server that the check wants.
    pub(super) fn judge(&self, check: &Mongodb) -> Result<(), Fault> {
        let answer = &self.answer;
        if check.is_balanced && answer.get("serviceId").ok().flatten().is_none() {
            let message = "the TXT record says that a load balancer is before the servers, and they know of none";
            return Err(Fault::new(Cause::UnexpectedReply, message)
                .evidence("the answer to hello has no serviceId")
                .owner(Owner::Dns)
                .next_step("take loadBalanced out of the TXT record, or start mongos with loadBalancerPort"));
        }
        self.judge_set(check)?;
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
                return Err(Fault::new(Cause::UnexpectedReply, "an arbiter answered: it votes, but holds no data")
                    .owner(Owner::Config)
                    .next_step("name a member that holds data; a tcp check tells whether the arbiter is there"));
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
        Err(Fault::new(Cause::UnexpectedReply, sentence![another, " answered, but a secondary is wanted"])
            .next_step("name a secondary, or leave `role` out; if it was one, look at the fail-over"))
    }

    /// Whether the server is of the set that the check wants.
    pub(super) fn judge_set(&self, check: &Mongodb) -> Result<(), Fault> {
        let set = text(&self.answer, "setName");
        if let Some(wanted) = check.replica_set.as_deref().filter(|wanted| *wanted != set) {
            let found = match set {
                "" => "no replica set".into(),
                set => sentence!["the replica set ", detail(set.as_bytes())],
            };
            let message = sentence!["the server belongs to ", found, ", not to ", theirs(wanted)];
            return Err(Fault::new(Cause::UnexpectedReply, message)
                .owner(Owner::Config)
                .next_step("correct `replica_set`, or `host` and `port`; else the member was set up in another set"));
        }
        Ok(())
    }

    /// The mechanisms by which this user can log in with a password, the better one first; none where the server
    /// does not say, which is so for users that it does not know.
    pub(super) fn mechanisms(&self) -> Result<Vec<Hash>, Fault> {
        let Ok(offered) = self.answer.get_array("saslSupportedMechs") else { return Ok(Vec::new()) };
        let names: Vec<_> = offered.into_iter().flatten().filter_map(RawBsonRef::as_str).collect();
        let common = [Hash::Sha256, Hash::Sha1].into_iter().filter(|hash| names.contains(&hash.slug()));
        let common: Vec<_> = common.collect();
        if !common.is_empty() {
            return Ok(common);
        }
        let has_certificate = names.contains(&Mechanism::X509.wire_name());
        let next_step = if has_certificate {
            "set auth_mechanism: x509, with client_cert; or give the user SCRAM-SHA-256 credentials"
        } else {
            "give the user SCRAM-SHA-256 credentials, and enable it in authenticationMechanisms"
        };
        Err(Fault::new(Cause::MethodUnsupported, "the server does not offer this user a login by SCRAM")
            .evidence(sentence![
                "it offers ",
                theirs(&if names.is_empty() { "nothing".to_owned() } else { names.join(", ") })
            ])
            .next_step(next_step))
    }

    /// Keeps what the server said about itself.
    pub(super) fn note(&self, probe: &mut Probe) {
        let answer = &self.answer;
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
    if check.is_balanced {
        command.append(cstr!("loadBalanced"), true);
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

/// Whether the fields that clients read have their types: those hang or give up over a hello that they cannot read.
fn plausible(answer: &RawDocument) -> Result<(), Fault> {
    let is = |fields: &[&str], right: fn(RawBsonRef<'_>) -> bool| {
        fields.iter().all(|field| answer.get(*field).ok().flatten().is_none_or(right))
    };
    let lists = is(&["hosts", "passives", "arbiters"], |value| value.as_array().is_some());
    let texts = is(&["setName", "primary", "me", "msg"], |value| value.as_str().is_some());
    if lists && texts {
        return Ok(());
    }
    Err(Fault::new(Cause::Malformed, "no client understands what the server says about itself")
        .evidence("an answer to hello with a field of the wrong type"))
}

/// Whether the server and this check have a wire version in common.
fn compatible(answer: &RawDocument) -> Result<(), Fault> {
    let version = |field: &str| number(answer, field).unwrap_or_default();
    let (least, highest) = (version("minWireVersion"), version("maxWireVersion"));
    let (message, owner, next_step) = if highest < LEAST_WIRE_VERSION {
        (
            "the server is older than MongoDB 3.6, which is the oldest that conn-check speaks with",
            Owner::Service,
            "upgrade the server; until then a tcp check tells whether it is there",
        )
    } else if least > HIGHEST_WIRE_VERSION {
        (
            "the server is newer than what conn-check speaks: a limit of conn-check's",
            Owner::Config,
            "use a newer conn-check; until then a tcp check tells whether the server is there",
        )
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
    Err(Fault::new(Cause::UnsupportedVersion, message).evidence(evidence).owner(owner).next_step(next_step))
}

/// The release series that a wire version came with.
const fn series(wire_version: i64) -> Option<&'static str> {
    Some(match wire_version {
        6 => "3.6",
        7 => "4.0",
        8 => "4.2",
        9 => "4.4",
        13 => "5.0",
        17 => "6.0",
        21 => "7.0",
        25 => "8.0",
        _ => return None,
    })
}
