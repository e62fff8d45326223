//! Variables that belong together: a host, and beside it the port, the login and the rest.
//!
//! The family of `SENTRY_POSTGRES_HOST` is what begins with `SENTRY_POSTGRES`, or else with
//! `SENTRY_POSTGRES_HOST`; what is not there is looked for where applications leave it to others: above
//! (`POSTGRES_PASSWORD` for `POSTGRES_READ_REPLICAS_0_HOST`), and beside (`SENTRY_DB_USER`), as long as there is
//! no other host whose it would be. A member whose value is not known makes the whole login unknown.

use super::deployment::{self, Deployment};
use super::endings::{KIND, NAME, ONE_KIND, PASSWORD, PORT, USER};
use super::names::{self, Name};
use super::switches::{self, Switch};
use super::value::Place;
use super::{Lookup, Variables, bags, leftovers, prefixes, sender, sentinel};
use crate::generate::{Comment, Item};
use crate::services::{self, NoServer, Service};
use crate::url::{self, ConnectionSettings};
use std::cell::{Cell, RefCell};
use std::collections::HashSet;

/// What is known about an address by the variables around it.
pub(super) struct Family<'a> {
    origin: &'a str,
    /// What its members begin with, squashed; the nearest first.
    prefixes: Vec<String>,
    /// The service that the name says.
    pub(super) service: Option<&'static Service>,
    /// The name says that it is a database.
    pub(super) is_database: bool,
    /// What a Redis is there.
    deployment: Deployment,
    all: &'a Variables,
    /// Members with a value that is not known, and what else keeps the login from being known.
    unknown: RefCell<Vec<String>>,
    /// One of them is the port: where it would be is not known either.
    lacks_port: Cell<bool>,
    /// Members that were read.
    used: RefCell<HashSet<&'a str>>,
}

impl<'a> Family<'a> {
    /// The family of an address.
    pub(super) fn of(origin: &'a str, name: &Name, all: &'a Variables) -> Self {
        let stem = name.stem();
        let place = stem.iter().rposition(|word| names::service(word).is_some());
        let service = place.and_then(|at| names::service(&stem[at]));
        let database = stem.iter().rposition(|word| names::is_database(word));
        let prefixes = prefixes::of(name, place.or(database), service, all);
        let is_database = service.is_none() && database.is_some();
        let deployment = deployment::of(name, service, &prefixes, all);
        let (unknown, used) = (RefCell::default(), RefCell::default());
        Self { origin, prefixes, service, is_database, deployment, all, unknown, lacks_port: Cell::new(false), used }
    }

    /// Whether these are sentinels, by their own name or by what stands beside a Redis.
    fn are_sentinels(&self, service: &Service) -> bool {
        *service == services::SENTINEL || *service == services::REDIS && self.deployment == Deployment::Sentinels
    }

    /// Whether this is a node of a cluster.
    fn is_clustered(&self, service: &Service) -> bool {
        *service == services::REDIS && self.deployment == Deployment::Cluster
    }

