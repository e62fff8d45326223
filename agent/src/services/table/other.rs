//! Services whose protocol no check speaks, and S3: those inside of HTTP are asked over that, of all others
//! the connection is checked; and what is named like a service and is not one.

use crate::services::build::{ports, schemes};
use crate::services::row::{KnownPort, NoServer, NoServers, Ports, Scheme, Service, Speaker, TlsStart};
use crate::services::upgrade::{Codes, Upgrade, Words};
use std::num::NonZero;

/// Those to which nothing in this program refers by name.
pub(super) static UNNAMED: &[Service] = &[
    Service::new("opensearch", "OpenSearch", "an OpenSearch node", ports!(9200))
        .named(schemes!("opensearch"), &["OPENSEARCH"])
        .over_http()
        .juju(&["opensearch_client"], &["opensearch"])
        .check("http", Some("`url:` and `auth:`")),
    Service::new("meilisearch", "Meilisearch", "a Meilisearch server", ports!(7700))
        .named(&[], &["MEILISEARCH", "MEILI"])
        .over_http(),
    Service::new("typesense", "Typesense", "a Typesense server", ports!(8108)).named(&[], &["TYPESENSE"]).over_http(),
    Service::new("qdrant", "Qdrant", "a Qdrant server", ports!(6333)).named(&[], &["QDRANT"]).over_http(),
    Service::new("zipkin", "Zipkin", "a Zipkin server", ports!(9411)).named(&[], &["ZIPKIN"]).over_http(),
    Service::new("socks", "SOCKS", "a SOCKS proxy", ports!(1080))
        .named(schemes!("socks", "socks4", "socks4a", "socks5", "socks5h"), &[]),
    Service::new("solr", "Solr", "a Solr server", ports!(8983)).named(schemes!("solr"), &["SOLR"]).over_http(),
    Service::new("influxdb", "InfluxDB", "an InfluxDB server", ports!(8086))
        .named(schemes!("influxdb"), &["INFLUXDB", "INFLUX"])
        .over_http(),
    Service::new("couchdb", "CouchDB", "a CouchDB server", ports!(5984))
        .named(schemes!("couchdb"), &["COUCHDB"])
        .over_http(),
    Service::new("consul", "Consul", "a Consul agent", ports!(8500)).named(schemes!("consul"), &["CONSUL"]).over_http(),
    Service::new("etcd", "etcd", "an etcd member", ports!(2379))
        .named(schemes!("etcd"), &["ETCD"])
        .over_http()
        .juju(&["etcd"], &["etcd"])
        .check("http", Some("`url:`, `ca_file:`, `client_cert:` and `client_key:`")),
    Service::new("vault", "Vault", "a Vault server", ports!(8200))
        .named(schemes!("vault"), &["VAULT"])
        .over_http()
        .juju(&["vault-kv"], &["vault"]),
    Service::new("loki", "Loki", "a Loki server", ports!(3100))
        .named(&[], &["LOKI"])
        .over_http()
        .juju(&["loki_push_api"], &["loki"]),
    Service::new("keystone", "Keystone", "a Keystone server", ports!(5000))
        .named(&[], &["KEYSTONE"])
        .over_http()
        .juju(&["keystone", "keystone-credentials"], &["keystone"]),
    Service::new("kafka", "Kafka", "a Kafka broker", ports!(9092; 9093))
        .named(
            schemes!("kafka", "confluentkafka", "plaintext", "sasl_plaintext"; "kafkas", "sasl_ssl"),
            &["KAFKA", "REDPANDA"],
        )
        .secure()
        .juju(&["kafka", "kafka_client"], &["kafka"]),
    Service::new("stomp", "STOMP", "a STOMP broker", ports!(61613)).named(schemes!("stomp"), &["STOMP"]).secure(),
    Service::new("pulsar", "Pulsar", "a Pulsar broker", ports!(6650)).named(schemes!("pulsar"), &["PULSAR"]).secure(),
    Service::new("beanstalk", "beanstalkd", "a beanstalkd server", ports!(11300))
        .named(schemes!("beanstalk"), &["BEANSTALK", "BEANSTALKD"]),
    Service::new("gearman", "Gearman", "a Gearman server", ports!(4730)).named(schemes!("gearman"), &["GEARMAN"]),
    Service::new("nfs", "NFS", "an NFS server", ports!(2049)).named(schemes!("nfs"), &["NFS"]),
    Service::new("smb", "SMB", "an SMB server", ports!(445)).named(schemes!("smb", "cifs"), &["SMB", "CIFS", "SAMBA"]),
    Service::new("infinispan", "Infinispan", "an Infinispan server", ports!(11222))
        .named(&[], &["INFINISPAN"])
        .secure(),
    Service::new("milvus", "Milvus", "a Milvus server", ports!(19530)).named(&[], &["MILVUS"]).secure(),
    Service::new("temporal", "Temporal", "a Temporal server", ports!(7233)).named(&[], &["TEMPORAL"]).secure(),
    Service::new("weaviate", "Weaviate", "a Weaviate server", ports!(8080)).named(&[], &["WEAVIATE"]).over_http(),
    Service::new("oracle", "Oracle", "an Oracle server", ports!(1521))
        .named(schemes!("oracle"), &["ORACLE"])
        .drivers(&["oracle"]),
    Service::new("sqlserver", "SQL Server", "a SQL Server", ports!(1433))
        .named(schemes!("sqlserver", "mssql"), &["MSSQL", "SQLSERVER"])
        .tls(TlsStart::Upgrade)
        .drivers(&["mssql", "sql_server", "sqlserver", "sqlsrv"]),
    Service::new("cassandra", "Cassandra", "a Cassandra node", ports!(9042))
        .named(schemes!("cassandra", "scylla"), &["CASSANDRA", "SCYLLA"])
        .secure()
        .drivers(&["cassandra", "scylla"]),
    Service::new("neo4j", "Neo4j", "a Neo4j server", ports!(7687))
        .named(schemes!("neo4j", "bolt"), &["NEO4J"])
        .secure(),
    // Its own protocol, and not that over HTTP.
    Service::new("clickhouse", "ClickHouse", "a ClickHouse server", ports!(9000; 9440))
        .named(schemes!("clickhouse"; "clickhouses"), &["CLICKHOUSE"])
        .secure()
        .drivers(&["clickhouse"]),
    Service::new("rethinkdb", "RethinkDB", "a RethinkDB server", ports!(28015))
        .named(schemes!("rethinkdb"), &["RETHINKDB"]),
    Service::new("zookeeper", "ZooKeeper", "a ZooKeeper server", ports!(2181))
        .named(schemes!("zookeeper", "zk"), &["ZOOKEEPER"])
        .juju(&["zookeeper"], &["zookeeper"]),
    Service::new("graphite", "Graphite", "a Graphite collector", ports!(2003))
        .named(schemes!("graphite", "carbon"), &["GRAPHITE", "CARBON"]),
    // As a rule where code comes from.
    Service::new("git", "Git", "a Git daemon", ports!(9418)).named(schemes!(vague "git"), &[]),
];

