//! A directory that accepts the login, and an entry that the user may read.
//!
//! - Proves: the server speaks LDAP and accepts the user and the password, or an anonymous login where
//!   none is configured; with `base`, that this entry exists and that the user may read it.
//! - Protocol: LDAP version 3 (RFC 4511) with a simple bind (RFC 4513, section 5.1) or, where it is
//!   asked for, SASL EXTERNAL (section 5.2.3), over TCP, TLS from
//!   the first byte (`ldaps`), STARTTLS (RFC 4511, section 4.14) or a Unix socket (`ldapi`). A bind asks
//!   for the password policy (draft-behera-ldap-password-policy-10), so that a locked account is told from
//!   a wrong password.
//! - Phases: resolve, connect, then tls (`use_tls: true`), or protocol and tls (`use_tls: starttls`);
//!   protocol (the bind is sent; the first answer), auth (the verdict on it), request (the search of
//!   `base` itself, for its name alone). Behind STARTTLS the bind is all auth's. Each is one turn. The end
//!   is an unbind, which has no answer. Nothing is written.
//! - Options: see [`Ldap::parse`]; each says its meaning and default. TLS is the default because a bind
//!   sends the password as it is, and nobody should do so only for want of an option.
//! - Failures: `resolve.*`, `connect.*`; `tls.*`, with `tls.not-tls` (no STARTTLS) and `tls.required` (8, 13);
//!   `protocol.*`, with `protocol.not-ready` (52), `protocol.overloaded` (51),
//!   `protocol.unsupported-version` and, in a notice of disconnection, `protocol.closed`; `auth.rejected`
//!   (49 and others), `auth.required` (nobody may log in or search as nobody), `auth.locked`
//!   (by the policy, or by Active Directory's sub-code: locked, disabled, expired, to be changed),
//!   `auth.host-not-allowed` (Active Directory, 531), `auth.method-unsupported` (no simple binds);
//!   `request.no-such-entry` (32, 34, or no entry), `request.permission-denied` (50),
//!   `request.redirected` (a referral, which is not followed), `request.unexpected-reply` (other codes).
//! - Does not check: other mechanisms of SASL, other entries, whether anything can be written. A server that closes without a
//!   word for want of connections is `protocol.closed`: LDAP has no other way to say so.
//!
//! The three requests and the answers to them are written and read here. The ldap3 crate takes no stream,
//! hides a notice of disconnection, and ends the process when a peer nests elements until its stack is
//! full.

mod ber;
mod directory;
mod message;
mod policy;
mod refusal;

use crate::checks::{Check, Profile};
use crate::fault::{Cause, Failure, Fault, Phase};
use crate::net::{Port, Target, TlsOptions, Wire};
use crate::phase::words;
use crate::probe::{Probe, Stop};
use crate::services::{self, Security, Service};
use crate::settings::shape::Shape;
use crate::settings::{
    Credentials, Field, Fields, HOST_OR_SOCKET, HostOrSocket, Misfit, Name, Noted, Setting, tls_of_target,
};
use directory::Directory;
use message::{Message, Response};
use policy::Policy;
use refusal::Client;
use serde_json::json;

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Ldap {
    target: Target,
    login: Option<Credentials>,
    /// The user is whom the client certificate or the socket names.
    external: bool,
    /// A DN.
    base: Option<String>,
    security: Security,
    tls: TlsOptions,
}

impl Check for Ldap {
    const TYPE: &'static str = "ldap";
    const SERVICE: &'static Service = &services::LDAP;
    const ABOUT: &'static str = "A directory (LDAP) accepts the login; an entry exists, and the user may read it.";
    const TRACE: &'static str = "slapd logs nothing as Debian sets it up (olcLogLevel none); at its level `stats`, lines for the connection, each operation with its result, and the end.";
    const EXAMPLE: &'static str = "\
- type: ldap
  host: directory.internal
  use_tls: starttls
  username: uid=app,ou=services,dc=example,dc=com
  password: s3cret
  base: ou=people,dc=example,dc=com
";

    fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted> {
        let host = fields.required::<HostOrSocket>("host", HOST_OR_SOCKET);
        let port = fields.optional::<Port>("port", "TCP port. Default: 636 with `use_tls: true`, else 389.");
        let login = Credentials::optional::<Name>(
            fields,
            "Who logs in: a DN; Active Directory also takes `user@domain`. Default: an anonymous login.",
            "The user's password.",
        );
        let login = has_password(fields, login);
        let mechanism = fields.or::<AuthMechanism>(
            "auth_mechanism",
            "simple",
            "`simple`; or `external` (SASL): the user is the client certificate's, or over a Unix socket that of the process.",
        );
        let external = mechanism == AuthMechanism::External;
        let base = fields.optional::<Name>("base", "DN of an entry that must exist and that the user may read.");
        let security = fields.or(
            "use_tls",
            "true",
            "true: TLS from the first byte; starttls: after STARTTLS; false: no TLS. Over a Unix socket: false.",
        );
        let over_socket = matches!(host, Ok(HostOrSocket::Socket(_)));
        let security = if over_socket && !fields.has("use_tls") { Security::Plain } else { security };
        let target = host.map(|host| host.at(port.unwrap_or(Self::SERVICE.port(security))));
        let tls = tls_of_target(fields, security, &target);
        let (login, target, tls) = (login?, target?, tls?);
        if external {
            fits_external(
                fields,
                login.is_some(),
                over_socket || security != Security::Plain && fields.has("client_cert"),
            )?;
        }
        Ok(Self { target, login, external, base: base.map(Into::into), security, tls })
    }

    fn profile(&self) -> Profile {
        match self.target.endpoint() {
            Some(endpoint) => Profile::of_layers(Self::TYPE, endpoint, self.security != Security::Plain),
            None => Profile::of_database(Self::TYPE, &self.target),
        }
        .distinct("username", self.login.as_ref().map(|login| &login.user))
        .distinct("auth_mechanism", Some("external").filter(|_| self.external))
        .distinct("base", self.base.as_ref())
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        probe.expect(Self::SERVICE);
        let mut directory = Directory::new(self.connected(probe).await?);
        let verdict = self.converse(probe, &mut directory).await;
        // It has no answer, and changes nothing.
        probe.linger(directory.unbind()).await;
        Ok(verdict?)
    }
}

/// A user without a password is nobody to many servers, which let nobody in and say so to nobody (RFC
/// 4513, section 5.1.2): the login would look verified.
fn has_password(
    fields: &mut Fields<'_>,
    login: Result<Option<Credentials>, Noted>,
) -> Result<Option<Credentials>, Noted> {
    let login = login?;
    if login.as_ref().is_none_or(Credentials::has_password) {
        return Ok(login);
    }
    let misfit = Misfit::new("expected a text that is not empty, found nothing");
    let help = "write the user's password, or leave out `username` too for an anonymous login; a directory may take a \
                user without a password for anonymous";
    Err(fields.refuse_value("password", misfit.help(help)))
}

/// A login by what is known of the client already has no user and no password, and needs a certificate or a socket.
fn fits_external(fields: &mut Fields<'_>, has_login: bool, is_known: bool) -> Result<(), Noted> {
    if has_login {
        let misfit = Misfit::new("`external` has no user and no password");
        return Err(fields
            .refuse_value("auth_mechanism", misfit.help("leave `username` and `password` out, or `auth_mechanism`")));
    }
    if is_known || fields.is_broken() {
        return Ok(());
    }
    let misfit = Misfit::new("`external` needs TLS and a client certificate, or a Unix socket");
    Err(fields.refuse_value("auth_mechanism", misfit.help("add `client_cert:`, and leave `use_tls` true or starttls")))
}

words! {
    /// A way to log in.
    AuthMechanism {
        /// A user and a password, or nobody.
        Simple "simple",
        /// What is known of the client already.
        External "external",
    }
}

impl Setting for AuthMechanism {
    const SHAPE: Shape = Shape::plain(
        "simple or external",
        "mechanism",
        || json!({"enum": AuthMechanism::ALL.map(AuthMechanism::slug)}),
    );

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        field.parse(&Self::SHAPE, |text| Self::ALL.into_iter().find(|known| text.eq_ignore_ascii_case(known.slug())))
    }
}

impl Ldap {
    /// A connection, with TLS on it where that is wanted.
    async fn connected(&self, probe: &mut Probe) -> Result<Wire, Stop> {
        let wire = match self.security {
            Security::Plain => return probe.reach(&self.target, None).await,
            Security::Tls => {
                probe.reach(&self.target, Some(&self.tls)).await.map_err(|stop| self.with_plain_port(probe, stop))?
            }
            Security::StartTls => {
                let wire = probe.reach(&self.target, None).await?;
                self.start_tls(probe, wire).await?
            }
        };
        probe.passed()?;
        Ok(wire)
    }

