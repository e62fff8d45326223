//! Variables that belong together: a host, and beside it the port, the login and the rest.

use super::Variables;
use crate::generate::item::{Comment, Item};
use crate::generate::url::{self, Service};

/// Words in a name, and the scheme of the URL that the family stands for.
const SERVICES: [(&str, &str); 27] = [
    ("POSTGRES", "postgres"),
    ("POSTGRESQL", "postgres"),
    ("PGSQL", "postgres"),
    ("PG", "postgres"),
    ("MYSQL", "mysql"),
    ("MARIADB", "mysql"),
    ("REDIS", "redis"),
    ("VALKEY", "redis"),
    ("SENTINEL", "sentinel"),
    ("MEMCACHE", "memcache"),
    ("MEMCACHED", "memcache"),
    ("MEMCACHIER", "memcache"),
    ("RABBITMQ", "amqp"),
    ("RABBIT", "amqp"),
    ("AMQP", "amqp"),
    ("MONGO", "mongodb"),
    ("MONGODB", "mongodb"),
    ("SMTP", "smtp"),
    ("EMAIL", "smtp"),
    ("MAIL", "smtp"),
    ("STATSD", "statsd"),
    ("DOGSTATSD", "statsd"),
    ("ELASTICSEARCH", "elasticsearch"),
    ("OPENSEARCH", "opensearch"),
    ("KAFKA", "kafka"),
    ("NATS", "nats"),
    ("LDAP", "ldap"),
];

/// Endings of variables with one host.
const HOST: [&str; 5] = ["HOST", "HOSTNAME", "SERVER", "ADDR", "ADDRESS"];

/// Endings of variables with several.
const HOSTS: [&str; 6] = ["HOSTS", "SERVERS", "BROKERS", "NODES", "ADDRS", "ADDRESSES"];

/// Whether the variable names the host of a service that is known.
pub(super) fn is_host(name: &str) -> bool {
    member(name).is_some()
}

/// The prefix and the scheme of a variable that names the host of a service that is known. That of
/// an `EMAIL_ADDRESS` is none.
fn member(name: &str) -> Option<(&str, &'static str)> {
    let prefix = prefix(name)?;
    let scheme = kind(prefix)?;
    (scheme != "smtp" || !name[prefix.len()..].starts_with("_ADDR")).then_some((prefix, scheme))
}

/// What stands before `_HOST` and its like. Kubernetes sets `*_SERVICE_HOST`, and what Docker's
/// links set (`*_PORT_6379_TCP_ADDR`), for every service there is, needed or not.
fn prefix(name: &str) -> Option<&str> {
    let (prefix, end) = name.rsplit_once('_')?;
    let is_host = HOST.contains(&end) || HOSTS.contains(&end);
    let prefix = prefix.strip_suffix("_BOOTSTRAP").unwrap_or(prefix);
    (is_host && !prefix.ends_with("_SERVICE") && !is_link(prefix)).then_some(prefix)
}

/// `REDIS_PORT_6379_TCP`.
fn is_link(prefix: &str) -> bool {
    let mut words = prefix.rsplit('_');
    let mut next = || words.next().unwrap_or_default();
    matches!(next(), "TCP" | "UDP" | "SCTP") && next().parse::<u16>().is_ok() && next() == "PORT"
}

/// The service that a prefix names; `""` for a database of whatever kind.
fn kind(prefix: &str) -> Option<&'static str> {
    let mut words = prefix.split('_').rev();
    let known = words.find_map(|word| SERVICES.iter().find(|(name, _)| *name == word).map(|(_, scheme)| *scheme));
    known.or_else(|| prefix.split('_').next_back().is_some_and(|last| matches!(last, "DB" | "DATABASE")).then_some(""))
}

/// The checks for a variable that names a host, or nothing.
pub(super) fn items(name: &str, text: &str, all: &Variables) -> Vec<Item> {
    let Some((prefix, scheme)) = member(name) else { return Vec::new() };
    let family = Family { prefix, all };
    let scheme = match if scheme.is_empty() { family.database() } else { Database::Server(scheme) } {
        Database::Server(scheme) => scheme,
        Database::File => {
            let why = "by the variables beside it, the database is a file of this host: nothing to connect to";
            return vec![Comment::note(name, why).into()];
        }
        Database::Unknown => {
            let why = "which kind of database this is, is not said in a way that is known here: set the variable's TYPE, ENGINE or PORT beside it, or add a check by hand";
            return vec![Comment::gap(name, why).into()];
        }
    };
    let hosts = text.split([',', ';', ' ']).map(str::trim).filter(|host| !host.is_empty());
    let hosts = hosts.flat_map(|host| match host.split_once("://") {
        Some(_) => url::items(name, host),
        None => family.service(scheme, host).items(name),
    });
    let password = family.named(&PASSWORD).map(|(variable, _)| variable);
    hosts.map(|item| named(item, password.as_deref())).collect()
}

/// The secret of the check has a variable already.
fn named(item: Item, variable: Option<&str>) -> Item {
    match (item, variable) {
        (Item::Check(draft), Some(variable)) => Item::Check(draft.secrets_named(variable)),
        (item, _) => item,
    }
}

const PORT: [&str; 2] = ["PORT", "TCP_PORT"];
const USER: [&str; 6] = ["USER", "USERNAME", "LOGIN", "HOST_USER", "DEFAULT_USER", "DB_USER"];
const PASSWORD: [&str; 7] = ["PASSWORD", "PASS", "PASSWD", "PWD", "HOST_PASSWORD", "DEFAULT_PASS", "DB_PASSWORD"];
const NAME: [&str; 7] = ["DB", "DATABASE", "DBNAME", "NAME", "DB_NAME", "VHOST", "DEFAULT_VHOST"];

