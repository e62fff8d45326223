//! How TLS is asked for where a protocol begins without it.

/// What a client says, and what it hears before and after that.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Upgrade {
    /// Replies of lines with a code of three digits: the greeting is 220, and a client may have to introduce itself.
    Codes(Codes),
    /// Replies of lines that begin with a word.
    Words(Words),
    /// A message of LDAP, answered by one.
    Extended(&'static [u8]),
    /// A message that is answered by one letter, S or N.
    Letter(&'static [u8]),
    /// The server's greeting says whether it has TLS, and the request is not answered.
    Capability,
}

/// What is said where replies have codes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Codes {
    /// The word that a client introduces itself with; the reply lists the request among what the server can.
    pub(crate) hello: Option<&'static str>,
    /// The request for TLS.
    pub(crate) request: &'static str,
    /// The code that agrees to it.
    pub(crate) agreed: &'static str,
}

/// What is said where replies begin with words.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Words {
    /// What the greeting begins with.
    pub(crate) greeting: &'static str,
    /// What it begins with where the server turns the client away.
    pub(crate) farewell: &'static str,
    /// What it begins with where it is too late for TLS.
    pub(crate) late: Option<&'static str>,
    /// The request for TLS, with what its answer repeats.
    pub(crate) request: &'static str,
    /// What the answer that agrees begins with.
    pub(crate) agreed: &'static str,
    /// What it begins with where the server knows the request and has reasons of its own not to begin.
    pub(crate) unable: &'static str,
    /// What lines between the request and its answer begin with.
    pub(crate) between: Option<&'static str>,
}

/// `PostgreSQL`'s `SSLRequest` (its manual, "Message Formats"): its length, 1234 and 5679.
pub(crate) const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// An extended request of message 1 for `StartTLS` (RFC 4511, section 4.14.1).
pub(crate) const LDAP_START_TLS: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";
