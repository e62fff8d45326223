//! What a server says of an account beyond "invalid credentials": by the password policy (`OpenLDAP`, 389
//! Directory Server, `ApacheDS`), and Active Directory in the words of its answer.

use super::ber::{OCTETS, SEQUENCE, number, take};
use crate::catalogue::Cause;

/// The control by which the policy is asked for and told
/// (<https://datatracker.ietf.org/doc/html/draft-behera-ldap-password-policy-10>, section 6).
pub(super) const PASSWORD_POLICY: &[u8] = b"1.3.6.1.4.1.42.2.27.8.5.1";

/// What the policy says of an account.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Policy {
    /// Seconds until the password expires, when that is soon.
    pub(super) expires_in: Option<u32>,
    /// The password has expired, and so many logins are left.
    pub(super) logins_left: Option<u32>,
    /// Why the user may not log in, or do anything.
    pub(super) problem: Option<Problem>,
}

/// What is wrong with an account.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Problem {
    Expired,
    Locked,
    /// The password was set by somebody else, and has to be changed before anything else.
    MustChange,
}

impl Policy {
    /// Finds it among the controls of an answer (RFC 4511, section 4.1.11).
    pub(super) fn read(mut controls: &[u8]) -> Self {
        while let Some((control, next)) = take(controls, SEQUENCE) {
            match take(control, OCTETS) {
                Some((PASSWORD_POLICY, rest)) => return Self::of_control(rest).unwrap_or_default(),
                _ => controls = next,
            }
        }
        Self::default()
    }

    /// `PasswordPolicyResponseValue`: a warning, [0], and an error, [1]; whether the control is critical may
    /// stand before it.
    fn of_control(control: &[u8]) -> Option<Self> {
        let value = take(control, super::ber::BOOLEAN).map_or(control, |(_, rest)| rest);
        let (response, _) = take(take(value, OCTETS)?.0, SEQUENCE)?;
        let (warning, rest) = take(response, 0xa0).unwrap_or((&[], response));
        let of_warning = |tag| take(warning, tag).and_then(|(count, _)| number(count));
        let problem = match take(rest, 0x81).map(|(error, _)| error) {
            Some([0]) => Some(Problem::Expired),
            Some([1]) => Some(Problem::Locked),
            Some([2]) => Some(Problem::MustChange),
            _ => None,
        };
        Some(Self { expires_in: of_warning(0x80), logins_left: of_warning(0x81), problem })
    }
}

impl Problem {
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Expired => "the password has expired",
            Self::Locked => "the account is locked",
            Self::MustChange => "the password has to be changed before anything else",
        }
    }
}

/// What Active Directory's sub-code of 49 means: a Windows error in hexadecimal, as in `80090308: LdapErr:
/// DSID-0C09042A, comment: AcceptSecurityContext error, data 52e, v3839` (MS-ADTS, section 3.1.1.3.1.9;
/// MS-ERREF, section 2.2).
pub(super) fn reason_of_active_directory(words: &str) -> Option<(Cause, &'static str)> {
    let (_, data) = words.split_once(", data ")?;
    Some(match data.split(',').next()?.trim() {
        "525" => (Cause::Rejected, "there is no such user"),
        "52e" => (Cause::Rejected, "the password is wrong"),
        "52f" => (Cause::Locked, "a restriction of the account forbids it"),
        "530" => (Cause::Locked, "not at this hour"),
        "531" => (Cause::HostNotAllowed, "not from this host"),
        "532" => (Cause::Locked, "the password has expired"),
        "533" => (Cause::Locked, "the account is disabled"),
        "701" => (Cause::Locked, "the account has expired"),
        "773" => (Cause::Locked, "the password has to be changed first"),
        "775" => (Cause::Locked, "the account is locked"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::ber::element;
    use super::*;

    fn policy(value: &[u8]) -> Policy {
        let other = element(SEQUENCE, &element(OCTETS, b"1.2.3"));
        let control = [element(OCTETS, PASSWORD_POLICY), element(0x01, &[0]), element(OCTETS, value)].concat();
        Policy::read(&[other, element(SEQUENCE, &control)].concat())
    }

    #[test]
    fn warnings_and_errors_are_read() {
        assert_eq!(policy(b"\x30\0"), Policy::default());
        assert_eq!(policy(b"\x30\x03\x81\x01\0").problem, Some(Problem::Expired));
        assert_eq!(policy(b"\x30\x03\x81\x01\x02").problem, Some(Problem::MustChange));
        let soon = policy(b"\x30\x06\xa0\x04\x80\x02\x0e\x10");
        assert_eq!(soon, Policy { expires_in: Some(3600), ..Policy::default() });
        let late = policy(b"\x30\x08\xa0\x03\x81\x01\x02\x81\x01\x02");
        let wanted = Policy { logins_left: Some(2), problem: Some(Problem::MustChange), expires_in: None };
        assert_eq!(late, wanted);
    }

    #[test]
    fn reasons_of_active_directory_are_known_by_their_numbers() {
        let words = |data: &str| {
            format!("80090308: LdapErr: DSID-0C09042A, comment: AcceptSecurityContext error, data {data}, v3839")
        };
        let cause = |data: &str| reason_of_active_directory(&words(data)).map(|(cause, _)| cause);
        assert_eq!(cause("52e"), Some(Cause::Rejected));
        assert_eq!(cause("775"), Some(Cause::Locked));
        assert_eq!(cause("531"), Some(Cause::HostNotAllowed));
        assert_eq!((cause("0"), reason_of_active_directory("Invalid credentials")), (None, None));
    }
}
