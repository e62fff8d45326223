//! What the application needs: a table that it may read, a query that runs.

use super::Postgres;
use super::refusal::{is_of_transport, of_transport};
use super::roundtrip;
use super::server_error::ServerError;
use super::session::Session;
use super::value;
use super::wire::End;
use crate::checks::first_value::Found;
use crate::checks::role::Role;
use crate::fault::{Cause, Failure, Fault, Owner, Phase};
use crate::probe::Probe;
use crate::remedy::{self, Remedy};
use crate::secret::{sentence, theirs};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error};

/// Whether a table is there, and whether this role may read it; SQL's rules for names hold.
const TABLE: &str = "SELECT found IS NOT NULL, pg_catalog.has_table_privilege(found, 'SELECT') \
     FROM (SELECT pg_catalog.to_regclass($1) AS found) AS named";

/// In which schema a table was found that is named without one.
const SCHEMA: &str = "SELECT n.nspname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n \
     ON n.oid = c.relnamespace WHERE c.oid = pg_catalog.to_regclass($1)";

/// Whether a server is a replica; every version since 9.0 has it.
const IN_RECOVERY: &str = "SELECT pg_catalog.pg_is_in_recovery()";

/// Asks for what the check names.
pub(super) async fn perform(check: &Postgres, probe: &mut Probe, session: &mut Session) -> Result<(), Failure> {
    if let Some(wanted) = check.role {
        probe.phase(Phase::Request, is_wanted(wanted, session)).await?;
    }
    if let Some(table) = &check.table {
        probe.phase(Phase::Request, readable(check, session, table)).await?;
    }
    if check.roundtrip {
        let limit = probe.share(1).as_millis().max(1);
        probe.phase(Phase::Request, roundtrip::perform(check, session, limit)).await?;
    }
    if let Some(query) = &check.query {
        // The server gives the query up before the check does: it would go on for nobody.
        let limit = probe.share(1).as_millis().max(1);
        let begin = format!("BEGIN READ ONLY; SET LOCAL statement_timeout = {limit}");
        probe.phase(Phase::Request, runs(check, session, &begin, query)).await?;
    }
    Ok(())
}

async fn is_wanted(wanted: Role, session: &mut Session) -> Result<(), Fault> {
    if let Some(found) = session.role() {
        return wanted
            .compare(found, if found == Role::Replica { "in_hot_standby is on" } else { "in_hot_standby is off" });
    }
    let end = session.end_of_wire();
    let row = session.ask(async |client| client.query_typed_one(IN_RECOVERY, &[]).await).await;
    let row = row.map_err(|error| fault_of(&error, &end, "question for the server's role"))?;
    match row.try_get(0) {
        Ok(true) => wanted.compare(Role::Replica, "pg_is_in_recovery() is true"),
        Ok(false) => wanted.compare(Role::Primary, "pg_is_in_recovery() is false"),
        Err(error) => Err(fault_of(&error, &end, "question for the server's role")),
    }
}

async fn readable(check: &Postgres, session: &mut Session, table: &str) -> Result<(), Fault> {
    let end = session.end_of_wire();
    let row = session.ask(async |client| client.query_typed_one(TABLE, &[(&table, Type::TEXT)]).await).await;
    let row = row.map_err(|error| {
        let fault = fault_of(&error, &end, "look-up of the table");
        // Of a table that has its schema in its name: the schema may not be entered.
        let is_denied = fault.cause == Cause::PermissionDenied;
        let right = is_denied.then(|| right_to_read(check, table, None, true)).flatten();
        fault.remedy(right)
    })?;
    match (row.try_get(0), row.try_get(1)) {
        (Ok(true), Ok(Some(true))) => Ok(()),
        (Ok(true), Ok(_)) => {
            let named = session.ask(async |client| client.query_typed_one(SCHEMA, &[(&table, Type::TEXT)]).await).await;
            // What cannot be told is only not written down.
            let schema = named.ok().and_then(|row| row.try_get::<_, String>(0).ok());
            Err(unreadable(check, table).remedy(right_to_read(check, table, schema.as_deref(), false)))
        }
        _ => Err(missing(check, table)),
    }
}

