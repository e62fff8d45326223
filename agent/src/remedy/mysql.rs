//! `MySQL` and `MariaDB`: statements for their client (<https://dev.mysql.com/doc/refman/8.4/en/grant.html>,
//! <https://mariadb.com/kb/en/grant/>).

use super::Remedy;
use super::quote::{mysql, mysql_database, sql_text};

const CLIENT: &str = "in the server's own client (mysql, mariadb), as an administrator";

/// An account: its user, and the hosts that it is for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Account<'a> {
    user: &'a str,
    host: String,
}

impl<'a> Account<'a> {
    /// The account of this user in a text of the server's: `'app'@'%'`, or `app@%`. Of another user, and for hosts that
    /// no server has, none.
    pub(crate) fn in_text(text: &str, user: &'a str) -> Option<Self> {
        let host = match text.split_once(&format!("'{user}'@'")) {
            Some((_, rest)) => rest.split('\'').next()?,
            None => text.strip_prefix(user)?.strip_prefix('@')?,
        };
        let fits = |one: char| one.is_ascii_alphanumeric() || "%_.:-/".contains(one);
        (!host.is_empty() && host.chars().all(fits)).then(|| Self { user, host: host.to_owned() })
    }

    fn quoted(&self) -> Option<String> {
        Some(format!("{}@{}", sql_text(self.user)?, sql_text(&self.host)?))
    }

    fn shown(&self) -> Option<String> {
        Some(format!("SHOW GRANTS FOR {};", self.quoted()?))
    }
}

/// The account may not use the database; `rights` is what the check does there.
pub(crate) fn on_database(account: &Account<'_>, database: &str, rights: &'static str) -> Option<Remedy> {
    let statement = format!("GRANT {rights} ON {}.* TO {};", mysql_database(database)?, account.quoted()?);
    Some(Remedy::new().run(CLIENT, [statement]).look(CLIENT, account.shown()?))
}

/// The account may not read the table.
pub(crate) fn read(account: &Account<'_>, database: &str, table: &str) -> Option<Remedy> {
    let statement = format!("GRANT SELECT ON {}.{} TO {};", mysql(database)?, mysql(table)?, account.quoted()?);
    Some(Remedy::new().run(CLIENT, [statement]).look(CLIENT, account.shown()?))
}

/// All connections are in use.
pub(crate) fn one_more_connection() -> Remedy {
    let statement = "SET GLOBAL max_connections = @@GLOBAL.max_connections + 1;".to_owned();
    Remedy::new()
        .decide(format!("{CLIENT} (for whom the server keeps one): until it is restarted, one more than now"), [statement])
        .look(CLIENT, "SELECT user, substring_index(host, ':', 1) AS client, command, count(*) FROM information_schema.processlist GROUP BY 1, 2, 3;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_that_of_the_check_alone_and_of_hosts_that_can_be() {
        let host = |text| Account::in_text(text, "app").map(|account| account.host);
        assert_eq!(host("Access denied for user 'app'@'%' to database 'shop'").as_deref(), Some("%"));
        assert_eq!(host("app@10.0.0.%").as_deref(), Some("10.0.0.%"));
        for text in ["for user 'root'@'%'", "root@%", "'app'@'x' IDENTIFIED BY '", "'app'@'a b'", "'app'@''", "app@"] {
            assert!(host(text).is_none_or(|host| host == "x"), "{text}");
        }
    }
}
