//! A connection that is logged in.

use super::wire::{End, LoggedIn};
use crate::checks::role::Role;
use crate::probe::Probe;
use std::future::Future;
use std::pin::pin;
use tokio_postgres::{Client, Connection, Error};

/// What the library makes of a connection: one half is asked, the other one moves the bytes.
pub(super) type Halves = (Client, Connection<LoggedIn, LoggedIn>);

/// A connection that is logged in. Both of its halves live in the check's own task.
pub(super) struct Session {
    client: Client,
    connection: Option<Connection<LoggedIn, LoggedIn>>,
    end_of_wire: End,
}

impl Session {
    pub(super) fn new((client, connection): Halves, end_of_wire: End) -> Self {
        Self { client, connection: Some(connection), end_of_wire }
    }

    /// Whether the peer has closed the connection.
    pub(super) fn end_of_wire(&self) -> End {
        self.end_of_wire.clone()
    }

    /// What the server tells of itself unasked: its version, and from version 14 on whether it is a replica.
    pub(super) fn note_facts(&self, probe: &mut Probe) {
        let Some(connection) = &self.connection else { return };
        if let Some(version) = connection.parameter("server_version") {
            probe.fact("server_version", probe.clean(version));
        }
        if let Some(role) = self.role() {
            probe.fact("server_role", role.slug());
        }
    }

    /// Whether the server is a replica, where it says so unasked.
    pub(super) fn role(&self) -> Option<Role> {
        let standby = self.connection.as_ref()?.parameter("in_hot_standby")?;
        Some(if standby == "on" { Role::Replica } else { Role::Primary })
    }

    /// Asks for something, and moves the bytes meanwhile.
    /// An error is what the server says, rather than that it then closed the connection.
    pub(super) async fn ask<'a, T, F>(&'a mut self, work: impl FnOnce(&'a Client) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut work = pin!(work(&self.client));
        let ended = match &mut self.connection {
            None => Ok(()),
            Some(connection) => tokio::select! {
                biased;
                done = &mut work => return done,
                ended = connection => ended,
            },
        };
        // What was still said is on its way to the work; with the connection gone, nothing else is.
        self.connection = None;
        match (work.await, ended) {
            (Err(error), Err(ended)) if error.is_closed() => Err(ended),
            (done, _) => done,
        }
    }

    /// Ends the session. The server sends no answer to that.
    pub(super) async fn end(self, probe: &Probe) {
        drop(self.client);
        if let Some(connection) = self.connection {
            // A farewell that does not reach the server is not a fault of the check's.
            let _ = probe.linger(connection).await;
        }
    }
}
