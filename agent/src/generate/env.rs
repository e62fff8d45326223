//! Checks from the variables of an application: those of this process, of another one, or of a
//! file (`.env`).
//!
//! - URLs: every variable that ends with `_URL`, `_URI` or `_DSN` (or their plural), and every
//!   other one whose value is the URL of a database, cache or broker.
//! - Families: `REDIS_HOST` with `REDIS_PORT`, `REDIS_PASSWORD` and so on, for the clients of
//!   [`family`]; libpq's `PGHOST`, those of `MySQL`'s client, `MEMCACHED_SERVERS`.
//! - No connections, but notes: addresses of the application itself and those that browsers go to
//!   (`BASE_URL`, `LOGIN_REDIRECT_URL`, `STATIC_URL`, `NEXT_PUBLIC_API_URL`; see [`names`]).
//!
//! Nothing is expanded: a value that wants it (`${NAME}` in a file) is a gap.

mod dotenv;
mod family;
mod names;
mod read;

use crate::generate::url;
use crate::generate::{Comment, GeneratedFile, Item};
use crate::secret::Secret;
use std::collections::HashMap;

pub use read::{Unreadable, of_file, of_process, of_variables};

/// A variable and what is known of its value.
#[derive(Clone, Debug)]
pub struct Variable {
    pub(crate) name: String,
    pub(crate) value: Content,
}

/// What a variable holds.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    Text(Secret<String>),
    /// A reference to another variable or a command: what the application gets is something else.
    Unexpanded,
    NotUtf8,
}

/// The variables in the order in which they stand, each name once.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    all: Vec<Variable>,
    places: HashMap<String, usize>,
}

impl Variables {
    /// Adds one; the last value of a name counts.
    pub(crate) fn set(&mut self, name: String, value: Content) {
        match self.places.get(&name) {
            Some(place) => self.all[*place].value = value,
            None => {
                self.places.insert(name.clone(), self.all.len());
                self.all.push(Variable { name, value });
            }
        }
    }

    fn get(&self, name: &str) -> Option<&Variable> {
        self.places.get(name).map(|place| &self.all[*place])
    }

    /// [`Variable::text`] of the variable of this name.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.text()
    }

    /// [`Variable::word`] of the variable of this name.
    pub(crate) fn word(&self, name: &str) -> Option<&str> {
        self.get(name)?.word()
    }
}

impl Variable {
    /// The text as it stands, if there is one that is not empty: blanks around a password belong to it.
    fn text(&self) -> Option<&str> {
        match &self.value {
            Content::Text(text) => Some(text.expose().as_str()).filter(|text| !is_nothing(text)),
            Content::Unexpanded | Content::NotUtf8 => None,
        }
    }

    /// The text without blanks around it: a host, a port, a word.
    fn word(&self) -> Option<&str> {
        self.text().map(str::trim).filter(|text| !is_nothing(text))
    }
}

