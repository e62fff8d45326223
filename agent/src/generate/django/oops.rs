//! `OOPS` and `OOPSES`: where reports of errors are published.

use crate::generate::django::group::Group;
use crate::generate::{Comment, GeneratedCheck, Item};
use crate::services::{self, Security};
use serde_json::Value;

/// The first of the two that says something, as the original has it.
pub(super) fn items(settings: &Group<'_>) -> Result<Vec<Item>, Comment> {
    let Some(name) = ["OOPS", "OOPSES"].into_iter().find(|name| settings.flag(name)) else { return Ok(Vec::new()) };
    let group = settings.group(name)?;
    let publishers = match group.raw("publishers") {
        None => return Ok(Vec::new()),
        Some(Value::Array(publishers)) => publishers,
        Some(_) => return Err(group.gap("publishers", "expected a list")),
    };
    let place = group.place("publishers");
    let items = publishers.iter().enumerate().map(|(number, publisher)| {
        Group::of(format!("{place}[{number}]"), publisher).and_then(|publisher| item(&publisher))
    });
    Ok(items.map(|item| item.unwrap_or_else(Item::from)).collect())
}

fn item(publisher: &Group<'_>) -> Result<Item, Comment> {
    match publisher.text("type")?.as_deref() {
        Some("amqp") => amqp(publisher).map(Item::from),
        Some("datedir") => {
            Ok(publisher.own_note("reports go into a directory of this host: nothing to connect to").into())
        }
        _ => Err(publisher.own_gap("no check is known for a publisher of this type")),
    }
}

fn amqp(publisher: &Group<'_>) -> Result<GeneratedCheck, Comment> {
    let wanted = |key: &str| publisher.text(key)?.ok_or_else(|| publisher.gap(key, "it is empty, but it is required"));
    let tls = publisher.flag("use_tls") || publisher.flag("ssl");
    let usual = services::AMQP.port(if tls { Security::Tls } else { Security::Plain });
    let port = publisher.port("port")?.unwrap_or(usual.get());
    Ok(GeneratedCheck::new(services::AMQP.id, &publisher.origin)
        .text("vhost", publisher.text("vhost")?.as_deref().unwrap_or("/"))
        .text("host", wanted("host")?)
        .number("port", port)
        .text("username", wanted("user")?)
        .secret("password", wanted("password")?)
        .flag("use_tls", tls))
}