    /// The variable that holds the address.
    pub(super) fn origin(&self) -> &'a str {
        self.origin
    }

    /// What a variable beside it says that it is, where its own name says nothing.
    pub(super) fn kind_of_address(&self) -> Option<&'static Service> {
        if self.service.is_some() || self.is_database {
            return None;
        }
        let kind = self.kind()?.to_ascii_lowercase();
        let by_scheme = || services::by_scheme(&kind).map(|(service, _)| service);
        by_scheme().or_else(|| services::by_word(&kind.to_ascii_uppercase()))
    }

    /// What a variable beside it says about what it is.
    fn kind(&self) -> Option<&'a str> {
        let found = self.prefixes.iter().flat_map(|prefix| KIND.iter().map(move |end| format!("{prefix}{end}")));
        let words = found.filter_map(|name| self.all.squashed(&name).known());
        let mut words = words.map(str::trim).filter(|word| *word != self.all.word(self.origin).unwrap_or_default());
        words.find(|word| services::by_driver(word).is_some() || services::no_server_by_driver(word).is_some())
    }

    /// The first of the family's variables with one of these endings, or one of the service's own: its name
    /// and text.
    pub(super) fn named(&self, ends: &[&str], own: &[&str]) -> Option<(&'a str, &'a str)> {
        for prefix in &self.prefixes {
            for end in own.iter().chain(ends) {
                let end = end.replace('_', "");
                match self.all.squashed(&format!("{prefix}{end}")) {
                    Lookup::Known(name, _) if name == self.origin => {}
                    // Of Redis a password, and elsewhere whether there is a login.
                    Lookup::Known(_, text) if end == "AUTH" && switches::is_on(text.trim()).is_some() => {}
                    Lookup::Known(name, text) => {
                        self.used.borrow_mut().insert(name);
                        return Some((name, text));
                    }
                    Lookup::Unknown(name) if name != self.origin => {
                        self.used.borrow_mut().insert(name);
                        self.unknown.borrow_mut().push(name.to_owned());
                        return None;
                    }
                    Lookup::Unknown(_) | Lookup::None => {}
                }
                if let Lookup::Known(name, _) = self.all.squashed(&format!("{prefix}{end}FILE"))
                    && !end.is_empty()
                {
                    self.unknown.borrow_mut().push(name.to_owned());
                    return None;
                }
            }
        }
        None
    }

    fn text(&self, ends: &[&str], own: &[&str]) -> Option<&'a str> {
        self.named(ends, own).map(|(_, text)| text)
    }

    /// The port that a variable beside it names.
    pub(super) fn port(&self) -> Option<&'a str> {
        // Docker and Kubernetes set REDIS_PORT=tcp://10.0.0.1:6379 for a service called redis.
        let before = self.unknown.borrow().len();
        let port = self.text(&PORT, &[]).map(|port| port.trim().rsplit(':').next().unwrap_or(port));
        self.lacks_port.set(self.lacks_port.get() || self.unknown.borrow().len() > before);
        port
    }

    /// What is at a port of which nothing else is known: whatever is usual there, TLS where that is said or where
    /// the port is that of the web's, or what takes connections.
    pub(super) fn at_port(&self, port: u16) -> &'static Service {
        let is_on = |(option, value): &(&str, &str)| matches!(*option, "ssl" | "tls") && *value == "true";
        let of_tls = || port == 443 || self.options(&services::TCP).iter().any(is_on);
        services::by_port_alone(port).unwrap_or_else(|| if of_tls() { &services::TLS } else { &services::TCP })
    }

    /// What a database is that is only called a database. Where a kind is named, a port that is left over from
    /// another counts for nothing; else the port says it, the name of the host, or the only kind of database
    /// that the other variables speak of.
    pub(super) fn database(&self, place: &Place<'_>) -> Result<&'static Service, Comment> {
        if let Some(kind) = self.kind() {
            if services::no_server_by_driver(kind) == Some(NoServer::File) {
                let why = "by the variables beside it, the database is a file of this host: nothing to connect to";
                return Err(Comment::note(self.origin, why));
            }
            if let Some(service) = services::by_driver(kind) {
                return Ok(service);
            }
        }
        let unknown_kind = KIND[..5].iter().find_map(|end| self.text(&[end], &[]));
        let port = place.port.or_else(|| self.port()?.parse().ok());
        let by_port = || services::with_driver_by_port(port?);
        let by_host = || {
            let words = place.host.split(|c: char| !c.is_ascii_alphabetic()).map(str::to_ascii_uppercase);
            words.filter_map(|word| names::service(&word)).find(|service| !service.drivers.is_empty())
        };
        let found = if unknown_kind.is_some() { None } else { by_port().or_else(by_host).or_else(|| self.only_kind()) };
        found.ok_or_else(|| {
            let why = "the variables do not say which kind of database this is: set the variable's TYPE, ENGINE or PORT beside it, or add a check by hand";
            Comment::gap(self.origin, why)
        })
    }

    /// The kind of the only database that other variables are about: `POSTGRES_PASSWORD`, `WORDPRESS_DB_USER`.
    fn only_kind(&self) -> Option<&'static Service> {
        let prefix = self.prefixes.first()?;
        if let Some((_, service)) = ONE_KIND.iter().find(|(word, _)| prefix.starts_with(word)) {
            return Some(service);
        }
        let words = self.all.all.iter().flat_map(|variable| Name::of(&variable.name).words);
        let mut kinds = words
            .filter_map(|word| names::service(&word))
            .filter(|service| [&services::POSTGRES, &services::MYSQL].contains(service));
        let first = kinds.next()?;
        kinds.all(|kind| kind == first).then_some(first)
    }

    /// The variable that switches the whole off: `SMTP_ENABLED=false`, `MAIL_MAILER=log`.
    fn switched_off(&self, service: &Service) -> Option<&'a str> {
        const WITHOUT_A_SERVER: [&str; 9] =
            ["log", "array", "sendmail", "mailgun", "postmark", "ses", "console", "dummy", "sparkpost"];
        let prefix = self.prefixes.first()?;
        let find = |ends: &[&str], says_no: &dyn Fn(&str) -> bool| {
            let all = ends.iter().map(|end| self.all.squashed(&format!("{prefix}{end}")));
            all.filter_map(|lookup| if let Lookup::Known(name, text) = lookup { Some((name, text)) } else { None })
                .find_map(|(name, text)| says_no(text.trim()).then_some(name))
        };
        let by_mailer = || {
            let is_other = |text: &str| WITHOUT_A_SERVER.contains(&text.to_ascii_lowercase().as_str());
            find(&["MAILER", "TRANSPORT", "DRIVER", "BACKEND"], &is_other).filter(|_| *service == services::SMTP)
        };
        find(&["ENABLED", "ENABLE", "ON"], &|text| switches::is_on(text) == Some(false)).or_else(by_mailer)
    }

    /// The checks for one host of it.
    pub(super) fn items(&self, service: &'static Service, host: &str) -> Vec<Item> {
        if let Some(name) = self.switched_off(service) {
            let why = format!("{name} says that it is not used: not checked");
            return vec![Comment::note(self.origin, why).into()];
        }
        let service = if self.are_sentinels(service) { &services::SENTINEL } else { service };
        if *service == services::SENTINEL
            && let Some(items) = sentinel::items(self, host, self.port())
        {
            return items;
        }
        let mut options = self.options(service);
        // Clients of S3 speak TLS where neither a scheme, a port nor a switch says something else.
        let says_nothing = !options.iter().any(|(option, _)| matches!(*option, "ssl" | "tls"));
        if *service == services::S3 && says_nothing && !host.contains(':') && self.port().is_none() {
            options.push(("tls", "true"));
        }
        let from = if *service == services::SMTP { sender::of(&self.prefixes, self.all) } else { None };
        let mut settings = ConnectionSettings {
            service,
            host,
            port: self.port(),
            user: self.text(&USER, service.user_words),
            password: self.text(&PASSWORD, service.password_words),
            name: self.name(service),
            options: options.into_iter().chain(from.as_deref().map(|from| ("from", from))).collect(),
        };
        let by_default = service.options.guest.is_some() && settings.user.is_none() && settings.password.is_some();
        let by_default = by_default.then(|| {
            let why =
                "a password without a user, who is then a default of the application's own: add the check by hand";
            Comment::gap(self.origin, why)
        });
        let leftovers = leftovers::of(self, service, &settings);
        let mut items = match self.gap().or(by_default) {
            Some(gap) if self.lacks_port.get() && !host.contains(':') => vec![gap.into()],
            Some(gap) => leftovers::connection_alone(gap, self.origin, service, &settings),
            None if leftovers.databases.is_empty() => settings.items(self.origin),
            None => {
                let of_database = |name| {
                    settings.name = Some(name);
                    settings.items(self.origin)
                };
                leftovers.databases.into_iter().flat_map(of_database).collect()
            }
        };
        items.extend(leftovers.comments.into_iter().map(Item::from));
        let items = self.as_bucket(self.with_secrets_named(items, service), service);
        if self.is_clustered(service) { deployment::clustered(items) } else { items }
    }

    /// The database, or the virtual host. Redis' are numbers.
    fn name(&self, service: &Service) -> Option<&'a str> {
        if service.options.name.is_none() && service.drivers.is_empty() {
            return None;
        }
        let (variable, text) = self.named(&NAME, service.name_words)?;
        if *service == services::REDIS && text.trim().parse::<u32>().is_err() {
            self.unknown.borrow_mut().push(variable.to_owned());
            return None;
        }
        Some(text)
    }

    /// What the family's own variables begin with; all variables; and those that were read.
    pub(super) fn below(&self) -> (Option<&str>, &'a Variables, HashSet<&'a str>) {
        (self.prefixes.first().map(String::as_str), self.all, self.used.borrow().clone())
    }

    /// The checks for a URL that may leave to other variables who logs in.
    pub(super) fn items_of_url(&self, text: &str, service: &'static Service, names_host: bool) -> Vec<Item> {
        if self.are_sentinels(service)
            && let Some(items) = sentinel::of_urls(self, text)
        {
            return items;
        }
        let items = self.items_of_servers(text, service, names_host);
        if self.is_clustered(service) { deployment::clustered(items) } else { items }
    }

    fn items_of_servers(&self, text: &str, service: &'static Service, names_host: bool) -> Vec<Item> {
        // A host may be written like a URL; its port stands where that of a host does.
        let port = if names_host { self.port() } else { None };
        let beside = ConnectionSettings {
            port,
            user: self.text(&USER, service.user_words),
            password: self.text(&PASSWORD, service.password_words),
            name: self
                .text(&NAME, service.name_words)
                .filter(|_| !service.drivers.is_empty() || service.login_beside_url),
            options: self.options_beside_url(text, service),
            ..ConnectionSettings::of(service, "")
        };
        if url::names_login(text) {
            return self.as_bucket(url::items_beside(self.origin, text, &beside), service);
        }
        if let Some(gap) = self.gap() {
            return vec![gap.into()];
        }
        let left = leftovers::of_login(self, service, &beside);
        let items = url::items_beside(self.origin, text, &beside).into_iter().chain(left.into_iter().map(Item::from));
        self.as_bucket(self.with_secrets_named(items.collect(), service), service)
    }

    /// A URL says itself whether there is TLS, but for those that leave it to others.
    fn options_beside_url(&self, text: &str, service: &'static Service) -> Vec<(&'a str, &'a str)> {
        if service.login_beside_url {
            return self.options(service);
        }
        // libpq and node-postgres go by this wherever nothing else is said.
        let mode = (*service == services::POSTGRES && !text.starts_with("jdbc:")).then(|| self.all.word("PGSSLMODE"));
        mode.flatten().map(|mode| ("sslmode", mode)).into_iter().collect()
    }

    /// What the family says about TLS, and what a service has options for.
    fn options(&self, service: &'static Service) -> Vec<(&'a str, &'a str)> {
        self.options_below(self.prefixes.iter().map(String::as_str), service)
    }

    /// The same of variables that begin otherwise.
    pub(super) fn options_below<'b>(
        &self,
        prefixes: impl Iterator<Item = &'b str>,
        service: &'static Service,
    ) -> Vec<(&'a str, &'a str)> {
        let mut options: Vec<(&'a str, &'a str)> = Vec::new();
        for prefix in prefixes {
            for (rest, lookup) in self.all.below(prefix) {
                if let (true, Some(name)) = (bags::is_bag(rest), lookup.name()) {
                    self.used.borrow_mut().insert(name);
                    if !bags::empty_into(&mut options, lookup.known()) {
                        self.unknown.borrow_mut().push(name.to_owned());
                    }
                    continue;
                }
                let value = lookup.known().unwrap_or("$").trim();
                let name = lookup.name();
                let read = switches::read(switches::Words { name, rest }, value, service);
                self.used.borrow_mut().extend(name.filter(|_| read.is_some()));
                match (read, &lookup) {
                    (Some(_), Lookup::Unknown(name)) => self.unknown.borrow_mut().push((*name).to_owned()),
                    (Some(Switch::Option(option, value)), _) if !options.iter().any(|(own, _)| *own == option) => {
                        options.push((option, value));
                    }
                    (Some(Switch::NotUnderstood), Lookup::Known(name, _)) => {
                        self.unknown.borrow_mut().push((*name).to_owned());
                    }
                    _ => {}
                }
            }
        }
        for (ends, option) in [
            (
                &["AUTHSOURCE", "CREDENTIALSAUTHSOURCE", "AUTHENTICATIONDATABASE", "AUTHDATABASE", "AUTHDB"][..],
                "authSource",
            ),
            (&["REPLICASET", "REPLICASETNAME"][..], "replicaSet"),
        ] {
            if *service == services::MONGODB {
                options.extend(self.text(ends, &[]).map(|text| (option, text)));
            }
        }
        // Those that are on come first: one of them is enough.
        options.sort_by_key(|(_, value)| *value == "false");
        options
    }

    /// What keeps the login from being known.
    fn gap(&self) -> Option<Comment> {
        let mut names = self.unknown.borrow_mut();
        names.sort();
        names.dedup();
        let why = || {
            format!(
                "what {} {} is not known from here (a `$` that readers take differently or that refers to something outside, a file, or a word that is not understood): add the check by hand, or use --pid",
                names.join(", "),
                if names.len() == 1 { "says" } else { "say" }
            )
        };
        (!names.is_empty()).then(|| Comment::gap(self.origin, why()))
    }

    /// The secrets of the checks have a variable already.
    fn with_secrets_named(&self, items: Vec<Item>, service: &Service) -> Vec<Item> {
        let variable = self.named(&PASSWORD, service.password_words).map(|(name, _)| name);
        let named = |item| match (item, variable) {
            (Item::Check(check), Some(variable)) => Item::Check(check.secrets_named(variable)),
            (item, _) => item,
        };
        items.into_iter().map(named).collect()
    }
}
