//! Services whose protocol no check speaks: those inside of HTTP are asked over that, of all others
//! the connection is checked; and what is named like a service and is none.

use crate::services::build::{plain, ports, tls};
use crate::services::row::{KnownPort, NoServer, NoServers, Ports, Service, TlsStart};
use std::num::NonZero;

/// Elasticsearch, over HTTP.
pub static ELASTICSEARCH: Service = Service::new("elasticsearch", "Elasticsearch", "an Elasticsearch node")
    .ports(ports!(9200))
    .tls(TlsStart::Implicit)
    .schemes(&[plain("elasticsearch"), plain("es")])
    .words(&["ELASTICSEARCH"])
    .juju(&["elasticsearch"], &["elasticsearch"])
    .check("http");

/// `OpenSearch`, over HTTP.
pub static OPENSEARCH: Service = Service::new("opensearch", "OpenSearch", "an OpenSearch node")
    .ports(ports!(9200))
    .tls(TlsStart::Implicit)
    .schemes(&[plain("opensearch")])
    .words(&["OPENSEARCH"])
    .juju(&["opensearch_client"], &["opensearch"])
    .login("`url:` and `auth:`")
    .check("http");

/// Solr, over HTTP.
pub static SOLR: Service = Service::new("solr", "Solr", "a Solr server")
    .ports(ports!(8983))
    .tls(TlsStart::Implicit)
    .schemes(&[plain("solr")])
    .words(&["SOLR"])
    .check("http");

/// `InfluxDB`, over HTTP.
pub static INFLUXDB: Service = Service::new("influxdb", "InfluxDB", "an InfluxDB server")
    .ports(ports!(8086))
    .tls(TlsStart::Implicit)
    .schemes(&[plain("influxdb")])
    .words(&["INFLUXDB"])
    .check("http");

/// `CouchDB`, over HTTP.
pub static COUCHDB: Service = Service::new("couchdb", "CouchDB", "a CouchDB server")
    .ports(ports!(5984))
    .tls(TlsStart::Implicit)
    .schemes(&[plain("couchdb")])
    .words(&["COUCHDB"])
    .check("http");

/// Consul, over HTTP.
pub static CONSUL: Service = Service::new("consul", "Consul", "a Consul agent")
    .ports(ports!(8500))
    .tls(TlsStart::Implicit)
    .schemes(&[plain("consul")])
    .words(&["CONSUL"])
    .check("http");

/// etcd, over HTTP.
pub static ETCD: Service = Service::new("etcd", "etcd", "an etcd member")
    .ports(ports!(2379))
    .tls(TlsStart::Implicit)
    .schemes(&[plain("etcd")])
    .words(&["ETCD"])
    .juju(&["etcd"], &["etcd"])
    .login("`url:`, `ca_file:`, `client_cert:` and `client_key:`")
    .check("http");

/// Vault, over HTTP.
pub static VAULT: Service = Service::new("vault", "Vault", "a Vault server")
    .ports(ports!(8200))
    .tls(TlsStart::Implicit)
    .schemes(&[plain("vault")])
    .words(&["VAULT"])
    .juju(&["vault-kv"], &["vault"])
    .check("http");

/// Loki, over HTTP.
pub static LOKI: Service = Service::new("loki", "Loki", "a Loki server")
    .ports(ports!(3100))
    .tls(TlsStart::Implicit)
    .words(&["LOKI"])
    .juju(&["loki_push_api"], &["loki"])
    .check("http");

/// `OpenStack`'s Keystone, over HTTP.
pub static KEYSTONE: Service = Service::new("keystone", "Keystone", "a Keystone server")
    .ports(ports!(5000))
    .tls(TlsStart::Implicit)
    .words(&["KEYSTONE"])
    .juju(&["keystone", "keystone-credentials"], &["keystone"])
    .check("http");

/// Kafka.
pub static KAFKA: Service = Service::new("kafka", "Kafka", "a Kafka broker")
    .ports(ports!(9092; 9093))
    .tls(TlsStart::Implicit)
    .schemes(&[plain("kafka"), plain("confluentkafka"), tls("kafkas")])
    .words(&["KAFKA"])
    .juju(&["kafka", "kafka_client"], &["kafka"]);

