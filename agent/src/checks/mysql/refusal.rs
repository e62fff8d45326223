//! What the server says no with: its error numbers, as causes.
//!
//! The numbers are `MySQL`'s ("Server Error Message Reference") and `MariaDB`'s ("Error Codes"); below
//! 1900 they are the same in both.

use super::login::Login;
use super::packet::take;
use super::plugin::SessionTransport;
use crate::fault::{Cause, Fault, Owner, Phase};
use crate::secret::{sentence, theirs};

/// An ERR packet.
#[derive(Debug)]
pub(super) struct ErrPacket {
    number: u16,
    /// The SQLSTATE; there is none before the greeting.
    state: Option<String>,
    text: String,
}

impl ErrPacket {
    /// Reads the packet behind its first byte; what is missing is empty.
    pub(super) fn parse(mut error: &[u8]) -> Self {
        let number = take(&mut error, 2).map_or(0, |number| u16::from_le_bytes([number[0], number[1]]));
        let state = error.strip_prefix(b"#").and_then(|rest| rest.split_at_checked(5));
        let text = state.map_or(error, |(_, text)| text);
        let readable = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { number, state: state.map(|(state, _)| readable(state)), text: readable(text) }
    }

    /// The server refuses before it greets.
    pub(super) fn before_greeting(&self) -> Fault {
        self.judged(self.of_service().or_else(|| self.of_host()))
    }

    pub(super) fn of_login(&self, login: Login<'_>) -> Fault {
        let fault = self.of_service().or_else(|| self.of_host()).or_else(|| self.of_method());
        self.judged(fault.or_else(|| self.of_account(login)))
    }

    pub(super) fn of_statement(&self, login: Login<'_>) -> Fault {
        self.judged(self.of_service().or_else(|| self.of_account(login)).or_else(|| self.of_query()))
    }

    /// The state that the server is in.
    fn of_service(&self) -> Option<Fault> {
        let fault = match self.number {
            // ER_CON_COUNT_ERROR
            1040 => Fault::new(Cause::Overloaded, "the server has reached its connection limit")
                .next_step("raise max_connections, or look for clients whose pools are too large"),
            // ER_TOO_MANY_USER_CONNECTIONS, ER_USER_LIMIT_REACHED
            1203 | 1226 => Fault::new(Cause::Overloaded, "the account has reached its limits on the server")
                .next_step("raise the account's limits (max_user_connections), or shrink the clients' pools"),
            // ER_SERVER_SHUTDOWN
            1053 => Fault::new(Cause::NotReady, "the server is shutting down")
                .next_step("check whether that is intended; otherwise look at its log"),
            // ER_UNKNOWN_COM_ERROR, which Galera has taken for its own
            1047 if self.text.contains("WSREP") => {
                Fault::new(Cause::NotReady, "the node is cut off from its cluster, or is not yet synchronised with it")
                    .next_step("look at wsrep_cluster_status and wsrep_local_state_comment on the node")
            }
            _ => return None,
        };
        Some(fault.at(Phase::Protocol))
    }

    /// Where we come from.
    fn of_host(&self) -> Option<Fault> {
        let fault = match self.number {
            // ER_HOST_NOT_PRIVILEGED
            1130 => Fault::new(Cause::HostNotAllowed, "no account of the server may log in from this host")
                .next_step("allow this host in the account's host part (user@host)"),
            // ER_HOST_IS_BLOCKED
            1129 => Fault::new(
                Cause::HostNotAllowed,
                "the server has blocked this host, after too many connections from it without a login",
            )
            .next_step("FLUSH HOSTS on the server; then look for what connects from here without logging in"),
            _ => return None,
        };
        Some(fault.at(Phase::Auth))
    }

    /// Who we are, and which database we may use.
    fn of_account(&self, login: Login<'_>) -> Option<Fault> {
        let fault = match self.number {
            // ER_ACCESS_DENIED_ERROR
            1045 => login.access_denied(),
            // ER_ACCESS_DENIED_NO_PASSWORD_ERROR
            1698 => Fault::new(Cause::Rejected, "the account does not log in with a password")
                .next_step("use an account with a password, or run the check as the system user of this one"),
            // ER_ACCOUNT_HAS_BEEN_LOCKED, of MySQL and of MariaDB
            3118 | 4151 => {
                Fault::new(Cause::Locked, "the account is locked").next_step("ALTER USER ... ACCOUNT UNLOCK")
            }
            // ER_USER_ACCESS_DENIED_FOR_USER_ACCOUNT_BLOCKED_BY_PASSWORD_LOCK, ER_USER_IS_BLOCKED
            3955 | 4150 => Fault::new(Cause::Locked, "the account is locked, after too many wrong passwords")
                .next_step(
                    "look for a client with a wrong password; then ALTER USER ... ACCOUNT UNLOCK, or FLUSH PRIVILEGES",
                ),
            // ER_MUST_CHANGE_PASSWORD, ER_MUST_CHANGE_PASSWORD_LOGIN
            1820 | 1862 => Fault::new(Cause::Locked, "the account's password has expired")
                .next_step("set a new password: ALTER USER ... IDENTIFIED BY ..."),
            // ER_BAD_DB_ERROR
            1049 => return Some(Fault::new(Cause::NoSuchDatabase, "the database does not exist").at(Phase::Request)),
            // ER_DBACCESS_DENIED_ERROR
            1044 => {
                return Some(
                    Fault::new(Cause::PermissionDenied, "the account may not use the database (if it exists)")
                        .next_step("check the database's name, and GRANT this user what the application needs")
                        .at(Phase::Request),
                );
            }
            _ => return None,
        };
        Some(fault.at(Phase::Auth))
    }

