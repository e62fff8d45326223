//! The messages of LDAP that a check needs (RFC 4511, section 4): requests as bytes, and what servers
//! send, taken apart.

use super::ber::{BOOLEAN, ENUMERATED, INTEGER, OCTETS, SEQUENCE, element, number, take};
use super::policy::{PASSWORD_POLICY, Policy};

/// The name of the notice that the server hangs up (RFC 4511, section 4.4.1).
const DISCONNECTION: &[u8] = b"1.3.6.1.4.1.1466.20036";

/// The tag of controls, behind an operation.
const CONTROLS: u8 = 0xa0;

/// The tag of an extended operation's name in its answer.
const RESPONSE_NAME: u8 = 0x8a;

/// What a server sends (RFC 4511, section 4.1.1).
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Message {
    /// That of the request which it answers.
    pub(super) id: u32,
    pub(super) response: Response,
    /// What the password policy says of the account.
    pub(super) policy: Policy,
}

/// What is answered, or told without a question.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Response {
    Bind(Outcome),
    Entry,
    /// Where more may be found, or word of what goes on: something in between.
    Interim,
    SearchDone(Outcome),
    Extended(Outcome),
    /// The server hangs up (RFC 4511, section 4.4.1); it answers no request.
    Disconnection(Outcome),
}

/// How an operation ended: `LDAPResult` (RFC 4511, section 4.1.9).
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Outcome {
    pub(super) code: u32,
    /// The nearest entry above the wanted one that the user may see; may be empty.
    pub(super) matched: String,
    /// The server's words; may be empty.
    pub(super) words: String,
    /// The first of the places where it sends the client instead.
    pub(super) referral: Option<String>,
}

/// A simple bind of version 3 (section 4.2); an empty name and password are the anonymous one (RFC 4513,
/// section 5.1.1). A server that knows the password policy is asked for it: without, an account that is
/// locked looks like a wrong password.
pub(super) fn bind(id: u8, name: &str, password: &str) -> Vec<u8> {
    let simple = [element(INTEGER, &[3]), element(OCTETS, name.as_bytes()), element(0x80, password.as_bytes())];
    let control = element(SEQUENCE, &element(OCTETS, PASSWORD_POLICY));
    let controls = if name.is_empty() { Vec::new() } else { element(CONTROLS, &control) };
    message(id, &[element(0x60, &simple.concat()), controls].concat())
}

/// A bind by SASL EXTERNAL (RFC 4513, section 5.2.3): as whom the client is known by already, its certificate or its
/// process, and as nobody else.
pub(super) fn bind_external(id: u8) -> Vec<u8> {
    let external = [element(OCTETS, b"EXTERNAL"), element(OCTETS, b"")].concat();
    let bind = [element(INTEGER, &[3]), element(OCTETS, b""), element(0xa3, &external)];
    let control = element(SEQUENCE, &element(OCTETS, PASSWORD_POLICY));
    message(id, &[element(0x60, &bind.concat()), element(CONTROLS, &control)].concat())
}

/// A search of one entry itself, for its name alone (sections 4.5.1 and 4.5.1.8): aliases are not
/// followed, one entry is enough, the server's own limit of time counts, whatever class it has, and no
/// attributes ("1.1").
pub(super) fn search(id: u8, base: &str) -> Vec<u8> {
    let [scope_base, never_follow] = [&[0], &[0]];
    let request = [
        element(OCTETS, base.as_bytes()),
        element(ENUMERATED, scope_base),
        element(ENUMERATED, never_follow),
        element(INTEGER, &[1]),
        element(INTEGER, &[0]),
        element(BOOLEAN, &[0xff]),
        element(0x87, b"objectClass"),
        element(SEQUENCE, &element(OCTETS, b"1.1")),
    ];
    message(id, &element(0x63, &request.concat()))
}

/// The end (section 4.3), which is not answered.
pub(super) fn unbind(id: u8) -> Vec<u8> {
    message(id, &element(0x42, &[]))
}

fn message(id: u8, operation: &[u8]) -> Vec<u8> {
    element(SEQUENCE, &[&element(INTEGER, &[id]), operation].concat())
}

impl Message {
    /// Takes a whole message apart; `None` if it is not one that a server sends.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (message, _) = take(bytes, SEQUENCE)?;
        let (id, rest) = take(message, INTEGER)?;
        let id = number(id)?;
        let tag = *rest.first()?;
        let (content, rest) = take(rest, tag)?;
        let response = match tag {
            0x61 => Response::Bind(Outcome::read(content)?.0),
            0x64 => Response::Entry,
            0x65 => Response::SearchDone(Outcome::read(content)?.0),
            0x73 | 0x79 => Response::Interim,
            0x78 => extended(id, content, rest)?,
            _ => return None,
        };
        let controls = take(rest, CONTROLS).map(|(controls, _)| controls);
        Some(Self { id, response, policy: controls.map(Policy::read).unwrap_or_default() })
    }
}

/// An answer to STARTTLS, or a notice. Active Directory puts the name of the notice behind the operation.
fn extended(id: u32, content: &[u8], behind: &[u8]) -> Option<Response> {
    let (outcome, rest) = Outcome::read(content)?;
    let name = take(rest, RESPONSE_NAME).or_else(|| take(behind, RESPONSE_NAME)).map(|(name, _)| name);
    let is_notice = id == 0 && name == Some(DISCONNECTION);
    Some(if is_notice { Response::Disconnection(outcome) } else { Response::Extended(outcome) })
}

