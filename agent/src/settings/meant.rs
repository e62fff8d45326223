//! What somebody meant who wrote another word: a slip of the finger, or the word of another program.

use crate::services;

/// The word that somebody probably meant: a slip of the finger or two away, or begun alike.
pub(crate) fn nearest<'w>(word: &str, known: &[&'w str]) -> Option<&'w str> {
    /// Nobody means a word with something longer, and the search takes the product of the lengths.
    const LONGEST: usize = 64;
    if word.len() > LONGEST {
        return None;
    }
    let word = word.to_lowercase();
    let slips = |other: &str| strsim::damerau_levenshtein(&word, other);
    let best = known.iter().copied().filter(|other| !is_another(&word, other)).min_by_key(|other| slips(other))?;
    let alike =
        known.iter().copied().find(|other| word.len() > 3 && (other.starts_with(&word) || word.starts_with(other)));
    if slips(best) <= 1 + word.chars().count() / 5 { Some(best) } else { alike }
}

/// Whether a short word is one of its own: with another letter in it, `ssh` is not `ssl`.
fn is_another(word: &str, other: &str) -> bool {
    const SHORT: usize = 3;
    let letters = |word: &str| {
        let mut letters: Vec<_> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    word.len() <= SHORT && word.len() == other.len() && letters(word) != letters(other)
}

/// The type of the check for what is called like this: a service, by any name in the table of services,
/// or a word for one kind of them.
pub(crate) fn check(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    service(&word).and_then(|service| service.check).or_else(|| of_row(TYPES, &word))
}

/// What to write in place of a type that there is not, for a person: the type that was meant, or
/// those that come closest.
pub(crate) fn type_help(word: &str) -> Option<String> {
    let word = word.to_lowercase();
    if let Some(meant) = check(&word) {
        return Some(format!("write `type: {meant}`"));
    }
    if let Some(service) = service(&word) {
        let name = service.name;
        let tls = if service.tls == services::TlsStart::None { "" } else { ", or `type: tls` where it speaks TLS" };
        return Some(format!("no check speaks {name}: `type: tcp` shows that it listens{tls}"));
    }
    TOLD.iter().find(|(words, _)| words.contains(&word.as_str())).map(|(_, help)| (*help).to_owned())
}

/// The service that is called like this.
fn service(word: &str) -> Option<&'static services::Service> {
    let by_id = || services::all().find(|service| service.id == word);
    let by_scheme = || services::by_scheme(word).map(|(service, _)| service);
    let by_word = || services::by_word(&word.to_uppercase());
    by_id()
        .or_else(by_scheme)
        .or_else(by_word)
        .or_else(|| services::by_charm(word))
        .or_else(|| services::by_driver(word))
}

/// The option that is called like this elsewhere, among those that a check has.
pub(crate) fn option<'w>(word: &str, known: &[&'w str]) -> Option<&'w str> {
    let word = word.to_lowercase().replace('-', "_");
    if let Some(same) = known.iter().find(|key| **key == word) {
        return Some(same);
    }
    // What has no host of its own has it in its URL.
    let in_url = if known.contains(&"host") { &[][..] } else { &IN_URL };
    let mut rows = in_url.iter().chain(OPTIONS).filter(|(_, words)| words.contains(&word.as_str()));
    rows.find_map(|(key, _)| known.iter().copied().find(|other| other == key))
}