    /// How we log in.
    fn of_method(&self) -> Option<Fault> {
        Some(match self.number {
            // ER_SECURE_TRANSPORT_REQUIRED
            3159 => Fault::new(Cause::Required, "the server accepts logins only over TLS")
                .next_step("set use_tls: true")
                .at(Phase::Tls),
            // ER_NOT_SUPPORTED_AUTH_MODE, ER_SERVER_IS_IN_SECURE_AUTH_MODE, ER_PLUGIN_IS_NOT_LOADED,
            // CR_AUTH_PLUGIN_CANNOT_LOAD
            1251 | 1275 | 1524 | 2059 => {
                Fault::new(Cause::MethodUnsupported, "the account's authentication method is not supported")
                    .at(Phase::Auth)
            }
            _ => return None,
        })
    }

    /// What the statement does.
    fn of_query(&self) -> Option<Fault> {
        Some(match self.number {
            // ER_NEW_ABORTING_CONNECTION
            1184 => Fault::new(Cause::UnexpectedReply, "the server ends the session before its first statement")
                .next_step("see whether the server's init_connect fails for this account, and look at its log"),
            // ER_TABLEACCESS_DENIED_ERROR, ER_COLUMNACCESS_DENIED_ERROR,
            // ER_SPECIFIC_ACCESS_DENIED_ERROR, ER_PROCACCESS_DENIED_ERROR
            1142 | 1143 | 1227 | 1370 => Fault::new(Cause::PermissionDenied, "the account may not execute the query"),
            // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
            1792 => Fault::new(Cause::UnexpectedReply, "the query writes, but a check must only read")
                .owner(Owner::Config)
                .next_step("write a query that only reads"),
            // ER_OPTION_PREVENTS_STATEMENT, ER_READ_ONLY_MODE
            1290 if self.text.contains("read_only") || self.text.contains("read-only") => read_only(),
            1836 => read_only(),
            // ER_STATEMENT_TIMEOUT of MariaDB, ER_QUERY_TIMEOUT of MySQL
            1969 | 3024 => Fault::new(Cause::Timeout, "the query did not finish within the check's timeout")
                .next_step("see what slows the query down, or raise the check's timeout"),
            // ER_NO_DB_ERROR, ER_BAD_FIELD_ERROR, ER_PARSE_ERROR, ER_EMPTY_QUERY, ER_NO_SUCH_TABLE
            1046 | 1054 | 1064 | 1065 | 1146 => {
                Fault::new(Cause::UnexpectedReply, "the server cannot execute the query as it is written")
                    .owner(Owner::Config)
                    .next_step("correct the query, or the database that it runs in")
            }
            _ => return None,
        })
    }

    /// The fault, or that of an error that nothing is known about here, with the server's own words:
    /// `1045 (28000): Access denied ...`
    fn judged(&self, fault: Option<Fault>) -> Fault {
        let Self { number, state, text } = self;
        let fault = fault.unwrap_or_else(|| {
            Fault::new(Cause::UnexpectedReply, sentence!["the server answered with error ", *number])
                .next_step("read the server's own message, and look at its log")
                .at(Phase::Request)
        });
        fault.evidence(match state {
            Some(state) => format!("{number} ({state}): {text}"),
            None => format!("{number}: {text}"),
        })
    }
}

impl Login<'_> {
    /// The number for nearly everything; what else it may mean here is named.
    fn access_denied(self) -> Fault {
        let user = &self.check.login.user;
        if !self.check.login.has_password() {
            let message = sentence!["the server does not let ", theirs(user), " in without a password"];
            return Fault::new(Cause::Required, message)
                .next_step("set password; the server says the same about a user that it does not know");
        }
        let (or, also) = match self.transport {
            SessionTransport::Plain if self.offers_tls => {
                (", or TLS is required", "use_tls (for an account with REQUIRE SSL, or require_secure_transport), ")
            }
            SessionTransport::Tls(_) if self.check.tls.client.is_none() => {
                (", or a client certificate is required", "client_cert (for an account with REQUIRE X509), ")
            }
            _ => ("", ""),
        };
        Fault::new(
            Cause::Rejected,
            sentence!["wrong password for ", theirs(user), ", or no such user for this host", or],
        )
        .next_step(sentence!["check user, password, ", also, "and the hosts that the account is for"])
    }
}

fn read_only() -> Fault {
    Fault::new(Cause::ReadOnly, "the server is read-only, but the query writes")
}
