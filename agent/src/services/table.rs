//! The table: services that have a check, then those that have none.

mod other;

use super::build::{plain, ports, starttls, tls};
use super::row::{KnownPort, Options, Ports, Service, TlsStart, UseTls};
pub use other::*;
use std::num::NonZero;

/// What is sent to statsd: a counter that no dashboard knows.
pub const STATSD_PROBE: &str = "conncheck.test:1|c";

/// Every service.
pub static ALL: &[&Service] = &[
    &AMQP,
    &DNS,
    &HTTP,
    &LDAP,
    &MEMCACHED,
    &MONGODB,
    &MQTT,
    &MYSQL,
    &POSTGRES,
    &REDSHIFT,
    &COCKROACHDB,
    &REDIS,
    &SMTP,
    &SUBMISSION,
    &STATSD,
    &TCP,
    &TLS,
    &UDP,
    &ELASTICSEARCH,
    &OPENSEARCH,
    &SOLR,
    &INFLUXDB,
    &COUCHDB,
    &CONSUL,
    &ETCD,
    &VAULT,
    &LOKI,
    &KEYSTONE,
    &KAFKA,
    &NATS,
    &STOMP,
    &PULSAR,
    &BEANSTALK,
    &GEARMAN,
    &SENTINEL,
    &ORACLE,
    &SQL_SERVER,
    &CASSANDRA,
    &NEO4J,
    &CLICKHOUSE,
    &RETHINKDB,
    &ZOOKEEPER,
    &GRAPHITE,
    &ELASTICSEARCH_NODE,
    &IMAP,
    &POP3,
    &FTP,
    &SSH,
    &RSYNC,
    &GIT,
    &TELNET,
    &RDP,
    &VNC,
];

/// `RabbitMQ` and its kin (AMQP 0-9-1, <https://www.rabbitmq.com/docs/uri-spec>).
pub static AMQP: Service = Service::new("amqp", "AMQP", "an AMQP broker")
    .ports(ports!(5672; 5671))
    .tls(TlsStart::Implicit)
    .schemes(&[plain("amqp"), tls("amqps"), plain("pyamqp"), plain("librabbitmq"), plain("rabbitmq")])
    .words(&["RABBITMQ", "RABBIT", "AMQP"])
    .endings(&["DEFAULT_USER"], &["DEFAULT_PASS"], &["VHOST", "DEFAULT_VHOST"])
    .drivers(&["amqp", "rabbit", "pika"])
    .juju(&["rabbitmq", "rabbitmq_client", "amqp"], &["rabbitmq"])
    .login("`username:`, `password:`, `vhost:` and `use_tls:`")
    .check("amqp")
    .options(Options {
        guest: Some("guest"),
        name: Some(("vhost", Some("/"))),
        use_tls: UseTls::Always,
        ..Options::USUAL
    });

/// Resolvers and name servers (RFC 1035); over connections where an answer is long.
pub static DNS: Service = Service::new("dns", "DNS", "a DNS server").ports(ports!(53)).datagrams().check("dns");

/// Web servers (RFC 9110); the ports behind the first are those of servers behind others.
pub static HTTP: Service = Service::new("http", "HTTP", "an HTTP server")
    .ports(ports!(80, 8080, 8000; 443, 8443))
    .tls(TlsStart::Implicit)
    .schemes(&[plain("http").vague(), tls("https").vague(), plain("ws").vague(), tls("wss").vague()])
    .juju(&["http"], &[])
    .check("http");

