//! The login (<https://github.com/mongodb/specifications/blob/master/source/auth/auth.md>): one conversation on the
//! check's own connection, in which a password is proven once.

use super::Mongodb;
use super::message::{Message, number};
use super::options::Mechanism;
use super::refusal::{self, Refused};
use crate::checks::md5;
use crate::checks::scram::{self, Binding, Client, Hash};
use crate::fault::{Cause, Fault, Phase};
use crate::net::Talk;
use crate::secret::Secret;
use crate::settings::Credentials;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, RawDocument, RawDocumentBuf, rawdoc};
use tokio::time::Instant;

/// `MechanismUnavailable`, and `BadValue`, which older servers have for it.
const NO_SUCH_MECHANISM: [i64; 2] = [334, 2];

/// Logs in by one of the mechanisms that the server offers to this user; the first that it has is taken.
pub(super) async fn log_in(
    check: &Mongodb,
    login: &Credentials,
    offered: &[Hash],
    talk: &mut Talk,
    until: Instant,
) -> Result<(), Fault> {
    // A server that does not say which it has may have either; the older one is the default of all clients.
    let mechanisms = if offered.is_empty() { &[Hash::Sha1, Hash::Sha256] } else { &offered[..1] };
    for (at, hash) in mechanisms.iter().enumerate() {
        let is_last = at + 1 == mechanisms.len();
        if prove(Attempt { check, login, hash: *hash, is_last, until }, talk).await? {
            break;
        }
    }
    Ok(())
}

/// Logs in by a client certificate, which was shown in the TLS handshake.
pub(super) async fn log_in_by_certificate(check: &Mongodb, talk: &mut Talk) -> Result<(), Fault> {
    let body = rawdoc! {"authenticate": 1, "mechanism": Mechanism::X509.wire_name(), "$db": "$external"};
    ask(check, talk, body).await.map(drop)
}

/// A login by one mechanism.
#[derive(Clone, Copy)]
struct Attempt<'a> {
    check: &'a Mongodb,
    login: &'a Credentials,
    hash: Hash,
    /// No other one is tried.
    is_last: bool,
    /// When the proof has to be there.
    until: Instant,
}

/// The conversation; whether the server has the mechanism at all, where that is asked.
async fn prove(attempt: Attempt<'_>, talk: &mut Talk) -> Result<bool, Fault> {
    let Attempt { check, login, hash, is_last, until } = attempt;
    let client = Client::new(hash, &login.user, prepared(hash, login)?, Binding::Impossible)?;
    let source = check.auth_source.as_str();
    let start = rawdoc! {
        "saslStart": 1, "mechanism": client.mechanism(), "payload": binary(client.first()),
        "options": {"skipEmptyExchange": true}, "$db": source,
    };
    let answer = talk_once(talk, start).await?;
    if !is_last && number(&answer, "code").is_some_and(|code| NO_SUCH_MECHANISM.contains(&code)) {
        return Ok(false);
    }
    accepted(check, &answer)?;
    let (proof, signature) = client.prove(payload(&answer)?, until).await?;
    let conversation = conversation(&answer);
    let next = |payload: String| {
        rawdoc! {
            "saslContinue": 1, "conversationId": conversation, "payload": binary(payload), "$db": source,
        }
    };
    let last = ask(check, talk, next(proof)).await?;
    signature.verify(payload(&last)?)?;
    if number(&last, "done") == Some(0) {
        // Servers before 4.4, and FerretDB, insist on an empty message at the end.
        ask(check, talk, next(String::new())).await?;
    }
    Ok(true)
}

/// A step of the login that the server takes.
async fn ask(check: &Mongodb, talk: &mut Talk, body: RawDocumentBuf) -> Result<RawDocumentBuf, Fault> {
    let answer = talk_once(talk, body).await?;
    accepted(check, &answer)?;
    Ok(answer)
}

async fn talk_once(talk: &mut Talk, body: RawDocumentBuf) -> Result<RawDocumentBuf, Fault> {
    Ok(Message::ask(talk, body).await?.body)
}

fn accepted(check: &Mongodb, answer: &RawDocument) -> Result<(), Fault> {
    refusal::of_reply(check, answer, Refused::Login).map_or(Ok(()), Err)
}

/// The password as the mechanism takes it.
fn prepared(hash: Hash, login: &Credentials) -> Result<Secret<Vec<u8>>, Fault> {
    let password = login.password.expose();
    let text = match hash {
        // What MONGODB-CR hashed; its hash has been the password ever since.
        Hash::Sha1 => md5::hex(&[login.user.as_bytes(), b":mongo:", password.as_bytes()]),
        Hash::Sha256 => stringprep::saslprep(password).map_err(|_| forbidden())?.into_owned(),
    };
    Ok(Secret::new(text.into_bytes()))
}

fn forbidden() -> Fault {
    Fault::new(Cause::Rejected, "the password has characters that SCRAM-SHA-256 does not allow (RFC 4013)")
        .at(Phase::Auth)
}

fn binary(text: String) -> Binary {
    Binary { subtype: BinarySubtype::Generic, bytes: text.into_bytes() }
}

fn payload(answer: &RawDocument) -> Result<&[u8], Fault> {
    answer.get_binary("payload").map(|binary| binary.bytes).map_err(|_| scram::impostor())
}

fn conversation(answer: &RawDocument) -> i32 {
    number(answer, "conversationId").and_then(|number| i32::try_from(number).ok()).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_prepared_as_its_mechanism_has_it() {
        let login =
            |password: &str| Credentials { user: "user".to_owned(), password: Secret::new(password.to_owned()) };
        let of = |hash, password: &str| prepared(hash, &login(password)).map(|ready| ready.expose().clone()).ok();
        assert_eq!(of(Hash::Sha1, "pencil").as_deref(), Some(&b"1c33006ec1ffd90f9cadcbcc0e118200"[..]));
        assert_eq!(of(Hash::Sha256, "\u{2168}").as_deref(), Some(&b"IX"[..]));
        assert_eq!(of(Hash::Sha256, "pass\u{7}word"), None);
    }
}
