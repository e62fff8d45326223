//! `PostgreSQL`: statements for psql, and lines of `pg_hba.conf`
//! (<https://www.postgresql.org/docs/current/sql-grant.html>, `auth-pg-hba-conf.html` there).

use super::Remedy;
use super::quote::{sql, sql_parts, sql_text};
use std::net::IpAddr;

/// Whom a rule is to let in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Admission<'a> {
    pub(crate) database: &'a str,
    pub(crate) user: &'a str,
    /// As the server sees this host; none over a Unix socket.
    pub(crate) address: Option<IpAddr>,
    pub(crate) tls: bool,
    /// How the user is to prove who it is.
    pub(crate) method: &'static str,
}

const PSQL: &str = "in psql on the database server, as a superuser";

/// A rule for this user, this database and this address.
pub(crate) fn admit(admission: Admission<'_>) -> Option<Remedy> {
    let Admission { database, user, address, tls, method } = admission;
    let from = match (address, tls) {
        (None, _) => ("local", String::new()),
        (Some(address), true) => ("hostssl", format!("{}/{} ", address, bits(address))),
        (Some(address), false) => ("host", format!("{}/{} ", address, bits(address))),
    };
    let line = format!("{} {} {} {}{method}", from.0, in_rules(database)?, in_rules(user)?, from.1);
    let remedy = Remedy::new()
        .decide("in pg_hba.conf of the database server (`SHOW hba_file` names it), above the rules that refuse", [line])
        .run(["then ", PSQL].concat(), ["SELECT pg_reload_conf();".to_owned()]);
    Some(remedy.look(
        PSQL,
        "SELECT line_number, type, database, user_name, address, netmask, auth_method, error FROM pg_hba_file_rules;",
    ))
}

const fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// A name in the rules: one that begins so is an expression there since version 16, quoted or not.
fn in_rules(name: &str) -> Option<String> {
    sql(name).filter(|_| !name.starts_with('/'))
}

/// The role has NOLOGIN.
pub(crate) fn let_log_in(user: &str) -> Option<Remedy> {
    let statement = format!("ALTER ROLE {} LOGIN;", sql(user)?);
    let remedy = Remedy::new().decide(format!("{PSQL}, if the role is meant for logins"), [statement]);
    Some(remedy.look(PSQL, format!("SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname = {};", sql_text(user)?)))
}

/// The role may not connect to the database.
pub(crate) fn connect(user: &str, database: &str) -> Option<Remedy> {
    let statement = format!("GRANT CONNECT ON DATABASE {} TO {};", sql(database)?, sql(user)?);
    let shows = format!("SELECT datname, datacl FROM pg_database WHERE datname = {};", sql_text(database)?);
    Some(Remedy::new().run(PSQL, [statement]).look(PSQL, shows))
}

/// The role may not make temporary tables in the database.
pub(crate) fn make_temporary_tables(user: &str, database: &str) -> Option<Remedy> {
    let statement = format!("GRANT TEMPORARY ON DATABASE {} TO {};", sql(database)?, sql(user)?);
    Some(Remedy::new().run(PSQL, [statement]))
}

/// The role may not read the table. `schema`: where it was found, of a name without one; `enter`: the role may not even
/// enter the schema.
pub(crate) fn read(user: &str, database: &str, table: &str, schema: Option<&str>, enter: bool) -> Option<Remedy> {
    let parts = sql_parts(table)?;
    let (schema, table) = match (&parts[..], schema) {
        ([table], Some(schema)) => (schema, table),
        ([schema, table], _) => (schema.as_str(), table),
        ([of, schema, table], _) if of == database => (schema.as_str(), table),
        _ => return None,
    };
    let (schema, table, user) = (sql(schema)?, sql(table)?, sql(user)?);
    let enter = enter.then(|| format!("GRANT USAGE ON SCHEMA {schema} TO {user};"));
    let statements = enter.into_iter().chain([format!("GRANT SELECT ON TABLE {schema}.{table} TO {user};")]);
    let place = format!(
        "in psql on the database server, in the database {}, as the table's owner or a superuser",
        sql(database)?
    );
    Some(Remedy::new().run(place, statements))
}

/// The role has as many connections as it may have.
pub(crate) fn one_more_for_role(user: &str) -> Option<Remedy> {
    one_more("ROLE", ["rolname", "rolconnlimit", "pg_roles", "usename"], user)
}

/// The database has as many connections as it may have.
pub(crate) fn one_more_for_database(database: &str) -> Option<Remedy> {
    one_more("DATABASE", ["datname", "datconnlimit", "pg_database", "datname"], database)
}

/// One connection more for what is called so; the columns of its name and its limit, the catalogue that has them
/// (`PostgreSQL`, "System Catalogs"), and the column of its name in `pg_stat_activity`.
fn one_more(kind: &str, [column, limit, catalogue, active]: [&str; 4], name: &str) -> Option<Remedy> {
    let name = sql_text(name)?;
    // What is to be executed is put together by the server, which alone knows the limit.
    let statement = format!(
        "SELECT format('ALTER {kind} %I CONNECTION LIMIT %s', {column}, {limit} + 1) FROM {catalogue} WHERE {column} = {name} AND {limit} >= 0 \\gexec"
    );
    let place = format!("{PSQL}: one connection more than it may have now");
    let shows = format!(
        "SELECT usename, application_name, client_addr, state, count(*) FROM pg_stat_activity WHERE {active} = {name} GROUP BY 1, 2, 3, 4;"
    );
    Some(Remedy::new().decide(place, [statement]).look(PSQL, shows))
}

/// The database is closed.
pub(crate) fn open_database(database: &str) -> Option<Remedy> {
    let statement = format!("ALTER DATABASE {} ALLOW_CONNECTIONS true;", sql(database)?);
    let shows = format!("SELECT datname, datallowconn FROM pg_database WHERE datname = {};", sql_text(database)?);
    Some(
        Remedy::new()
            .decide(format!("{PSQL}, in another database, if nobody has closed it on purpose"), [statement])
            .look(PSQL, shows),
    )
}
