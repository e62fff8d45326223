//! Every check, one folder each.
//!
//! To add one: `cargo xtask new-check NAME` writes its folder, and adds its module and its entry in
//! the list at the end. What others know of its service (names, ports, schemes) is a row of a table;
//! how it is spoken to is nowhere but in the folder.

mod amqp;
mod celery;
mod celery_task;
mod clock;
mod command;
#[cfg(test)]
mod declared;
mod disk;
mod dns;
mod exchange;
mod file;
mod first_value;
mod http;
mod kombu;
mod ldap;
mod load;
mod local;
mod md5;
mod memcache;
mod memory;
mod mongodb;
mod mqtt;
mod mysql;
#[cfg(test)]
mod panics;
mod postgres;
mod process;
mod redis;
mod role;
mod roundtrip;
mod s3;
mod scram;
mod smtp;
mod storage;
mod stranger;
mod tcp;
mod tls;
mod udp;

use crate::net::{Endpoint, Host, Port, Target};
use crate::probe::{Probe, Stop};
use crate::services::Service;
use crate::settings::shape::{Declared, Shown};
use crate::settings::{Fields, Noted, ServiceUrl, common, takes_url};
use std::collections::HashMap;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::LazyLock;

/// A protocol that can be checked.
pub(crate) trait Check: Sized {
    /// The value of `type:` in the file, and the type's name in every output.
    const TYPE: &'static str;

    /// The row of the service whose protocol it speaks: its default port is there, and all by which
    /// generated files find the check.
    const SERVICE: &'static Service;

    /// Other accepted values of `type:`.
    const ALIASES: &'static [&'static str] = &[];

    /// Aliases that are accepted with a note.
    const DEPRECATED: &'static [&'static str] = &[];

    /// What a passing check proves, one sentence.
    const ABOUT: &'static str;

    /// What is left of a check at the server, in its log or its counters: one sentence or two, by what real servers
    /// have in theirs.
    const TRACE: &'static str;

    /// A check of this type as it stands in a file, with the options that most people want.
    const EXAMPLE: &'static str;

    /// Reads the options. Every option is asked for on every path, so that the declarations are
    /// complete.
    fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted>;

    /// Notes, as warnings, what a person should know of a check that is right and has these tags.
    fn review(&self, _tags: &[String], _fields: &mut Fields<'_>) {}

    /// What is known of the check before it runs.
    fn profile(&self) -> Profile;

    /// Performs the check: everything it does to the network goes through the probe.
    ///
    /// Calls [`Probe::passed`] after each result but the last.
    fn run(&self, probe: &mut Probe) -> impl Future<Output = Result<(), Stop>> + Send;
}

/// The name of one result.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ResultName {
    /// What patterns match, dashboards show and scripts grep for.
    pub name: String,
    /// What the plain output shows in brackets when the result failed; empty for nothing.
    pub info: String,
}

impl ResultName {
    /// `PREFIX:HOST:PORT`, with `HOST:PORT` as its info.
    fn of(prefix: &str, place: &impl ToString) -> Self {
        let info = place.to_string();
        Self { name: [prefix, ":", &info].concat(), info }
    }
}

