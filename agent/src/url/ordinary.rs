//! URLs that say where to connect, whether with TLS, and who logs in: all but the few that have a
//! module of their own. The service's row says which options of its check that makes.

use super::Known;
use super::connection;
use super::parts::Bad;
use super::tls::Tls;
use crate::services::{Security, UseTls};
use crate::url::{Comment, GeneratedCheck, Item};

/// A check for each host, or one for the socket; of a service without a check, its connections.
pub(super) fn items(url: &Known<'_>) -> Result<Vec<Item>, Bad> {
    let Some(kind) = url.service.check else { return connection::items(url) };
    let (parts, options) = (url.parts, &url.service.options);
    let tls = Tls::read(parts);
    let security = url.security(&tls);
    let mut items: Vec<Item> = lone(url).into_iter().map(Item::from).collect();
    if let Some(path) = socket(url)? {
        let check = with_login(url, GeneratedCheck::new(kind, url.origin).text("host", path));
        items.push(named(url, check)?.into());
        return Ok(items);
    }
    items.extend(plain_on_port_of_tls(url, &tls, security).map(Item::from));
    for site in &parts.sites {
        let (host, port) = (site.host_or("localhost"), url.port(site, security)?);
        // There is no TLS over a socket.
        let use_tls = if host.starts_with('/') { UseTls::Never } else { options.use_tls };
        let check = with_login(url, GeneratedCheck::at(kind, url.origin, host, port));
        let check = named(url, with_use_tls(check, use_tls, security))?;
        let encrypted = use_tls != UseTls::Never && security != Security::Plain;
        items.push(if encrypted { tls.apply(check) } else { check }.into());
    }
    Ok(items)
}

/// The path of the socket, where the URL has no host, and its path is nothing else; the service's own
/// where a URL of sockets names none.
fn socket(url: &Known<'_>) -> Result<Option<String>, Bad> {
    if !url.parts.site().host.is_empty() {
        return Ok(None);
    }
    let path = if url.service.options.name.is_none() { url.parts.name()? } else { None };
    let own = url.service.socket.filter(|_| url.scheme.socket).map(str::to_owned);
    Ok(path.map(|path| format!("/{}", path.trim_start_matches('/'))).or(own))
}

/// The client that is told so speaks in the clear, and so does the check; the server does not.
fn plain_on_port_of_tls(url: &Known<'_>, tls: &Tls<'_>, security: Security) -> Option<Comment> {
    let of_tls = |port: std::num::NonZero<u16>| url.service.ports.has_tls(port.get());
    let site = url.parts.sites.iter().find(|site| site.port.is_some_and(of_tls))?;
    let (port, scheme) = (site.port?, url.service.tls_scheme()?.name);
    let why = format!(
        "it says nothing of TLS, and port {port} is the usual one for TLS: the check below goes without, as the client does; if the server wants TLS, write `{scheme}://` there"
    );
    (security == Security::Plain && tls.wanted.is_none()).then(|| Comment::note(url.origin, why))
}

/// Half of a login, with which nobody can log in.
fn lone(url: &Known<'_>) -> Option<Comment> {
    let what = match (&url.parts.user, &url.parts.password) {
        (Some(_), None) => "a user without a password",
        (None, Some(_)) => "a password without a user",
        _ => return None,
    };
    let gap = || Comment::gap(url.origin, format!("{what}: the check below does without the login"));
    let options = &url.service.options;
    (options.login.is_some() && options.guest.is_none()).then(gap)
}

/// The login of the URL. Where clients have one of their own, that is not a secret.
fn with_login(url: &Known<'_>, check: GeneratedCheck) -> GeneratedCheck {
    let Some((user_option, password_option)) = url.service.options.login else { return check };
    match (&url.parts.user, &url.parts.password, url.service.options.guest) {
        (Some(user), Some(password), None) => check.text(user_option, user).secret(password_option, password),
        (_, _, None) => check,
        (user, password, Some(guest)) => {
            let check = check.text(user_option, user.as_deref().unwrap_or(guest));
            match password {
                Some(password) => check.secret(password_option, password),
                None => check.text(password_option, guest),
            }
        }
    }
}

/// What the path names, what the query says, and what is the same in all.
fn named(url: &Known<'_>, check: GeneratedCheck) -> Result<GeneratedCheck, Bad> {
    let options = &url.service.options;
    let check = match options.name {
        Some((option, default)) => {
            let name = url.parts.name()?;
            // kombu takes several URLs in one text, each with its scheme; what has none is the path of the first.
            if option == "vhost" && name.as_deref().is_some_and(|name| name.contains(['@', ';'])) {
                return Err(Bad::new("the virtual host has an `@` or `;` in it: in a list, each URL needs its scheme"));
            }
            check.some_text(option, name.as_deref().or(default))
        }
        None => check,
    };
    let query = options.query.iter().map(|(name, option)| (option, url.parts.option(&[name])));
    let fixed = options.fixed.iter().map(|(option, text)| (option, Some(*text)));
    Ok(query.chain(fixed).fold(check, |check, (option, text)| check.some_text(*option, text)))
}

fn with_use_tls(check: GeneratedCheck, written: UseTls, security: Security) -> GeneratedCheck {
    match (written, security) {
        (UseTls::Never, _) | (UseTls::WhenOn, Security::Plain) => check,
        (UseTls::Always, Security::Plain) => check.flag("use_tls", false),
        (_, Security::StartTls) => check.text("use_tls", "starttls"),
        (_, Security::Tls) => check.flag("use_tls", true),
    }
}
