//! The catalogue of the codes of failures and of warnings: the one place where a code, its meaning,
//! its owner and its next step are written down. Codes are an interface and are never renamed.

mod note;
mod warning;

pub use note::Note;
pub use warning::WarningKind;

use crate::phase::{Phase, words};
use std::fmt;

words! {
    /// Whose job the fix is; a hint.
    pub Owner {
        /// Whoever wrote the checks file.
        Config "config",
        /// Whoever runs this host.
        Host "host",
        /// Whoever runs the resolvers or the zone.
        Dns "dns",
        /// Routing, firewalls, security groups.
        Network "network",
        /// Whoever runs the other end.
        Service "service",
        /// Whoever issues and installs certificates.
        Certificate "certificate",
        /// Whoever hands out accounts and passwords.
        Credentials "credentials",
    }
}

impl Owner {
    /// Who that is.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::Config => "whoever wrote the file of checks",
            Self::Host => "whoever runs this host",
            Self::Dns => "whoever runs the resolvers or the zone",
            Self::Network => "routing, firewalls, security groups",
            Self::Service => "whoever runs the other end",
            Self::Certificate => "whoever issues and installs certificates",
            Self::Credentials => "whoever hands out accounts and passwords",
        }
    }
}

/// What went wrong, without saying where: the second half of a failure code.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(missing_docs, reason = "each one is explained, per phase, in the table below")]
pub enum Cause {
    AuthRequired,
    BadGateway,
    BadName,
    ClientCertRejected,
    ClientCertRequired,
    Closed,
    CommandFailed,
    CommandHangs,
    CommandKilled,
    CommandMissing,
    CommandStatus,
    CommandUnknown,
    CommandUnusable,
    Deadline,
    Denied,
    DeniedLocally,
    Expired,
    Failed,
    Full,
    HostNotAllowed,
    HostUnreachable,
    InvalidCertificate,
    LocalLimit,
    Locked,
    Malformed,
    MethodUnsupported,
    Missing,
    MissingSecret,
    NetworkUnreachable,
    Mtu,
    NoAddress,
    NoCommonVersion,
    NoConsumer,
    NoNeighbour,
    NoResult,
    NoRoute,
    NoSocket,
    NoSuchBucket,
    NoSuchDatabase,
    NoSuchEntry,
    NoSuchQueue,
    NoSuchTask,
    NoSuchVhost,
    NotFailed,
    NoWorker,
    NotAProxy,
    NotReady,
    NotTls,
    NotYetValid,
    NxDomain,
    Overloaded,
    OwnFault,
    PartsDisagree,
    PermissionDenied,
    Prohibited,
    ReadOnly,
    RecipientRefused,
    Redirected,
    Refused,
    Rejected,
    Required,
    Reset,
    Revoked,
    SenderRefused,
    ServFail,
    Silent,
    TaskFailed,
    Timeout,
    TooFewWorkers,
    TooLarge,
    Unreachable,
    UnsupportedCertificate,
    UnsupportedVersion,
    Untrusted,
    UnusableFile,
    Unexpected,
    UnexpectedBody,
    UnexpectedContent,
    UnexpectedHeader,
    UnexpectedReply,
    UnexpectedStatus,
    Vanished,
    WrongName,
    WrongService,
}

/// How a code comes about: a check, and what is so when it gives the code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Example {
    /// What is so there, as a clause: "nothing listens on that port".
    pub when: &'static str,
    /// The check, as it stands in a file, in braces.
    pub check: &'static str,
}

/// What asking again comes to after a failure, by `--wait` or `retries`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Repeat {
    /// It may be mended by then.
    Worthwhile,
    /// It is as it was: what is wrong stands in the file of checks, or was read once, at the start.
    Useless,
    /// A login was refused, or may have been: with one more the account may be locked.
    Harmful,
}

/// A stable failure code such as `connect.refused`, with what is known of it; [`ALL`] has every one.
#[derive(Debug, Eq, PartialEq)]
pub struct Code {
    /// The phase it belongs to.
    pub phase: Phase,
    /// The cause, within the phase.
    pub cause: Cause,
    /// `PHASE.KIND`, lower case.
    pub name: &'static str,
    /// Whose job the fix is, unless the evidence tells more.
    pub owner: Owner,
    /// What happened.
    pub what: &'static str,
    /// What to do next, unless the evidence tells more.
    pub next_step: &'static str,
    /// A check that gives it.
    pub example: Example,
    /// What asking again comes to.
    pub repeat: Repeat,
}

impl Code {
    /// The code with an example.
    const fn when(self, when: &'static str, check: &'static str) -> Self {
        Self { example: Example { when, check }, ..self }
    }

    /// The code of what no wait mends.
    const fn stays(self) -> Self {
        Self { repeat: Repeat::Useless, ..self }
    }

    /// The code of a login that must not be sent again.
    const fn refuses(self) -> Self {
        Self { repeat: Repeat::Harmful, ..self }
    }

