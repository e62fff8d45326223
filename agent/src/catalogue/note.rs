//! The codes of notes, with what is known of each.

use super::Example;
use crate::phase::words;
use std::fmt;

words! {
    /// What a check that passed left undone for safety, because the file or the service is like that: everybody
    /// is to see it, in every format. Its word is its code.
    pub Note {
        /// Any certificate is taken.
        Unverified "tls.verification-off",
        /// The certificate may be for any name.
        NameUnverified "tls.name-verification-off",
        /// Python from 3.13 refuses the certificate.
        StrictRefuses "tls.strict-refuses",
        /// The login goes to another host without TLS.
        LoginWithoutTls "auth.without-tls",
    }
}

impl Note {
    /// What was left undone.
    #[must_use]
    pub const fn what(self) -> &'static str {
        match self {
            Self::Unverified => "the certificate is not verified",
            Self::NameUnverified => "the certificate may be for any name",
            Self::StrictRefuses => "Python from 3.13 refuses the certificate by default (strict mode)",
            Self::LoginWithoutTls => "the login goes to another host without TLS",
        }
    }

    /// The fact that is false where the note applies.
    #[must_use]
    pub const fn fact(self) -> &'static str {
        match self {
            Self::Unverified => "tls_verified",
            Self::NameUnverified => "tls_name_verified",
            Self::StrictRefuses => "tls_strict",
            Self::LoginWithoutTls => "login_over_tls",
        }
    }

    /// A check that gives it.
    #[must_use]
    pub const fn example(self) -> Example {
        match self {
            Self::Unverified => Example {
                when: "the option is set",
                check: "{type: tls, host: app.internal, port: 443, disable_tls_verification: true}",
            },
            Self::NameUnverified => Example {
                when: "the option is false",
                check: "{type: tls, host: app.internal, port: 443, verify_name: false}",
            },
            Self::StrictRefuses => Example {
                when: "the certificate of the CA, which is one of your own, has no key usage",
                check: "{type: tls, host: app.internal, port: 443}",
            },
            Self::LoginWithoutTls => Example {
                when: "the server is another host, and takes the login without TLS",
                check: "{type: redis, host: cache.internal, password: '...'}",
            },
        }
    }

    /// What to do where that is not wanted.
    #[must_use]
    pub const fn next_step(self) -> &'static str {
        match self {
            Self::Unverified => "take `disable_tls_verification` away, and set `ca_file` if the CA is one of your own",
            Self::NameUnverified => "take `verify_name` away, and connect by a name in the certificate",
            Self::StrictRefuses => {
                "have the certificate that `tls_strict_objection` names issued anew as RFC 5280 has it, or take VERIFY_X509_STRICT out of the application's SSL context"
            }
            Self::LoginWithoutTls => "set `use_tls`, and switch TLS on in the server",
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.what(), self.slug())
    }
}
