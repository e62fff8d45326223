//! The stages of a check: the vocabulary that every protocol shares.

/// One stage of a check, in the order a client meets them.
///
/// A check passes through the phases it needs, some twice (STARTTLS: protocol, tls, protocol, auth).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Phase {
    /// The name is turned into addresses.
    Resolve,
    /// A transport connection is opened to one of them.
    Connect,
    /// A proxy is asked to pass the connection on.
    Proxy,
    /// The TLS handshake.
    Tls,
    /// The peer proves that it speaks the expected protocol.
    Protocol,
    /// The peer accepts our credentials.
    Auth,
    /// What the application needs from the service is asked for.
    Request,
    /// Outside every phase: the run itself (its deadline, a fault of our own).
    Run,
}

impl Phase {
    /// Every phase, in order; [`Phase::Run`] last.
    pub const ALL: [Self; 8] =
        [Self::Resolve, Self::Connect, Self::Proxy, Self::Tls, Self::Protocol, Self::Auth, Self::Request, Self::Run];

    /// The first half of a failure code.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Proxy => "proxy",
            Self::Tls => "tls",
            Self::Protocol => "protocol",
            Self::Auth => "auth",
            Self::Request => "request",
            Self::Run => "run",
        }
    }
}