    /// Whether it is this cause in this phase.
    pub(crate) fn is(&self, phase: Phase, cause: Cause) -> bool {
        (self.phase, self.cause) == (phase, cause)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name)
    }
}

/// The code of a cause that struck in a phase.
///
/// Some causes have a name of their own only in some phases; elsewhere the nearest one of the
/// phase is meant: a reset is a `closed`, silence is a `timeout`. What has no entry even so is a
/// fault of ours and says so.
#[must_use]
pub(crate) fn code_for(phase: Phase, cause: Cause) -> &'static Code {
    let nearest = match cause {
        Cause::Reset => Cause::Closed,
        Cause::Silent => Cause::Timeout,
        Cause::TooLarge => Cause::Malformed,
        other => other,
    };
    find(phase, cause)
        .or_else(|| find(phase, nearest))
        .or_else(|| find(Phase::Protocol, cause))
        .or_else(|| find(Phase::Connect, cause))
        .unwrap_or(OWN_FAULT)
}

fn find(phase: Phase, cause: Cause) -> Option<&'static Code> {
    ALL.iter().find(|code| code.is(phase, cause))
}

const fn entry(
    phase: Phase,
    cause: Cause,
    name: &'static str,
    owner: Owner,
    what: &'static str,
    next_step: &'static str,
) -> Code {
    let example = Example { when: "", check: "" };
    Code { phase, cause, name, owner, what, next_step, example, repeat: Repeat::Worthwhile }
}

/// The last resort of [`code_for`].
static OWN_FAULT: &Code = &ALL[ALL.len() - 1];

