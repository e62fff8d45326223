//! What the variables of a family end with, squashed.

use crate::services::{self, Service};

pub(super) const PORT: [&str; 9] =
    ["PORT", "TCPPORT", "HOSTPORT", "PORTNUMBER", "PORTNO", "DBPORT", "SERVICEPORT", "SERVERPORT", "DATABASEPORT"];
pub(super) const USER: [&str; 11] = [
    "USER",
    "USERNAME",
    "LOGIN",
    "DBUSER",
    "AUTHUSER",
    "AUTHUSERNAME",
    "USERID",
    "DBUSERNAME",
    "USERUSERNAME",
    "LOGINNAME",
    "CREDENTIALSUSERNAME",
];
pub(super) const PASSWORD: [&str; 13] = [
    "PASSWORD",
    "PASS",
    "PASSWD",
    "PWD",
    "DBPASSWORD",
    "DBPASS",
    "AUTHPASSWORD",
    "AUTHPASS",
    "USERPASSWORD",
    "USERPWD",
    "USERPASS",
    "LOGINPASSWORD",
    "CREDENTIALSPASSWORD",
];
pub(super) const NAME: [&str; 10] = [
    "DATABASENAME",
    "DBNAME",
    "DATABASE",
    "DB",
    "NAME",
    "DBINDEX",
    "DATABASEINDEX",
    "INITIALDATABASE",
    "DBNUMBER",
    "DEFAULTDATABASE",
];
pub(super) const FROM: [&str; 8] =
    ["FROMADDRESS", "FROMEMAIL", "FROM", "SENDER", "MAILFROM", "EMAILFROM", "DEFAULTFROMEMAIL", "DEFAULTFROM"];

/// Endings of variables that say which kind of service it is; the empty one is that of `KC_DB=postgres`.
pub(super) const KIND: [&str; 15] = [
    "ENGINE",
    "TYPE",
    "CONNECTION",
    "DRIVER",
    "DRIVERNAME",
    "ADAPTER",
    "DIALECT",
    "BACKEND",
    "CLIENT",
    "VENDOR",
    "KIND",
    "PROVIDER",
    "DBTYPE",
    "DBKIND",
    "",
];

/// First words of variables of applications that speak to one kind of database alone, and say nowhere to which.
pub(super) const ONE_KIND: [(&str, &Service); 3] =
    [("WORDPRESS", &services::MYSQL), ("NEXTCLOUD", &services::MYSQL), ("MASTODON", &services::POSTGRES)];

/// What a variable says that lies below a family's name and that nobody read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Leftover {
    Port,
    User,
    Password,
    Name,
    Tls,
}

impl Leftover {
    /// What the last of its words says, where none of them says that it is about something else.
    pub(super) fn of(words: &[String]) -> Option<Self> {
        /// Words of what stands beside a service, and is not what connects to it.
        const OTHER: [&str; 37] = [
            "ADMIN",
            "API",
            "CLUSTER",
            "CONSOLE",
            "COUNT",
            "DASHBOARD",
            "EXPIRY",
            "EXPORTER",
            "EXPOSE",
            "EXPOSED",
            "EXTERNAL",
            "FORWARD",
            "FROM",
            "HTTP",
            "HTTPS",
            "IDLE",
            "LIFETIME",
            "MANAGEMENT",
            "MAX",
            "METRICS",
            "MIN",
            "POOL",
            "PREFIX",
            "PROMETHEUS",
            "PUBLIC",
            "PUBLISH",
            "PUBLISHED",
            "REPLICATION",
            "ROOT",
            "SENTINEL",
            "SIZE",
            "SUPERUSER",
            "TEST",
            "TIMEOUT",
            "TTL",
            "UI",
            "WEB",
        ];
        let (last, rest) = words.split_last()?;
        if words.iter().any(|word| OTHER.contains(&word.as_str())) {
            return None;
        }
        Some(match last.as_str() {
            "PORT" | "PORTNUMBER" => Self::Port,
            "NUMBER" if rest.last().is_some_and(|word| word == "PORT") => Self::Port,
            "USER" | "USERNAME" | "LOGIN" | "USERID" => Self::User,
            "PASSWORD" | "PASS" | "PASSWD" | "PWD" => Self::Password,
            "DB" | "DATABASE" | "DBNAME" | "DBINDEX" | "VHOST" => Self::Name,
            "SSL" | "TLS" | "SSLMODE" | "STARTTLS" => Self::Tls,
            "MODE" if rest.last().is_some_and(|word| word == "SSL" || word == "TLS") => Self::Tls,
            _ => return None,
        })
    }
}
