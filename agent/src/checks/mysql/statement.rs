//! What is asked for after the login: one statement that must not fail.

use super::greeting::Greeting;
use super::login::Login;
use super::packet::{Channel, EOF, ERR, OK, malformed};
use super::refusal::ErrPacket;
use crate::fault::{Cause, Fault};
use std::time::Duration;

const COM_QUERY: u8 = 0x03;
/// The server asks for a file of ours (`LOAD DATA LOCAL`). It never gets one.
const LOCAL_INFILE: u8 = 0xfb;
/// An EOF packet is shorter than this; a row may begin with the same byte.
const EOF_BELOW: usize = 9;

/// Executes the statement of the check, or `SELECT 1`; the server is to give up after `limit`.
pub(super) async fn ask(
    login: Login<'_>,
    channel: &mut Channel,
    greeting: &Greeting,
    limit: Duration,
) -> Result<(), Fault> {
    let refusal = match &login.check.query {
        None => execute(channel, "SELECT 1").await?,
        Some(query) => ask_bounded(channel, query, greeting, limit).await?,
    };
    refusal.map_or(Ok(()), |refusal| Err(refusal.of_statement(login)))
}

/// Executes a statement that can neither change nor cost much: every transaction of the session is
/// read-only from here on, whatever the statement begins or ends.
async fn ask_bounded(
    channel: &mut Channel,
    query: &str,
    greeting: &Greeting,
    limit: Duration,
) -> Result<Option<ErrPacket>, Fault> {
    if let Some(refusal) = execute(channel, "SET SESSION TRANSACTION READ ONLY").await? {
        return Ok(Some(refusal));
    }
    // A server that is neither of the two, or an old one, may not have these variables.
    execute(channel, &limits(greeting, limit)).await?;
    match execute(channel, query).await {
        // It gives more than is read: it was executed.
        Err(fault) if fault.cause == Cause::TooLarge => Ok(None),
        other => other,
    }
}

/// One row, and this much time. `MySQL` counts it in milliseconds, and 0 is no limit.
fn limits(greeting: &Greeting, limit: Duration) -> String {
    let time = if greeting.is_mariadb() {
        format!("max_statement_time = {:.3}", limit.as_secs_f64().max(0.001))
    } else {
        format!("max_execution_time = {}", limit.as_millis().max(1))
    };
    format!("SET SESSION sql_select_limit = 1, {time}")
}

/// Executes a statement and reads what it gives, to its end; gives how the server refused it.
async fn execute(channel: &mut Channel, statement: &str) -> Result<Option<ErrPacket>, Fault> {
    channel.command(&[&[COM_QUERY], statement.as_bytes()].concat()).await;
    let (_, answer) = channel.read().await?;
    match answer.as_slice() {
        [OK, ..] => Ok(None),
        [ERR, error @ ..] => Ok(Some(ErrPacket::parse(error))),
        [LOCAL_INFILE, ..] => Err(malformed("it asks for a file")),
        // The number of columns: a result follows, first the columns, then the rows.
        [_, ..] => read_result(channel).await,
        [] => Err(malformed("it is empty")),
    }
}

/// Two lists, each with an end; the second one may end with an error.
async fn read_result(channel: &mut Channel) -> Result<Option<ErrPacket>, Fault> {
    let mut lists = 0;
    while lists < 2 {
        let (_, packet) = channel.read().await?;
        match packet.as_slice() {
            [ERR, error @ ..] => return Ok(Some(ErrPacket::parse(error))),
            [EOF, rest @ ..] if rest.len() < EOF_BELOW - 1 => lists += 1,
            _ => {}
        }
    }
    Ok(None)
}