impl Outcome {
    /// The result, and what stands behind it in the operation.
    fn read(content: &[u8]) -> Option<(Self, &[u8])> {
        let (code, rest) = take(content, ENUMERATED)?;
        let (matched, rest) = take(rest, OCTETS)?;
        let (words, rest) = take(rest, OCTETS)?;
        let (referrals, rest) = take(rest, 0xa3).map_or((None, rest), |(referrals, rest)| (Some(referrals), rest));
        let referral = referrals.and_then(|all| take(all, OCTETS)).map(|(first, _)| text(first));
        Some((Self { code: number(code)?, matched: text(matched), words: text(words), referral }, rest))
    }
}

/// Active Directory ends its texts with a zero byte.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::policy::Problem;
    use super::*;

    /// A message as slapd 2.5 sent it.
    const NOTICE: &[u8] =
        b"\x30\x35\x02\x01\0\x78\x30\x0a\x01\x34\x04\0\x04\x11the server leaves\x8a\x161.3.6.1.4.1.1466.20036";

    fn read(bytes: &[u8]) -> Message {
        Message::read(bytes).expect("a message")
    }

    fn outcome(code: u32, words: &str) -> Outcome {
        Outcome { code, matched: String::new(), words: words.to_owned(), referral: None }
    }

    #[test]
    fn requests_are_those_that_slapd_takes() {
        assert_eq!(bind(1, "", ""), b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\0\x80\0");
        let start_tls = message(1, &element(0x77, &element(0x80, b"1.3.6.1.4.1.1466.20037")));
        assert_eq!(start_tls, crate::services::LDAP_START_TLS);
        assert_eq!(unbind(3), b"\x30\x05\x02\x01\x03\x42\0");
        assert!(
            bind(2, "cn=app", "secret").ends_with(b"\x80\x06secret\xa0\x1d\x30\x1b\x04\x191.3.6.1.4.1.42.2.27.8.5.1")
        );
        let search = search(2, "dc=a");
        let filter = b"\x0a\x01\0\x0a\x01\0\x02\x01\x01\x02\x01\0\x01\x01\xff\x87\x0bobjectClass\x30\x05\x04\x031.1";
        assert!(search.starts_with(b"\x30\x2e\x02\x01\x02\x63\x29\x04\x04dc=a"), "{search:x?}");
        assert!(search.ends_with(filter), "{search:x?}");
    }

    #[test]
    fn what_slapd_sent_is_read() {
        let bound = read(b"0\x0c\x02\x01\x01a\x07\n\x01\0\x04\0\x04\0");
        assert_eq!((bound.id, bound.response), (1, Response::Bind(outcome(0, ""))));
        assert_eq!(read(b"\x30\x1a\x02\x01\x02\x64\x15\x04\x11dc=example,dc=com\x30\0").response, Response::Entry);
        assert_eq!(read(NOTICE).response, Response::Disconnection(outcome(52, "the server leaves")));
        let consent = read(b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\0\x04\0\x04\0");
        assert_eq!((consent.id, consent.response), (1, Response::Extended(outcome(0, ""))));
        let locked = b"\x30\x32\x02\x01\x01\x61\x07\x0a\x01\x31\x04\0\x04\0\
            \xa0\x24\x30\x22\x04\x191.3.6.1.4.1.42.2.27.8.5.1\x04\x05\x30\x03\x81\x01\x01";
        let locked = read(locked);
        assert_eq!((locked.response, locked.policy.problem), (Response::Bind(outcome(49, "")), Some(Problem::Locked)));
    }

    #[test]
    fn a_referral_is_read() {
        let referral = b"\x30\x36\x02\x01\x02\x65\x31\x0a\x01\x0a\x04\x0cdc=elsewhere\x04\0\xa3\x1c\
            \x04\x0eldap://a.test/\x04\x0aldap://b/x";
        let Response::SearchDone(done) = read(referral).response else { panic!("not the end of a search") };
        assert_eq!((done.code, done.matched.as_str()), (10, "dc=elsewhere"));
        assert_eq!(done.referral.as_deref(), Some("ldap://a.test/"));
    }

    #[test]
    fn active_directory_writes_long_lengths_and_the_name_of_a_notice_behind_it() {
        let notice = b"\x30\x84\0\0\0\x2e\x02\x01\0\x78\x84\0\0\0\x0d\x0a\x01\x34\x04\0\x04\x06leave\0\
            \x8a\x161.3.6.1.4.1.1466.20036";
        assert_eq!(read(notice).response, Response::Disconnection(outcome(52, "leave")));
    }

    #[test]
    fn an_element_without_its_content_is_not_a_message() {
        for bytes in
            [&b"\x30\0"[..], b"\x30\x03\x02\x01\x01", b"\x30\x05\x02\x01\x01\x61\0", b"\x30\x05\x02\x01\x01\x42\0"]
        {
            assert_eq!(Message::read(bytes), None, "{bytes:x?}");
        }
    }

    #[test]
    fn no_damage_brings_the_reader_down() {
        let mut state = 1_u64;
        let mut random = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state >> 33).expect("31 bits")
        };
        let mut read = 0;
        for _ in 0..200_000 {
            let mut bytes = NOTICE.to_vec();
            for _ in 0..3 {
                let at = random() % bytes.len();
                bytes[at] = random().to_be_bytes()[7];
            }
            bytes.truncate(1 + random() % bytes.len());
            let _ = super::super::ber::sequence_length(&bytes);
            read += usize::from(Message::read(&bytes).is_some());
        }
        assert!(read > 0);
    }
}
