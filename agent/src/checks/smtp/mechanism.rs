//! The ways to log in: which are offered, and what each sends.

use crate::fault::{Cause, Fault};
use crate::phase::words;
use crate::secret::sentence;
use crate::settings::shape::Shape;
use crate::settings::{Credentials, Field, Misfit, Setting};
use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::Md5;
use serde_json::json;
use std::fmt::Write as _;

words! {
    /// A way to log in.
    pub(super) AuthMechanism {
        /// User and password in one (RFC 4616).
        Plain "plain",
        /// User and password, each to a prompt (draft-murchison-sasl-login).
        Login "login",
        /// A proof of the password over a challenge (RFC 2195).
        CramMd5 "cram-md5",
        /// An access token in the place of a password (Google, Microsoft: "SASL XOAUTH2").
        Xoauth2 "xoauth2",
    }
}

impl AuthMechanism {
    /// As servers name it.
    pub(super) fn name(self) -> String {
        self.slug().to_ascii_uppercase()
    }

    /// The one to use of those that a server offers: the one that was asked for, else the first of the two that everybody
    /// has.
    pub(super) fn choose(wanted: Option<Self>, offered: &[&str]) -> Result<Self, Fault> {
        let is_offered = |mechanism: &Self| offered.iter().any(|name| name.eq_ignore_ascii_case(mechanism.slug()));
        let fault = match wanted {
            Some(wanted) if is_offered(&wanted) => return Ok(wanted),
            Some(wanted) => {
                let message = sentence!["the mail server does not offer the login ", &wanted.name()];
                Fault::new(Cause::MethodUnsupported, message)
                    .next_step("enable it on the mail server, or name one that the server offers in `auth_mechanism`")
            }
            None => match [Self::Plain, Self::Login].into_iter().find(is_offered) {
                Some(usual) => return Ok(usual),
                None => Fault::new(Cause::MethodUnsupported, "the mail server accepts neither PLAIN nor LOGIN").next_step(
                    "enable PLAIN or LOGIN on the mail server; or set `auth_mechanism`, if the application uses cram-md5 or xoauth2",
                ),
            },
        };
        Err(fault.evidence(sentence!["it offers AUTH ", offered.join(" ")]))
    }
}

/// What XOAUTH2 sends, with the token in the place of the password.
pub(super) fn bearer(login: &Credentials) -> String {
    format!("user={}\x01auth=Bearer {}\x01\x01", login.user, login.password.expose())
}

/// What CRAM-MD5 answers to a challenge (RFC 2195, section 2): the user, and a proof that only who knows the password
/// can make.
pub(super) fn proof(login: &Credentials, challenge: &[u8]) -> String {
    let mut answer = format!("{} ", login.user);
    // A key of any length is one.
    if let Ok(mut mac) = Hmac::<Md5>::new_from_slice(login.password.expose().as_bytes()) {
        mac.update(challenge);
        for byte in mac.finalize().into_bytes() {
            // Writing to a string cannot fail.
            let _ = write!(answer, "{byte:02x}");
        }
    }
    answer
}

impl Setting for AuthMechanism {
    const SHAPE: Shape = Shape::plain(
        "plain, login, cram-md5 or xoauth2",
        "mechanism",
        || json!({"enum": AuthMechanism::ALL.map(AuthMechanism::slug)}),
    );

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        field.parse(&Self::SHAPE, |text| Self::ALL.into_iter().find(|known| text.eq_ignore_ascii_case(known.slug())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn login(user: &str, password: &str) -> Credentials {
        Credentials { user: user.to_owned(), password: Secret::new(password.to_owned()) }
    }

    /// The example of RFC 2195, section 2.
    #[test]
    fn a_proof_is_that_of_the_standard() {
        let proof = proof(&login("tim", "tanstaaftanstaaf"), b"<1896.697170952@postoffice.reston.mci.net>");
        assert_eq!(proof, "tim b913a602c7eda7a495b4e6e7334d3890");
    }

    #[test]
    fn a_bearer_is_that_of_the_providers() {
        let bearer = bearer(&login("someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg"));
        assert_eq!(
            bearer,
            "user=someuser@example.com\x01auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\x01\x01"
        );
    }
}