/// Elasticsearch, over HTTP.
pub static ELASTICSEARCH: Service =
    Service::new("elasticsearch", "Elasticsearch", "an Elasticsearch node", ports!(9200))
        .named(schemes!("elasticsearch", "es"), &["ELASTICSEARCH", "ELASTIC", "ES"])
        .over_http()
        .juju(&["elasticsearch"], &["elasticsearch"]);

/// What speaks the protocol of Amazon's S3.
pub static S3: Service = Service::new("s3", "S3", "an S3 server", ports!(80; 443))
    .named(&[], &["S3", "MINIO", "AWS", "OBJECTSTORE"])
    .over_http()
    .check("s3", Some("`endpoint:`, `bucket:`, `access_key:` and `secret_key:`"));

/// NATS.
pub static NATS: Service = Service::new("nats", "NATS", "a NATS server", ports!(4222))
    .named(schemes!("nats"), &["NATS"])
    .speaks_first(Speaker::Server)
    .tls(TlsStart::Upgrade);

/// Redis Sentinel, which says where the primary is.
pub static SENTINEL: Service = Service::new("sentinel", "Redis Sentinel", "a Redis Sentinel", ports!(26379))
    .named(schemes!("sentinel", "redis-sentinel"; "rediss-sentinel"), &["SENTINEL", "SENTINELS"])
    .secure();

