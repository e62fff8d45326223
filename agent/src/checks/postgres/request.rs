//! What the application needs: a table that it may read, a query that runs.

use super::Postgres;
use super::refusal;
use super::session::Session;
use crate::catalogue::{Cause, Owner};
use crate::fault::{Failure, Fault};
use crate::phase::Phase;
use crate::probe::Probe;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error};

/// Whether a table is there, and whether this role may read it; SQL's rules for names hold.
const TABLE: &str = "SELECT found IS NOT NULL, pg_catalog.has_table_privilege(found, 'SELECT') \
     FROM (SELECT pg_catalog.to_regclass($1) AS found) AS named";

impl Postgres {
    /// Asks for what the check names.
    ///
    /// # Errors
    /// `request.*`.
    pub(super) async fn request(&self, probe: &mut Probe, session: &mut Session) -> Result<(), Failure> {
        if let Some(table) = &self.table {
            probe.phase(Phase::Request, self.readable(session, table)).await?;
        }
        if let Some(query) = &self.query {
            // The server gives the query up before the check does: it would go on for nobody.
            let limit = probe.share(1).as_millis().max(1);
            let begin = format!("BEGIN READ ONLY; SET LOCAL statement_timeout = {limit}");
            probe.phase(Phase::Request, self.runs(session, &begin, query)).await?;
        }
        Ok(())
    }

    async fn readable(&self, session: &mut Session, table: &str) -> Result<(), Fault> {
        let progress = session.progress.clone();
        let row = session.ask(async |client| client.query_typed_one(TABLE, &[(&table, Type::TEXT)]).await).await;
        let row = row.map_err(|error| refusal::of_request(error, &progress, "look-up of the table"))?;
        match (row.try_get(0), row.try_get(1)) {
            (Ok(true), Ok(Some(true))) => Ok(()),
            (Ok(true), Ok(_)) => Err(self.unreadable(table)),
            _ => Err(self.missing(table)),
        }
    }

    fn unreadable(&self, table: &str) -> Fault {
        Fault::new(Cause::PermissionDenied, format!("{} may not read the table {table}", self.user))
            .evidence("has_table_privilege(.., 'SELECT') is false")
            .next_step(format!("GRANT SELECT ON {table} TO {}", self.user))
    }

    fn missing(&self, table: &str) -> Fault {
        Fault::new(Cause::UnexpectedReply, format!("there is no table {table} in the database {}", self.database))
            .evidence("to_regclass(..) is null")
            .owner(Owner::Config)
            .next_step("check its name and schema (search_path); else run the application's migrations")
    }

    async fn runs(&self, session: &mut Session, begin: &str, query: &str) -> Result<(), Fault> {
        let progress = session.progress.clone();
        let ran = session.ask(|client| transact(client, begin, query)).await;
        ran.map_err(|error| refusal::of_request(error, &progress, "query"))
    }
}

/// The query is only sent when the transaction has begun: outside of it, it could write. As the
/// extended protocol has it, it is one statement; the end of the transaction follows at once.
async fn transact(client: &Client, begin: &str, query: &str) -> Result<(), Error> {
    client.batch_execute(begin).await?;
    let (ran, _ended) = tokio::join!(client.execute_typed(query, &[]), client.batch_execute("ROLLBACK"));
    ran.map(drop)
}
