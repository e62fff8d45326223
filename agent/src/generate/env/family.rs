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

/// The prefix of a variable that names the host of a service that is known, and which, unless it
/// only says that it is a database. An `EMAIL_ADDRESS` is not one.
fn member(name: &str) -> Option<(&str, Option<&'static Service>)> {
    let prefix = prefix(name)?;
    let mut words = prefix.split('_').rev();
    let is_database = words.clone().next().is_some_and(|last| matches!(last, "DB" | "DATABASE"));
    let service = words.find_map(services::by_word);
    let is_mail_address = service == Some(&services::SMTP) && name[prefix.len()..].starts_with("_ADDR");
    (!is_mail_address && (service.is_some() || is_database)).then_some((prefix, service))
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

/// The checks for a variable that names a host, or nothing.
pub(super) fn items(name: &str, text: &str, all: &Variables) -> Vec<Item> {
    let Some((prefix, service)) = member(name) else { return Vec::new() };
    let family = Family { prefix, all };
    let service = match service.map_or_else(|| family.database(name), Ok) {
        Ok(service) => service,
        Err(comment) => return vec![comment.into()],
    };
    let hosts = text.split([',', ';', ' ']).map(str::trim).filter(|host| !host.is_empty());
    let items = hosts.flat_map(|host| match host.split_once("://") {
        Some(_) => url::items(name, host),
        None => family.settings(service, host).items(name),
    });
    with_secrets_named(items, family.password(service).as_deref())
}

/// The checks for a URL that leaves to the variables beside it who logs in, if it is one.
pub(super) fn beside_url(name: &str, text: &str, all: &Variables) -> Option<Vec<Item>> {
    let service = url::service_of(name, text).filter(|service| service.login_beside_url)?;
    // `LDAP` of `LDAP_SERVER_URI`.
    let word = name.split('_').rev().find(|word| service.words.contains(word))?;
    let family = Family { prefix: &name[..name.rfind(word)? + word.len()], all };
    let items = url::items_beside(name, text, &family.settings(service, ""));
    Some(with_secrets_named(items, family.password(service).as_deref()))
}

/// The secrets of the checks have a variable already.
fn with_secrets_named(items: impl IntoIterator<Item = Item>, variable: Option<&str>) -> Vec<Item> {
    let named = |item| match (item, variable) {
        (Item::Check(check), Some(variable)) => Item::Check(check.secrets_named(variable)),
        (item, _) => item,
    };
    items.into_iter().map(named).collect()
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

    /// The variable with the password.
    fn password(&self, service: &Service) -> Option<String> {
        self.named(&PASSWORD, service.password_words).map(|(variable, _)| variable)
    }

    fn port(&self) -> Option<&'a str> {
        // Docker and Kubernetes set REDIS_PORT=tcp://10.0.0.1:6379 for a service called redis.
        self.word(&PORT).map(|port| port.rsplit(':').next().unwrap_or(port))
    }

    /// What a database is that is only called a database. Where a kind is named, a port that is left
    /// over from another counts for nothing.
    fn database(&self, origin: &str) -> Result<&'static Service, Comment> {
        let kinds: Vec<_> = KIND.iter().filter_map(|end| self.word(&[end])).collect();
        for kind in &kinds {
            if services::no_server_by_driver(kind) == Some(NoServer::File) {
                let why = "by the variables beside it, the database is a file of this host: nothing to connect to";
                return Err(Comment::note(origin, why));
            }
            if let Some(service) = services::by_driver(kind) {
                return Ok(service);
            }
        }
        let by_port = self.port().and_then(|port| services::with_driver_by_port(port.parse().ok()?));
        by_port.filter(|_| kinds.is_empty()).ok_or_else(|| {
            let why = "the variables do not say which kind of database this is: set the variable's TYPE, ENGINE or PORT beside it, or add a check by hand";
            Comment::gap(origin, why)
        })
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
    with_secrets_named(hosts.split(',').flat_map(|host| settings(host).items(origin)), Some("PGPASSWORD"))
}
