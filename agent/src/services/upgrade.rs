//! How TLS is asked for where a protocol begins without it.

/// What a client says, and what it hears before and after that.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Upgrade {
    /// Replies of lines with a code of three digits: the greeting is 220, and a client may have to introduce itself.
    Codes {
        /// The word that a client introduces itself with; the reply lists the request among what the server can.
        hello: Option<&'static str>,
        /// The request for TLS.
        request: &'static str,
        /// The code that agrees to it.
        agreed: &'static str,
    },
    /// Replies of lines that begin with a word.
    Words {
        /// What the greeting begins with.
        greeting: &'static str,
        /// What it begins with where the server turns the client away.
        farewell: &'static str,
        /// What it begins with where it is too late for TLS.
        late: Option<&'static str>,
        /// The request for TLS, with what its answer repeats.
        request: &'static str,
        /// What the answer that agrees begins with.
        agreed: &'static str,
        /// What it begins with where the server knows the request and has reasons of its own not to begin.
        unable: &'static str,
        /// What lines between the request and its answer begin with.
        between: Option<&'static str>,
    },
    /// A message of LDAP, answered by one.
    Extended(&'static [u8]),
    /// A message that is answered by one letter, S or N.
    Letter(&'static [u8]),
    /// The server's greeting says whether it has TLS, and the request is not answered.
    Capability,
}

/// `PostgreSQL`'s `SSLRequest` (its manual, "Message Formats"): its length, 1234 and 5679.
pub(crate) const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// An extended request of message 1 for `StartTLS` (RFC 4511, section 4.14.1).
pub(crate) const LDAP_START_TLS: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";