/// Directories (RFC 4511, URLs: RFC 4516); the ports behind the first are Active Directory's global
/// catalogue and glauth.
pub static LDAP: Service = Service::new("ldap", "LDAP", "an LDAP server")
    .ports(ports!(389, 3268, 3893; 636, 3269, 3894))
    .tls(TlsStart::Either)
    .socket("/var/run/slapd/ldapi")
    .schemes(&[plain("ldap"), tls("ldaps"), plain("ldapi").socket()])
    .words(&["LDAP", "OPENLDAP", "SLAPD"])
    .endings(
        &["BIND_DN", "BINDDN", "USER_DN", "BIND_USER"],
        &["BIND_PASSWORD", "BIND_PASS", "BIND_PW", "BINDPW"],
        &["BASE_DN", "BASEDN", "BASE", "SEARCH_BASE", "ROOT_DN"],
    )
    .login_beside_url()
    .juju(&["ldap"], &["ldap", "glauth"])
    .login("`username:`, `password:` and `base:`")
    .check("ldap")
    .options(Options { name: Some(("base", None)), use_tls: UseTls::Always, ..Options::USUAL });

/// memcached; its URLs name servers, or a socket by their path.
pub static MEMCACHED: Service = Service::new("memcache", "memcached", "a memcached server")
    .ports(ports!(11211))
    .tls(TlsStart::Implicit)
    .schemes(&[plain("memcache"), plain("memcached"), plain("pymemcache"), plain("pylibmc"), plain("memcachier")])
    .words(&["MEMCACHE", "MEMCACHED", "MEMCACHIER"])
    .drivers(&["memcache", "pylibmc"])
    .juju(&["memcache", "memcached"], &["memcached"])
    .check("memcache");

/// `MongoDB` (<https://www.mongodb.com/docs/manual/reference/connection-string/>).
pub static MONGODB: Service = Service::new("mongodb", "MongoDB", "a MongoDB server")
    .ports(ports!(27017))
    .tls(TlsStart::Implicit)
    .schemes(&[plain("mongodb"), plain("mongo")])
    .words(&["MONGO", "MONGODB"])
    .drivers(&["mongo"])
    .juju(&["mongodb", "mongodb_client"], &["mongodb", "mongos"])
    .login("`username:`, `password:` and `database:`")
    .check("mongodb")
    .options(Options {
        name: Some(("database", None)),
        query: &[("authSource", "auth_source"), ("replicaSet", "replica_set")],
        ..Options::USUAL
    });

/// MQTT (OASIS, 3.1.1 and 5).
pub static MQTT: Service = Service::new("mqtt", "MQTT", "an MQTT broker")
    .ports(ports!(1883; 8883))
    .tls(TlsStart::Implicit)
    .schemes(&[plain("mqtt"), tls("mqtts")])
    .words(&["MQTT", "MOSQUITTO", "EMQX", "HIVEMQ"])
    .login_beside_url()
    .juju(&["mqtt"], &["mosquitto"])
    .login("`username:` and `password:`")
    .check("mqtt");

/// `MySQL` and `MariaDB`.
pub static MYSQL: Service = Service::new("mysql", "MySQL", "a MySQL or MariaDB server")
    .ports(ports!(3306))
    .greeting()
    .tls(TlsStart::Upgrade)
    .socket("/var/run/mysqld/mysqld.sock")
    .schemes(&[plain("mysql"), plain("mysql2"), plain("mysqlgis"), plain("mysql-connector"), plain("mariadb")])
    .words(&["MYSQL", "MARIADB"])
    .drivers(&["mysql", "maria"])
    .juju(&["mysql", "mysql_client", "mysql-shared", "mysql-root", "mysql-router"], &["mysql", "mariadb", "percona"])
    .login("`username:` and `password:`")
    .check("mysql");

/// `PostgreSQL` and what poses as it, such as pgbouncer (section 34.1.1.2 of its manual).
pub static POSTGRES: Service = Service::new("postgres", "PostgreSQL", "a PostgreSQL server")
    .ports(ports!(5432))
    .tls(TlsStart::Upgrade)
    .socket("/var/run/postgresql")
    .schemes(&[
        plain("postgres"),
        plain("postgresql"),
        plain("postgis"),
        plain("pgsql"),
        plain("psql"),
        plain("timescale"),
        plain("timescalegis"),
    ])
    .words(&["POSTGRES", "POSTGRESQL", "PGSQL", "PG"])
    .drivers(&["postg", "psqlextra", "timescale", "pg"])
    .juju(&["pgsql", "postgresql_client"], &["postgres", "pgbouncer"])
    .login("`username:`, `password:` and `database:`")
    .check("postgres");

