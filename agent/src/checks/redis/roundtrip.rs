//! `roundtrip`: a key that nobody has is set, read and deleted.

use super::client::RespClient;
use super::refusal;
use crate::checks::roundtrip::Item;
use crate::fault::Fault;
use redis::{Cmd, Value};
use std::time::Duration;

/// Of a cluster's nodes each serves a part of the keys: so many names are tried until one is this node's.
const MOST_NAMES: usize = 256;

/// Sets a key that ends by itself, reads it and deletes it; `left` is the check's time.
pub(super) async fn perform(client: &mut RespClient<'_>, left: Duration) -> Result<(), Fault> {
    let item = set(client, left).await?;
    let found = get(client, &item).await;
    // Whatever was found: what we have set goes.
    let deleted = client.ask("DEL", Cmd::new().arg("DEL").arg(&item.key)).await;
    found?;
    match deleted? {
        Value::Int(1) => Ok(()),
        Value::Int(_) => item.compare(None),
        other => Err(refusal::of_write(&other, "DEL")),
    }
}

async fn set(client: &mut RespClient<'_>, left: Duration) -> Result<Item, Fault> {
    let mut refused = None;
    for _ in 0..MOST_NAMES {
        let item = Item::new(left)?;
        let mut set = redis::cmd("SET");
        set.arg(&item.key).arg(&item.value).arg("NX").arg("EX").arg(item.seconds);
        match client.ask("SET", &set).await? {
            Value::Okay => return Ok(item),
            Value::ServerError(error) if error.code() == "MOVED" => refused = Some(Value::ServerError(error)),
            other => return Err(refusal::of_write(&other, "SET")),
        }
    }
    Err(refusal::of_write(&refused.unwrap_or(Value::Nil), "SET"))
}

async fn get(client: &mut RespClient<'_>, item: &Item) -> Result<(), Fault> {
    match client.ask("GET", Cmd::new().arg("GET").arg(&item.key)).await? {
        Value::BulkString(found) => item.compare(Some(&found)),
        Value::Nil => item.compare(None),
        other => Err(refusal::of_write(&other, "GET")),
    }
}