/// NATS.
pub static NATS: Service = Service::new("nats", "NATS", "a NATS server")
    .ports(ports!(4222))
    .greeting()
    .tls(TlsStart::Upgrade)
    .schemes(&[plain("nats")])
    .words(&["NATS"]);

/// STOMP.
pub static STOMP: Service = Service::new("stomp", "STOMP", "a STOMP broker")
    .ports(ports!(61613))
    .tls(TlsStart::Implicit)
    .schemes(&[plain("stomp")])
    .words(&["STOMP"]);

/// Pulsar.
pub static PULSAR: Service = Service::new("pulsar", "Pulsar", "a Pulsar broker")
    .ports(ports!(6650))
    .tls(TlsStart::Implicit)
    .schemes(&[plain("pulsar")])
    .words(&["PULSAR"]);

/// beanstalkd.
pub static BEANSTALK: Service = Service::new("beanstalk", "beanstalkd", "a beanstalkd server")
    .ports(ports!(11300))
    .schemes(&[plain("beanstalk")])
    .words(&["BEANSTALK", "BEANSTALKD"]);

/// Gearman.
pub static GEARMAN: Service = Service::new("gearman", "Gearman", "a Gearman server")
    .ports(ports!(4730))
    .schemes(&[plain("gearman")])
    .words(&["GEARMAN"]);

/// Redis Sentinel, which says where the primary is.
pub static SENTINEL: Service = Service::new("sentinel", "Redis Sentinel", "a Redis Sentinel")
    .ports(ports!(26379))
    .tls(TlsStart::Implicit)
    .schemes(&[plain("sentinel")])
    .words(&["SENTINEL"]);

/// Oracle's database.
pub static ORACLE: Service = Service::new("oracle", "Oracle", "an Oracle server")
    .ports(ports!(1521))
    .schemes(&[plain("oracle")])
    .words(&["ORACLE"])
    .drivers(&["oracle"]);

/// Microsoft's SQL Server.
pub static SQL_SERVER: Service = Service::new("sqlserver", "SQL Server", "a SQL Server")
    .ports(ports!(1433))
    .tls(TlsStart::Upgrade)
    .schemes(&[plain("sqlserver"), plain("mssql")])
    .words(&["MSSQL", "SQLSERVER"])
    .drivers(&["mssql", "sql_server", "sqlserver", "sqlsrv"]);

/// Cassandra and `ScyllaDB`.
pub static CASSANDRA: Service = Service::new("cassandra", "Cassandra", "a Cassandra node")
    .ports(ports!(9042))
    .tls(TlsStart::Implicit)
    .schemes(&[plain("cassandra"), plain("scylla")])
    .words(&["CASSANDRA", "SCYLLA"])
    .drivers(&["cassandra", "scylla"]);

/// Neo4j (Bolt).
pub static NEO4J: Service = Service::new("neo4j", "Neo4j", "a Neo4j server")
    .ports(ports!(7687))
    .tls(TlsStart::Implicit)
    .schemes(&[plain("neo4j"), plain("bolt")])
    .words(&["NEO4J"]);

/// `ClickHouse`, its own protocol.
pub static CLICKHOUSE: Service = Service::new("clickhouse", "ClickHouse", "a ClickHouse server")
    .ports(ports!(9000; 9440))
    .tls(TlsStart::Implicit)
    .schemes(&[plain("clickhouse"), tls("clickhouses")])
    .words(&["CLICKHOUSE"])
    .drivers(&["clickhouse"]);

/// `RethinkDB`.
pub static RETHINKDB: Service = Service::new("rethinkdb", "RethinkDB", "a RethinkDB server")
    .ports(ports!(28015))
    .schemes(&[plain("rethinkdb")])
    .words(&["RETHINKDB"]);

/// `ZooKeeper`.
pub static ZOOKEEPER: Service = Service::new("zookeeper", "ZooKeeper", "a ZooKeeper server")
    .ports(ports!(2181))
    .schemes(&[plain("zookeeper"), plain("zk")])
    .words(&["ZOOKEEPER"])
    .juju(&["zookeeper"], &["zookeeper"]);

