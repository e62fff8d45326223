//! What is asked for after the login: which role the server has, and one statement that must not fail.

use super::greeting::Greeting;
use super::login::Login;
use super::packet::{Channel, EOF, ERR, OK, malformed, take};
use super::refusal::{ErrPacket, names};
use crate::checks::first_value::Found;
use crate::checks::role::Role;
use crate::checks::roundtrip::{compare, random_digits};
use crate::fault::{Cause, Fault};
use crate::remedy::mysql::Account;
use crate::remedy::{self, Remedy};
use crate::secret::sentence;
use std::time::Duration;

const COM_QUERY: u8 = 0x03;
/// The server asks for a file of ours (`LOAD DATA LOCAL`). It never gets one.
const LOCAL_INFILE: u8 = 0xfb;
/// NULL, in the place of a value of a row.
const NULL: u8 = 0xfb;
/// An EOF packet is shorter than this; a row may begin with the same byte.
const EOF_BELOW: usize = 9;

/// What keeps a server from taking writes. The second one is set on the readers of Aurora, which have the first one
/// off; servers before `MySQL` 5.6, and relatives, have the first one alone.
const READ_ONLY: [&str; 2] = ["SELECT @@global.read_only, @@global.innodb_read_only", "SELECT @@global.read_only"];

/// A row's values; `None` for NULL.
type Row = Vec<Option<String>>;

/// What comes of a statement.
enum Done {
    Refused(ErrPacket),
    /// It was executed; the first row, if it gives any.
    Executed(Option<Row>),
}

/// Asks for the server's role where one is wanted, and executes the statement of the check. Without either it is
/// `SELECT 1`, which shows whether the session is of use; the server is to give up after `limit`.
pub(super) async fn ask(
    login: Login<'_>,
    channel: &mut Channel,
    greeting: &Greeting,
    limit: Duration,
) -> Result<Option<Role>, Fault> {
    // A server that is read-only takes temporary tables all the same.
    let wanted = login.check.role.or(login.check.roundtrip.then_some(Role::Primary));
    let role = match wanted {
        Some(wanted) => Some(compare_role(login, channel, wanted).await?),
        None => None,
    };
    if login.check.roundtrip {
        bound(channel, &limits(greeting, limit)).await?;
        round_trip(login, channel).await?;
    }
    match &login.check.query {
        None if role.is_some() => {}
        None => {
            if let Done::Refused(refusal) = execute(channel, "SELECT 1").await? {
                refusal.of_probe(login).map_or(Ok(()), Err)?;
            }
        }
        Some(query) => match ask_bounded(login, channel, query, greeting, limit).await? {
            Done::Refused(refusal) => {
                let right = right_to_read(login, channel, &refusal, query).await;
                return Err(refusal.of_statement(login).remedy(right));
            }
            Done::Executed(row) => {
                let first = match row.map(|row| row.into_iter().next()) {
                    None => Found::NoRow,
                    Some(value) => value.flatten().map_or(Found::Null, Found::Value),
                };
                login.check.expect.as_ref().map_or(Ok(()), |expect| expect.compare(&first))?;
            }
        },
    }
    Ok(role)
}

/// A right on the one table that the query may not read, for the account that the server has taken us for.
async fn right_to_read(login: Login<'_>, channel: &mut Channel, refusal: &ErrPacket, query: &str) -> Option<Remedy> {
    let (database, table) = refusal.unreadable_table(query)?;
    let Ok(Done::Executed(Some(row))) = execute(channel, "SELECT CURRENT_USER()").await else { return None };
    let account = row.into_iter().next().flatten()?;
    let account = Account::in_text(&account, &login.check.login.user)?;
    let own = login.check.database.as_deref();
    let database = match database.as_deref() {
        // The server's word alone is none for another one.
        Some(named) if own == Some(named) || names(query, named) => named,
        Some(_) => return None,
        None => own?,
    };
    remedy::mysql::read(&account, database, &table)
}

/// Fills a temporary table and reads it; what was begun is undone whatever came of it.
async fn round_trip(login: Login<'_>, channel: &mut Channel) -> Result<(), Fault> {
    let digits = random_digits()?;
    let table = format!("conn_check_{digits}");
    let statements = [
        "START TRANSACTION".to_owned(),
        format!("CREATE TEMPORARY TABLE {table} (value VARCHAR(64))"),
        format!("INSERT INTO {table} VALUES ('{digits}')"),
        format!("SELECT value FROM {table}"),
    ];
    let (mut row, mut refused) = (None, None);
    for statement in &statements {
        match execute(channel, statement).await? {
            Done::Executed(found) => row = found,
            Done::Refused(refusal) => {
                refused = Some(refusal);
                break;
            }
        }
    }
    // Neither is refused on account of what came before.
    execute(channel, "ROLLBACK").await?;
    execute(channel, &format!("DROP TEMPORARY TABLE IF EXISTS {table}")).await?;
    if let Some(refusal) = refused {
        return Err(refusal.of_roundtrip(login));
    }
    let found = row.and_then(|row| row.into_iter().next().flatten());
    compare(&digits, found.as_deref().map(str::as_bytes))
}