/// Every code, in the order of the phases.
#[rustfmt::skip]
pub static ALL: &[Code] = &[
    entry(Phase::Config, Cause::MissingSecret, "config.missing-secret", Owner::Config, "a secret, or another value that stands elsewhere, is not there, or is empty", "set the variable or write the file, for the user who runs conn-check")
        .when("the variable is not set where conn-check runs", "{type: redis, host: cache.internal, password: {env: REDIS_PASSWORD}}").stays(),
    entry(Phase::Config, Cause::UnusableFile, "config.unusable-file", Owner::Config, "a file that the check names cannot be used: a certificate, a key, an expected body", "put it there, readable for the user who runs conn-check; or correct the path")
        .when("the file is not there, or no PEM", "{type: tls, host: app.internal, port: 443, client_cert: /etc/ssl/app/client.pem}").stays(),
    entry(Phase::Local, Cause::Missing, "local.missing", Owner::Host, "a file, a directory or a program of this host is not there", "put it there, or correct the path")
        .when("nothing has that path", "{type: file, path: /srv/app/no-such-file}"),
    entry(Phase::Local, Cause::Denied, "local.denied", Owner::Host, "this user may not do that on this host", "give the user who runs conn-check the rights, or name the user who has them")
        .when("the directory belongs to another user, and nobody else may write there", "{type: storage, path: /srv/app/media}"),
    entry(Phase::Local, Cause::ReadOnly, "local.read-only", Owner::Host, "the file system takes no writes", "see why it is mounted so (dmesg, /etc/fstab): after an error of the disk the kernel mounts it read-only")
        .when("the file system is mounted read-only", "{type: storage, path: /srv/app/media}"),
    entry(Phase::Local, Cause::Full, "local.full", Owner::Host, "no space is left on the file system, or the quota is used up", "make room, or raise the quota: `df -h PATH`, `df -i PATH`")
        .when("the file system is full", "{type: storage, path: /srv/app/media}"),
    entry(Phase::Local, Cause::Unexpected, "local.unexpected", Owner::Host, "something of this host is there, and is not what the check expects: a file's kind, owner or mode, or the file itself", "put right what the message names, or correct the check")
        .when("the file belongs to another user", "{type: file, path: /etc/app/secret.key, owner: app, mode: '0600'}"),
    entry(Phase::Local, Cause::UnexpectedContent, "local.unexpected-content", Owner::Host, "a file has not the expected content", "see what has changed the file, or correct the check")
        .when("another release is installed", "{type: file, path: /srv/app/VERSION, expected_content: 2.4.1}"),
    entry(Phase::Local, Cause::Vanished, "local.vanished", Owner::Host, "a file that was just written is gone", "see what removes files there: a cleaner (tmpreaper, systemd-tmpfiles), or another client of the same file server")
        .when("a cleaner empties the directory", "{type: storage, path: /srv/app/media}"),
    entry(Phase::Local, Cause::Failed, "local.failed", Owner::Host, "this host could not be asked, or says what nobody expects", "look at the evidence")
        .when("the kernel does not tell it", "{type: memory}"),
    entry(Phase::Local, Cause::Timeout, "local.timeout", Owner::Host, "this host did not answer in time", "look for a network file system whose server is away, and for a disk that hangs")
        .when("the directory lies on a file server that does not answer", "{type: disk, path: /srv/app/media}"),
    entry(Phase::Local, Cause::CommandFailed, "local.command-failed", Owner::Service, "a program that checks says that something is broken (exit status 2, or errors in its JSON answer)", "act on what it says; to see all of it, run it by hand as the user who runs conn-check")
        .when("the plugin says CRITICAL", "{type: command, command: [check_procs, -c, '1:', -C, worker]}"),
    entry(Phase::Local, Cause::CommandUnknown, "local.command-unknown", Owner::Config, "a program that checks could not tell (exit status 3), or its answer cannot be read", "correct its arguments: run it by hand as the user who runs conn-check")
        .when("the plugin does not know the option", "{type: command, command: [check_disk, --no-such-option]}"),
    entry(Phase::Local, Cause::CommandStatus, "local.command-status", Owner::Config, "a program that checks ended with a status that is no plugin's (0 to 3)", "have it end with 0, 1, 2 or 3; where any but 0 is a failure, say so: `plugin: false`")
        .when("a program that the script calls is not there (127)", "{type: command, command: [/usr/local/bin/check-app]}"),
    entry(Phase::Local, Cause::CommandKilled, "local.command-killed", Owner::Config, "a program that checks was ended by a signal: it broke down, or somebody ended it", "run it by hand as the user who runs conn-check; of signal 9, look for a lack of memory (dmesg)")
        .when("the program breaks down (SIGSEGV)", "{type: command, command: [/usr/local/bin/check-app]}"),
    entry(Phase::Local, Cause::CommandHangs, "local.command-hangs", Owner::Service, "a program that checks did not end in time, and was ended", "see what it waits for; where it only takes its time, raise `timeout`")
        .when("what the plugin asks does not answer", "{type: command, command: [/usr/local/bin/check-app], timeout: 5}"),
    entry(Phase::Local, Cause::CommandMissing, "local.command-missing", Owner::Config, "the program that is to check is not there", "install it, or correct its path")
        .when("the package of the plugins is not installed", "{type: command, command: [check_ntp_time, -H, ntp.internal]}"),
    entry(Phase::Local, Cause::CommandUnusable, "local.command-unusable", Owner::Config, "the program that is to check cannot be started: it is a directory, may not be executed, or its interpreter is not there", "let the user who runs conn-check execute it, or name the interpreter before it: `[/usr/bin/python3, PROGRAM]`")
        .when("the script has no right to be executed", "{type: command, command: [/usr/local/bin/check-app.py]}"),
    entry(Phase::Resolve, Cause::NxDomain, "resolve.nxdomain", Owner::Dns, "the name does not exist", "check the spelling and the search domain; else the record is missing in the zone")
        .when("no zone has the name", "{type: tcp, host: no-such-host.invalid, port: 80}"),
    entry(Phase::Resolve, Cause::NoAddress, "resolve.no-address", Owner::Dns, "the name exists, without an address of the wanted family", "add the A or AAAA record, or drop -4/-6")
        .when("the name has other records, and not this one", "{type: dns, name: db.internal, record: AAAA}"),
    entry(Phase::Resolve, Cause::ServFail, "resolve.servfail", Owner::Dns, "the resolver failed to find an answer", "look at the named resolver and at the zone's own servers")
        .when("the servers of the zone do not answer the resolver", "{type: dns, name: db.internal}"),
    entry(Phase::Resolve, Cause::Refused, "resolve.refused", Owner::Dns, "the resolver refuses to answer this host", "let this host query the named resolver, or use another one")
        .when("the resolver answers only to other networks", "{type: dns, name: db.internal, server: 10.0.0.53}"),
    entry(Phase::Resolve, Cause::Timeout, "resolve.timeout", Owner::Dns, "no resolver answered in time", "see whether the named resolvers run and are reachable (UDP and TCP port 53)")
        .when("nothing comes back from the resolver", "{type: dns, name: db.internal, server: 192.0.2.53}"),
    entry(Phase::Resolve, Cause::Failed, "resolve.failed", Owner::Dns, "the look-up failed, and nothing finer can be told", "compare `getent hosts NAME` with what the resolvers say")
        .when("the look-up of this host fails, and does not say why", "{type: tcp, host: db.internal, port: 5432}"),
    entry(Phase::Resolve, Cause::BadName, "resolve.bad-name", Owner::Config, "not a legal host name", "correct the name")
        .when("this host has no interface of that name", "{type: tcp, host: 'fe80::1%eth9', port: 5432}").stays(),
    entry(Phase::Resolve, Cause::Closed, "resolve.closed", Owner::Dns, "the resolver closed the connection without an answer", "look at the named resolver's log")
        .when("the answer does not fit into a datagram, and the resolver takes no TCP", "{type: dns, name: big.internal, record: TXT, server: 10.0.0.53}"),
    entry(Phase::Connect, Cause::Refused, "connect.refused", Owner::Service, "the host answers, nothing listens on this port (or a firewall rejects with a reset)", "see whether the service runs, and on this port and address")
        .when("nothing listens on that port", "{type: tcp, host: 127.0.0.1, port: 1}"),
    entry(Phase::Connect, Cause::Timeout, "connect.timeout", Owner::Network, "no answer at all: packets are dropped", "look for a firewall or security group on the way, then for a wrong address or a dead host")
        .when("a firewall drops the packets, or nobody has the address", "{type: tcp, host: 192.0.2.1, port: 5432}"),
    entry(Phase::Connect, Cause::HostUnreachable, "connect.host-unreachable", Owner::Network, "the network reports that the host cannot be reached", "look at the route and at whether the host is up")
        .when("a router on the way has no way to that host", "{type: tcp, host: 10.0.9.99, port: 5432}"),
    entry(Phase::Connect, Cause::NetworkUnreachable, "connect.network-unreachable", Owner::Network, "a router on the way has no route to that network", "look at the routes of the router that says so")
        .when("a router on the way has no route to that network", "{type: tcp, host: 10.9.0.5, port: 5432}"),
    entry(Phase::Connect, Cause::NoRoute, "connect.no-route", Owner::Host, "this host itself has no way to the address: no route, one that refuses, or an interface that is down", "`ip route get ADDRESS` shows it: correct this host's routes, or the address")
        .when("this host has no route for IPv6", "{type: tcp, host: '2001:db8::1', port: 5432}"),
    entry(Phase::Connect, Cause::NoNeighbour, "connect.no-neighbour", Owner::Service, "nobody on this host's own subnet has that address (no answer to ARP or neighbour discovery)", "see whether that host runs, and whether it is still its address")
        .when("no machine in this host's network answers to the address", "{type: tcp, host: 10.0.0.99, port: 5432}"),
    entry(Phase::Connect, Cause::Mtu, "connect.mtu", Owner::Network, "large packets are lost on the way, small ones pass", "let ICMP \"fragmentation needed\" pass, or lower the MTU of this host's interface or route")
        .when("a tunnel on the way is narrower than this host's interface, and a firewall drops the ICMP that says so", "{type: tls, host: db.internal, port: 443}"),
    entry(Phase::Connect, Cause::Prohibited, "connect.prohibited", Owner::Network, "a firewall on the way refuses, and says so (ICMP administratively prohibited)", "open the path in the firewall that answered")
        .when("a firewall on the way has a rule that rejects", "{type: tcp, host: db.internal, port: 5432}"),
    entry(Phase::Connect, Cause::DeniedLocally, "connect.denied-locally", Owner::Host, "this host itself forbids the connection", "look at the local firewall (OUTPUT), AppArmor or the sandbox")
        .when("the address is that of everybody in the network, to which conn-check does not send", "{type: udp, host: 255.255.255.255, port: 8125, send: 'conncheck.test:1|c'}"),
    entry(Phase::Connect, Cause::LocalLimit, "connect.local-limit", Owner::Host, "a limit of this host, not a fault of the target", "raise the limit (ulimit -n, ports, memory) or lower --concurrency")
        .when("this process may open no more files (`ulimit -n`)", "{type: tcp, host: db.internal, port: 5432}"),
    entry(Phase::Connect, Cause::NoSocket, "connect.no-socket", Owner::Service, "the Unix socket does not exist, is not a socket, or may not be used", "check the path, its mode, and that the service runs on this host")
        .when("the service does not run, or has its socket elsewhere", "{type: redis, host: /run/no-such-socket.sock}"),
    entry(Phase::Connect, Cause::Reset, "connect.reset", Owner::Service, "accepted, then reset before anything was said", "look at access lists of the service, and for a load balancer without a back end")
        .when("an access list of the service does not have this host", "{type: redis, host: cache.internal}"),
    entry(Phase::Connect, Cause::Closed, "connect.closed", Owner::Service, "closed while the connection was being made", "look at the service's log")
        .when("a load balancer has no back end for the connection", "{type: redis, host: cache.internal}"),
    entry(Phase::Proxy, Cause::Unreachable, "proxy.unreachable", Owner::Network, "the proxy itself cannot be reached", "check the proxy's host and port, and that it runs")
        .when("nothing listens where the proxy should be", "{type: http, url: 'http://app.internal/', proxy_url: 'http://127.0.0.1:1'}"),
    entry(Phase::Proxy, Cause::Timeout, "proxy.timeout", Owner::Network, "the proxy did not answer in time", "look for a firewall before the proxy, or a proxy that hangs")
        .when("a firewall stands before the proxy", "{type: http, url: 'https://app.internal/', proxy_url: 'http://192.0.2.1:3128'}"),
    entry(Phase::Proxy, Cause::Closed, "proxy.closed", Owner::Network, "the proxy closed the connection without an answer", "look at the proxy's log")
        .when("the proxy hangs up on who asks for a tunnel", "{type: http, url: 'https://app.internal/', proxy_url: 'http://proxy.internal:3128'}"),
    entry(Phase::Proxy, Cause::AuthRequired, "proxy.auth-required", Owner::Credentials, "the proxy wants a login, or rejects ours (407)", "put the proxy's user and password into proxy_url")
        .when("the proxy knows its users, and the URL names none", "{type: http, url: 'https://app.internal/', proxy_url: 'http://proxy.internal:3128'}").refuses(),
    entry(Phase::Proxy, Cause::Denied, "proxy.denied", Owner::Network, "the proxy refuses this request (403, 429 and others), as its rules say", "let this host reach the target in the proxy's rules")
        .when("the rules of the proxy do not have this target", "{type: http, url: 'https://app.internal/', proxy_url: 'http://proxy.internal:3128'}"),
    entry(Phase::Proxy, Cause::BadGateway, "proxy.bad-gateway", Owner::Network, "the proxy could not reach the target (500, 502 to 504; with SOCKS replies 1 and 3 to 6)", "see from the proxy whether the target is reachable and resolves")
        .when("the proxy finds no way to the target", "{type: http, url: 'https://no-such-host.invalid/', proxy_url: 'http://proxy.internal:3128'}"),
    entry(Phase::Proxy, Cause::NotAProxy, "proxy.not-a-proxy", Owner::Config, "what answers there is not a proxy of that kind", "check the proxy's host, port and scheme")
        .when("a mail server listens on that port", "{type: http, url: 'https://app.internal/', proxy_url: 'http://mail.internal:25'}"),
    entry(Phase::Proxy, Cause::TooLarge, "proxy.too-large", Owner::Config, "the head of the proxy's answer is longer than this program takes", "see what answers there (curl --proxy ...): a proxy's answer has a few lines; a larger one is a limit of conn-check's")
        .when("what listens there goes on with its answer for ever", "{type: http, url: 'https://app.internal/', proxy_url: 'http://proxy.internal:3128'}"),
    entry(Phase::Tls, Cause::NotTls, "tls.not-tls", Owner::Config, "the peer answered, but not with TLS", "check the port, and whether the service has TLS switched on")
        .when("the port is the plain one", "{type: tls, host: app.internal, port: 80}"),
    entry(Phase::Tls, Cause::Required, "tls.required", Owner::Config, "the peer insists on TLS, the check did not use it", "switch TLS on for this check, or use the plain port")
        .when("the port is the one for TLS", "{type: http, url: 'http://app.internal:443/'}"),
    entry(Phase::Tls, Cause::Untrusted, "tls.untrusted", Owner::Certificate, "the certificate's issuer is not trusted here", "install the CA here (or set ca_file), or have the server send its intermediate certificates")
        .when("the certificate is self-signed, or from a CA of one's own", "{type: tls, host: app.internal, port: 443}"),
    entry(Phase::Tls, Cause::Expired, "tls.expired", Owner::Certificate, "the certificate is past its end", "renew the certificate and reload the service; check this host's clock")
        .when("the certificate has not been renewed", "{type: tls, host: app.internal, port: 443}"),
    entry(Phase::Tls, Cause::NotYetValid, "tls.not-yet-valid", Owner::Certificate, "the certificate is not valid yet", "check this host's clock; else the certificate was issued for later")
        .when("the clock of this host is behind", "{type: tls, host: app.internal, port: 443}"),
    entry(Phase::Tls, Cause::InvalidCertificate, "tls.invalid-certificate", Owner::Certificate, "a certificate on the way to a trusted CA may not be used like this", "have the named certificate issued anew without what is wrong with it")
        .when("the certificate is for clients only (extended key usage)", "{type: tls, host: app.internal, port: 443}"),
    entry(Phase::Tls, Cause::UnsupportedCertificate, "tls.unsupported-certificate", Owner::Config, "conn-check cannot verify a certificate that OpenSSL accepts: a limit of conn-check", "see whether the application itself can connect, which may well be; else have the named certificate issued anew")
        .when("the server uses the certificate of a CA (CA:TRUE) as its own", "{type: tls, host: app.internal, port: 443}"),
    entry(Phase::Tls, Cause::WrongName, "tls.wrong-name", Owner::Certificate, "the certificate is for other names", "connect by a name in the certificate, or set server_name to one; else have it issued for this name too, or say `verify_name: false`")
        .when("the certificate is for app.internal only", "{type: tls, host: 10.0.0.7, port: 443}"),
    entry(Phase::Tls, Cause::NoCommonVersion, "tls.no-common-version", Owner::Service, "client and server share no TLS version or cipher", "let the server speak TLS 1.2 or 1.3 with a modern cipher")
        .when("the server speaks TLS 1.1 at most", "{type: tls, host: old.internal, port: 443}"),
    entry(Phase::Tls, Cause::ClientCertRequired, "tls.client-cert-required", Owner::Credentials, "the server wants a client certificate", "set client_cert and client_key")
        .when("the server lets nobody in without a certificate", "{type: http, url: 'https://app.internal/'}"),
    entry(Phase::Tls, Cause::ClientCertRejected, "tls.client-cert-rejected", Owner::Credentials, "the server rejects our client certificate", "use a certificate from the CA that the server trusts for clients")
        .when("another CA has issued it", "{type: http, url: 'https://app.internal/', client_cert: /etc/app/client.pem, client_key: /etc/app/client.key}"),
    entry(Phase::Tls, Cause::Closed, "tls.closed", Owner::Service, "closed or reset in the middle of the handshake", "look at the server's log; else for a middle box that cuts TLS")
        .when("the server hangs up in the middle of the handshake", "{type: tls, host: app.internal, port: 443}"),
    entry(Phase::Tls, Cause::Timeout, "tls.timeout", Owner::Service, "silent in the middle of the handshake", "see whether the service hangs; else look at the MTU and for middle boxes")
        .when("the server takes the first message, and hangs", "{type: tls, host: app.internal, port: 443}"),
    entry(Phase::Tls, Cause::Malformed, "tls.malformed", Owner::Service, "the handshake broke the TLS protocol", "look at the server's TLS library and for middle boxes on the way")
        .when("a middle box answers in the place of the server", "{type: tls, host: app.internal, port: 443}"),
    entry(Phase::Protocol, Cause::WrongService, "protocol.wrong-service", Owner::Config, "another service answers on this port", "check host and port")
        .when("the port is that of a web server", "{type: redis, host: app.internal, port: 80}"),
    entry(Phase::Protocol, Cause::Silent, "protocol.silent", Owner::Service, "accepted the connection, and never said a byte", "see whether the service hangs, or another service listens there")
        .when("the service hangs, or another one waits there for its client", "{type: redis, host: cache.internal}"),
    entry(Phase::Protocol, Cause::Timeout, "protocol.timeout", Owner::Service, "began to answer and did not finish in time", "see whether the service is overloaded or hangs")
        .when("the service is overloaded", "{type: smtp, host: mail.internal, port: 25, use_tls: false, from_address: app@internal, send: false}"),
    entry(Phase::Protocol, Cause::Closed, "protocol.closed", Owner::Service, "closed the connection before it answered", "look at the service's log")
        .when("the service has no room for another client, and no word for it", "{type: mongodb, host: db.internal}"),
    entry(Phase::Protocol, Cause::Reset, "protocol.reset", Owner::Service, "reset the connection before it answered", "look at the service's log and its access lists")
        .when("the service breaks down over the first message", "{type: redis, host: cache.internal}"),
    entry(Phase::Protocol, Cause::Malformed, "protocol.malformed", Owner::Service, "the answer was not understood", "look at what listens there, and at its version")
        .when("what listens there speaks something of its own", "{type: amqp, host: broker.internal, username: app, password: '...'}"),
    entry(Phase::Protocol, Cause::TooLarge, "protocol.too-large", Owner::Service, "the answer is longer than a sane one can be", "look at what listens there")
        .when("what listens there sends a stream of data", "{type: memcache, host: stream.internal}"),
    entry(Phase::Protocol, Cause::UnsupportedVersion, "protocol.unsupported-version", Owner::Service, "the server speaks a version of the protocol that is not supported", "upgrade the server, or check the port")
        .when("the broker speaks AMQP 1.0 only", "{type: amqp, host: broker.internal, username: app, password: '...'}"),
    entry(Phase::Protocol, Cause::NotReady, "protocol.not-ready", Owner::Service, "the service is starting, loading or recovering", "wait, then look at the service's log")
        .when("the server reads its data at the start", "{type: redis, host: cache.internal}"),
    entry(Phase::Protocol, Cause::Overloaded, "protocol.overloaded", Owner::Service, "the service takes no more connections", "raise its connection limit or shrink the clients' pools")
        .when("`max_connections` are in use", "{type: postgres, host: db.internal, username: app, database: shop}"),
    entry(Phase::Auth, Cause::Rejected, "auth.rejected", Owner::Credentials, "wrong user or password", "check the user and password of this check, and the application's")
        .when("the server knows another password", "{type: redis, host: cache.internal, password: old}").refuses(),
    entry(Phase::Auth, Cause::Required, "auth.required", Owner::Config, "the server wants a login, but none is configured", "add the login to this check")
        .when("the server has `requirepass`", "{type: redis, host: cache.internal}").refuses(),
    entry(Phase::Auth, Cause::MethodUnsupported, "auth.method-unsupported", Owner::Config, "client and server share no login mechanism", "enable a common mechanism on the server, or use another login option")
        .when("the server wants Kerberos (`gss` in pg_hba.conf)", "{type: postgres, host: db.internal, username: app, password: '...', database: shop}").refuses(),
    entry(Phase::Auth, Cause::HostNotAllowed, "auth.host-not-allowed", Owner::Service, "this user may not log in from this host", "allow this host (pg_hba.conf, the account's host part, access rules)")
        .when("pg_hba.conf has no line for this host", "{type: postgres, host: db.internal, username: app, password: '...', database: shop}").refuses(),
    entry(Phase::Auth, Cause::Locked, "auth.locked", Owner::Credentials, "the account is locked or its password has expired", "unlock the account or renew its password")
        .when("the role has NOLOGIN", "{type: postgres, host: db.internal, username: app, password: '...', database: shop}").refuses(),
    entry(Phase::Auth, Cause::Timeout, "auth.timeout", Owner::Service, "no answer to the login in time", "look at the service's authentication back end")
        .when("the directory that the server asks hangs", "{type: postgres, host: db.internal, username: app, password: '...', database: shop}").refuses(),
    entry(Phase::Auth, Cause::Closed, "auth.closed", Owner::Service, "closed the connection instead of answering the login", "look at the service's log")
        .when("the broker has no word for a login that it refuses", "{type: amqp, host: broker.internal, username: app, password: '...'}").refuses(),
    entry(Phase::Request, Cause::NoSuchDatabase, "request.no-such-database", Owner::Config, "the database does not exist", "check the database's name, or create it")
        .when("no database has that name", "{type: postgres, host: db.internal, username: app, password: '...', database: shpo}"),
    entry(Phase::Request, Cause::NoSuchBucket, "request.no-such-bucket", Owner::Config, "the bucket does not exist", "check the bucket's name, the endpoint and the region, or create it")
        .when("no bucket has that name", "{type: s3, endpoint: 'https://s3.internal', bucket: no-such-bucket, access_key: {env: AWS_ACCESS_KEY_ID}, secret_key: {env: AWS_SECRET_ACCESS_KEY}}"),
    entry(Phase::Request, Cause::NoSuchVhost, "request.no-such-vhost", Owner::Config, "the virtual host does not exist", "check the vhost, or create it")
        .when("no virtual host has that name", "{type: amqp, host: broker.internal, username: app, password: '...', vhost: shpo}"),
    entry(Phase::Request, Cause::NoSuchQueue, "request.no-such-queue", Owner::Config, "the queue or exchange does not exist", "check its name, or let the application declare it")
        .when("the application has not declared it yet", "{type: amqp, host: broker.internal, username: app, password: '...', queue: orders}"),
    entry(Phase::Request, Cause::NoWorker, "request.no-worker", Owner::Service, "no worker of the task queue has answered", "see whether a worker runs for this broker and this virtual host or database (`celery -A APP status`), and whether it hangs; one of the pool `solo` answers only between two tasks")
        .when("no worker runs for that broker", "{type: celery, broker: 'amqp://app:...@broker.internal/app'}"),
    entry(Phase::Request, Cause::TooFewWorkers, "request.too-few-workers", Owner::Service, "fewer workers of the task queue have answered than there have to be", "start those that are not there (`celery -A APP status` lists the others), or raise `wait` where they are slow to answer")
        .when("one of two workers is down", "{type: celery, broker: 'redis://cache.internal/1', workers: 2}"),
    entry(Phase::Request, Cause::NoConsumer, "request.no-consumer", Owner::Service, "workers run, and none of them consumes this queue", "start a worker with the queue (`celery -A APP worker -Q NAME`), or correct the name")
        .when("the worker of the queue `mail` is down, and others are not", "{type: celery, broker: 'redis://cache.internal/1', queues: [celery, mail]}"),
    entry(Phase::Request, Cause::Revoked, "request.revoked", Owner::Service, "the task was too long in the queue, and was revoked", "see what keeps the workers busy (`celery -A APP inspect active`), and whether there are enough of them; else raise `queue_timeout`")
        .when("a long task keeps the only worker busy", "{type: celery_task, broker: 'redis://cache.internal/1', result_backend: 'redis://cache.internal/2', task: shop.tasks.health}"),
    entry(Phase::Request, Cause::NoResult, "request.no-result", Owner::Service, "a worker has taken the task, and no result came", "see whether the task hangs (`celery -A APP inspect active`, the worker's log), and whether the workers write to this result back end; else raise `wait`")
        .when("the task takes longer than three seconds", "{type: celery_task, broker: 'redis://cache.internal/1', result_backend: 'redis://cache.internal/2', task: shop.tasks.report}"),
    entry(Phase::Request, Cause::NoSuchTask, "request.no-such-task", Owner::Config, "the workers know no task of this name", "correct `task` (`celery -A APP inspect registered` lists all), or deploy the code that has it to the workers")
        .when("the workers run code without that task", "{type: celery_task, broker: 'redis://cache.internal/1', result_backend: 'redis://cache.internal/2', task: shop.tasks.helth}"),
    entry(Phase::Request, Cause::TaskFailed, "request.task-failed", Owner::Service, "the task has failed", "look at the worker's log, which has the traceback")
        .when("the task raises an exception", "{type: celery_task, broker: 'redis://cache.internal/1', result_backend: 'redis://cache.internal/2', task: shop.tasks.health}"),
    entry(Phase::Request, Cause::NoSuchEntry, "request.no-such-entry", Owner::Config, "the entry does not exist, or this user may not know that it does", "check the base; else grant this user the right to read it")
        .when("the directory has no such entry", "{type: ldap, host: directory.internal, base: 'ou=poeple,dc=example,dc=com'}"),
    entry(Phase::Request, Cause::PermissionDenied, "request.permission-denied", Owner::Service, "logged in, and not permitted to do this", "grant this user what the application needs")
        .when("the role may not read the table", "{type: postgres, host: db.internal, username: app, password: '...', database: shop, table: orders}"),
    entry(Phase::Request, Cause::ReadOnly, "request.read-only", Owner::Service, "a replica answers where a primary is wanted", "point to the primary, or look at the fail-over")
        .when("the server is a replica", "{type: redis, host: cache.internal, role: primary}"),
    entry(Phase::Request, Cause::Full, "request.full", Owner::Service, "the service takes no more: its memory, its disk or a quota is used up", "make room there, or raise the limit")
        .when("the server's memory is used up (maxmemory), and it throws nothing out", "{type: redis, host: cache.internal, roundtrip: true}"),
    entry(Phase::Request, Cause::UnexpectedStatus, "request.unexpected-status", Owner::Service, "answered with another status than expected", "look at the service's log; else correct expected_code")
        .when("the service answers 503", "{type: http, url: 'https://app.internal/health'}"),
    entry(Phase::Request, Cause::UnexpectedHeader, "request.unexpected-header", Owner::Service, "a header is missing or differs", "look at the service and the proxies before it; else correct expected_headers")
        .when("a proxy before the service leaves it out", "{type: http, url: 'https://app.internal/', expected_headers: {strict-transport-security: }}"),
    entry(Phase::Request, Cause::UnexpectedBody, "request.unexpected-body", Owner::Service, "the body is not as expected", "look at what the service sends; else correct what is expected of the body")
        .when("the page says something else", "{type: http, url: 'https://app.internal/health', expected_body: all is well}"),
    entry(Phase::Request, Cause::UnexpectedReply, "request.unexpected-reply", Owner::Service, "the reply is not as expected", "look at what the service sends; else correct expect")
        .when("the record has another address", "{type: dns, name: db.internal, expect: 10.0.0.5}"),
    entry(Phase::Request, Cause::Redirected, "request.redirected", Owner::Config, "redirects elsewhere, and redirects are off", "use the new URL, set allow_redirects, or expect this status")
        .when("the site sends everybody to https://", "{type: http, url: 'http://app.internal/'}"),
    entry(Phase::Request, Cause::RecipientRefused, "request.recipient-refused", Owner::Service, "the mail server refuses the recipient", "check to_address and the server's relay rules")
        .when("the server does not relay to other domains", "{type: smtp, host: mail.internal, port: 25, use_tls: false, from_address: app@internal, to_address: ops@example.com, send: false}"),
    entry(Phase::Request, Cause::SenderRefused, "request.sender-refused", Owner::Service, "the mail server refuses the sender", "check from_address and the server's rules")
        .when("the server takes mail of its own domains only", "{type: smtp, host: mail.internal, port: 25, use_tls: false, from_address: app@example.com, to_address: ops@internal, send: false}"),
    entry(Phase::Request, Cause::Timeout, "request.timeout", Owner::Service, "no complete answer to the request in time", "see whether the service is slow or overloaded")
        .when("the query takes longer than the check may", "{type: postgres, host: db.internal, username: app, password: '...', database: shop, query: SELECT pg_sleep(60)}"),
    entry(Phase::Request, Cause::Closed, "request.closed", Owner::Service, "closed the connection in the middle of the answer", "look at the service's log")
        .when("the service breaks down over the request", "{type: http, url: 'https://app.internal/health'}"),
    entry(Phase::Request, Cause::NotFailed, "request.not-failed", Owner::Service, "the check passes, and is expected to fail", "close what is to be closed; or take `expect_failure` away")
        .when("something listens on the port that is to be closed", "{type: tcp, host: db.internal, port: 5432, expect_failure: connect.refused}"),
    entry(Phase::Request, Cause::PartsDisagree, "request.parts-disagree", Owner::Service, "every part of an end-to-end check is well, and together they are not", "look at what joins the parts: the configuration of what stands between them")
        .when("the application answers, the reverse proxy has the file, and its X-Accel location is another one", "{type: http, url: 'https://app.internal/download/', expected_body: dummy, hint: the X-Accel configuration of the reverse proxy, parts: [{type: http, url: 'http://app.internal:8000/download/', expected_headers: {x-accel-redirect: /protected/dummy}}, {type: http, url: 'https://app.internal/dummy'}]}"),
    entry(Phase::Run, Cause::Deadline, "run.deadline", Owner::Config, "--max-timeout came before the check could start", "raise --max-timeout or --concurrency, or split the file")
        .when("checks before it took all the time of `--max-timeout`", "{type: tcp, host: db.internal, port: 5432}"),
    entry(Phase::Run, Cause::OwnFault, "run.own-fault", Owner::Host, "a fault of conn-check itself", "please report it with the output of --tracebacks")
        .when("this program has a bug", "{type: tcp, host: db.internal, port: 5432}"),
];

#[cfg(test)]
mod tests;
