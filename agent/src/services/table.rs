//! The table: services that have a check, then those that have none.

mod other;

use super::build::{ports, schemes};
use super::row::{KnownPort, Options, Ports, Scheme, Security, Service, Speaker, TlsStart, Transport, UseTls};
use super::upgrade::{Codes, LDAP_START_TLS, SSL_REQUEST, Upgrade};
pub use other::*;
use std::num::NonZero;

/// What is sent to statsd: a counter that no dashboard knows.
pub const STATSD_PROBE: &str = "conncheck.test:1|c";

/// Every service.
pub fn all() -> impl Iterator<Item = &'static Service> {
    NAMED.iter().copied().chain(LIKE_POSTGRES).chain(other::UNNAMED)
}

/// Those that have a name in this program.
static NAMED: &[&Service] = &[
    &AMQP,
    &CELERY,
    &CELERY_TASK,
    &DNS,
    &HTTP,
    &LDAP,
    &MEMCACHED,
    &MONGODB,
    &MQTT,
    &MYSQL,
    &POSTGRES,
    &REDIS,
    &SMTP,
    &SUBMISSION,
    &STATSD,
    &OTLP,
    &TCP,
    &TLS,
    &UDP,
    &CLOCK,
    &DISK,
    &FILE,
    &LOAD,
    &MEMORY,
    &PROCESS,
    &STORAGE,
    &COMMAND,
    &ELASTICSEARCH,
    &S3,
    &NATS,
    &SENTINEL,
    &ELASTICSEARCH_NODE,
    &IMAP,
    &POP3,
    &FTP,
    &SSH,
    &RSYNC,
    &TELNET,
    &RDP,
    &VNC,
];

/// `RabbitMQ` and its kin (AMQP 0-9-1, <https://www.rabbitmq.com/docs/uri-spec>).
pub static AMQP: Service = Service::new("amqp", "AMQP", "an AMQP broker", ports!(5672; 5671))
    .secure()
    .named(schemes!("amqp", "pyamqp", "librabbitmq", "rabbitmq"; "amqps"), &["RABBITMQ", "RABBIT", "AMQP", "CLOUDAMQP"])
    .user_words(&["DEFAULT_USER"])
    .password_words(&["DEFAULT_PASS"])
    .name_words(&["VHOST", "DEFAULT_VHOST", "VIRTUAL_HOST", "VIRTUALHOST"])
    .drivers(&["amqp", "rabbit", "pika"])
    .juju(&["rabbitmq", "rabbitmq_client", "amqp"], &["rabbitmq"])
    .check("amqp", Some("`username:`, `password:`, `vhost:` and `use_tls:`"))
    .options(Options {
        guest: Some("guest"),
        name: Some(("vhost", Some("/"))),
        use_tls: UseTls::Always,
        ..Options::USUAL
    })
    .programs(&["beam.smp", "qpidd", "lavinmq"]);

/// Celery's workers, behind a broker of another row: what connects to that alone is a check of that.
pub static CELERY: Service =
    Service::new("celery", "Celery", "a Celery worker", ports!()).check("celery", None).options(Options::NONE);

/// What they are asked to do.
pub static CELERY_TASK: Service = Service::new("celery_task", "a Celery task", "a Celery worker with a task", ports!())
    .check("celery_task", None)
    .options(Options::NONE);

/// Resolvers and name servers (RFC 1035); over connections where an answer is long.
pub static DNS: Service =
    Service::new("dns", "DNS", "a DNS server", ports!(53)).transport(Transport::Datagram).check("dns", None);

/// Web servers (RFC 9110); the ports behind the first are those of servers behind others.
pub static HTTP: Service = Service::new("http", "HTTP", "an HTTP server", ports!(80, 8080, 8000; 443, 8443))
    .secure()
    .named(schemes!(vague "http", "ws"; "https", "wss"), &[])
    .juju(&["http"], &[])
    .check("http", None);

/// Directories (RFC 4511, URLs: RFC 4516); the ports behind the first are Active Directory's global
/// catalogue and glauth.
pub static LDAP: Service = Service::new("ldap", "LDAP", "an LDAP server", ports!(389, 3268, 3893; 636, 3269, 3894))
    .tls(TlsStart::Either)
    .upgrade(Some(Upgrade::Extended(LDAP_START_TLS)))
    .socket(Some("/var/run/slapd/ldapi"))
    .named(
        &[Scheme::plain("ldap"), Scheme::tls("ldaps"), Scheme { socket: true, ..Scheme::plain("ldapi") }],
        &["LDAP", "OPENLDAP", "SLAPD"],
    )
    .user_words(&["BIND_DN", "BINDDN", "USER_DN", "BIND_USER", "DN"])
    .password_words(&["BIND_PASSWORD", "BIND_PASS", "BIND_PW", "BINDPW"])
    .name_words(&["BASE_DN", "BASEDN", "BASE", "SEARCH_BASE", "ROOT_DN"])
    .login_beside_url(true)
    .juju(&["ldap"], &["ldap", "openldap", "glauth"])
    .check("ldap", Some("`username:`, `password:` and `base:`"))
    .options(Options { name: Some(("base", None)), use_tls: UseTls::Always, ..Options::USUAL })
    .programs(&["slapd", "ns-slapd", "glauth"]);

