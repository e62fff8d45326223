//! The stages of a check: the vocabulary that every protocol shares.

/// An enumeration whose values have words of their own in every output.
macro_rules! words {
    ($(#[$about:meta])* $visibility:vis $name:ident { $($(#[$doc:meta])* $value:ident $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        $visibility enum $name {
            $($(#[$doc])* $value,)*
        }

        impl $name {
            /// Every value, in this order.
            #[allow(dead_code, reason = "not every enumeration is listed")]
            $visibility const ALL: [Self; [$($word),*].len()] = [$(Self::$value),*];

            /// The word used in every output.
            #[must_use]
            $visibility const fn slug(self) -> &'static str {
                match self { $(Self::$value => $word),* }
            }
        }
    };
}

pub(crate) use words;

words! {
    /// One stage of a check, in the order a client meets them.
    ///
    /// A check passes through the phases it needs, some twice (STARTTLS: protocol, tls, protocol, auth).
    pub Phase {
        /// What the check needs before it can begin: its secrets, its certificates.
        Config "config",
        /// This host itself is looked at: its disks, its memory, its programs.
        Local "local",
        /// The name is turned into addresses.
        Resolve "resolve",
        /// A transport connection is opened to one of them.
        Connect "connect",
        /// A proxy is asked to pass the connection on.
        Proxy "proxy",
        /// The TLS handshake.
        Tls "tls",
        /// The peer proves that it speaks the expected protocol.
        Protocol "protocol",
        /// The peer accepts our credentials.
        Auth "auth",
        /// What the application needs from the service is asked for.
        Request "request",
        /// Outside every phase: the run itself (its deadline, a fault of our own).
        Run "run",
    }
}

impl Phase {
    /// What happens in it.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::Config => "what the check needs before it can begin: its secrets, its certificates",
            Self::Local => "this host itself is looked at: its disks, its memory, its programs",
            Self::Resolve => "the name is turned into addresses",
            Self::Connect => "a connection is opened to one of them",
            Self::Proxy => "a proxy is asked to pass the connection on",
            Self::Tls => "the TLS handshake",
            Self::Protocol => "the peer proves that it speaks the expected protocol",
            Self::Auth => "the peer accepts the login",
            Self::Request => "what the application needs is asked for",
            Self::Run => "outside every phase",
        }
    }
}