/// Amazon Redshift, which speaks the protocol of `PostgreSQL`.
pub static REDSHIFT: Service = Service::new("redshift", "Redshift", "a Redshift cluster")
    .ports(ports!(5439))
    .tls(TlsStart::Upgrade)
    .schemes(&[plain("redshift")])
    .words(&["REDSHIFT"])
    .drivers(&["redshift"])
    .check("postgres");

/// `CockroachDB`, which speaks the protocol of `PostgreSQL`.
pub static COCKROACHDB: Service = Service::new("cockroachdb", "CockroachDB", "a CockroachDB node")
    .ports(ports!(26257))
    .tls(TlsStart::Upgrade)
    .schemes(&[plain("cockroach"), plain("cockroachdb")])
    .words(&["COCKROACH", "COCKROACHDB"])
    .drivers(&["cockroach"])
    .check("postgres");

/// Redis, Valkey and what speaks like them (RESP); redis-py has `unix`, which others have as well.
pub static REDIS: Service = Service::new("redis", "Redis", "a Redis server")
    .ports(ports!(6379))
    .tls(TlsStart::Implicit)
    .schemes(&[
        plain("redis"),
        tls("rediss"),
        plain("rediscache"),
        plain("valkey"),
        tls("valkeys"),
        plain("unix").socket().vague(),
    ])
    .words(&["REDIS", "VALKEY"])
    .drivers(&["redis", "valkey"])
    .juju(&["redis", "redis_client", "valkey_client"], &["redis", "valkey"])
    .login("`password:` if it has one")
    .check("redis");

/// Mail between servers (RFC 5321), and its port with TLS (RFC 8314).
pub static SMTP: Service = Service::new("smtp", "SMTP", "an SMTP server")
    .ports(ports!(25; 465))
    .greeting()
    .tls(TlsStart::Either)
    .schemes(&[plain("smtp"), tls("smtps")])
    .words(&["SMTP", "EMAIL", "MAIL"])
    .endings(&["HOST_USER"], &["HOST_PASSWORD"], &[])
    .juju(&["smtp"], &["postfix", "smtp", "exim"])
    .check("smtp");

/// Mail from those who write it (RFC 6409), after STARTTLS or with TLS; 2525 is a second port of many.
pub static SUBMISSION: Service = Service::new("submission", "mail submission", "a mail submission server")
    .ports(ports!(587, 2525; 465))
    .greeting()
    .tls(TlsStart::Either)
    .schemes(&[starttls("submission"), tls("submissions")])
    .check("smtp");

/// statsd, which answers nothing.
pub static STATSD: Service = Service::new("statsd", "statsd", "a statsd server")
    .ports(ports!(8125))
    .datagrams()
    .schemes(&[plain("statsd"), plain("dogstatsd")])
    .words(&["STATSD", "DOGSTATSD"])
    .check("udp")
    .options(Options { fixed: &[("send", STATSD_PROBE)], ..Options::NONE });

/// Whatever takes connections.
pub static TCP: Service =
    Service::new("tcp", "TCP", "a TCP server").schemes(&[plain("tcp").vague()]).check("tcp").options(Options::NONE);

/// TLS, whatever is inside (RFC 8446).
pub static TLS: Service = Service::new("tls", "TLS", "a TLS server")
    .tls(TlsStart::Implicit)
    .schemes(&[tls("tls").vague(), tls("ssl").vague()])
    .check("tls")
    .options(Options::NONE);

/// Whatever takes datagrams.
pub static UDP: Service = Service::new("udp", "UDP", "a UDP service")
    .datagrams()
    .schemes(&[plain("udp").vague()])
    .check("udp")
    .options(Options::NONE);
