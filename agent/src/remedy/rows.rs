//! The list of what can be written down.

use super::files;
use super::mysql::{self, Account};
use super::network::{self, Passage};
use super::nftables::{self, Place};
use super::postgres::{self, Admission};
use super::rabbitmq::{self, Needs};
use super::{Remedy, checks, kernel, mosquitto, redis, slapd, squid, trust};
use crate::file::Lack;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

/// What can be written down for one code, of one service or part of this host.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The code.
    pub code: &'static str,
    /// Whose.
    pub of: &'static str,
    /// What is written down.
    pub what: &'static str,
    /// One, as it is for a check of an example.
    pub example: fn() -> Option<Remedy>,
}

/// A place of an example.
const fn ip(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))
}

const fn at(port: u16) -> SocketAddr {
    SocketAddr::new(ip(5), port)
}

fn lack(place: &str, rights: &'static str) -> Lack {
    Lack { user: "app".to_owned(), place: place.into(), rights }
}

fn account() -> Option<Account<'static>> {
    Account::in_text("app@%", "app")
}

fn passage() -> Passage {
    Passage { from: ip(4), to: at(5432), transport: "tcp" }
}

const ADMISSION: Admission<'static> =
    Admission { database: "shop", user: "app", address: Some(ip(4)), tls: true, method: "scram-sha-256" };

const OUTPUT: Place<'static> = Place { family: "inet", table: "filter", chain: "output", handle: Some(7) };

const fn row(code: &'static str, of: &'static str, what: &'static str, example: fn() -> Option<Remedy>) -> Row {
    Row { code, of, what, example }
}

/// All of them, in the order of the phases.
#[rustfmt::skip]
pub static ROWS: &[Row] = &[
    row("config.unusable-file", "files", "the right to read the file, for the user who runs conn-check alone", || files::permit(&lack("/etc/ssl/app/client.key", "r"))),
    row("local.missing", "directories", "the directory, for the user who runs conn-check", || files::make_directory(Path::new("/srv/app/media"), "app")),
    row("local.denied", "files", "the right that lacks, for the user who runs conn-check alone", || files::permit(&lack("/srv/app/media", "rwx"))),
    row("local.read-only", "file systems", "the mount, with writes", || files::remount(Path::new("/srv"))),
    row("local.unexpected", "files", "the owner, the group or the mode that the check names", || files::set_mode(Path::new("/etc/app/secret.key"), "0600")),
    row("local.command-unusable", "programs", "the right to run it, for the user who runs conn-check alone", || files::permit(&lack("/usr/local/bin/check-app", "rx"))),
    row("connect.refused", "firewalls", "the rule that lets this host through, where a firewall on the way refuses", || Some(network::let_pass(passage(), Some(ip(1))))),
    row("connect.timeout", "firewalls", "the rule that lets this host through, for the firewall of the other end", || Some(network::let_pass(passage(), None))),
    row("connect.no-route", "routes", "a route for this address by the usual gateway, where another one refuses it", || network::send_by(ip(5), ip(1), "eth0")),
    row("connect.mtu", "routes", "a route for this address, with the size that passes", || network::send_smaller(ip(5), Some(ip(1)), "eth0", 1400)),
    row("connect.prohibited", "firewalls", "the rule that lets this host through, for the firewall that has said no", || Some(network::let_pass(passage(), Some(ip(1))))),
    row("connect.denied-locally", "nftables", "the rule before the one that stops it, where root has found that", || nftables::let_out(OUTPUT, at(5432))),
    row("connect.local-limit", "ports", "as many local ports as the kernel has by itself", || kernel::more_ports(32_768, 32_868)),
    row("connect.no-socket", "files", "the right to use the socket, for the user who runs conn-check alone", || files::permit(&lack("/run/postgresql/.s.PGSQL.5432", "rw"))),
    row("proxy.denied", "squid", "the rule for this host, the target and its port", || squid::permit(ip(4), "app.internal", 443)),
    row("tls.required", "postgres, ldap", "`use_tls` of the check", || Some(checks::use_tls("true"))),
    row("tls.untrusted", "this host", "the CA among those that this host trusts, from its own hands", || trust::install_authority("Internal CA")),
    row("protocol.overloaded", "postgres", "one connection more for the role, or for the database", || postgres::one_more_for_role("app")),
    row("protocol.overloaded", "mysql", "one connection more", || Some(mysql::one_more_connection())),
    row("auth.required", "postgres, redis", "the line with the password, which is in a variable", || checks::add_password("REDIS_PASSWORD")),
    row("auth.host-not-allowed", "postgres", "the line of pg_hba.conf, with the address as the server sees it", || postgres::admit(ADMISSION)),
    row("auth.locked", "postgres", "LOGIN for the role", || postgres::let_log_in("app")),
    row("request.no-such-vhost", "rabbitmq", "the virtual host, with what this check does there", || rabbitmq::make_vhost("app", "shop", Needs::Entry)),
    row("request.permission-denied", "postgres", "CONNECT, TEMPORARY, or SELECT on the table (and USAGE of its schema)", || postgres::read("app", "shop", "orders", Some("public"), false)),
    row("request.permission-denied", "postgres database", "the database, where it accepts no connections", || postgres::open_database("shop")),
    row("request.permission-denied", "mysql", "the right on the database or on the table, for the account as the server has it", || mysql::read(&account()?, "shop", "orders")),
    row("request.permission-denied", "rabbitmq", "the permissions in the virtual host, for what this check does there", || rabbitmq::enter("app", "shop", Needs::OwnQueue)),
    row("request.permission-denied", "redis", "the commands and keys of this check", || redis::permit(Some("app"), &["set", "get", "del"], Some("conn-check:*"))),
    row("request.permission-denied", "mosquitto", "the line of the access list, to publish to this topic", || mosquitto::let_publish(Some("app"), "orders/new")),
    row("request.permission-denied", "slapd", "the line of the access list, for this entry", || slapd::read_entry("cn=app,dc=example,dc=com", "ou=people,dc=example,dc=com")),
    row("protocol.unsupported-version", "http", "`http2` of the check, where the server speaks nothing else", || Some(checks::speak_http2())),
    row("request.redirected", "http", "`allow_redirects` of the check", || Some(checks::follow_redirects())),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;
    use std::collections::HashSet;

    #[test]
    fn every_row_is_one_of_a_code_and_has_an_example_with_commands_and_places() {
        let mut known = HashSet::new();
        for Row { code, of, example, .. } in ROWS {
            assert!(catalogue::ALL.iter().any(|known| known.name == *code), "{code}");
            assert!(known.insert((code, of)), "{code} of {of} twice");
            let remedy = example().unwrap_or_else(|| panic!("{code} of {of}"));
            assert!(!remedy.steps().is_empty());
            for step in remedy.steps() {
                assert!(!step.place.is_empty() && !step.commands.is_empty(), "{step:?}");
                assert!(step.commands.iter().all(|command| !command.contains('\n')), "{step:?}");
            }
        }
    }

    #[test]
    fn nothing_that_takes_away_or_overwrites_is_written_down() {
        for row in ROWS {
            let remedy = (row.example)().expect("an example");
            for command in remedy.steps().iter().flat_map(|step| &step.commands) {
                let words: Vec<_> = command.split([' ', ';', '=', '|']).map(str::to_lowercase).collect();
                for word in ["rm", "drop", "delete", "truncate", "revoke", "flush", "kill", "-f", "--force", "all"] {
                    assert!(!words.iter().any(|one| one == word), "{command} has {word}");
                }
                assert!(!words.iter().any(|one| one == "identified" || one.contains("password=")), "{command}");
            }
        }
    }
}
