//! What a failure concerns, as far as it was learnt where it was found: who reads of several tells by it whether they
//! have one cause ([`causes`](crate::causes)).

use crate::phase::words;

words! {
    /// What a failure may be a failure of.
    pub Part {
        /// The resolvers that were asked, where nothing speaks for them.
        Resolver "resolver",
        /// The name that was looked up, or asked for in a certificate.
        Name "name",
        /// Where it listens: address and port, a Unix socket; of a web server with its name, behind a proxy with that.
        Service "service",
        /// A host that does not answer at all, or that nobody leads to.
        Host "host",
        /// A router or a firewall that says so, or behind which nothing answers.
        Router "router",
        /// A proxy.
        Proxy "proxy",
        /// A certificate, told from others of its name by a part of its SHA-256.
        Certificate "certificate",
        /// A certificate authority, told from others of its name by a part of its key's identifier.
        Authority "authority",
        /// Who logs in.
        Account "account",
        /// Something of this host: a rule of its firewall, a limit, an interface, its clock.
        ThisHost "this-host",
        /// A variable or a file that a check needs.
        Reference "reference",
    }
}

impl Part {
    /// For people.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::Resolver => "the resolvers that were asked",
            Self::Name => "the name",
            Self::Service => "address and port",
            Self::Host => "the host",
            Self::Router => "the router",
            Self::Proxy => "the proxy",
            Self::Certificate => "the certificate",
            Self::Authority => "the certificate authority",
            Self::Account => "the account",
            Self::ThisHost => "the part of this host",
            Self::Reference => "the variable or the file",
        }
    }
}

/// What a failure concerns, each part once.
#[derive(Clone, Debug)]
pub struct Concerns<T>(Vec<(Part, T)>);

impl<T> Concerns<T> {
    /// That of a part, if it is known.
    #[must_use]
    pub fn of(&self, part: Part) -> Option<&T> {
        self.0.iter().find(|(known, _)| *known == part).map(|(_, what)| what)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (Part, &T)> {
        self.0.iter().map(|(part, what)| (*part, what))
    }

    /// The same in other words.
    pub(crate) fn told<U>(&self, tell: impl Fn(&T) -> U) -> Concerns<U> {
        Concerns(self.0.iter().map(|(part, what)| (*part, tell(what))).collect())
    }

    /// Adds a part, in the place of what was known of it.
    pub(crate) fn set(&mut self, part: Part, what: T) {
        self.0.retain(|(known, _)| *known != part);
        self.0.push((part, what));
    }
}

impl<T> Default for Concerns<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}
