//! URLs of mail servers.

use super::parts::{Bad, Parts};
use super::tls::Tls;
use crate::generate::draft::Draft;
use crate::generate::item::Item;

/// How the connection is secured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Security {
    Plain,
    StartTls,
    Tls,
}

/// The sender that stands in a check which sends nothing, where the URL has no address.
pub(super) const NOBODY: &str = "conn-check@localhost";

/// One check that sends no mail.
#[expect(clippy::unnecessary_wraps, reason = "all schemes are mapped alike")]
pub(super) fn items(origin: &str, parts: &Parts) -> Result<Vec<Item>, Bad> {
    let tls = Tls::read(parts);
    let security = security(parts, &tls);
    let port = parts.site().port_or(match (parts.base(), security) {
        (_, Security::Tls) => 465,
        ("submission", _) | (_, Security::StartTls) => 587,
        _ => 25,
    });
    let draft = Draft::new("smtp", origin).text("host", parts.site().host_or("localhost")).number("port", port);
    let draft = match (&parts.user, &parts.password) {
        (Some(user), Some(password)) => draft.text("username", user).secret("password", password),
        _ => draft,
    };
    let is_address = |text: &&str| text.split('@').filter(|part| !part.is_empty()).count() == 2;
    let from = parts.option(&["_default_from_email", "_server_email", "from"]).or(parts.user.as_deref());
    let draft = draft.text("from_address", from.filter(is_address).unwrap_or(NOBODY));
    let draft = match security {
        Security::Plain => draft.flag("use_tls", false),
        Security::StartTls => tls.apply(draft.text("use_tls", "starttls")),
        Security::Tls => tls.apply(draft.flag("use_tls", true)),
    };
    Ok(vec![draft.flag("send", false).into()])
}

/// Port 465 is TLS from the first byte and port 587 STARTTLS whatever the scheme says (RFC 8314);
/// for Django's URLs `smtps` on another port is STARTTLS, for all others it is TLS.
fn security(parts: &Parts, tls: &Tls<'_>) -> Security {
    let port = parts.site().port_or(0);
    // Laravel's word for it, which is no URL's.
    let encryption = parts.option(&["encryption"]).map(str::to_ascii_lowercase);
    match (parts.base(), parts.extra()) {
        _ if port == 465 || matches!(encryption.as_deref(), Some("ssl" | "smtps")) => Security::Tls,
        _ if matches!(encryption.as_deref(), Some("tls" | "starttls")) => Security::StartTls,
        (_, "starttls" | "tls") => Security::StartTls,
        (_, "ssl") | ("submissions", _) => Security::Tls,
        ("smtps", _) if matches!(port, 25 | 587 | 2525) => Security::StartTls,
        ("smtps", _) => Security::Tls,
        _ if parts.switch(&["ssl"]) == Some(true) => Security::Tls,
        ("submission", _) => Security::StartTls,
        _ if tls.wanted == Some(true) || port == 587 => Security::StartTls,
        _ => Security::Plain,
    }
}
