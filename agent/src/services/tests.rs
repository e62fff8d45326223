//! What has to hold in every row.

use super::*;
use std::collections::HashMap;

/// Sees that no two rows have the same of something.
fn each_once<'a>(what: &str, all: impl Iterator<Item = (&'static str, &'a str)>) {
    let mut owners: HashMap<&str, &str> = HashMap::new();
    for (owner, text) in all {
        if let Some(other) = owners.insert(text, owner) {
            panic!("{what} `{text}` is that of {other} and of {owner}");
        }
    }
    assert!(owners.len() > 3, "{what}: {}", owners.len());
}

fn of_all<'a>(texts: impl Fn(&'static Service) -> Vec<&'a str>) -> impl Iterator<Item = (&'static str, &'a str)> {
    all().flat_map(move |service| texts(service).into_iter().map(|text| (service.id, text)))
}

#[test]
fn what_names_a_service_names_one() {
    each_once("the id", of_all(|service| vec![service.id]));
    each_once("the name", of_all(|service| vec![service.name]));
    each_once("the sentence", of_all(|service| vec![service.described]));
    each_once("the scheme", of_all(|service| service.schemes.iter().map(|scheme| scheme.name).collect()));
    each_once("the word", of_all(|service| service.words.to_vec()));
    each_once("the driver", of_all(|service| service.drivers.to_vec()));
    each_once("the interface", of_all(|service| service.interfaces.to_vec()));
    each_once("the charm", of_all(|service| service.charms.to_vec()));
}

#[test]
fn a_scheme_is_a_servers_or_nobodys() {
    for row in &NO_SERVERS {
        for scheme in row.schemes {
            assert!(by_scheme(scheme).is_none(), "{scheme}");
        }
    }
}

#[test]
fn every_service_has_an_article_and_words_as_they_are_looked_up() {
    for service in all().chain([&SMTP_OR_FTP]) {
        assert!(service.described.starts_with("a ") || service.described.starts_with("an "), "{service:?}");
        let is_small = |text: &str| !text.is_empty() && text.to_ascii_lowercase() == text;
        assert!(service.schemes.iter().all(|scheme| is_small(scheme.name)), "{service:?}");
        assert!(service.drivers.iter().chain(service.charms).all(|text| is_small(text)), "{service:?}");
        let Service { words, user_words, password_words, name_words, .. } = service;
        let mut words = [*words, user_words, password_words, name_words].concat().into_iter();
        assert!(words.all(|word| word.to_ascii_uppercase() == word), "{service:?}");
    }
}

#[test]
fn every_check_has_a_service_that_is_its_own() {
    for check in all().filter_map(|service| service.check) {
        assert!(all().any(|service| service.id == check && service.check == Some(check)), "{check}");
    }
}

#[test]
fn a_service_is_found_by_whatever_names_it() {
    assert_eq!(by_scheme("cockroachdb").map(|(service, _)| service), by_driver("cockroach"));
    assert_eq!(by_scheme("rediss").map(|(_, scheme)| scheme.security), Some(Security::Tls));
    assert_eq!(by_word("RABBIT"), Some(&AMQP));
    assert_eq!(by_driver("django.contrib.gis.db.backends.postgis"), Some(&POSTGRES));
    assert_eq!(by_driver("PyLibMCCache"), Some(&MEMCACHED));
    assert_eq!(no_server_by_driver("django.db.backends.sqlite3"), Some(NoServer::File));
    assert_eq!(with_driver_by_port(3306), Some(&MYSQL));
    assert_eq!(with_driver_by_port(443), None);
    assert_eq!(by_interface("smtp"), Some(&SMTP));
    for (charm, service) in [
        ("rabbitmq-server", Some(&AMQP)),
        ("cs:~team/focal/redis-3", Some(&REDIS)),
        ("redis-k8s", Some(&REDIS)),
        ("mysql-innodb-cluster", Some(&MYSQL)),
        ("mysql-router-k8s", Some(&MYSQL)),
        ("prometheus-redis-exporter", None),
        ("postgresql-test-app", None),
    ] {
        assert_eq!(by_charm(charm), service, "{charm}");
    }
    assert_eq!(AMQP.port(Security::Tls).get(), 5671);
    assert_eq!(REDIS.port(Security::Tls), REDIS.port(Security::Plain));
}

#[test]
fn every_protocol_that_turns_to_tls_says_how() {
    let turning: Vec<_> = with_upgrade().map(|service| service.id).collect();
    for id in ["smtp", "imap", "pop3", "ldap", "ftp", "postgres", "mysql"] {
        assert!(turning.contains(&id), "{id}: {turning:?}");
    }
    assert_eq!(turning.len(), 7, "name it in the words of `starttls`: {turning:?}");
    let begins_without = |service: &Service| matches!(service.tls, TlsStart::Upgrade | TlsStart::Either);
    assert!(with_upgrade().all(begins_without));
}
