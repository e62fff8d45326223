//! URLs of AMQP brokers.

use super::parts::{Bad, Parts};
use super::tls::Tls;
use crate::generate::draft::Draft;
use crate::generate::item::Item;

/// A check for each host. Without a login it is guest's, as clients have it, and no secret; whether TLS is spoken
/// is always written out, because the check's own default is not that of these URLs.
pub(super) fn amqp(origin: &str, parts: &Parts) -> Result<Vec<Item>, Bad> {
    let tls = Tls::read(parts);
    let secure = parts.base() == "amqps" || matches!(parts.extra(), "ssl" | "tls") || tls.wanted == Some(true);
    let user = parts.user.as_deref().unwrap_or("guest");
    // `amqp://h`, `amqp://h/` and `amqp://h//` are all `/` to kombu.
    let vhost = parts.name()?.unwrap_or_else(|| "/".to_owned());
    let draft = |site: &super::Site| {
        let port = site.port_or(if secure { 5671 } else { 5672 });
        let draft = Draft::new("amqp", origin).text("host", site.host_or("localhost")).number("port", port);
        let draft = draft.text("username", user);
        let draft = match &parts.password {
            Some(password) => draft.secret("password", password),
            None => draft.text("password", "guest"),
        };
        let draft = draft.flag("use_tls", secure);
        let draft = draft.text("vhost", &vhost);
        if secure { tls.apply(draft) } else { draft }.into()
    };
    Ok(parts.sites.iter().map(draft).collect())
}