/// The port on which Elasticsearch and `OpenSearch` nodes talk to each other.
pub static ELASTICSEARCH_NODE: Service = Service::new(
    "elasticsearch-transport",
    "Elasticsearch transport",
    "an Elasticsearch node's transport port",
    ports!(9300),
);

/// Mail access (RFC 9051).
pub static IMAP: Service = Service::new("imap", "IMAP", "an IMAP server", ports!(143; 993))
    .named(schemes!("imap"; "imaps"), &["IMAP"])
    .speaks_first(Speaker::Server)
    .tls(TlsStart::Either)
    // RFC 9051, section 6.2.1; logged in already, a server takes no STARTTLS any more.
    .upgrade(Some(Upgrade::Words(Words {
        greeting: "* OK",
        farewell: "* BYE",
        late: Some("* PREAUTH"),
        request: "a STARTTLS",
        agreed: "a OK",
        // To an unknown command it says BAD (RFC 9051 section 6.2.1).
        unable: "a NO",
        between: Some("* "),
    })));

/// Mail access (RFC 1939).
pub static POP3: Service = Service::new("pop3", "POP3", "a POP3 server", ports!(110; 995))
    .named(schemes!("pop3"; "pop3s"), &["POP3"])
    .speaks_first(Speaker::Server)
    .tls(TlsStart::Either)
    // RFC 2595, section 4
    .upgrade(Some(Upgrade::Words(Words {
        greeting: "+OK",
        farewell: "-ERR",
        late: None,
        request: "STLS",
        agreed: "+OK",
        // RFC 3206: the server's own trouble.
        unable: "-ERR [SYS/",
        between: None,
    })));

/// File transfer (RFC 959).
pub static FTP: Service = Service::new("ftp", "FTP", "an FTP server", ports!(21; 990))
    .named(schemes!("ftp"; "ftps"), &["FTP"])
    .speaks_first(Speaker::Server)
    .tls(TlsStart::Either)
    // RFC 4217
    .upgrade(Some(Upgrade::Codes(Codes { hello: None, request: "AUTH TLS", agreed: "234" })));

/// A greeting that SMTP and FTP have in common and that does not say which of them it is.
pub static SMTP_OR_FTP: Service =
    Service::new("smtp-or-ftp", "SMTP or FTP", "an SMTP or FTP server", ports!()).speaks_first(Speaker::Server);

/// Secure shell (RFC 4253), and files over it. An `ssh` URL is as a rule where code comes from.
pub static SSH: Service = Service::new("ssh", "SSH", "an SSH server", ports!(22))
    .speaks_first(Speaker::Server)
    .named(&[Scheme { vague: true, ..Scheme::plain("ssh") }, Scheme::plain("sftp")], &["SFTP"]);

/// The rsync daemon.
pub static RSYNC: Service = Service::new("rsync", "rsync", "an rsync daemon", ports!(873))
    .named(schemes!("rsync"), &[])
    .speaks_first(Speaker::Server);

/// Telnet (RFC 854).
pub static TELNET: Service =
    Service::new("telnet", "Telnet", "a Telnet server", ports!(23)).speaks_first(Speaker::Server);

/// Remote desktop (MS-RDPBCGR).
pub static RDP: Service = Service::new("rdp", "RDP", "a remote desktop (RDP) server", ports!(3389));

/// Remote frame buffer (RFC 6143).
pub static VNC: Service = Service::new("vnc", "VNC", "a VNC server", ports!(5900)).speaks_first(Speaker::Server);

/// What is not a server.
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