    /// A plain port ends a handshake without a word. Where there is a login, doing without TLS is no advice.
    fn with_plain_port(&self, probe: &Probe, stop: Stop) -> Stop {
        let Stop::Failed(mut failure) = stop else { return stop };
        if failure.code.is(Phase::Tls, Cause::NotTls) {
            "check the port: directories speak TLS from the first byte on 636, and with use_tls: starttls on 389"
                .clone_into(&mut failure.next_step);
        } else if failure.code.is(Phase::Tls, Cause::Closed) && probe.heard_first().is_empty() {
            let or_plain = if self.login.is_some() { "" } else { ", or false" };
            failure.next_step = format!(
                "look at the directory's log; a plain port (389) ends a handshake like this too: then set use_tls: \
                 starttls{or_plain}"
            );
        }
        Stop::Failed(failure)
    }

    /// Who logs in, for people; nobody in particular where it is anonymous.
    fn user(&self) -> Option<&str> {
        match (&self.login, self.external) {
            (Some(login), _) => Some(&login.user),
            (None, true) if self.target.endpoint().is_none() => Some("the user of this process"),
            (None, true) => Some("whom the client certificate names"),
            (None, false) => None,
        }
    }

    async fn log_in(&self, directory: &mut Directory) -> Result<Message, Fault> {
        if self.external { directory.bind_external().await } else { directory.bind(self.login.as_ref()).await }
    }

    async fn start_tls(&self, probe: &mut Probe, wire: Wire) -> Result<Wire, Failure> {
        let Some(host) = self.target.host() else { return Ok(wire) };
        let mut directory = Directory::new(wire);
        match probe.phase(Phase::Protocol, directory.start_tls(self.login.is_some())).await {
            Ok(()) => probe.tls(directory.into_wire(), &self.tls, host, &[]).await,
            Err(failure) => {
                let _ = probe.linger(directory.unbind()).await;
                Err(with_tls_port(failure, &directory))
            }
        }
    }

    /// All that is said behind TLS.
    async fn converse(&self, probe: &mut Probe, directory: &mut Directory) -> Result<(), Failure> {
        let client = Client {
            user: self.user(),
            encrypted: self.security != Security::Plain,
            over_socket: self.target.endpoint().is_none(),
            external: self.external,
        };
        let policy = self.bind(probe, directory, client).await?;
        let days = [("password_expires_in_seconds", policy.expires_in), ("grace_logins_left", policy.logins_left)];
        for (fact, number) in days {
            if let Some(number) = number {
                probe.fact(fact, number);
            }
        }
        let Some(base) = &self.base else { return Ok(()) };
        let search = async { client.judge_search(&directory.search(base).await?, base) };
        probe.phase(Phase::Request, search).await
    }

    /// Logs in. What has answered to STARTTLS is a directory; else the first answer shows whether it is one.
    async fn bind(&self, probe: &mut Probe, directory: &mut Directory, client: Client<'_>) -> Result<Policy, Failure> {
        if self.login.is_some() {
            probe.note_login();
        }
        let first = match self.security {
            Security::StartTls => None,
            Security::Plain | Security::Tls => {
                let answer = probe.phase(Phase::Protocol, self.log_in(directory)).await;
                Some(answer.map_err(|failure| self.with_reason_to_close(failure, directory))?)
            }
        };
        let judged = async {
            let answer = match first {
                Some(answer) => answer,
                None => self.log_in(directory).await?,
            };
            let Message { response: Response::Bind(outcome), policy, .. } = answer else {
                return Err(directory::unexpected());
            };
            client.judge_bind(&outcome, policy).map(|()| policy)
        };
        probe.phase(Phase::Auth, judged).await.map_err(|failure| self.with_reason_to_close(failure, directory))
    }

    /// A server that has not said a word of LDAP may have wanted something else first.
    fn with_reason_to_close(&self, mut failure: Failure, directory: &Directory) -> Failure {
        if self.target.endpoint().is_none() {
            return failure;
        }
        if self.security == Security::Plain {
            return with_tls_port(failure, directory);
        }
        if has_ended(&failure) && directory.is_mute() {
            "look at the directory's log; one that does not accept our client certificate, or wants one, may end a \
             connection like this: then see client_cert and client_key"
                .clone_into(&mut failure.next_step);
        }
        failure
    }
}

fn has_ended(failure: &Failure) -> bool {
    matches!(failure.code.cause, Cause::Closed | Cause::Reset)
}

/// A port with TLS from the first byte ends a connection in plain text without a word.
fn with_tls_port(mut failure: Failure, directory: &Directory) -> Failure {
    if has_ended(&failure) && directory.is_mute() {
        "look at the directory's log; a port with TLS from the first byte (636) ends a connection like this too: then \
         set use_tls: true"
            .clone_into(&mut failure.next_step);
    } else if failure.code.is(Phase::Tls, Cause::Required) {
        "set use_tls: true for this port, or take the plain one (389)".clone_into(&mut failure.next_step);
    }
    failure
}
