//! A sentinel, which is asked where the primary is
//! (<https://redis.io/docs/latest/develop/reference/sentinel-clients/>).

use super::client::{Command, RespClient};
use super::refusal;
use super::role::{IS_SENTINEL, text};
use crate::fault::{Cause, Failure, Fault, Owner, Phase};
use crate::net::{Endpoint, Host, Target, Wire};
use crate::probe::{Probe, Stop};
use crate::secret::{sentence, theirs};
use crate::settings::{Credentials, Fields, Misfit, Name, Noted, Word};
use redis::Value;

const TLS_OPTION: &str = "sentinel_use_tls";

/// What to do about a sentinel that speaks TLS.
const SENTINEL_WANTS_TLS: &str =
    "write `sentinel_use_tls: true`, and `use_tls: true` if Redis speaks TLS too; else name the sentinel's plain port";

/// What to do about a Redis that does.
const REDIS_WANTS_TLS: &str =
    "write `use_tls: true`, which is for Redis, and with it `sentinel_use_tls: false` if the sentinel has no TLS";

/// And about one that does not.
const REDIS_HAS_NO_TLS: &str = "write `use_tls: false`, which is for Redis, and with it `sentinel_use_tls: true` if the sentinel has TLS; \
    else switch TLS on at Redis (tls-port)";

/// Where the name of a primary is written, which is an address as a rule.
const NAMED: &str = "in the sentinel's configuration (sentinel monitor, with resolve-hostnames and announce-hostnames)";

/// Whom to ask for whom.
#[derive(Clone, Debug)]
pub(super) struct Sentinel {
    /// What the primary is called.
    pub(super) name: String,
    /// Its own login, which is not that of Redis.
    login: Option<Credentials>,
    /// Whether it speaks TLS itself; nothing where it does what Redis does.
    pub(super) use_tls: Option<bool>,
}

impl Sentinel {
    /// Asks for the options.
    pub(super) fn parse(fields: &mut Fields<'_>) -> Result<Option<Self>, Noted> {
        let name = fields.optional::<Name>(
            "sentinel",
            "Name of a primary that a Sentinel watches: host and port are the sentinel's, the check goes on at the primary that it names.",
        );
        let login = Credentials::of_password_as::<Word>(
            fields,
            ["sentinel_username", "sentinel_password"],
            "ACL user of the sentinel itself.",
            "Password of the sentinel itself.",
        );
        let use_tls = fields.optional::<bool>(
            "sentinel_use_tls",
            "TLS from the first byte to the sentinel itself. Default: as `use_tls` says of Redis.",
        );
        if !fields.has("sentinel") {
            let own = ["sentinel_username", "sentinel_password", "sentinel_use_tls"];
            fields.warn_all_idle(&own, "without `sentinel`", "add `sentinel:`, or ");
        }
        let login = login?;
        Ok(name.map(|Name(name)| Self { name, login, use_tls }))
    }

    /// Refuses a target that is no sentinel's: it listens on a port.
    pub(super) fn fits(fields: &mut Fields<'_>, target: &Target) -> Result<(), Noted> {
        match target {
            Target::Tcp(_) => Ok(()),
            Target::Socket { .. } => {
                let misfit = Misfit::new("a sentinel listens on a port, and not on a Unix socket");
                Err(fields.refuse_value("host", misfit.help("write the host and the port of a sentinel")))
            }
        }
    }

    /// Goes on with a sentinel over its connection.
    pub(super) fn client<'a>(wire: Wire) -> RespClient<'a> {
        RespClient::new(wire).with_tls_option(TLS_OPTION)
    }

    pub(super) const fn has_login(&self) -> bool {
        self.login.is_some()
    }

    /// Asks where the primary is.
    pub(super) async fn primary(&self, probe: &mut Probe, client: &mut RespClient<'_>) -> Result<Endpoint, Failure> {
        let asked = probe.phase(Phase::Protocol, self.ask(client)).await;
        let answer = asked.map_err(|failure| failure.advise(Phase::Tls, Cause::Required, SENTINEL_WANTS_TLS))?;
        probe.fact("primary", probe.clean(&answer.to_string()));
        Ok(answer)
    }