/// What is known of a configured check before it runs. No secrets.
#[derive(Debug, Default)]
pub(crate) struct Profile {
    /// What is checked, as a person would say it: `HOST:PORT`, a URL.
    pub(crate) target: String,
    /// What tells it from other checks of the same target, as options with their values: the user,
    /// the database, whatever is not the default.
    pub(crate) distinction: Vec<(&'static str, String)>,
    /// What may be shown of an option that else is not, where all that stands above is alike.
    pub(crate) words: Option<(&'static str, String)>,
    /// The names of the results, in order.
    pub(crate) results: Vec<ResultName>,
    /// It looks at this host and connects to nothing.
    pub(crate) is_local: bool,
    /// It starts a program of the file's choice.
    pub(crate) starts_program: bool,
    /// Asking again would send something twice: a mail, a POST, a statement of the user's.
    pub(crate) asks_once: bool,
    /// Every place the check connects to, for limits per host and for firewall rules; without the
    /// resolvers of this host.
    pub(crate) endpoints: Vec<Endpoint>,
    /// Where the service itself listens, of a check that connects to something else first: a proxy, a Unix socket.
    pub(crate) origin: Option<Endpoint>,
    /// The port on which it asks the resolvers of this host.
    pub(crate) resolver_port: Option<Port>,
    /// Where else it connects to, of a check that is told so only when it runs; for people.
    pub(crate) unnamed: Option<String>,
    /// So many redirects it follows at most, each to a connection of its own.
    pub(crate) redirects: usize,
}

impl Profile {
    /// Whether asking again would send something twice.
    fn once(self, asks_once: bool) -> Self {
        Self { asks_once, ..self }
    }

    /// `KIND:PLACE`, or `KIND` alone without a place: a part of this host, to which nothing connects.
    fn of_host(kind: &str, place: &impl ToString) -> Self {
        let place = place.to_string();
        if place.is_empty() {
            let results = vec![ResultName { name: kind.to_owned(), info: String::new() }];
            return Self { target: "this host".to_owned(), results, is_local: true, ..Self::default() };
        }
        Self { results: vec![ResultName::of(kind, &place)], target: place, is_local: true, ..Self::default() }
    }

    /// `KIND:HOST:PORT` alone.
    fn of_endpoint(kind: &str, endpoint: &Endpoint) -> Self {
        let results = vec![ResultName::of(kind, endpoint)];
        Self { target: endpoint.to_string(), results, endpoints: vec![endpoint.clone()], ..Self::default() }
    }

    /// `tcp:HOST:PORT`, `tls:HOST:PORT` with TLS, and `KIND:HOST:PORT`: one result for each layer.
    fn of_layers(kind: &str, endpoint: &Endpoint, tls: bool) -> Self {
        let layers = ["tcp"].into_iter().chain(tls.then_some("tls")).chain([kind]);
        let results = layers.map(|layer| ResultName::of(layer, endpoint)).collect();
        Self { target: endpoint.to_string(), results, endpoints: vec![endpoint.clone()], ..Self::default() }
    }

    /// `tcp:HOST:PORT`, not for a Unix socket, and `KIND:HOST:PORT`: how databases are named.
    fn of_database(kind: &str, target: &Target) -> Self {
        let connecting = target.endpoint().map(|endpoint| ResultName::of("tcp", endpoint));
        let results = connecting.into_iter().chain([ResultName::of(kind, target)]).collect();
        let endpoints = target.endpoint().into_iter().cloned().collect();
        Self { target: target.to_string(), results, endpoints, ..Self::default() }
    }

    /// `KIND:HOST:PORT:tcp:HOST:PORT`, not for a Unix socket, and `KIND:HOST:PORT:connect`, with
    /// ` with auth` behind it where a login is verified: how data stores have always been named.
    fn of_store(kind: &str, target: &Target, login: bool) -> Self {
        let mut profile = Self::of_database(kind, target);
        let Some(ResultName { name: store, .. }) = profile.results.pop() else { return profile };
        for connecting in &mut profile.results {
            connecting.name = [&store, ":", &connecting.name].concat();
        }
        let name = store + if login { ":connect with auth" } else { ":connect" };
        profile.results.push(ResultName { name, info: String::new() });
        profile
    }

    /// Adds an option that tells the check from others, where it has a value.
    fn distinct(mut self, option: &'static str, value: Option<impl ToString>) -> Self {
        self.distinction.extend(value.map(|value| (option, value.to_string())));
        self
    }
}

/// What is known about a type of check without a file.
#[derive(Clone, Debug)]
pub struct Described {
    /// The value of `type:`.
    pub kind: &'static str,
    /// The service whose protocol it speaks.
    pub service: &'static Service,
    /// Other accepted values, the deprecated ones included.
    pub aliases: Vec<&'static str>,
    /// What a passing check proves.
    pub about: &'static str,
    /// What is left of a check at the server.
    pub trace: &'static str,
    /// A check of this type, as it stands in a file.
    pub example: &'static str,
    /// Its own options, without those that every check has.
    pub options: Vec<Declared>,
}

/// Reads the options of a check, and the URL that some of them may come from.
fn parse<C: Check>(fields: &mut Fields<'_>) -> Result<C, Noted> {
    if takes_url(C::SERVICE) {
        ServiceUrl::ask(fields);
    }
    C::parse(fields)
}

fn describe<C: Check>() -> Described {
    let mut fields = Fields::describe();
    let _ = parse::<C>(&mut fields);
    Described {
        kind: C::TYPE,
        service: C::SERVICE,
        aliases: [C::ALIASES, C::DEPRECATED].concat(),
        about: C::ABOUT,
        trace: C::TRACE,
        example: C::EXAMPLE,
        options: fields.finish().declared,
    }
}

/// What may be shown of the value of a key, whatever the type of its check.
pub(crate) fn shown(key: &str) -> Shown {
    known().get(key).copied().unwrap_or(Shown::Never)
}

/// Whether any check has an option of this name.
pub(crate) fn is_option(key: &str) -> bool {
    known().contains_key(key)
}

/// Every option of any check, and what may be shown of its value.
fn known() -> &'static HashMap<&'static str, Shown> {
    static KNOWN: LazyLock<HashMap<&'static str, Shown>> = LazyLock::new(|| {
        let own = Spec::describe().into_iter().flat_map(|check| check.options);
        let entries = [("type", Shown::Plain), ("defaults", Shown::Plain), ("include", Shown::Plain)];
        let mut known = HashMap::from(entries);
        for option in own.chain(common::describe()) {
            // An option that is a secret in one check is one everywhere.
            let entry = known.entry(option.key).or_insert(option.shape.shown);
            if option.shape.shown == Shown::Never {
                *entry = Shown::Never;
            }
        }
        known
    });
    &KNOWN
}

