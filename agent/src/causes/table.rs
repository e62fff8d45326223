//! Which failures have one cause: the one table of it.
//!
//! A failure goes by the first row that has its code, of which all that it is told by is known, and against which nothing
//! of the run speaks. Failures that go by one row, and are of the same there, have one cause.

use crate::concern::Part;

/// By what failures of a kind are told apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum By {
    /// What was learnt where the failure was found.
    Part(Part),
    /// Who logs in: as the check names it, or as whoever needs no name.
    Account,
    /// The value of an option of the check.
    Option(&'static str),
    /// What is checked, as the check names it.
    Target,
    /// Nothing: all are one.
    Run,
    /// The check itself.
    Check,
}

impl By {
    /// For people.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::Part(part) => part.about(),
            Self::Account => "the account",
            Self::Option(option) => option,
            Self::Target => "the target",
            Self::Run => "the run",
            Self::Check => "the check itself",
        }
    }
}

/// What may speak against a row: it is about more than a failure shows by itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unless {
    /// Nothing.
    Never,
    /// The resolver has answered a question of a `dns` check.
    ResolverAnswers,
    /// Another port of the host has answered.
    HostAnswers,
    /// Only one host is silent behind the router, or another of one of their networks has answered.
    NetworkAnswers,
    /// Only one target fails at the proxy, or it has let another through.
    ProxyPasses,
    /// Another certificate of the authority was accepted.
    AuthorityIsTrusted,
}

impl Unless {
    /// For people.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::Never => "",
            Self::ResolverAnswers => "it has answered a `dns` check",
            Self::HostAnswers => "another port of it answers",
            Self::NetworkAnswers => {
                "only one host behind it is silent, or another of one of their networks (/24, /64) answers"
            }
            Self::ProxyPasses => "only one target fails there, or it has let another through",
            Self::AuthorityIsTrusted => "another certificate of it was accepted",
        }
    }
}

/// Failures that have one cause.
#[derive(Debug)]
pub struct Row {
    /// Their codes; one that ends with a dot stands for all of its phase.
    pub codes: &'static [&'static str],
    /// What has to be the same.
    pub by: &'static [By],
    /// Why it would not be one cause.
    pub unless: Unless,
    /// Whether failures of different codes have one cause, too: they are signs of the same.
    pub mixes: bool,
    /// What is said of what they have in common, with `{}` in its place; nothing where the failures say it themselves.
    pub says: &'static str,
    /// What several checks cannot do.
    pub cannot: &'static str,
}

impl Row {
    /// Whether failures of this code may go by it.
    pub(super) fn has(&self, code: &str) -> bool {
        self.codes.iter().any(|known| *known == code || (known.ends_with('.') && code.starts_with(known)))
    }

    const fn of(codes: &'static [&'static str], by: &'static [By]) -> Self {
        Self { codes, by, unless: Unless::Never, mixes: false, says: "", cannot: "fail" }
    }

    const fn unless(self, unless: Unless) -> Self {
        Self { unless, ..self }
    }

    const fn mixed(self) -> Self {
        Self { mixes: true, ..self }
    }

    const fn cannot(self, cannot: &'static str) -> Self {
        Self { cannot, ..self }
    }

    const fn says(self, says: &'static str, cannot: &'static str) -> Self {
        Self { says, cannot, ..self }
    }
}

const RESOLVER: By = By::Part(Part::Resolver);
const NAME: By = By::Part(Part::Name);
const SERVICE: By = By::Part(Part::Service);
const HOST: By = By::Part(Part::Host);
const ROUTER: By = By::Part(Part::Router);
const PROXY: By = By::Part(Part::Proxy);
const CERTIFICATE: By = By::Part(Part::Certificate);
const AUTHORITY: By = By::Part(Part::Authority);
const THIS_HOST: By = By::Part(Part::ThisHost);
const REFERENCE: By = By::Part(Part::Reference);

const NAMES: &str = "cannot resolve their names";
const CONNECT: &str = "cannot connect";
const LOG_IN: &str = "cannot log in";

