//! Logins: the answer to a challenge of Digest, and what a 401 means after what was sent.

use super::Http;
use super::request::Hop;
use crate::fault::{Cause, Fault, Owner, Part};
use crate::net::challenge::Challenge;
use crate::secret::{Sentence, sentence, theirs};
use crate::settings::Credentials;
use digest_auth::{Algorithm, AuthContext, Charset, HttpMethod, Qop, WwwAuthenticateHeader};
use reqwest::header::{AUTHORIZATION, HeaderMap, WWW_AUTHENTICATE};

/// The schemes of logins that are known by name (IANA, "HTTP Authentication Schemes", and some that are not there);
/// what else stands in a header may be a secret itself.
const SCHEMES: [&str; 16] = [
    "Basic",
    "Bearer",
    "Concealed",
    "Digest",
    "DPoP",
    "GNAP",
    "HOBA",
    "Mutual",
    "Negotiate",
    "NTLM",
    "OAuth",
    "SCRAM-SHA-1",
    "SCRAM-SHA-256",
    "Token",
    "vapid",
    "AWS4-HMAC-SHA256",
];

/// What was sent to log in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Sent {
    Nothing,
    Basic,
    Digest,
    /// `Authorization` of `headers`, with its scheme where that is known.
    Header(Option<&'static str>),
}

/// Whether the login may be right, and the nonce was too old (RFC 7616 section 3.3).
fn is_stale(offer: &Challenge) -> bool {
    offer.is("digest") && offer.param("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true"))
}

/// The logins that a server takes.
fn offers(headers: &HeaderMap) -> Vec<Challenge> {
    let lines: Vec<_> =
        headers.get_all(WWW_AUTHENTICATE).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    Challenge::all(lines.iter().map(AsRef::as_ref))
}

/// The answer to a challenge of Digest (RFC 7616 section 3.4). With `stale`, to a second one: nothing where
/// the server does not say that the nonce alone was too old.
pub(super) fn respond(
    hop: &Hop,
    login: &Credentials,
    headers: &HeaderMap,
    stale: bool,
) -> Result<Option<String>, Fault> {
    let offers = offers(headers);
    let digests: Vec<_> = offers.iter().filter(|offer| offer.is("digest")).collect();
    if stale && !digests.iter().any(|offer| is_stale(offer)) {
        return Ok(None);
    }
    // The server's order is its preference; what is unknown is to be ignored (RFC 7616 section 3.3).
    let Some(mut prompt) = digests.iter().find_map(|offer| prompt(offer)) else {
        return Err(if digests.is_empty() { no_digest(&offers) } else { no_algorithm(&digests) });
    };
    let path = hop.path();
    let method = HttpMethod::from(hop.method.as_str().to_owned());
    let body = hop.body.as_ref().map_or(&[][..], |body| body.expose().as_bytes());
    let (user, password) = (login.user.as_str(), login.password.expose().as_str());
    let context = AuthContext::new_with_method(user, password, path.as_str(), Some(body), method);
    match prompt.respond(&context) {
        Ok(answer) => Ok(Some(answer.to_header_string())),
        Err(error) => {
            let message = "the server's Digest challenge is not understood";
            Err(Fault::new(Cause::MethodUnsupported, message).evidence(error.to_string()))
        }
    }
}

/// A challenge that can be answered.
fn prompt(offer: &Challenge) -> Option<WwwAuthenticateHeader> {
    // A token in any case (RFC 9110 section 5.6.2 leaves it to the field; servers write md5).
    let algorithm = match offer.param("algorithm") {
        None => Algorithm::default(),
        Some(name) => match name.to_ascii_uppercase().strip_suffix("-SESS") {
            Some(hash) => format!("{hash}-sess").parse().ok()?,
            None => name.to_ascii_uppercase().parse().ok()?,
        },
    };
    let qop = match offer.param("qop") {
        None => None,
        Some(list) => {
            let has = |wanted: &str| list.split(',').any(|one| one.trim().eq_ignore_ascii_case(wanted));
            Some(vec![if has("auth") { Qop::AUTH } else { has("auth-int").then_some(Qop::AUTH_INT)? }])
        }
    };
    let is_true = |name| offer.param(name).is_some_and(|value: &str| value.eq_ignore_ascii_case("true"));
    Some(WwwAuthenticateHeader {
        domain: None,
        realm: offer.param("realm").unwrap_or_default().to_owned(),
        nonce: offer.param("nonce")?.to_owned(),
        opaque: offer.param("opaque").map(str::to_owned),
        stale: is_true("stale"),
        algorithm,
        qop,
        userhash: is_true("userhash"),
        charset: if offer.param("charset").is_some() { Charset::UTF8 } else { Charset::ASCII },
        nc: 0,
    })
}

fn no_digest(offers: &[Challenge]) -> Fault {
    let fault = Fault::new(Cause::MethodUnsupported, "the server does not offer Digest authentication");
    let fault = if offers.is_empty() {
        fault.evidence("it does not say what logins it takes (no WWW-Authenticate)")
    } else {
        fault.evidence(sentence!["it offers: ", Challenge::names(offers)])
    };
    fault.next_step(if offers.is_empty() {
        "use `auth` (Basic), or enable Digest on the server".into()
    } else {
        next_step(offers)
    })
}