fn right_to_read(check: &Postgres, table: &str, schema: Option<&str>, enter: bool) -> Option<Remedy> {
    remedy::postgres::read(&check.login.user, &check.database, table, schema, enter)
}

fn unreadable(check: &Postgres, table: &str) -> Fault {
    Fault::new(Cause::PermissionDenied, sentence![&check.login.user, " may not read the table ", theirs(table)])
        .evidence("has_table_privilege(.., 'SELECT') is false")
        .next_step(sentence!["GRANT SELECT ON ", theirs(table), " TO ", &check.login.user])
}

fn missing(check: &Postgres, table: &str) -> Fault {
    Fault::new(
        Cause::UnexpectedReply,
        sentence!["there is no table ", theirs(table), " in the database ", &check.database],
    )
    .evidence("to_regclass(..) is null")
    .owner(Owner::Config)
    .next_step("check its name and schema (search_path); otherwise run the application's migrations")
}

async fn runs(check: &Postgres, session: &mut Session, begin: &str, query: &str) -> Result<(), Fault> {
    let end = session.end_of_wire();
    let Some(expect) = &check.expect else {
        let ran = session.ask(|client| transact(client, begin, client.execute_typed(query, &[]))).await;
        return ran.map(drop).map_err(|error| fault_of(&error, &end, "query"));
    };
    let ran = session.ask(|client| transact(client, begin, client.query_typed(query, &[]))).await;
    let rows = ran.map_err(|error| fault_of(&error, &end, "query"))?;
    let first = rows.first().map_or(Ok(Found::NoRow), value::first)?;
    expect.compare(&first)
}

/// The query is only sent when the transaction has begun: outside of it, it could write. As the
/// extended protocol has it, it is one statement; the end of the transaction follows at once.
async fn transact<T>(client: &Client, begin: &str, query: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    client.batch_execute(begin).await?;
    let (ran, _ended) = tokio::join!(query, client.batch_execute("ROLLBACK"));
    ran
}

/// The cause of a request's failure; `what` is what was asked for.
pub(super) fn fault_of(error: &Error, end: &End, what: &'static str) -> Fault {
    if let Some(error) = error.as_db_error() {
        return objection(&error.into(), what);
    }
    if !is_of_transport(error) {
        return Fault::new(Cause::UnexpectedReply, sentence!["the ", what, " returned something other than rows"])
            .owner(Owner::Config)
            .caused_by(error);
    }
    let fault = of_transport(error, end);
    if fault.cause == Cause::TooLarge {
        return Fault { message: sentence!["the result of the ", what, " is longer than 64 KiB"], ..fault }
            .owner(Owner::Config)
            .next_step("let the query return less (LIMIT): its result is not looked at");
    }
    fault
}

fn objection(error: &ServerError, what: &'static str) -> Fault {
    match error.code.as_str() {
        "42501" => error.fault(Cause::PermissionDenied, sentence!["this role may not do what the ", what, " does"]),
        "25006" => error
            .fault(Cause::UnexpectedReply, sentence!["the ", what, " writes, but a check must only read"])
            .owner(Owner::Config)
            .next_step("let the query read only"),
        "57014" | "55P03" => error.fault(
            Cause::Timeout,
            sentence!["the ", what, " takes longer than the check's timeout, or waits for a lock"],
        ),
        "57P01" | "57P02" | "57P05" => {
            error.fault(Cause::Closed, sentence!["the server ended the session during the ", what])
        }
        code if code.starts_with("22") => error
            .fault(Cause::UnexpectedReply, sentence!["the ", what, " fails over the values that it meets"])
            .owner(Owner::Config)
            .next_step("correct it, or what it reads in the database"),
        code if code.starts_with("42") || code.starts_with("0A") => error
            .fault(Cause::UnexpectedReply, sentence!["the server cannot make sense of the ", what])
            .owner(Owner::Config)
            .next_step("correct it; or see whether the application's migrations have run"),
        _ => error.of_the_server().unwrap_or_else(|| {
            error
                .fault(Cause::UnexpectedReply, sentence!["the ", what, " failed"])
                .next_step("look at the server's log")
        }),
    }
}