/// Whether a value stands for none. Laravel's own `.env` has `null` for what is not set, and its
/// reader takes it for that.
fn is_nothing(text: &str) -> bool {
    text.is_empty() || ["null", "(null)", "(empty)"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// The file for these variables.
#[must_use]
pub fn file(variables: &Variables) -> GeneratedFile {
    let mut file = GeneratedFile::new("Written by conn-check-configs env: each check is named after its variable.");
    for variable in &variables.all {
        file.extend(items(variable, variables));
    }
    file.extend(family::postgres(variables));
    file
}

/// What a variable stands for: nothing, for most.
fn items(variable: &Variable, all: &Variables) -> Vec<Item> {
    let name = variable.name.as_str();
    let concerns = names::is_url(name) || family::is_host(name);
    let Some(text) = variable.word() else {
        return if concerns { useless(variable) } else { Vec::new() };
    };
    if names::is_url(name) || url::is_service(text) {
        return match names::not_a_dependency(name, text) {
            Some(why) => vec![Comment::note(name, why).into()],
            None => family::beside_url(name, text, all).unwrap_or_else(|| url::items(name, text)),
        };
    }
    family::items(name, text, all)
}

fn useless(variable: &Variable) -> Vec<Item> {
    let why = match variable.value {
        Content::Text(_) => return Vec::new(),
        Content::Unexpanded => {
            "its value refers to another variable with `$`, which is not expanded here: use --pid, or run this where the variables are set"
        }
        Content::NotUtf8 => "its value is not UTF-8",
    };
    vec![Comment::gap(&variable.name, why).into()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::Secrets;
    use crate::services::{self, Security};

    fn written(text: &str) -> String {
        let variables = dotenv::parse(text).expect("variables");
        file(&variables).reviewed().write(&Secrets::Inline).text
    }

    /// The file without its first line, names of checks alone and comments whole.
    fn brief(text: &str) -> Vec<String> {
        let text = written(text);
        let one = |part: &str| part.trim().replace("\n  ", ", ").replace("- type: ", "");
        text.split("\n\n").skip(1).map(one).collect()
    }

    #[test]
    fn variables_mean_what_their_clients_take_them_for() {
        let kubernetes = "REDIS_SERVICE_HOST=10.0.0.1\nREDIS_SERVICE_PORT=6379\nREDIS_PORT=tcp://10.0.0.1:6379\n\
                          REDIS_PORT_6379_TCP=tcp://10.0.0.1:6379\nREDIS_PORT_6379_TCP_PROTO=tcp\n\
                          REDIS_PORT_6379_TCP_PORT=6379\nREDIS_PORT_6379_TCP_ADDR=10.0.0.1\n";
        let with_redis = format!("{kubernetes}REDIS_HOST=cache\n");
        #[rustfmt::skip]
        let table: &[(&str, &[&str])] = &[
            // families and URLs
            ("DATABASE_URL=postgres://u:p@db/app\nREDIS_HOST=cache\nREDIS_PORT=6380\nREDIS_PASSWORD='a b'\nREDIS_DB=2\n", &[
                "postgres, name: DATABASE_URL, host: db, port: 5432, username: u, password: p, database: app",
                "redis, name: REDIS_HOST, host: cache, port: 6380, password: 'a b', database: 2",
            ]),
            ("MEMCACHED_SERVERS=m1,m2:11212\nPATH=/bin\nHOME=/root\nCELERY_BROKER=amqp://mq//\nEMPTY_URL=\n", &[
                "memcache, name: MEMCACHED_SERVERS, host: m1, port: 11211",
                "memcache, name: MEMCACHED_SERVERS, host: m2, port: 11212",
                "amqp, name: CELERY_BROKER, host: mq, port: 5672, username: guest, password: guest, use_tls: false, vhost: /",
            ]),
            // the same connection is written once, and says from where
            ("A_URL=redis://h/0\nB_URL=redis://h\nREDIS_HOST=h\n", &["redis, name: 'A_URL, B_URL, REDIS_HOST', host: h, port: 6379"]),
            // what may be anything is a service only where the name says so
            ("A=https://x.example/\nB=tcp://h:1\nDOCKER_HOST=unix:///run/docker.sock\nC=ssh://h/x\n", &[]),
            ("REDIS_URL=tcp://c:6379\n", &["redis, name: REDIS_URL, host: c, port: 6379"]),
            // clients with names of their own
            ("PGHOST=db\nPGUSER=u\nPGPASSWORD=p\nPGDATABASE=d\nPGSSLMODE=require\n", &[
                "postgres, name: PGHOST, host: db, port: 5432, username: u, password: p, database: d, use_tls: true, disable_tls_verification: true",
            ]),
            ("MYSQL_HOST=db\nMYSQL_TCP_PORT=3307\nMYSQL_USER=u\nMYSQL_PWD=p\n", &["mysql, name: MYSQL_HOST, host: db, port: 3307, username: u, password: p"]),
            ("EMAIL_HOST=mail\nEMAIL_PORT=587\nEMAIL_HOST_USER=u\nEMAIL_HOST_PASSWORD=p\nEMAIL_USE_TLS=True\n", &[
                "smtp, name: EMAIL_HOST, host: mail, port: 587, username: u, password: p, from_address: 'conn-check@localhost', use_tls: starttls, send: false",
            ]),
            ("DB_CONNECTION=mysql\nDB_HOST=db\nDB_DATABASE=d\nDB_USERNAME=u\nDB_PASSWORD=p\n", &[
                "mysql, name: DB_HOST, host: db, port: 3306, username: u, password: p, database: d",
            ]),
            ("RABBITMQ_HOST=mq\nRABBITMQ_VHOST=/a\n", &[
                "amqp, name: RABBITMQ_HOST, host: mq, port: 5672, username: guest, password: guest, use_tls: false, vhost: /a",
            ]),
            ("REDIS_PORT=tcp://10.0.0.1:6379\nREDIS_HOST=10.0.0.1\n", &["redis, name: REDIS_HOST, host: '10.0.0.1', port: 6379"]),
            // blanks belong to a password, and not to a host
            ("POSTGRES_HOST=' db '\nPOSTGRES_PORT=' 6543 '\nPOSTGRES_USER=u\nPOSTGRES_PASSWORD=' pad '\nA_URL=' redis://c '\n", &[
                "postgres, name: POSTGRES_HOST, host: db, port: 6543, username: u, password: ' pad ', database: u",
                "redis, name: A_URL, host: c, port: 6379",
            ]),
            ("PGHOST=' h'\nPGUSER=v\nPGPASSWORD=' p'\n", &["postgres, name: PGHOST, host: h, port: 5432, username: v, password: ' p', database: v"]),
            // what Kubernetes sets for every service is passed over
            (kubernetes, &[]),
            (&with_redis, &["redis, name: REDIS_HOST, host: cache, port: 6379"]),
        ];
        for (text, checks) in table {
            assert_eq!(brief(text), *checks, "{text}");
        }
    }

    #[test]
    fn variables_beside_a_url_that_never_has_a_login_count() {
        let found = brief("LDAP_SERVER_URI=ldap://h\nLDAP_SSL=true\nREDIS_URL=redis://c\nREDIS_SSL=true\n");
        assert!(found.iter().any(|one| one.contains("LDAP_SERVER_URI, host: h, port: 636")), "{found:?}");
        assert!(found.contains(&"redis, name: REDIS_URL, host: c, port: 6379".to_owned()), "{found:?}");
    }

    #[test]
    fn the_url_of_a_service_counts_whatever_the_variable_is_called() {
        for (url, begin) in [
            ("cockroachdb://u:p@db/x", "postgres, name: FOO, host: db, port: 26257, "),
            ("postgres://u:p@db/x", "postgres, name: FOO, host: db, port: 5432, "),
            ("redshift://u:p@db/x", "postgres, name: FOO, host: db, port: 5439, "),
            ("valkeys://:p@v/0", "redis, name: FOO, host: v, port: 6379, password: p, use_tls: true"),
            ("mongo://u:p@m/x", "mongodb, name: FOO, host: m, port: 27017, "),
            ("rabbitmq://u:p@mq/", "amqp, name: FOO, host: mq, port: 5672, "),
            ("submission://m", "smtp, name: FOO, host: m, port: 587, "),
            ("elasticsearch://es", "http, name: FOO, url: 'http://es:9200/', "),
            ("kafka://k", "# FOO: no check speaks Kafka: only the connection is checked"),
        ] {
            let found = brief(&format!("FOO={url}\n"));
            assert!(found.first().is_some_and(|first| first.starts_with(begin)), "{url}: {found:?}");
        }
    }

    #[test]
    fn a_port_of_tls_says_so_where_nothing_else_does() {
        let says = |text: &str, use_tls: bool| {
            let found = brief(text);
            let wanted = format!("use_tls: {use_tls}");
            assert!(
                matches!(found.as_slice(), [one] if one.contains("port: 5671") && one.contains(&wanted)),
                "{found:?}"
            );
        };
        says("AMQP_HOST=h\nAMQP_PORT=5671\n", true);
        says("AMQP_HOST=h\nAMQP_PORT=5671\nAMQP_SSL=false\n", false);
        // The scheme of a URL says it: such a client speaks no TLS.
        says("AMQP_URL=amqp://h:5671\n", false);
    }

    #[test]
    fn every_service_with_words_is_a_family() {
        for service in services::all().filter(|service| service.default_port(Security::Plain).is_some()) {
            for word in service.words {
                let found = brief(&format!("{word}_HOST=h.example\n{word}_USER=u\n{word}_PASSWORD=p\n{word}_NAME=n\n"));
                assert!(found.iter().any(|one| one.contains("h.example")), "{word}: {found:?}");
            }
        }
    }

    #[test]
    fn what_laravel_calls_null_is_not_set_and_its_encryption_counts() {
        let found = |mail: &str| brief(&format!("REDIS_HOST=c\nREDIS_PASSWORD=null\nMAIL_HOST=m\n{mail}"));
        let expected = |port: u16, tls: &str| {
            format!(
                "smtp, name: MAIL_HOST, host: m, port: {port}, from_address: 'conn-check@localhost', use_tls: {tls}, send: false"
            )
        };
        for (mail, port, tls) in [
            ("MAIL_PORT=2525\nMAIL_USERNAME=null\nMAIL_PASSWORD=(null)\nMAIL_ENCRYPTION=tls", 2525, "starttls"),
            ("MAIL_PORT=2525\nMAIL_ENCRYPTION=ssl", 2525, "true"),
            ("MAIL_PORT=2525\nMAIL_SCHEME=smtps", 2525, "true"),
            ("MAIL_ENCRYPTION=TLS", 587, "starttls"),
            ("MAIL_ENCRYPTION=ssl", 465, "true"),
            ("MAIL_PORT=2525\nMAIL_ENCRYPTION=null\nMAIL_SCHEME=smtp", 2525, "false"),
        ] {
            let expected = ["redis, name: REDIS_HOST, host: c, port: 6379".to_owned(), expected(port, tls)];
            assert_eq!(found(mail), expected, "{mail}");
        }
    }

    #[test]
    fn the_kind_of_a_database_that_is_named_counts_and_not_its_port() {
        let rest = "DB_HOST=db\nDB_PORT=3306\nDB_USERNAME=u\n";
        for (kind, begin) in [
            ("DB_CONNECTION=sqlite", "# DB_HOST: by the variables beside it, the database is a file"),
            ("DB_CONNECTION=firebird", "# DB_HOST: the variables do not say which kind"),
            ("DB_TYPE=main\nDB_DRIVER=asyncpg", "postgres, "),
            ("DB_CONNECTION=sqlsrv", "# DB_HOST: no check speaks SQL Server"),
            ("DB_ENGINE=django.db.backends.mysql", "mysql, "),
            ("DB_CONNECTION=null", "mysql, "),
        ] {
            let found = brief(&format!("{kind}\n{rest}A_URL=redis://h\n"));
            assert!(found[0].starts_with(begin), "{kind}: {found:?}");
        }
    }

    #[test]
    fn what_is_no_dependency_is_noted_and_what_cannot_be_used_is_a_gap() {
        let variables = dotenv::parse(
            "BASE_URL=https://shop.example.com\nSTATIC_URL=/static/\nLOGIN_REDIRECT_URL=https://x/\nNEXT_PUBLIC_API_URL=https://y/\n\
             A_URL=redis://:${PW}@h\nDB_HOST=db\n",
        );
        let file = file(&variables.expect("variables")).reviewed();
        let comments: Vec<_> = file.comments().map(|comment| (comment.origin.as_str(), comment.gap)).collect();
        let expected = [
            ("BASE_URL", false),
            ("STATIC_URL", false),
            ("LOGIN_REDIRECT_URL", false),
            ("NEXT_PUBLIC_API_URL", false),
            ("A_URL", true),
            ("DB_HOST", true),
        ];
        assert_eq!(comments, expected);
        assert!(!file.has_checks());
    }

    #[test]
    fn a_secret_that_has_a_variable_is_called_by_it() {
        let variables = dotenv::parse("REDIS_HOST=h\nREDIS_PASSWORD=p\nA_URL=redis://:q@h\n").expect("variables");
        let needed = file(&variables).write(&Secrets::Env).needed;
        let names: Vec<_> = needed.iter().map(|needed| needed.name.as_str()).collect();
        assert_eq!(names, ["A_URL_PASSWORD", "REDIS_PASSWORD"]);
    }

    #[test]
    fn a_default_login_is_no_secret_that_somebody_has_to_provide() {
        let variables = dotenv::parse("RABBITMQ_HOST=mq\nA_URL=amqp://guest:guest@mq\nB_URL=amqp://u:guest@mq\n");
        let written = file(&variables.expect("variables")).write(&Secrets::Env);
        let names: Vec<_> = written.needed.iter().map(|needed| needed.name.as_str()).collect();
        assert_eq!(names, ["B_URL_PASSWORD"]);
        assert!(
            written.text.contains("  name: 'RABBITMQ_HOST, A_URL'\n") && written.text.contains("password: guest\n")
        );
    }
}