/// memcached; its URLs name servers, or a socket by their path.
pub static MEMCACHED: Service = Service::new("memcache", "memcached", "a memcached server", ports!(11211))
    .secure()
    .named(
        schemes!("memcache", "memcached", "pymemcache", "pylibmc", "memcachier"),
        &["MEMCACHE", "MEMCACHED", "MEMCACHIER", "MEMCACHEDCLOUD"],
    )
    .drivers(&["memcache", "pylibmc"])
    .juju(&["memcache", "memcached"], &["memcached"])
    .check("memcache", None)
    .programs(&["memcached"]);

/// `MongoDB` (<https://www.mongodb.com/docs/manual/reference/connection-string/>).
pub static MONGODB: Service = Service::new("mongodb", "MongoDB", "a MongoDB server", ports!(27017))
    .secure()
    .named(schemes!("mongodb", "mongo"), &["MONGO", "MONGODB"])
    .drivers(&["mongo"])
    .juju(&["mongodb", "mongodb_client"], &["mongodb", "mongos"])
    .check("mongodb", Some("`username:`, `password:` and `database:`"))
    .options(Options {
        name: Some(("database", None)),
        query: &[("authSource", "auth_source"), ("replicaSet", "replica_set")],
        ..Options::USUAL
    })
    .programs(&["mongod", "mongos", "ferretdb"]);

/// MQTT (OASIS, 3.1.1 and 5).
pub static MQTT: Service = Service::new("mqtt", "MQTT", "an MQTT broker", ports!(1883; 8883))
    .secure()
    .named(schemes!("mqtt"; "mqtts"), &["MQTT", "MOSQUITTO", "EMQX", "HIVEMQ"])
    .login_beside_url(true)
    .juju(&["mqtt"], &["mosquitto"])
    .check("mqtt", Some("`username:` and `password:`"))
    .programs(&["mosquitto", "emqx"]);

/// `MySQL` and `MariaDB`.
pub static MYSQL: Service = Service::new("mysql", "MySQL", "a MySQL or MariaDB server", ports!(3306))
    .speaks_first(Speaker::Server)
    .tls(TlsStart::Upgrade)
    .upgrade(Some(Upgrade::Capability))
    .limit_of_strangers(Some("max_connect_errors"))
    .socket(Some("/var/run/mysqld/mysqld.sock"))
    .named(schemes!("mysql", "mysql2", "mysqlgis", "mysql-connector", "mariadb"), &["MYSQL", "MARIADB"])
    .drivers(&["mysql", "maria"])
    .juju(
        &["mysql", "mysql_client", "mysql-shared", "mysql-root", "mysql-router"],
        &["mysql", "mariadb", "percona", "mysql-router"],
    )
    .check("mysql", Some("`username:` and `password:`"))
    .programs(&["mariadbd", "mysqld"]);

/// `PostgreSQL` and what poses as it, such as pgbouncer (section 34.1.1.2 of its manual).
pub static POSTGRES: Service = Service::new("postgres", "PostgreSQL", "a PostgreSQL server", ports!(5432))
    .tls(TlsStart::Upgrade)
    .upgrade(Some(Upgrade::Letter(&SSL_REQUEST)))
    .socket(Some("/var/run/postgresql"))
    .named(
        schemes!("postgres", "postgresql", "postgis", "pgsql", "psql", "timescale", "timescalegis"),
        &["POSTGRES", "POSTGRESQL", "PGSQL", "PG", "PGBOUNCER", "TIMESCALE"],
    )
    .drivers(&["postg", "psqlextra", "timescale", "pg"])
    .juju(&["pgsql", "postgresql_client"], &["postgres", "postgresql", "pgbouncer"])
    .check("postgres", Some("`username:`, `password:` and `database:`"))
    .programs(&["postgres", "pgbouncer"]);

/// What speaks the protocol of `PostgreSQL`.
static LIKE_POSTGRES: &[Service] = &[
    Service::new("redshift", "Redshift", "a Redshift cluster", ports!(5439))
        .tls(TlsStart::Upgrade)
        .named(schemes!("redshift"), &["REDSHIFT"])
        .drivers(&["redshift"])
        .check("postgres", None),
    Service::new("cockroachdb", "CockroachDB", "a CockroachDB node", ports!(26257))
        .tls(TlsStart::Upgrade)
        .named(schemes!("cockroach", "cockroachdb"), &["COCKROACH", "COCKROACHDB"])
        .drivers(&["cockroach"])
        .check("postgres", None),
];