macro_rules! checks {
    ($($(#[$attribute:meta])* $module:ident :: $name:ident),* $(,)?) => {
        $($(#[$attribute])* pub use $module::$name;)*

        /// One configured check.
        #[derive(Clone, Debug)]
        pub enum Spec {
            $($(#[$attribute])* #[doc = concat!("See [`struct@", stringify!($name), "`].")] $name(Box<$name>)),*
        }

        impl Spec {
            /// Every type.
            pub const KINDS: &[&str] = &[$($(#[$attribute])* $name::TYPE),*];

            /// Every value of `type:`, aliases included.
            #[must_use]
            pub fn types() -> Vec<&'static str> {
                let all = [$($(#[$attribute])* [&[$name::TYPE], $name::ALIASES, $name::DEPRECATED].concat()),*];
                all.concat()
            }

            /// Every type with its options.
            #[must_use]
            pub fn describe() -> Vec<Described> {
                vec![$($(#[$attribute])* describe::<$name>()),*]
            }

            /// The type that a value of `type:` means, and whether that spelling is deprecated.
            #[must_use]
            pub(crate) fn canonical(spelling: &str) -> Option<(&'static str, bool)> {
                match spelling {
                    $($(#[$attribute])* $name::TYPE => return Some(($name::TYPE, false)),)*
                    _ => {}
                }
                let all = [$($(#[$attribute])* ($name::TYPE, $name::ALIASES, $name::DEPRECATED)),*];
                all.into_iter().find_map(|(kind, aliases, deprecated)| {
                    let is_old = deprecated.contains(&spelling);
                    (is_old || aliases.contains(&spelling)).then_some((kind, is_old))
                })
            }

            /// The service whose check this (canonical) type is.
            pub(crate) fn service_of(kind: &str) -> Option<&'static Service> {
                match kind {
                    $($(#[$attribute])* $name::TYPE => Some($name::SERVICE),)*
                    _ => None,
                }
            }

            /// Reads the options of a check of this (canonical) type.
            pub(crate) fn parse(kind: &str, fields: &mut Fields<'_>) -> Result<Self, Noted> {
                match kind {
                    $($(#[$attribute])* $name::TYPE => parse::<$name>(fields).map(|check| Self::$name(Box::new(check))),)*
                    _ => panic!("{kind} is not the type of a check"),
                }
            }

            /// See [`Check::review`].
            pub(crate) fn review(&self, tags: &[String], fields: &mut Fields<'_>) {
                match self { $($(#[$attribute])* Self::$name(check) => check.review(tags, fields)),* }
            }

            /// See [`Check::profile`].
            pub(crate) fn profile(&self) -> Profile {
                match self { $($(#[$attribute])* Self::$name(check) => check.profile()),* }
            }

            /// Every place this check connects to, on a host with these resolvers.
            pub(crate) fn endpoints(&self, resolvers: &[SocketAddr]) -> Vec<Endpoint> {
                let Profile { mut endpoints, resolver_port: port, .. } = self.profile();
                let hosts = resolvers.iter().map(|server| Host::from(server.ip()));
                endpoints.extend(port.into_iter().flat_map(|port| hosts.clone().flat_map(move |host| Endpoint::both(host, port))));
                endpoints
            }

            /// See [`Check::run`]. Boxed, so that a check costs the memory of its own protocol
            /// and not that of the largest.
            pub(crate) fn run<'a>(&'a self, probe: &'a mut Probe) -> Pin<Box<dyn Future<Output = Result<(), Stop>> + Send + 'a>> {
                match self { $($(#[$attribute])* Self::$name(check) => Box::pin(check.run(probe))),* }
            }
        }
    };
}

checks! {
    amqp::Amqp,
    celery::Celery,
    celery_task::CeleryTask,
    clock::Clock,
    command::Command,
    disk::Disk,
    dns::Dns,
    file::File,
    http::Http,
    ldap::Ldap,
    load::Load,
    memcache::Memcache,
    memory::Memory,
    mongodb::Mongodb,
    mqtt::Mqtt,
    mysql::Mysql,
    #[cfg(test)]
    panics::Panics,
    postgres::Postgres,
    process::Process,
    redis::Redis,
    s3::S3,
    smtp::Smtp,
    storage::Storage,
    tcp::Tcp,
    tls::Tls,
    udp::Udp,
}