/// Graphite's collector.
pub static GRAPHITE: Service = Service::new("graphite", "Graphite", "a Graphite collector")
    .ports(ports!(2003))
    .schemes(&[plain("graphite"), plain("carbon")])
    .words(&["GRAPHITE", "CARBON"]);

/// The port on which Elasticsearch and `OpenSearch` nodes talk to each other.
pub static ELASTICSEARCH_NODE: Service =
    Service::new("elasticsearch-transport", "Elasticsearch transport", "an Elasticsearch node's transport port")
        .ports(ports!(9300));

/// Mail access (RFC 9051).
pub static IMAP: Service = Service::new("imap", "IMAP", "an IMAP server")
    .ports(ports!(143; 993))
    .greeting()
    .tls(TlsStart::Either)
    .schemes(&[plain("imap"), tls("imaps")])
    .words(&["IMAP"]);

/// Mail access (RFC 1939).
pub static POP3: Service = Service::new("pop3", "POP3", "a POP3 server")
    .ports(ports!(110; 995))
    .greeting()
    .tls(TlsStart::Either)
    .schemes(&[plain("pop3"), tls("pop3s")])
    .words(&["POP3"]);

/// File transfer (RFC 959).
pub static FTP: Service = Service::new("ftp", "FTP", "an FTP server")
    .ports(ports!(21; 990))
    .greeting()
    .tls(TlsStart::Either)
    .schemes(&[plain("ftp"), tls("ftps")])
    .words(&["FTP"]);

/// A greeting that SMTP and FTP have in common and that does not say which of them it is.
pub static SMTP_OR_FTP: Service = Service::new("smtp-or-ftp", "SMTP or FTP", "an SMTP or FTP server").greeting();

/// Secure shell (RFC 4253), and files over it. An `ssh` URL is as a rule where code comes from.
pub static SSH: Service = Service::new("ssh", "SSH", "an SSH server")
    .ports(ports!(22))
    .greeting()
    .schemes(&[plain("ssh").vague(), plain("sftp")])
    .words(&["SFTP"]);

/// The rsync daemon.
pub static RSYNC: Service =
    Service::new("rsync", "rsync", "an rsync daemon").ports(ports!(873)).greeting().schemes(&[plain("rsync")]);

/// Git's own protocol: as a rule where code comes from.
pub static GIT: Service =
    Service::new("git", "Git", "a Git daemon").ports(ports!(9418)).schemes(&[plain("git").vague()]);

/// Telnet (RFC 854).
pub static TELNET: Service = Service::new("telnet", "Telnet", "a Telnet server").ports(ports!(23)).greeting();

/// Remote desktop (MS-RDPBCGR).
pub static RDP: Service = Service::new("rdp", "RDP", "a remote desktop (RDP) server").ports(ports!(3389));

/// Remote frame buffer (RFC 6143).
pub static VNC: Service = Service::new("vnc", "VNC", "a VNC server").ports(ports!(5900)).greeting();

/// What is no server.
pub(in crate::services) static NO_SERVERS: [NoServers; 3] = [
    NoServers {
        why: NoServer::File,
        schemes: &["sqlite", "sqlite3", "spatialite", "duckdb", "file", "filecache", "filemail", "filesystem"],
        drivers: &["sqlite", "spatialite", "duckdb", "filebased", "diskcache"],
    },
    NoServers {
        why: NoServer::Application,
        schemes: &[
            "memory",
            "locmem",
            "locmemcache",
            "locmemcaches",
            "dummy",
            "dummycache",
            "cache",
            "rpc",
            "db",
            "dbcache",
            "django-db",
            "console",
            "consolemail",
            "dummymail",
            "memorymail",
            "memorymails",
        ],
        drivers: &["dummy", "locmem", "inmemory", "console"],
    },
    NoServers {
        why: NoServer::Cloud,
        schemes: &["sqs", "s3", "gs", "gcs", "dynamodb", "pubsub", "azureservicebus", "azblob", "abfs"],
        drivers: &[],
    },
];