/// What is said about TLS: endings, and the option of a URL that says the same.
const TLS: [(&str, &str); 14] = [
    ("SSLMODE", "sslmode"),
    ("SSL_MODE", "sslmode"),
    ("USE_TLS", "use_tls"),
    ("TLS", "tls"),
    ("USE_SSL", "ssl"),
    ("SSL", "ssl"),
    ("SSL_CA", "ssl_ca"),
    ("SSL_CA_CERTS", "ssl_ca"),
    ("SSLROOTCERT", "sslrootcert"),
    ("SSL_CERT", "sslcert"),
    ("SSL_KEY", "sslkey"),
    ("SSL_CERT_REQS", "ssl_cert_reqs"),
    ("ENCRYPTION", "encryption"),
    ("SCHEME", "encryption"),
];

/// Endings of variables that say which kind a database is.
const KIND: [&str; 7] = ["ENGINE", "TYPE", "CONNECTION", "DRIVER", "ADAPTER", "DIALECT", "BACKEND"];

/// What the kind's name contains.
const KINDS: [(&str, Database); 9] = [
    ("sqlite", Database::File),
    ("postg", Database::Server("postgres")),
    ("pg", Database::Server("postgres")),
    ("mysql", Database::Server("mysql")),
    ("maria", Database::Server("mysql")),
    ("mongo", Database::Server("mongodb")),
    ("sqlsrv", Database::Server("sqlserver")),
    ("mssql", Database::Server("sqlserver")),
    ("oracle", Database::Server("oracle")),
];

/// What is behind a name that only says that it is a database.
#[derive(Clone, Copy)]
enum Database {
    /// The scheme of the URL that the family stands for.
    Server(&'static str),
    File,
    Unknown,
}

struct Family<'a> {
    prefix: &'a str,
    all: &'a Variables,
}

impl<'a> Family<'a> {
    /// The first of the family's variables with one of these endings: its name and text.
    fn named(&self, ends: &[&str]) -> Option<(String, &'a str)> {
        let mut names = ends.iter().map(|end| format!("{}_{end}", self.prefix));
        names.find_map(|name| self.all.text(&name).map(|text| (name, text)))
    }

    fn text(&self, ends: &[&str]) -> Option<&'a str> {
        self.named(ends).map(|(_, text)| text)
    }

    /// [`Family::text`] without blanks around it.
    fn word(&self, ends: &[&str]) -> Option<&'a str> {
        ends.iter().find_map(|end| self.all.word(&format!("{}_{end}", self.prefix)))
    }

    fn port(&self) -> Option<&'a str> {
        // Docker and Kubernetes set REDIS_PORT=tcp://10.0.0.1:6379 for a service called redis.
        self.word(&PORT).map(|port| port.rsplit(':').next().unwrap_or(port))
    }

    /// The kind of a database that is only called a database. Where one is named, a port that is
    /// left over from another counts for nothing.
    fn database(&self) -> Database {
        let said: Vec<_> = KIND.iter().filter_map(|end| self.word(&[end])).map(str::to_ascii_lowercase).collect();
        let named = |said: &String| KINDS.iter().find(|(word, _)| said.contains(word)).map(|(_, kind)| *kind);
        match said.iter().find_map(named) {
            Some(kind) => kind,
            None if said.is_empty() => self.database_by_port(),
            None => Database::Unknown,
        }
    }

    fn database_by_port(&self) -> Database {
        match self.port() {
            Some("5432") => Database::Server("postgres"),
            Some("3306") => Database::Server("mysql"),
            Some("27017") => Database::Server("mongodb"),
            _ => Database::Unknown,
        }
    }

    fn service(&self, scheme: &'a str, host: &'a str) -> Service<'a> {
        let options = TLS.iter().filter_map(|(end, option)| self.word(&[end]).map(|text| (*option, text)));
        Service {
            scheme,
            host,
            port: self.port(),
            user: self.text(&USER),
            password: self.text(&PASSWORD),
            name: self.text(&NAME),
            options: options.collect(),
        }
    }
}

/// libpq's own variables (section 34.15 of `PostgreSQL`'s manual).
pub(super) fn postgres(all: &Variables) -> Vec<Item> {
    let Some(origin) = ["PGHOST", "PGHOSTADDR", "PGDATABASE"].into_iter().find(|name| all.word(name).is_some()) else {
        return Vec::new();
    };
    let options =
        [("PGSSLMODE", "sslmode"), ("PGSSLROOTCERT", "sslrootcert"), ("PGSSLCERT", "sslcert"), ("PGSSLKEY", "sslkey")];
    let hosts = all.word("PGHOST").or_else(|| all.word("PGHOSTADDR")).unwrap_or_default();
    let service = |host| Service {
        scheme: "postgres",
        host,
        port: all.word("PGPORT"),
        user: all.text("PGUSER"),
        password: all.text("PGPASSWORD"),
        name: all.text("PGDATABASE"),
        options: options.iter().filter_map(|(name, option)| Some((*option, all.word(name)?))).collect(),
    };
    let items = hosts.split(',').flat_map(|host| service(host).items(origin));
    items.map(|item| named(item, Some("PGPASSWORD"))).collect()
}
