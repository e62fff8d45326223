//! `roundtrip`: a temporary table is filled and read, and all of it rolled back.

use super::Postgres;
use super::request::fault_of;
use super::server_error::ServerError;
use super::session::Session;
use super::wire::End;
use crate::checks::roundtrip::{compare, full, random_digits};
use crate::fault::{Cause, Fault, Phase};
use crate::remedy;
use crate::secret::{sentence, theirs};
use tokio_postgres::{Error, SimpleQueryMessage};

/// What a person knows it by.
const WHAT: &str = "round trip";

/// All of it is one message and one transaction, which the server rolls back where it is broken off: a pooler gives it one
/// session, and nothing of it is ever seen by another one. The server gives up after `limit` milliseconds.
pub(super) async fn perform(check: &Postgres, session: &mut Session, limit: u128) -> Result<(), Fault> {
    let digits = random_digits()?;
    let table = format!("conn_check_{digits}");
    let statements = format!(
        "BEGIN; SET LOCAL statement_timeout = {limit}; CREATE TEMPORARY TABLE {table} (value text) ON COMMIT DROP; \
         INSERT INTO {table} VALUES ('{digits}'); SELECT value FROM {table}; ROLLBACK"
    );
    let end = session.end_of_wire();
    let said = session.ask(async |client| client.simple_query(&statements).await).await;
    let said = match said {
        Ok(said) => said,
        Err(error) => {
            // What is asked behind it is not to be asked inside a transaction that has failed.
            let _ended = session.ask(async |client| client.simple_query("ROLLBACK").await).await;
            return Err(refusal(check, &error, &end));
        }
    };
    let found = said.iter().find_map(|one| if let SimpleQueryMessage::Row(row) = one { row.get(0) } else { None });
    compare(&digits, found.map(str::as_bytes))
}

fn refusal(check: &Postgres, error: &Error, end: &End) -> Fault {
    let Some(said) = error.as_db_error().map(ServerError::from) else { return fault_of(error, end, WHAT) };
    let (user, database) = (&check.login.user, &check.database);
    match said.code.as_str() {
        "25006" => said.fault(Cause::ReadOnly, "the server takes no writes from this session").next_step(
            "a standby takes none: point to the primary; on a primary see default_transaction_read_only, of this role, the \
             database and the server",
        ),
        "42501" => said
            .fault(Cause::PermissionDenied, sentence![theirs(user), " may not make temporary tables in ", theirs(database)])
            .next_step(sentence![
                "GRANT TEMPORARY ON DATABASE ",
                theirs(database),
                " TO ",
                theirs(user),
                "; or leave `roundtrip` out"
            ])
            .remedy(remedy::postgres::make_temporary_tables(user, database)),
        "53100" => said.fault_of(full("the server's disk is full")),
        "53200" => said.fault_of(full("the server is out of memory")),
        "53400" => said.fault_of(full("a limit of the server's configuration is reached (temp_file_limit)")),
        _ => fault_of(error, end, WHAT),
    }
    .placed(Phase::Request)
}