/// The rows, the widest of each code first. What none of them has is a cause of its own: each of its checks.
pub static TABLE: &[Row] = &[
    Row::of(&["run.deadline"], &[By::Run]).says("the time of the run was over", "could not start"),
    Row::of(&["config.missing-secret", "config.unusable-file"], &[REFERENCE]),
    Row::of(&["local.missing", "local.read-only", "local.full", "local.timeout"], &[By::Target]),
    Row::of(&["local.denied"], &[By::Target, By::Option("user")]),
    Row::of(&["local.command-missing", "local.command-unusable"], &[By::Target]),
    // A file descriptor is missing for a look-up as for a connection.
    Row::of(&["connect.local-limit"], &[THIS_HOST]).says("this host has come to the end of its {}", CONNECT),
    Row::of(&["connect.denied-locally"], &[THIS_HOST]).says("this host itself is in the way, by {}", CONNECT),
    Row::of(&["connect.no-route"], &[THIS_HOST]).says("this host has no way, by {}", CONNECT),
    Row::of(&["tls.not-yet-valid", "tls.untrusted"], &[THIS_HOST])
        .says("this host is at fault, by {}", "accept no certificate"),
    Row::of(
        &[
            "resolve.timeout",
            "resolve.closed",
            "connect.refused",
            "connect.timeout",
            "connect.host-unreachable",
            "connect.no-neighbour",
        ],
        &[RESOLVER],
    )
    .mixed()
    .unless(Unless::ResolverAnswers)
    .says("{} does not answer", NAMES),
    Row::of(&["resolve.servfail"], &[RESOLVER]).unless(Unless::ResolverAnswers).says("{} fails at every name", NAMES),
    Row::of(&["resolve.refused"], &[RESOLVER])
        .unless(Unless::ResolverAnswers)
        .says("{} refuses to resolve for this host", NAMES),
    Row::of(&["resolve.failed"], &[RESOLVER]).unless(Unless::ResolverAnswers).says("{} resolves for nobody", NAMES),
    Row::of(&["resolve."], &[NAME]).says("{} cannot be resolved", "need it"),
    Row::of(&["connect.no-neighbour"], &[ROUTER]).says("the gateway {} does not answer", CONNECT),
    Row::of(&["connect.timeout"], &[ROUTER])
        .unless(Unless::NetworkAnswers)
        .says("nothing answers at or behind {}, the last router that does", CONNECT),
    Row::of(&["connect.timeout", "connect.host-unreachable", "connect.no-neighbour"], &[HOST])
        .mixed()
        .unless(Unless::HostAnswers)
        .says("{} does not answer at all", CONNECT),
    Row::of(&["connect.network-unreachable"], &[ROUTER]).says("the router {} has no route", CONNECT),
    Row::of(&["connect.prohibited"], &[ROUTER]).says("the firewall at {} prohibits it", CONNECT),
    Row::of(&["connect.mtu"], &[HOST]).says("large packets to or from {} are lost", "wait in vain"),
    Row::of(&["connect."], &[SERVICE]).cannot(CONNECT),
    Row::of(&["proxy.auth-required"], &[By::Account, PROXY]).cannot("need it"),
    Row::of(&["proxy.unreachable", "proxy.not-a-proxy", "proxy.too-large"], &[PROXY])
        .says("the proxy {} cannot be used", "need it"),
    Row::of(&["proxy.timeout", "proxy.closed"], &[PROXY])
        .unless(Unless::ProxyPasses)
        .says("the proxy {} does not answer", "need it"),
    Row::of(&["proxy."], &[SERVICE]).says("no way to {}", "need it"),
    Row::of(&["tls.untrusted"], &[AUTHORITY])
        .unless(Unless::AuthorityIsTrusted)
        .says("the authority {} is not trusted here", "accept no certificate of it"),
    Row::of(&["tls.wrong-name"], &[CERTIFICATE, NAME]).says("the certificate {} is not for that name", "ask for it"),
    Row::of(
        &[
            "tls.untrusted",
            "tls.expired",
            "tls.not-yet-valid",
            "tls.invalid-certificate",
            "tls.unsupported-certificate",
        ],
        &[CERTIFICATE],
    )
    .cannot("meet it"),
    Row::of(&["tls.client-cert-required", "tls.client-cert-rejected"], &[By::Account, SERVICE]).cannot(LOG_IN),
    Row::of(&["tls.", "protocol."], &[SERVICE]).cannot("need it"),
    Row::of(&["auth.host-not-allowed"], &[By::Account, SERVICE, By::Option("database")]).cannot(LOG_IN),
    Row::of(&["auth.rejected", "auth.locked"], &[By::Account, SERVICE]).cannot(LOG_IN),
    Row::of(&["auth."], &[SERVICE, By::Target]),
    Row::of(&["request.no-such-database"], &[By::Option("database"), SERVICE]),
    Row::of(&["request.no-such-vhost"], &[By::Option("vhost"), SERVICE]),
    Row::of(&["request.no-such-queue"], &[By::Option("queue"), By::Option("vhost"), SERVICE]),
    Row::of(&["request.read-only", "request.full"], &[SERVICE, By::Target]),
];
