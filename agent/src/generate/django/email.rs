//! The `EMAIL_HOST` family.

use crate::generate::django::group::Group;
use crate::generate::{Comment, GeneratedCheck, Item, Value};
use crate::services::{self, Security};

/// Django's own default, with which mail goes out where the settings name no sender.
const SENDER: &str = "webmaster@localhost";

/// Parts of the names of backends that hand mail to a service by an interface of its own.
const SERVICES: [&str; 10] = [
    "anymail",
    "django_ses",
    "sendgrid",
    "mailgun",
    "postmark",
    "sparkpost",
    "mandrill",
    "mailjet",
    "sendinblue",
    "azure",
];

/// A login, or a conversation up to the sender, and no mail. Only where the settings say a server
/// or how to speak to it: every project has Django's default, `localhost`, and few send mail
/// through it.
pub(super) fn items(settings: &Group<'_>) -> Result<Vec<Item>, Comment> {
    let backend = settings.text("EMAIL_BACKEND")?.unwrap_or_default();
    let lower = backend.to_ascii_lowercase();
    if SERVICES.into_iter().any(|service| lower.contains(service)) {
        return other_backend(settings, &backend);
    }
    let host = settings.text("EMAIL_HOST")?;
    let Some(host) = host.map_or_else(|| default_host(settings, &backend), |host| Ok(Some(host)))? else {
        return other_backend(settings, &backend);
    };
    if services::no_server_by_driver(&backend).is_some() {
        let why = "the backend of this name sends no mail anywhere, so EMAIL_HOST is not used";
        return Ok(vec![Comment::note("EMAIL_BACKEND", why).into()]);
    }
    let tls = settings.flag("EMAIL_USE_SSL");
    let security = match (tls, settings.flag("EMAIL_USE_TLS")) {
        (true, _) => Value::Plain(true.into()),
        (false, true) => Value::Text("starttls".to_owned()),
        (false, false) => Value::Plain(false.into()),
    };
    let check = GeneratedCheck::new(services::SMTP.id, "EMAIL_HOST")
        .text("host", host)
        .number("port", settings.port("EMAIL_PORT")?.unwrap_or(services::SMTP.port(Security::Plain).get()))
        .text("from_address", sender(settings)?);
    // Django logs in only where both are there.
    let check = match (settings.text("EMAIL_HOST_USER")?, settings.text("EMAIL_HOST_PASSWORD")?) {
        (Some(user), Some(password)) => {
            check.text("username", user).secret("password", password).secrets_named("EMAIL_HOST_PASSWORD")
        }
        _ => check,
    };
    let check = check.set("use_tls", security).flag("send", false);
    let check = check
        .some_text("client_cert", settings.text("EMAIL_SSL_CERTFILE")?.as_deref())
        .some_text("client_key", settings.text("EMAIL_SSL_KEYFILE")?.as_deref());
    // Many put mail into a queue, and some other program sends it the way Django does.
    let why = "this backend is not Django's own: the check is right if the mail goes through EMAIL_HOST in the end";
    let is_known = backend.is_empty() || lower.contains("smtp");
    let note = (!is_known).then(|| Comment::note("EMAIL_BACKEND", why).into());
    Ok(note.into_iter().chain([check.into()]).collect())
}

/// Django's own, where the settings say how to speak to a server and leave out which one.
fn default_host(settings: &Group<'_>, backend: &str) -> Result<Option<String>, Comment> {
    let is_empty = settings.raw("EMAIL_HOST").is_some();
    let by_smtp = backend.is_empty() || backend.contains("smtp");
    let is_meant = settings.text("EMAIL_HOST_USER")?.is_some()
        || settings.flag("EMAIL_USE_TLS")
        || settings.flag("EMAIL_USE_SSL")
        || backend.contains("smtp") && settings.text("EMAIL_PORT")?.is_some();
    Ok((!is_empty && by_smtp && is_meant).then(|| "localhost".to_owned()))
}

/// A backend that talks to a service of its own kind, by settings of its own.
fn other_backend(settings: &Group<'_>, backend: &str) -> Result<Vec<Item>, Comment> {
    if backend.is_empty() || backend.starts_with("django.core.mail.backends.") {
        return Ok(Vec::new());
    }
    Err(settings.gap("EMAIL_BACKEND", "no check is known for this backend"))
}

/// The address alone, of `Name <address>`.
fn sender(settings: &Group<'_>) -> Result<String, Comment> {
    let text = settings.text("DEFAULT_FROM_EMAIL")?.unwrap_or_else(|| SENDER.to_owned());
    let bare = text.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(address, _)| address);
    Ok(bare.unwrap_or(&text).trim().to_owned())
}