/// Whether the server takes writes, as its variables say; of a replica that takes them as well, only its
/// administrators can tell.
async fn compare_role(login: Login<'_>, channel: &mut Channel, wanted: Role) -> Result<Role, Fault> {
    let mut row = Row::new();
    for statement in READ_ONLY {
        match execute(channel, statement).await? {
            Done::Executed(found) => {
                row = found.unwrap_or_default();
                break;
            }
            Done::Refused(refusal) if statement == READ_ONLY[0] && refusal.is_about_the_statement(login) => {}
            Done::Refused(refusal) => return Err(refusal.of_role(login)),
        }
    }
    if !(1..=2).contains(&row.len()) {
        return Err(Fault::new(Cause::UnexpectedReply, "the server does not say whether it takes writes")
            .evidence(sentence!["its answer to ", READ_ONLY[0], " has ", row.len(), " values"])
            .next_step("leave `role` out: what answers has not these variables"));
    }
    let is_read_only = row.iter().any(|value| value.as_deref().is_some_and(|value| !matches!(value, "0" | "OFF")));
    let (found, said) = if is_read_only {
        (Role::Replica, "read_only or innodb_read_only is on")
    } else {
        (Role::Primary, "read_only and innodb_read_only are off")
    };
    wanted.compare(found, said).map(|()| found)
}

/// Executes a statement that can neither change nor cost much: every transaction of the session is
/// read-only from here on, whatever the statement begins or ends.
async fn ask_bounded(
    login: Login<'_>,
    channel: &mut Channel,
    query: &str,
    greeting: &Greeting,
    limit: Duration,
) -> Result<Done, Fault> {
    if let Done::Refused(refusal) = execute(channel, "SET SESSION TRANSACTION READ ONLY").await? {
        return Err(refusal.of_guard(login));
    }
    bound(channel, &limits(greeting, limit)).await?;
    match execute(channel, query).await {
        // It gives more than is read: it was executed.
        Err(fault) if fault.cause == Cause::TooLarge && login.check.expect.is_none() => Ok(Done::Executed(None)),
        other => other,
    }
}

/// Sets both limits, or the one that the server has: an old one, a relative, or a proxy before another kind of server
/// than it says may lack either, and then takes none of the statement.
async fn bound(channel: &mut Channel, limits: &[String; 2]) -> Result<(), Fault> {
    if let Done::Refused(_) = execute(channel, &format!("SET SESSION {}", limits.join(", "))).await? {
        for one in limits {
            execute(channel, &format!("SET SESSION {one}")).await?;
        }
    }
    Ok(())
}

/// One row, and this much time. `MySQL` counts it in milliseconds, and 0 is no limit.
fn limits(greeting: &Greeting, limit: Duration) -> [String; 2] {
    let time = if greeting.is_mariadb() {
        format!("max_statement_time = {:.3}", limit.as_secs_f64().max(0.001))
    } else {
        format!("max_execution_time = {}", limit.as_millis().max(1))
    };
    ["sql_select_limit = 1".to_owned(), time]
}

/// Executes a statement and reads what it gives, to its end.
async fn execute(channel: &mut Channel, statement: &str) -> Result<Done, Fault> {
    channel.command(&[&[COM_QUERY], statement.as_bytes()].concat()).await;
    let (_, answer) = channel.read().await?;
    match answer.as_slice() {
        [OK, ..] => Ok(Done::Executed(None)),
        [ERR, error @ ..] => Ok(Done::Refused(ErrPacket::parse(error))),
        [LOCAL_INFILE, ..] => Err(malformed("it asks for a file")),
        // The number of columns: a result follows, first the columns, then the rows.
        [_, ..] => read_result(channel).await,
        [] => Err(malformed("it is empty")),
    }
}

/// Two lists, each with an end; the second one may end with an error.
async fn read_result(channel: &mut Channel) -> Result<Done, Fault> {
    let (mut lists, mut first) = (0, None);
    while lists < 2 {
        let (_, packet) = channel.read().await?;
        match packet.as_slice() {
            [ERR, error @ ..] => return Ok(Done::Refused(ErrPacket::parse(error))),
            [EOF, rest @ ..] if rest.len() < EOF_BELOW - 1 => lists += 1,
            row if lists == 1 && first.is_none() => first = Some(read_row(row)),
            _ => {}
        }
    }
    Ok(Done::Executed(first))
}

/// The values of a row, as far as they can be read: each with its length before it.
fn read_row(mut rest: &[u8]) -> Row {
    let mut row = Row::new();
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        if first == NULL {
            row.push(None);
            continue;
        }
        let value = read_length(first, &mut rest).and_then(|length| take(&mut rest, length));
        let Some(value) = value else { break };
        row.push(Some(String::from_utf8_lossy(value).into_owned()));
    }
    row
}

/// A length of one byte, or of as many as that one says.
fn read_length(first: u8, rest: &mut &[u8]) -> Option<usize> {
    let width = match first {
        ..=0xfa => return Some(usize::from(first)),
        0xfc => 2,
        0xfd => 3,
        0xfe => 8,
        _ => return None,
    };
    Some(take(rest, width)?.iter().rev().fold(0, |length, byte| length << 8 | usize::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_value_by_value_and_no_further_than_they_go() {
        let value = |text: &str| Some(text.to_owned());
        assert_eq!(read_row(b"\x011\xfb\x00\x02ab"), [value("1"), None, value(""), value("ab")]);
        let long = [&b"\xfc\x00\x01"[..], &[b'x'; 256]].concat();
        assert_eq!(read_row(&long), [value(&"x".repeat(256))]);
        for cut in [&b""[..], b"\x02a", b"\xfc\x01", b"\xff", b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff"] {
            assert_eq!(read_row(cut), Row::new(), "{cut:?}");
        }
    }
}
