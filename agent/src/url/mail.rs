//! URLs of mail servers.

use super::Known;
use super::parts::Bad;
use super::tls::Tls;
use crate::services::{self, Security};
use crate::url::{Comment, GeneratedCheck, Item};

/// The sender that stands in a check which sends nothing, where the URL has no address.
pub(super) const NOBODY: &str = "conn-check@localhost";

/// One check that sends no mail.
pub(super) fn items(url: &Known<'_>) -> Result<Vec<Item>, Bad> {
    let (parts, tls) = (url.parts, Tls::read(url.parts));
    let security = security(url, &tls);
    let service = if security == Security::StartTls { &services::SUBMISSION } else { url.service };
    let port = Known { service, ..*url }.port(parts.site(), security)?;
    let host = parts.site().host_or("localhost");
    let check = GeneratedCheck::at(services::SMTP.id, url.origin, host, port);
    let (lone, check) = match (&parts.user, &parts.password) {
        (Some(user), Some(password)) => (None, check.text("username", user).secret("password", password)),
        (Some(_), None) => (Some(Comment::lone_user(url.origin)), check),
        _ => (None, check),
    };
    let is_address = |text: &&str| text.split('@').filter(|part| !part.is_empty()).count() == 2;
    let from = parts.option(&["_default_from_email", "_server_email", "from"]).or(parts.user.as_deref());
    let check = check.text("from_address", from.filter(is_address).unwrap_or(NOBODY));
    let check = match security {
        Security::Plain => check.flag("use_tls", false),
        Security::StartTls => tls.apply(check.text("use_tls", "starttls")),
        Security::Tls => tls.apply(check.flag("use_tls", true)),
    };
    Ok(lone.map(Item::from).into_iter().chain([check.flag("send", false).into()]).collect())
}

/// What is told outright counts, and where that does not fit the port, the check says so. Else port 465 is TLS
/// from the first byte and port 587 STARTTLS whatever the scheme says (RFC 8314); for Django's URLs `smtps` on
/// another port without TLS is STARTTLS, for all others it is TLS.
fn security(url: &Known<'_>, tls: &Tls<'_>) -> Security {
    let parts = url.parts;
    let port = parts.site().port.map_or(0, std::num::NonZero::get);
    let (relay, submission) = (services::SMTP.ports, services::SUBMISSION.ports);
    // Laravel's word for it, which is not a URL's.
    let encryption = parts.option(&["encryption"]).map(str::to_ascii_lowercase);
    let ssl = parts.switch(&["ssl"]) == Some(true);
    match (url.scheme.security, parts.extra()) {
        _ if tls.starts_later && !ssl => Security::StartTls,
        _ if relay.has_tls(port) || matches!(encryption.as_deref(), Some("ssl" | "smtps")) => Security::Tls,
        _ if matches!(encryption.as_deref(), Some("tls" | "starttls")) => Security::StartTls,
        (_, "starttls" | "tls") => Security::StartTls,
        (_, "ssl") => Security::Tls,
        (Security::Tls, _) if *url.service == services::SUBMISSION => Security::Tls,
        (Security::Tls, _) if relay.has_plain(port) || submission.has_plain(port) => Security::StartTls,
        (Security::Tls, _) => Security::Tls,
        _ if ssl => Security::Tls,
        (Security::StartTls, _) => Security::StartTls,
        _ if parts.switch(&["starttls"]) == Some(false) && tls.wanted != Some(true) => Security::Plain,
        _ if tls.wanted == Some(true) || port == services::SUBMISSION.port(Security::Plain).get() => Security::StartTls,
        (Security::Plain, _) => Security::Plain,
    }
}