    async fn ask(&self, client: &mut RespClient<'_>) -> Result<Endpoint, Fault> {
        let mut flight = Vec::new();
        if let Some(login) = &self.login {
            flight.push(Command::new("AUTH", super::auth(login)));
        }
        let mut question = redis::cmd("SENTINEL");
        question.arg("get-master-addr-by-name").arg(&self.name);
        flight.push(Command::new("SENTINEL", question));
        let mut answer = client.begin(flight, None).await?;
        if let Some(login) = &self.login {
            refusal::of_login(&answer, super::named(login)).map_err(of_the_sentinel)?;
            answer = client.answer().await?;
        }
        self.read(&answer)
    }

    fn read(&self, answer: &Value) -> Result<Endpoint, Fault> {
        let named = answer.as_sequence().and_then(|items| match items {
            [host, port] => Some(Endpoint::tcp(Host::parse(text(host)?).ok()?, text(port)?.parse().ok()?)),
            _ => None,
        });
        match answer {
            _ if named.is_some() => named.ok_or_else(|| refusal::of(answer, "SENTINEL")),
            Value::Nil => Err(Fault::new(
                Cause::NoSuchEntry,
                sentence!["the sentinel watches no primary that is called ", theirs(&self.name)],
            )
            .next_step(
                "correct `sentinel`: it is the name in the sentinel's own configuration (sentinel monitor NAME ...)",
            )
            .at(Phase::Request)),
            Value::ServerError(error) if refusal::is_unknown_command(error) => {
                Err(Fault::new(Cause::WrongService, "this is no Sentinel: it does not know what one is asked")
                    .owner(Owner::Config)
                    .next_step(
                        "name the port of a sentinel (26379 as a rule), or leave `sentinel` out for Redis itself",
                    )
                    .at(Phase::Protocol))
            }
            other => Err(of_the_sentinel(refusal::of(other, "SENTINEL"))),
        }
    }
}

/// A refusal of the sentinel's own login.
fn of_the_sentinel(fault: Fault) -> Fault {
    match fault.cause {
        Cause::Required => Fault { message: "the sentinel wants a login of its own".into(), ..fault }
            .next_step("set `sentinel_password`"),
        Cause::Rejected => Fault { message: "the sentinel does not accept its own login".into(), ..fault }
            .next_step("check `sentinel_password` (and `sentinel_username`): they are the sentinel's own")
            .at(Phase::Auth),
        _ => fault,
    }
}

/// What is to be done when the primary cannot be reached where the sentinel says that it is.
pub(super) fn unreached(failure: Failure) -> Failure {
    if failure.code.phase > Phase::Connect {
        return failure;
    }
    let next_step = format!(
        "{}; the sentinel says that the primary is there: if this host has to use another address (containers, NAT), the \
         servers have to announce that one (replica-announce-ip, sentinel announce-ip)",
        failure.next_step
    );
    Failure { next_step, ..failure }
}

/// What failed at the server that the sentinel names says so; `own` is the sentinel's host, for which alone
/// `server_name` counts.
pub(super) fn at_the_primary(stop: Stop, primary: &Endpoint, own: Option<&Host>, name: &str) -> Stop {
    let Stop::Failed(failure) = stop else { return stop };
    let failure = if own == Some(&primary.host) { failure } else { failure.without_server_name(NAMED) };
    let failure = if failure.code.is(Phase::Protocol, Cause::WrongService) {
        let is_sentinel = failure.message == IS_SENTINEL;
        let what = if is_sentinel { "it names a sentinel's port" } else { "it names another service" };
        let next_step =
            format!("correct `sentinel monitor {name}` where the sentinel is set up: {what}, and not that of Redis");
        Failure { next_step, owner: Owner::Service, ..failure }
    } else {
        failure
    };
    let failure = failure
        .advise(Phase::Tls, Cause::Required, REDIS_WANTS_TLS)
        .advise(Phase::Tls, Cause::NotTls, REDIS_HAS_NO_TLS)
        .advise(Phase::Tls, Cause::Timeout, REDIS_HAS_NO_TLS);
    let failure = failure.advise(
        Phase::Request,
        Cause::ReadOnly,
        "see whether a fail-over is under way, and whether all sentinels name the same primary (SENTINEL get-master-addr-by-name)",
    );
    Stop::Failed(failure.told_of(format_args!("the primary {primary}")))
}
