//! The official driver: the login and one harmless question.

use super::Mongodb;
use crate::fault::{Cause, Fault, Phase};
use crate::net::LocalSocket;
use crate::settings::Credentials;
use mongodb::Client;
use mongodb::bson::doc;
use mongodb::error::{Error, ErrorKind};
use mongodb::options::{ClientOptions, Credential, ServerAddress, ServerMonitoringMode};
use std::time::Duration;

/// Longer than any check: what the driver waits for is bounded by the check alone.
const NEVER: Duration = Duration::from_secs(365 * 86_400);

/// A driver that will connect to the socket: one connection for its monitor, which asks once, and
/// one for everything else.
pub(super) fn client(check: &Mongodb, socket: &LocalSocket) -> Result<Client, Fault> {
    let mut options = ClientOptions::builder()
        .hosts(vec![ServerAddress::Unix { path: socket.path().to_owned() }])
        .direct_connection(true)
        .server_monitoring_mode(ServerMonitoringMode::Poll)
        .heartbeat_freq(NEVER)
        .connect_timeout(NEVER)
        .server_selection_timeout(NEVER)
        .max_pool_size(1)
        .retry_reads(false)
        .retry_writes(false)
        .build();
    options.credential = check.login.as_ref().map(|Credentials { user, password }| {
        let credential = Credential::builder().username(user.clone()).password(password.expose().clone());
        credential.source(check.auth_source.clone()).build()
    });
    Client::with_options(options)
        .map_err(|error| Fault::new(Cause::OwnFault, "the driver refused its options").caused_by(&error))
}

/// Asks for the collections of the database that this user may do anything with, of which at
/// most one has the name asked for: it needs a login where there are logins, it needs any
/// permission in that database, and it changes nothing.
pub(super) async fn ask(check: &Mongodb, client: &Client) -> Result<(), Error> {
    let database = client.database(&check.database);
    let names = database.list_collection_names().authorized_collections(true).filter(doc! {"name": "conn-check"});
    names.await.map(drop)
}

/// The fault that the driver found, where the server itself refused nothing.
pub(super) fn fault(error: &Error) -> Fault {
    let fault = match &*error.kind {
        ErrorKind::Authentication { message, .. } if message.contains("saslprep") => {
            Fault::new(Cause::Rejected, "the password has characters that SCRAM-SHA-256 does not allow (RFC 4013)")
                .at(Phase::Auth)
        }
        ErrorKind::Authentication { .. } => Fault::new(
            Cause::Malformed,
            "the server could not prove that it knows the password, or broke SCRAM (RFC 5802)",
        ),
        ErrorKind::Io(error) if Fault::from(&**error).cause == Cause::LocalLimit => Fault::from(&**error),
        _ => Fault::new(Cause::Malformed, "the driver did not understand the server"),
    };
    fault.evidence(error.to_string()).caused_by(error)
}