fn no_algorithm(digests: &[&Challenge]) -> Fault {
    let one = |offer: &&Challenge| {
        let param = |name, or: &'static str| offer.param(name).unwrap_or(or).to_owned();
        sentence!["algorithm ", param("algorithm", "MD5"), ", qop ", param("qop", "none")]
    };
    Fault::new(Cause::MethodUnsupported, "the server offers Digest only in a form that conn-check does not know")
        .evidence(Sentence::join(digests.iter().map(one), "; "))
        .next_step("enable MD5, SHA-256 or SHA-512-256 with qop auth on the server; else use another login")
}

/// What a 401 means.
pub(super) fn unauthorized(check: &Http, hop: &Hop, headers: &HeaderMap) -> Fault {
    let sent = sent(check, hop);
    if !hop.trusted && sent_to_home(check) != Sent::Nothing {
        let message = "the server that the redirect leads to wants a login, and ours is only for the first server";
        return Fault::new(Cause::Required, message)
            .next_step("put the URL that the redirect leads to into this check");
    }
    let offers = offers(headers);
    let names = Challenge::names(&offers);
    let wants = |scheme: &str| offers.is_empty() || offers.iter().any(|offer| offer.is(scheme));
    let another = |with: Sentence| {
        let message = sentence!["the server wants a login by ", names.clone(), ", and the check logs in by ", with];
        Fault::new(Cause::MethodUnsupported, message).next_step(next_step(&offers))
    };
    match sent {
        Sent::Nothing if offers.is_empty() => {
            Fault::new(Cause::Required, "the server wants a login, and none is configured").next_step(
                "add `auth`, `digest_auth`, or `headers: {Authorization: ...}`: the server does not say which it takes",
            )
        }
        Sent::Nothing => {
            Fault::new(Cause::Required, sentence!["the server wants a login (", names, "), and none is configured"])
                .next_step(next_step(&offers))
        }
        Sent::Digest if offers.iter().any(is_stale) => {
            let message = "the server takes no nonce of Digest: it calls each too old at once, its newest too";
            Fault::new(Cause::MethodUnsupported, message)
                .owner(Owner::Service)
                .next_step("see how long the server's nonces last, and whether all servers behind this name share them")
        }
        Sent::Digest if wants("digest") => {
            Fault::new(Cause::Rejected, "the server rejects the user or the password (Digest)")
        }
        Sent::Basic if wants("basic") => {
            Fault::new(Cause::Rejected, "the server rejects the user or the password (Basic)")
        }
        Sent::Digest => another("Digest".into()),
        Sent::Basic => another("Basic".into()),
        Sent::Header(Some(scheme)) if !wants(scheme) => another(sentence![scheme, " (`headers`)"]),
        Sent::Header(scheme) => {
            let scheme = scheme.map(|scheme| sentence![" (", scheme, ")"]).unwrap_or_default();
            let message = sentence!["the server rejects the Authorization that `headers` has", scheme];
            Fault::new(Cause::Rejected, message)
                .next_step("see whether that token or login has expired, and whether it is for this server")
        }
    }
}

/// The fault of a login with whose it is, where the check names somebody.
pub(super) fn of_account(check: &Http, hop: &Hop, fault: Fault) -> Fault {
    let login = match sent(check, hop) {
        Sent::Basic => check.auth.as_ref(),
        Sent::Digest => check.digest.as_ref(),
        Sent::Nothing | Sent::Header(_) => None,
    };
    match login {
        Some(login) => fault.concerning(Part::Account, theirs(&login.user)),
        None => fault,
    }
}

/// What the server says of the login, for the evidence.
pub(super) fn evidence(headers: &HeaderMap) -> Sentence {
    let offers = offers(headers);
    let mut evidence = Sentence::default();
    if !offers.is_empty() {
        evidence.push(sentence!["; it wants ", Challenge::names(&offers)]);
    }
    // RFC 6750 section 3: why a token does not do.
    let why = |offer: &Challenge| offer.param("error_description").or(offer.param("error")).map(str::to_owned);
    if let Some(why) = offers.iter().find_map(why) {
        evidence.push(sentence![" (", crate::text::said(&why), ")"]);
    }
    evidence
}

fn sent(check: &Http, hop: &Hop) -> Sent {
    if hop.trusted { sent_to_home(check) } else { Sent::Nothing }
}

/// What goes to the server that the check names. A header of the file counts more than `auth`.
fn sent_to_home(check: &Http) -> Sent {
    let header = check.headers.0.iter().find(|header| header.name.eq_ignore_ascii_case(AUTHORIZATION.as_str()));
    match header {
        _ if check.digest.is_some() => Sent::Digest,
        Some(header) => {
            let scheme = header.value.expose().split(' ').next().unwrap_or_default();
            Sent::Header(SCHEMES.into_iter().find(|known| known.eq_ignore_ascii_case(scheme)))
        }
        None if check.auth.is_some() => Sent::Basic,
        None => Sent::Nothing,
    }
}

/// What to write into the check for a server that takes these.
fn next_step(offers: &[Challenge]) -> Sentence {
    let has = |scheme: &str| offers.iter().any(|offer| offer.is(scheme));
    let names = Challenge::names(offers);
    match (has("basic"), has("digest"), has("bearer")) {
        (true, true, _) => "use `auth` (Basic) or `digest_auth`".into(),
        (true, false, _) => "use `auth` (Basic)".into(),
        (false, true, _) => "use `digest_auth`".into(),
        (false, false, true) => {
            "add a token: `headers: {Authorization: {env: ...}}` with a value `Bearer TOKEN`".into()
        }
        _ => sentence![
            "conn-check does not log in by ",
            names,
            ": have this URL exempted from it, or write into `headers: {Authorization: ...}` what the server takes"
        ],
    }
}
