//! What the server says no with: its error numbers, as causes.
//!
//! The numbers are `MySQL`'s ("Server Error Message Reference") and `MariaDB`'s ("Error Codes"); below
//! 1900 they are the same in both.

use super::login::Login;
use super::packet::take;
use super::plugin::SessionTransport;
use crate::checks::roundtrip::full;
use crate::fault::{Cause, Fault, Owner, Phase};
use crate::net::identify::blocked_host;
use crate::remedy::mysql::Account;
use crate::remedy::{self, Remedy};
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
        self.judged(self.of_service().or_else(|| self.of_host()), "before it greets")
    }

    pub(super) fn of_login(&self, login: Login<'_>) -> Fault {
        let fault = self.of_service().or_else(|| self.of_host()).or_else(|| self.of_method(login));
        self.judged(fault.or_else(|| self.of_account(login)), "to the login")
    }

    pub(super) fn of_statement(&self, login: Login<'_>) -> Fault {
        self.judged(self.of_service().or_else(|| self.of_account(login)).or_else(|| self.of_query()), "to the query")
    }

    pub(super) fn of_roundtrip(&self, login: Login<'_>) -> Fault {
        let fault = match self.number {
            // ER_DBACCESS_DENIED_ERROR, ER_TABLEACCESS_DENIED_ERROR, ER_SPECIFIC_ACCESS_DENIED_ERROR
            1044 | 1142 | 1227 => Some(
                Fault::new(Cause::PermissionDenied, "the account may not make temporary tables in the database")
                    .next_step("GRANT CREATE TEMPORARY TABLES on the database to this user, or leave `roundtrip` out")
                    .remedy(self.on_database(login, "CREATE TEMPORARY TABLES")),
            ),
            // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION, ER_OPTION_PREVENTS_STATEMENT, ER_READ_ONLY_MODE
            1792 | 1290 | 1836 => Some(
                Fault::new(Cause::ReadOnly, "the server takes no writes from this session")
                    .next_step("point to the primary, or see read_only and transaction_read_only there"),
            ),
            // ER_DISK_FULL, ER_RECORD_FILE_FULL
            1021 | 1114 => Some(full("the server has no room for a temporary table")),
            _ => self.of_service().or_else(|| self.of_account(login)).or_else(|| self.of_query()),
        };
        self.judged(fault.map(|fault| fault.placed(Phase::Request)), "to the round trip")
    }

    /// Whether it is a statement that is refused, and not the session or the account.
    pub(super) fn is_about_the_statement(&self, login: Login<'_>) -> bool {
        self.of_service().or_else(|| self.of_account(login)).or_else(|| self.of_session()).is_none()
    }

    /// The server does not say whether it takes writes.
    pub(super) fn of_role(&self, login: Login<'_>) -> Fault {
        self.about_our_own(login, "the server does not say whether it takes writes", "leave `role` out for this server")
    }

    /// The server begins no read-only session, without which nobody's query is run: a safeguard of ours.
    pub(super) fn of_guard(&self, login: Login<'_>) -> Fault {
        let message = "the server knows no read-only session, and conn-check does not run the query without one";
        self.about_our_own(
            login,
            message,
            "leave `query` out for this server: what is asked without it needs no such session",
        )
    }

    /// The refusal of a statement that the file does not have.
    fn about_our_own(&self, login: Login<'_>, message: &'static str, next_step: &'static str) -> Fault {
        let fault = self.of_service().or_else(|| self.of_account(login)).or_else(|| self.of_session());
        let own =
            || Fault::new(Cause::UnexpectedReply, message).owner(Owner::Config).next_step(next_step).at(Phase::Request);
        self.judged(Some(fault.unwrap_or_else(own)), "")
    }

    /// What a refusal of `SELECT 1` says of the session behind a login that was accepted: that it is of no use.
    /// Anything else is about the statement, which nobody but this check has asked for.
    pub(super) fn of_probe(&self, login: Login<'_>) -> Option<Fault> {
        let fault = self.of_service().or_else(|| self.of_account(login)).or_else(|| self.of_session());
        fault.map(|fault| self.judged(Some(fault), ""))
    }

    /// The state that the server is in, or a proxy in front of it.
    fn of_service(&self) -> Option<Fault> {
        let fault = match self.number {
            // ER_CON_COUNT_ERROR
            1040 => Fault::new(Cause::Overloaded, "the server has reached its connection limit")
                .next_step("raise max_connections, or look for clients whose pools are too large")
                .remedy(remedy::mysql::one_more_connection()),
            // ER_TOO_MANY_USER_CONNECTIONS, ER_USER_LIMIT_REACHED
            1203 | 1226 => Fault::new(Cause::Overloaded, "the account has reached its limits on the server")
                .next_step("raise the account's limits (max_user_connections), or shrink the clients' pools"),
            // ER_OUTOFMEMORY, ER_OUT_OF_SORTMEMORY, ER_OUT_OF_RESOURCES, ER_CANT_CREATE_THREAD, ER_DISK_FULL
            1037 | 1038 | 1041 | 1135 | 1021 => {
                Fault::new(Cause::Overloaded, "the server is out of memory, threads or disk")
                    .next_step("give it room: its log has what it lacks")
            }
            // ER_SERVER_SHUTDOWN, ER_NORMAL_SHUTDOWN, ER_SHUTDOWN_COMPLETE
            1053 | 1077 | 1079 => Fault::new(Cause::NotReady, "the server is shutting down")
                .next_step("check whether that is intended; otherwise look at its log"),
            // ER_SERVER_OFFLINE_MODE, ER_SERVER_ISNT_AVAILABLE
            3032 => Fault::new(Cause::NotReady, "the server is in offline mode")
                .next_step("see who has set offline_mode there, and why"),
            3168 => Fault::new(Cause::NotReady, "the server is not available yet"),
            // ER_CONNECTION_KILLED of MariaDB, ER_QUERY_INTERRUPTED
            1927 | 1317 => Fault::new(Cause::Closed, "somebody ended this session on the server")
                .next_step("see who ends sessions there: an administrator, or a watchdog"),
            // ER_UNKNOWN_COM_ERROR, which Galera has taken for its own
            1047 if self.says("wsrep") => {
                Fault::new(Cause::NotReady, "the node is cut off from its cluster, or is not yet synchronised with it")
                    .next_step("look at wsrep_cluster_status and wsrep_local_state_comment on the node")
            }
            _ => return self.of_proxy(),
        };
        Some(fault.at(Phase::Protocol))
    }

    /// A proxy that has nobody behind it: `ProxySQL`, `MaxScale`, `MySQL` Router, RDS Proxy, Vitess. The numbers are
    /// those of clients (2002 and its like), or mean
    /// another thing with each of them: the words count.
    fn of_proxy(&self) -> Option<Fault> {
        const WORDS: [(&str, &str); 14] = [
            ("max connect timeout reached while reaching hostgroup", "ProxySQL"),
            ("max connect failure while reaching hostgroup", "ProxySQL"),
            ("proxysql error: server", "ProxySQL"),
            ("failed to create new router session", "MaxScale"),
            ("could not connect to any of the backend", "MaxScale"),
            ("could not find valid server", "MaxScale"),
            ("no suitable servers", "MaxScale"),
            ("lost connection to backend server", "MaxScale"),
            ("authentication with backend failed", "MaxScale"),
            ("can't connect to remote mysql server for client", "MySQL Router"),
            ("no connection to metadata-server", "MySQL Router"),
            ("timed-out waiting to acquire database connection", "RDS Proxy"),
            ("no healthy tablet available", "Vitess"),
            ("pd server timeout", "TiDB"),
        ];
        let known = WORDS.iter().find(|(words, _)| self.says(words)).map(|(_, who)| *who);
        let who = match (known, self.number) {
            (Some(who), _) => who,
            // A server has no errors of clients of its own.
            (None, 2002 | 2003 | 2005 | 2006 | 2013) => "a proxy",
            _ => return None,
        };
        Some(
            Fault::new(Cause::NotReady, sentence![who, " answers, and reaches no server behind it"])
                .at(Phase::Protocol)
                .next_step("look at its log and its list of servers, then at these"),
        )
    }

    /// Where we come from.
    fn of_host(&self) -> Option<Fault> {
        let fault = match self.number {
            // ER_HOST_NOT_PRIVILEGED
            1130 => Fault::new(Cause::HostNotAllowed, "no account of the server may log in from this host")
                .next_step("allow this host in the account's host part (user@host)"),
            // ER_HOST_IS_BLOCKED
            1129 => blocked_host(),
            // ER_BAD_HOST_ERROR
            1042 => Fault::new(
                Cause::HostNotAllowed,
                "the server cannot find the name of this host, by which its accounts go",
            )
            .next_step(
                "give this host's address a name in the DNS that the server asks, or set skip_name_resolve there",
            ),
            _ => return None,
        };
        Some(fault.at(Phase::Auth))
    }

    /// Who we are, and which database we may use.
    fn of_account(&self, login: Login<'_>) -> Option<Fault> {
        let fault = match self.number {
            // ER_ACCESS_DENIED_ERROR
            1045 if self.says("ssl") && self.says("require") => return Some(login.wants_tls()),
            1045 if self.says("firewall") => return None,
            1045 => login.access_denied(self.relative()),
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
                        .remedy(self.on_database(login, login.rights()))
                        .at(Phase::Request),
                );
            }
            _ => return None,
        };
        Some(fault.at(Phase::Auth))
    }

    /// These rights on the check's database, for the account that the server names.
    fn on_database(&self, login: Login<'_>, rights: &'static str) -> Option<Remedy> {
        let account = Account::in_text(&self.text, &login.check.login.user)?;
        remedy::mysql::on_database(&account, login.check.database.as_deref()?, rights)
    }

    /// The table that the query may not read, where the server and the query name the same one: its database, if that
    /// is said, and its name.
    pub(super) fn unreadable_table(&self, query: &str) -> Option<(Option<String>, String)> {
        let named = self.text.strip_prefix("SELECT command denied to user ").filter(|_| self.number == 1142)?;
        let (_, place) = named.split_once(" for table ")?;
        let mut parts = place.split('.').map(|part| part.trim_matches(['`', '\'']).to_owned());
        let (first, second) = (parts.next()?, parts.next());
        let (database, table) = second.map_or((None, first.clone()), |table| (Some(first), table));
        let is_asked_for = parts.next().is_none() && names(query, &table);
        is_asked_for.then_some((database, table))
    }

    /// How we log in.
    fn of_method(&self, login: Login<'_>) -> Option<Fault> {
        Some(match self.number {
            // ER_SECURE_TRANSPORT_REQUIRED; Azure's gateway has 9002 for it, RDS Proxy words of its own.
            3159 => login.wants_tls(),
            _ if self.says("ssl connection is required") || self.says("proxy requires tls") => login.wants_tls(),
            // ER_NOT_SUPPORTED_AUTH_MODE, ER_SERVER_IS_IN_SECURE_AUTH_MODE, ER_PLUGIN_IS_NOT_LOADED,
            // CR_AUTH_PLUGIN_CANNOT_LOAD
            1251 | 1275 | 1524 | 2059 => {
                Fault::new(Cause::MethodUnsupported, "the account's authentication method is not supported")
                    .at(Phase::Auth)
                    .next_step("use an account with another plugin (mysql_native_password, caching_sha2_password); or load the one that it has into the server")
            }
            _ => return None,
        })
    }

    /// What ends a session before it is used.
    fn of_session(&self) -> Option<Fault> {
        // ER_NEW_ABORTING_CONNECTION
        (self.number == 1184).then(|| {
            Fault::new(Cause::UnexpectedReply, "the server ends the session before its first statement")
                .at(Phase::Request)
                .next_step("see whether the server's init_connect fails for this account, and look at its log")
        })
    }

    /// What the statement does.
    fn of_query(&self) -> Option<Fault> {
        if let Some(fault) = self.of_session() {
            return Some(fault);
        }
        Some(match self.number {
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

    /// The fault, or that of an error of which only the class is known, with the server's own words:
    /// `1045 (28000): Access denied ...`; `when` is what it answers.
    fn judged(&self, fault: Option<Fault>, when: &'static str) -> Fault {
        let Self { number, state, text } = self;
        fault.unwrap_or_else(|| self.unknown(when)).evidence(match state {
            Some(state) => format!("{number} ({state}): {text}"),
            None => format!("{number}: {text}"),
        })
    }

    /// An error that is known by its class alone: that of its SQLSTATE.
    fn unknown(&self, when: &'static str) -> Fault {
        if self.state.as_deref().is_some_and(|state| state.starts_with("28")) {
            return Fault::new(
                Cause::Rejected,
                "the server does not let this account in, for the reason that it names",
            )
            .at(Phase::Auth)
            .next_step("go by the server's words; if they tell nothing, check the user and the password");
        }
        let (message, owner, next_step) = match self.state.as_deref().and_then(|state| state.get(..2)) {
            Some("42" | "22" | "3D" | "0A") => (
                sentence![
                    "the server answers ",
                    when,
                    " with error ",
                    self.number,
                    ": it does not take what was asked"
                ],
                Owner::Config,
                "go by the server's words: they are about the database, the query or a setting of the account",
            ),
            _ => (
                sentence!["the server answers ", when, " with error ", self.number, ", for the reason that it names"],
                Owner::Service,
                "go by the server's words; what they mean, its log tells",
            ),
        };
        Fault::new(Cause::UnexpectedReply, message).owner(owner).at(Phase::Request).next_step(next_step)
    }

    /// Whether the server's words contain these, which are in small letters.
    fn says(&self, words: &str) -> bool {
        self.text.to_lowercase().contains(words)
    }

    /// Who says so, where it is not the server itself.
    fn relative(&self) -> Option<&'static str> {
        [("proxysql", "ProxySQL"), ("maxscale", "MaxScale"), ("rds proxy", "RDS Proxy"), ("vttablet", "Vitess")]
            .into_iter()
            .find_map(|(words, who)| self.says(words).then_some(who))
    }
}

impl Login<'_> {
    /// What the check does in its database: the least that lets an account use one is one right in it.
    fn rights(self) -> &'static str {
        match (self.check.roundtrip, &self.check.query) {
            (true, None) => "CREATE TEMPORARY TABLES",
            (true, Some(_)) => "SELECT, CREATE TEMPORARY TABLES",
            (false, _) => "SELECT",
        }
    }

    /// The server wants TLS. Where there is TLS already, it is another one that wants it.
    fn wants_tls(self) -> Fault {
        let fault = match self.transport {
            SessionTransport::Tls(_) => {
                let message = "the server behind what answers here takes logins only over TLS, and this check has TLS up to there";
                Fault::new(Cause::Required, message)
                    .owner(Owner::Service)
                    .next_step("let the proxy in front of the server speak TLS to it")
            }
            _ => Fault::new(Cause::Required, "the server accepts logins only over TLS").next_step("set use_tls: true"),
        };
        fault.at(Phase::Tls)
    }

    /// The number for nearly everything; what else it may mean here is named.
    fn access_denied(self, relative: Option<&'static str>) -> Fault {
        let user = &self.check.login.user;
        if let Some(who) = relative {
            let message = sentence!["wrong password for ", theirs(user), ", or no such user among those of ", who];
            return Fault::new(Cause::Rejected, message).next_step(sentence![
                "check user and password, in the file and among the users that ",
                who,
                " itself has: it does not ask the server behind it"
            ]);
        }
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

/// Whether a statement has this name in it, as a word of its own.
pub(super) fn names(statement: &str, name: &str) -> bool {
    let joins = |one: char| one.is_alphanumeric() || matches!(one, '_' | '$');
    let is_word = |at: usize| {
        let (before, behind) = (&statement[..at], &statement[at + name.len()..]);
        !before.chars().next_back().is_some_and(joins) && !behind.chars().next().is_some_and(joins)
    };
    !name.is_empty() && statement.match_indices(name).any(|(at, _)| is_word(at))
}

fn read_only() -> Fault {
    Fault::new(Cause::ReadOnly, "the server is read-only, but the query writes")
}