/// Redis, Valkey and what speaks like them (RESP); redis-py has `unix`, which others have as well.
pub static REDIS: Service = Service::new("redis", "Redis", "a Redis server", ports!(6379))
    .secure()
    .named(
        &[
            Scheme::plain("redis"),
            Scheme::tls("rediss"),
            Scheme::plain("rediscache"),
            Scheme::plain("valkey"),
            Scheme::tls("valkeys"),
            Scheme { vague: true, socket: true, ..Scheme::plain("unix") },
        ],
        &["REDIS", "VALKEY", "KEYDB", "DRAGONFLY", "REDISCLOUD", "RQ", "HUEY", "CACHEOPS"],
    )
    .password_words(&["AUTH"])
    .drivers(&["redis", "valkey"])
    .juju(&["redis", "redis_client", "valkey_client"], &["redis", "valkey"])
    .check("redis", Some("`password:` if it has one"))
    .programs(&["redis-server", "valkey-server", "keydb-server"]);

/// Mail between servers (RFC 5321), and its port with TLS (RFC 8314).
pub static SMTP: Service = Service::new("smtp", "SMTP", "an SMTP server", ports!(25; 465))
    .speaks_first(Speaker::Server)
    .tls(TlsStart::Either)
    // RFC 3207
    .upgrade(Some(Upgrade::Codes(Codes { hello: Some("EHLO"), request: "STARTTLS", agreed: "220" })))
    .named(schemes!("smtp"; "smtps"), &["SMTP", "EMAIL", "MAIL", "MAILER"])
    .user_words(&["HOST_USER", "NAME"])
    .password_words(&["HOST_PASSWORD"])
    .juju(&["smtp"], &["postfix", "postfix-relay", "smtp", "exim", "exim4"])
    .check("smtp", None)
    .programs(&["master", "exim4", "smtpd"]);

/// Mail from those who write it (RFC 6409), after STARTTLS or with TLS; 2525 is a second port of many.
pub static SUBMISSION: Service =
    Service::new("submission", "mail submission", "a mail submission server", ports!(587, 2525; 465))
        .speaks_first(Speaker::Server)
        .tls(TlsStart::Either)
        .named(
            &[Scheme { security: Security::StartTls, ..Scheme::plain("submission") }, Scheme::tls("submissions")],
            &[],
        )
        .check("smtp", None);

/// statsd, which answers nothing.
pub static STATSD: Service = Service::new("statsd", "statsd", "a statsd server", ports!(8125))
    .transport(Transport::Datagram)
    .named(schemes!("statsd", "dogstatsd"), &["STATSD", "DOGSTATSD"])
    .check("udp", None)
    .options(Options { fixed: &[("send", STATSD_PROBE)], ..Options::NONE });

/// An OpenTelemetry collector's port for gRPC, which is HTTP/2 and has no answer to HTTP/1.1.
pub static OTLP: Service = Service::new("otlp", "OTLP over gRPC", "an OpenTelemetry collector", ports!(4317))
    .named(schemes!("grpc"; "grpcs"), &["OTLP"])
    .secure();

/// Whatever takes connections.
pub static TCP: Service = Service::new("tcp", "TCP", "a TCP server", ports!())
    .named(schemes!(vague "tcp"), &[])
    .check("tcp", None)
    .options(Options::NONE);

/// TLS, whatever is inside (RFC 8446).
pub static TLS: Service = Service::new("tls", "TLS", "a TLS server", ports!())
    .secure()
    .named(schemes!(vague; "tls", "ssl"), &[])
    .check("tls", None)
    .options(Options::NONE);

/// Whatever a program of this host checks.
pub static COMMAND: Service = Service::of_host("command", "a program that checks");

/// Whatever takes datagrams.
pub static UDP: Service = Service::new("udp", "UDP", "a UDP service", ports!())
    .transport(Transport::Datagram)
    .named(schemes!(vague "udp"), &[])
    .check("udp", None)
    .options(Options::NONE);

/// This host's clock.
pub static CLOCK: Service = Service::of_host("clock", "a host's clock");

/// The file system of a path.
pub static DISK: Service = Service::of_host("disk", "a file system");

/// A file.
pub static FILE: Service = Service::of_host("file", "a file");

/// How many processes want to run.
pub static LOAD: Service = Service::of_host("load", "a host's load");

/// What of the memory is free.
pub static MEMORY: Service = Service::of_host("memory", "a host's memory");

/// A unit of systemd, or a program.
pub static PROCESS: Service = Service::of_host("process", "a process");

/// A directory in which a service keeps files.
pub static STORAGE: Service = Service::of_host("storage", "a directory for files");
