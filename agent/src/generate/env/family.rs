//! Variables that belong together: a host, and beside it the port, the login and the rest.

use super::Variables;
use crate::generate::url::{self, ConnectionSettings};
use crate::generate::{Comment, Item};
use crate::services::{self, NoServer, Service};

/// Endings of variables with one host.
const HOST: [&str; 6] = ["HOST", "HOSTNAME", "SERVER", "BROKER", "ADDR", "ADDRESS"];

/// Endings of variables with several.
const HOSTS: [&str; 6] = ["HOSTS", "SERVERS", "BROKERS", "NODES", "ADDRS", "ADDRESSES"];

/// Whether the variable names the host of a service that is known.
pub(super) fn is_host(name: &str) -> bool {
    member(name).is_some()
}

/// The prefix of a variable that names the host of a service that is known, and what that is. An
/// `EMAIL_ADDRESS` is not one.
fn member(name: &str) -> Option<(&str, Named)> {
    let prefix = prefix(name)?;
    let named = named_by(prefix)?;
    let is_mail = matches!(named, Named::Service(service) if *service == services::SMTP);
    (!is_mail || !name[prefix.len()..].starts_with("_ADDR")).then_some((prefix, named))
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

/// What a prefix names.
#[derive(Clone, Copy)]
enum Named {
    Service(&'static Service),
    /// A database of whatever kind.
    Database,
}

fn named_by(prefix: &str) -> Option<Named> {
    let mut words = prefix.split('_').rev();
    let is_database = words.clone().next().is_some_and(|last| matches!(last, "DB" | "DATABASE"));
    words.find_map(services::by_word).map(Named::Service).or(is_database.then_some(Named::Database))
}

/// The checks for a variable that names a host, or nothing.
pub(super) fn items(name: &str, text: &str, all: &Variables) -> Vec<Item> {
    let Some((prefix, named)) = member(name) else { return Vec::new() };
    let family = Family { prefix, all };
    let service = match named {
        Named::Service(service) => service,
        Named::Database => match family.database() {
            Database::Server(service) => service,
            Database::File => {
                let why = "by the variables beside it, the database is a file of this host: nothing to connect to";
                return vec![Comment::note(name, why).into()];
            }
            Database::Unknown => {
                let why = "which kind of database this is, is not said in a way that is known here: set the variable's TYPE, ENGINE or PORT beside it, or add a check by hand";
                return vec![Comment::gap(name, why).into()];
            }
        },
    };
    let hosts = text.split([',', ';', ' ']).map(str::trim).filter(|host| !host.is_empty());
    let hosts = hosts.flat_map(|host| match host.split_once("://") {
        Some(_) => url::items(name, host),
        None => family.settings(service, host).items(name),
    });
    let password = family.named(&PASSWORD, service.password_words).map(|(variable, _)| variable);
    hosts.map(|item| with_secrets_named(item, password.as_deref())).collect()
}

/// The checks for a URL that leaves to the variables beside it who logs in, if it is one.
pub(super) fn beside_url(name: &str, text: &str, all: &Variables) -> Option<Vec<Item>> {
    let service = url::service_of(name, text).filter(|service| service.login_beside_url)?;
    // `LDAP` of `LDAP_SERVER_URI`.
    let word = name.split('_').rev().find(|word| service.words.contains(word))?;
    let family = Family { prefix: &name[..name.rfind(word)? + word.len()], all };
    let password = family.named(&PASSWORD, service.password_words).map(|(variable, _)| variable);
    let items = url::items_beside(name, text, &family.settings(service, ""));
    Some(items.into_iter().map(|item| with_secrets_named(item, password.as_deref())).collect())
}

/// The secret of the check has a variable already.
fn with_secrets_named(item: Item, variable: Option<&str>) -> Item {
    match (item, variable) {
        (Item::Check(check), Some(variable)) => Item::Check(check.secrets_named(variable)),
        (item, _) => item,
    }
}

const PORT: [&str; 2] = ["PORT", "TCP_PORT"];
const USER: [&str; 4] = ["USER", "USERNAME", "LOGIN", "DB_USER"];
const PASSWORD: [&str; 5] = ["PASSWORD", "PASS", "PASSWD", "PWD", "DB_PASSWORD"];
const NAME: [&str; 5] = ["DB", "DATABASE", "DBNAME", "NAME", "DB_NAME"];

/// What is said about TLS: endings, and the option of a URL that says the same.
const TLS: [(&str, &str); 18] = [
    ("SSLMODE", "sslmode"),
    ("SSL_MODE", "sslmode"),
    ("USE_TLS", "use_tls"),
    ("TLS", "tls"),
    ("START_TLS", "starttls"),
    ("STARTTLS", "starttls"),
    ("USE_STARTTLS", "starttls"),
    ("USE_SSL", "ssl"),
    ("SSL", "ssl"),
    ("SSL_CA", "ssl_ca"),
    ("CA_CERT", "ssl_ca"),
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

/// What is behind a name that only says that it is a database.
#[derive(Clone, Copy)]
enum Database {
    Server(&'static Service),
    File,
    Unknown,
}

struct Family<'a> {
    prefix: &'a str,
    all: &'a Variables,
}

impl<'a> Family<'a> {
    /// The first of the family's variables with one of these endings, or one of the service's own: its
    /// name and text.
    fn named(&self, ends: &[&str], own: &[&str]) -> Option<(String, &'a str)> {
        let mut names = ends.iter().chain(own).map(|end| format!("{}_{end}", self.prefix));
        names.find_map(|name| self.all.text(&name).map(|text| (name, text)))
    }

    fn text(&self, ends: &[&str], own: &[&str]) -> Option<&'a str> {
        self.named(ends, own).map(|(_, text)| text)
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
        let kinds: Vec<_> = KIND.iter().filter_map(|end| self.word(&[end])).collect();
        let by_port = || self.port().and_then(|port| services::with_driver_by_port(port.parse().ok()?));
        match kinds.iter().find_map(|driver| Database::by_driver(driver)) {
            Some(kind) => kind,
            None if kinds.is_empty() => by_port().map_or(Database::Unknown, Database::Server),
            None => Database::Unknown,
        }
    }

    fn settings(&self, service: &'static Service, host: &'a str) -> ConnectionSettings<'a> {
        let options = TLS.iter().filter_map(|(end, option)| self.word(&[end]).map(|text| (*option, text)));
        ConnectionSettings {
            service,
            host,
            port: self.port(),
            user: self.text(&USER, service.user_words),
            password: self.text(&PASSWORD, service.password_words),
            name: self.text(&NAME, service.name_words),
            options: options.collect(),
        }
    }
}

impl Database {
    fn by_driver(name: &str) -> Option<Self> {
        match services::no_server_by_driver(name) {
            Some(NoServer::File) => Some(Self::File),
            _ => services::by_driver(name).map(Self::Server),
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
    let settings = |host| ConnectionSettings {
        service: &services::POSTGRES,
        host,
        port: all.word("PGPORT"),
        user: all.text("PGUSER"),
        password: all.text("PGPASSWORD"),
        name: all.text("PGDATABASE"),
        options: options.iter().filter_map(|(name, option)| Some((*option, all.word(name)?))).collect(),
    };
    let items = hosts.split(',').flat_map(|host| settings(host).items(origin));
    items.map(|item| with_secrets_named(item, Some("PGPASSWORD"))).collect()
}