fn of_row(rows: &[(&'static str, &[&str])], word: &str) -> Option<&'static str> {
    rows.iter().find(|(_, words)| words.contains(&word)).map(|(meant, _)| *meant)
}

/// Words for the types of checks that name no service of the table.
const TYPES: &[(&str, &[&str])] = &[
    ("http", &["web", "website", "webservice", "rest", "api", "url", "uri", "curl", "health", "healthcheck"]),
    ("smtp", &["e-mail", "sendmail", "mailserver"]),
    ("tcp", &["port", "socket", "telnet", "connect", "nc"]),
    ("tls", &["certificate", "cert", "x509", "starttls"]),
    ("dns", &["resolve", "resolver", "lookup", "nameserver", "host"]),
    ("udp", &["statsd", "datagram", "syslog"]),
    ("command", &["plugin", "nagios", "nrpe", "exec", "script", "shell", "program"]),
    ("ldap", &["ad", "activedirectory", "active_directory", "directory"]),
];

/// Words for which several types may do, or none.
const TOLD: &[(&[&str], &str)] = &[
    (&["ping", "icmp"], "no check pings: `type: tcp` with the port that the application uses proves more"),
    (&["sql", "database", "db", "rdbms"], "write `type: postgres`, `type: mysql` or `type: mongodb`"),
    (&["cache"], "write `type: redis` or `type: memcache`"),
    (&["queue", "broker", "mq", "messaging"], "write `type: amqp` or `type: mqtt`"),
    (
        &["grpc"],
        "no check speaks gRPC: `type: http` with `http2: true` shows that its server answers, `type: tcp` that it listens",
    ),
    (&["sqlite", "file"], "a file is nothing to connect to: leave the check out"),
];

/// Words of other programs for options; where a check has several of the options, the first row counts.
const OPTIONS: &[(&str, &[&str])] = &[
    ("type", &["kind", "check", "service", "protocol"]),
    (
        "url",
        &["uri", "link", "href", "dsn", "conninfo", "connection_string", "database_url", "broker_url", "redis_url"],
    ),
    (
        "host",
        &["hostname", "address", "addr", "ip", "server", "endpoint", "hostaddr", "host_name", "socket", "unix_socket"],
    ),
    ("port", &["tcp_port", "udp_port"]),
    ("database", &["db", "dbname", "db_name", "databasename", "database_name", "dbnum", "schema", "catalog"]),
    ("username", &["user", "login", "user_name", "uname", "userid", "user_id", "role_name", "bind_dn", "binddn", "dn"]),
    (
        "auth",
        &["user", "login", "username", "password", "pass", "passwd", "basic", "basic_auth", "http_auth", "credentials"],
    ),
    ("digest_auth", &["digest"]),
    ("password", &["pass", "passwd", "pw", "pwd", "passphrase", "secret", "bind_password", "bindpw", "token"]),
    ("disable_tls_verification", INSECURE),
    (
        "use_tls",
        &[
            "tls",
            "ssl",
            "use_ssl",
            "usessl",
            "sslmode",
            "ssl_mode",
            "starttls",
            "secure",
            "encrypt",
            "tls_enabled",
            "ssl_enabled",
        ],
    ),
    (
        "ca_file",
        &[
            "ca",
            "cafile",
            "ca_cert",
            "cacert",
            "ca_bundle",
            "cabundle",
            "ca_path",
            "sslrootcert",
            "root_ca",
            "ssl_ca",
            "tls_ca",
        ],
    ),
    ("client_cert", &["cert", "certificate", "sslcert", "ssl_cert", "tls_cert", "certfile", "cert_file"]),
    ("client_key", &["key", "sslkey", "ssl_key", "tls_key", "keyfile", "key_file", "private_key"]),
    (
        "client_key_password",
        &["key_password", "key_passphrase", "keypass", "sslpassword", "p12_password", "pfx_password"],
    ),
    ("min_tls_version", &["tls_version", "tls_min_version", "min_version", "ssl_version", "ssl_min_protocol_version"]),
    ("server_name", &["sni", "servername", "tls_server_name"]),
    ("connect_to", &["resolve", "via", "hostaddr", "connect_host"]),
    ("sentinel", &["master_name", "mastername", "service_name", "sentinel_master", "sentinels", "master_set"]),
    ("cluster", &["cluster_mode", "is_cluster", "cluster_enabled"]),
    ("srv", &["mongodb_srv", "use_srv", "dns_seedlist"]),
    ("auth_mechanism", &["authmechanism", "mechanism", "auth_mech", "sasl_mechanism"]),
    (
        "expiry_warning_days",
        &["days", "expiry", "expiry_days", "expire_days", "min_days", "warn_days", "cert_expiry", "certificate_expiry"],
    ),
    (
        "expected_code",
        &[
            "status",
            "expected_status",
            "status_code",
            "expect_status",
            "code",
            "codes",
            "expected_codes",
            "http_status",
            "expect_code",
        ],
    ),
    (
        "expected_body",
        &[
            "contains",
            "expect",
            "expected",
            "match",
            "body_contains",
            "regex",
            "response",
            "expected_response",
            "expect_body",
        ],
    ),
    ("expected_headers", &["expect_headers", "response_headers"]),
    ("expect", &["expected", "response", "answer", "reply", "contains", "match", "value", "expected_response"]),
    ("send", &["data", "payload", "message", "datagram", "request"]),
    ("body", &["data", "payload", "content", "post_data", "json"]),
    ("headers", &["header", "http_headers", "token", "bearer", "api_key", "apikey"]),
    ("cookies", &["cookie"]),
    ("params", &["query", "querystring", "query_string", "args", "parameters"]),
    ("proxy_url", &["proxy", "http_proxy", "https_proxy"]),
    ("allow_redirects", &["follow_redirects", "redirects", "redirect", "follow", "follow_location", "followlocation"]),
    ("method", &["verb", "http_method"]),
    ("vhost", &["virtual_host", "virtualhost"]),
    ("query", &["sql", "statement", "select"]),
    ("auth_source", &["authsource", "authdb", "auth_db", "auth_database", "authentication_database"]),
    ("replica_set", &["replicaset", "rs", "replset", "set_name"]),
    ("role", &["mode", "master", "primary"]),
    ("base", &["base_dn", "basedn", "search_base", "dn"]),
    ("client_id", &["clientid", "id"]),
    ("version", &["protocol_version", "mqtt_version"]),
    ("from_address", &["from", "sender", "mail_from", "from_addr", "from_email"]),
    ("to_address", &["to", "recipient", "rcpt", "rcpt_to", "to_addr", "to_email"]),
    ("record", &["record_type", "rrtype", "rtype", "qtype"]),
    ("server", &["nameserver", "resolver", "dns_server"]),
    ("name", &["domain", "hostname", "host", "label", "title", "description", "id"]),
    ("timeout", &["connect_timeout", "connection_timeout", "read_timeout", "wait", "deadline", "max_time", "seconds"]),
    ("warn_after", &["warn", "slow", "warning", "warn_time", "threshold", "warning_after", "latency"]),
    ("tags", &["tag", "labels", "group", "groups"]),
    ("depends_on", &["needs", "requires", "require", "depends", "dependencies", "after"]),
    ("parts", &["part", "steps", "children", "checks", "subchecks"]),
];

/// What stands in the URL of a check that has no `host`.
const IN_URL: [(&str, &[&str]); 1] = [(
    "url",
    &[
        "endpoint", "address", "location", "host", "hostname", "server", "ssl", "tls", "https", "use_tls", "use_ssl",
        "scheme",
    ],
)];

/// Words with which verification is switched, on or off.
const INSECURE: &[&str] = &[
    "verify",
    "insecure",
    "verify_ssl",
    "verify_tls",
    "verify_cert",
    "verify_certificate",
    "ssl_verify",
    "tls_verify",
    "skip_verify",
    "insecure_skip_verify",
    "tls_skip_verify",
    "check_hostname",
    "validate",
    "validate_certs",
    "noverify",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::Spec;
    use crate::settings::common;
    use std::collections::BTreeSet;

    fn options_of(kind: &str) -> Vec<&'static str> {
        let check = Spec::describe().into_iter().find(|check| check.kind == kind).expect("a type");
        std::iter::once("type").chain(check.options.iter().chain(&common::describe()).map(|one| one.key)).collect()
    }

    #[test]
    fn words_of_other_programs_lead_to_the_options_of_the_check() {
        for (kind, word, meant) in [
            ("postgres", "dbname", "database"),
            ("redis", "db", "database"),
            ("postgres", "sslmode", "use_tls"),
            ("redis", "ssl", "use_tls"),
            ("redis", "tls", "use_tls"),
            ("postgres", "login", "username"),
            ("http", "login", "auth"),
            ("http", "status", "expected_code"),
            ("http", "expected_status", "expected_code"),
            ("http", "basic_auth", "auth"),
            ("tls", "verify", "disable_tls_verification"),
            ("tcp", "hostname", "host"),
            ("dns", "hostname", "name"),
            ("dns", "nameserver", "server"),
            ("http", "hostname", "url"),
            ("udp", "data", "send"),
            ("http", "data", "body"),
            ("ldap", "bind-dn", "username"),
            ("tcp", "PORT", "port"),
            ("http", "ssl", "url"),
            ("http", "token", "headers"),
            ("http", "pass", "auth"),
            ("postgres", "dsn", "url"),
            ("redis", "uri", "url"),
        ] {
            assert_eq!(option(word, &options_of(kind)), Some(meant), "{kind}: {word}");
        }
        assert_eq!(option("verify", &options_of("tcp")), None, "tcp has nothing to verify");
    }

    #[test]
    fn every_meant_option_is_one_and_no_word_of_the_table_is_an_option_of_all() {
        let own = Spec::describe().into_iter().flat_map(|check| check.options);
        let known: BTreeSet<_> = own.chain(common::describe()).map(|option| option.key).chain(["type"]).collect();
        for (key, words) in OPTIONS {
            assert!(known.contains(key), "{key}");
            assert!(words.iter().all(|word| word != key), "{key}");
        }
    }

    #[test]
    fn types_that_people_try_come_with_what_there_is() {
        for (word, meant) in [
            ("rabbitmq", "amqp"),
            ("valkey", "redis"),
            ("RabbitMQ", "amqp"),
            ("elasticsearch", "http"),
            ("keydb", "redis"),
            ("dragonfly", "redis"),
            ("percona", "mysql"),
            ("pg", "postgres"),
            ("pgsql", "postgres"),
            ("psql", "postgres"),
            ("pgbouncer", "postgres"),
            ("timescaledb", "postgres"),
            ("cockroachdb", "postgres"),
            ("postfix", "smtp"),
            ("exim", "smtp"),
            ("email", "smtp"),
            ("mail", "smtp"),
            ("submission", "smtp"),
        ] {
            assert_eq!(type_help(word), Some(format!("write `type: {meant}`")), "{word}");
        }
        for word in ["kafka", "nats", "imap", "ssh"] {
            let help = type_help(word).unwrap_or_default();
            assert!(help.contains("`type: tcp`"), "{word}: {help}");
        }
        assert!(type_help("kafka").is_some_and(|help| help.contains("`type: tls`")));
        for word in ["ping", "icmp", "sql", "db", "cache"] {
            assert!(type_help(word).is_some(), "{word}");
        }
        let types = Spec::types();
        assert!(TYPES.iter().all(|(meant, _)| types.contains(meant)));
    }

    #[test]
    fn a_short_word_with_another_letter_is_another_word() {
        let types = Spec::types();
        for (word, near) in
            [("tpc", Some("tcp")), ("tc", Some("tcp")), ("ssh", None), ("sql", None), ("tpcp", Some("tcp"))]
        {
            assert_eq!(nearest(word, &types), near, "{word}");
        }
    }
}
