//! Checks from the variables of an application: those of this process, of another one, or of a
//! file (`.env`).
//!
//! Every value that holds a host becomes a check, or a comment that names the variable:
//!
//! - URLs, whatever the variable is called, and lists of them; what a URL leaves out may stand beside it
//!   (`SPRING_DATASOURCE_URL` with `SPRING_DATASOURCE_USERNAME`).
//! - Families: `REDIS_HOST` with `REDIS_PORT`, `REDIS_PASSWORD` and so on ([`family`]); libpq's `PGHOST`.
//! - Hosts with ports, alone or in lists; what it is says the name of the variable, or the port.
//! - Whole connections in JSON and in the forms of some clients ([`structured`]).
//! - No connections, but notes: addresses of the application itself and those that browsers go to
//!   (`BASE_URL`, `LOGIN_REDIRECT_URL`, `STATIC_URL`, `NEXT_PUBLIC_API_URL`; see [`application`]).
//! - All else that looks like a host is a gap, and so is what is there and not known.

mod application;
mod bags;
mod buckets;
mod deployment;
mod dotenv;
mod endings;
mod expand;
mod family;
mod forms;
mod leftovers;
mod libpq;
mod names;
mod prefixes;
mod read;
mod sender;
mod sentinel;
mod structured;
mod switches;
#[cfg(test)]
mod tests;
mod value;
mod variables;

use crate::generate::{Comment, GeneratedFile, Item};
use crate::secret::is_secret_name;
use crate::services::{self, Service};
use crate::url;
use application::Application;
use family::Family;
use names::Name;
use value::Place;
use variables::Lookup;

pub use read::{Unreadable, of_file, of_process, of_variables};
pub(crate) use variables::Content;
pub use variables::{Variable, Variables};

/// Ports on which nothing takes connections as a rule: of NTP, SNMP, RADIUS and Jaeger's agent.
const DATAGRAMS: [u16; 7] = [123, 161, 162, 1812, 1813, 6831, 6832];

/// Ports below that of the web that are as likely as the number of a version.
const USUAL_BELOW: [u16; 3] = [21, 25, 53];

/// The file for these variables.
#[must_use]
pub fn file(variables: &Variables) -> GeneratedFile {
    let mut file = GeneratedFile::new("Written by conn-check-configs env: each check is named after its variable.");
    for comment in bad_lines(variables) {
        file.push(comment);
    }
    file.extend(items(variables));
    file.extend(libpq::items(variables));
    file
}

/// What each of the variables stands for.
pub(crate) fn items(variables: &Variables) -> Vec<Item> {
    let source = Env::of(variables);
    let mut all = Vec::new();
    for (variable, name) in variables.all.iter().zip(&source.names) {
        let items = source.items(variable, name);
        if !items.is_empty() && variables.assumed.contains(&variable.name) {
            let why = "a default stands in it for a variable that is not in the file, and may be set elsewhere";
            all.push(Comment::note(&variable.name, why).into());
        }
        all.extend(items);
    }
    all
}

/// The lines that were passed over; the first ones.
fn bad_lines(variables: &Variables) -> Vec<Comment> {
    const MOST: usize = 10;
    let told = variables.bad.iter().take(MOST);
    let told = told.map(|bad| Comment::gap(format!("line {}", bad.line), format!("{}: passed over", bad.why)));
    let more = variables.bad.len().saturating_sub(MOST);
    let more = (more > 0).then(|| Comment::gap("the file", format!("{more} more lines are no NAME=VALUE")));
    told.chain(more).collect()
}

/// All variables, and what they say about the application.
struct Env<'a> {
    all: &'a Variables,
    names: Vec<Name>,
    application: Application,
}

impl<'a> Env<'a> {
    fn of(all: &'a Variables) -> Self {
        let names: Vec<_> = all.all.iter().map(|variable| Name::of(&variable.name)).collect();
        let mut application = Application::of(&names);
        for (variable, name) in all.all.iter().zip(&names) {
            let Some(text) = variable.word() else { continue };
            let place = url::web_place(text).or_else(|| {
                let place = value::places(text)?.into_iter().next().filter(Place::is_surely_a_host)?;
                Some((place.host.to_owned(), place.port))
            });
            if let Some(place) = place {
                application.remember(name, url::path(text), place);
            }
        }
        Self { all, names, application }
    }

    /// What a variable stands for: nothing, for most.
    fn items(&self, variable: &'a Variable, name: &Name) -> Vec<Item> {
        if application::is_announced(name) {
            return of_announced(variable);
        }
        let Some(text) = variable.word() else { return unknown(variable, name) };
        if self.is_set_for_all(name) || libpq::is_own(&variable.name) {
            return Vec::new();
        }
        if value::is_url(text) {
            return self.of_url(variable, name, text);
        }
        if let Some(urls) = value::unlisted(text).filter(|urls| value::is_url(urls.trim())) {
            return self.of_url(variable, name, urls.trim());
        }
        if let Some(hosts) = value::objects(text).filter(|_| names::service_of(name).is_some())
            && let Some(places) = value::places(&hosts)
        {
            return self.of_places(variable, name, &places);
        }
        // Those of a secret, too: `SESSION_PROVIDER_CONFIG`, `JWT_SECRET={"jwk_url": ...}`.
        if let Some(items) = structured::items(&variable.name, text) {
            return items;
        }
        if is_secret_name(&variable.name) && !name.may_be_host() && !name.is_url() && !value::are_surely_hosts(text) {
            return if value::has_url_inside(text) { address_inside(&variable.name) } else { Vec::new() };
        }
        if let Some(items) = self.of_form(&variable.name, name, text) {
            return items;
        }
        let listed = value::unlisted(text);
        match value::places(listed.as_deref().unwrap_or(text)) {
            Some(places) => self.of_places(variable, name, &places),
            None if name.is_url() => self.of_no_url(variable, name, text),
            None if name.is_host() && text.starts_with('/') => self.of_socket(variable, name, text),
            None if value::has_url_inside(text) => address_inside(&variable.name),
            None => Vec::new(),
        }
    }

    /// Whether the variable is set for every service there is, needed or not: one of those that Kubernetes ("Environment
    /// variables" of its services) and Docker's links set, where all of them are there.
    fn is_set_for_all(&self, name: &Name) -> bool {
        let Some(service) = name.injected_for() else { return false };
        let is_link = |(rest, _): (&str, Lookup<'_>)| {
            let mut words = names::words(rest).into_iter();
            let number = words.next().is_some_and(|word| word.parse::<u16>().is_ok());
            number && words.next().is_some_and(|word| names::is_protocol(&word))
        };
        self.all.below(&format!("{service}PORT")).any(is_link)
    }

    /// A URL, or several.
    fn of_url(&self, variable: &'a Variable, name: &Name, text: &str) -> Vec<Item> {
        let origin = variable.name.as_str();
        if url::is_socket_of_anything(origin, text) || !name.is_url() && url::is_no_server(text) {
            return Vec::new();
        }
        if let Some((host, port)) = url::web_place(text) {
            if is_any(&host) {
                return vec![Comment::note(origin, application::OWN_ADDRESS).into()];
            }
            let streams = text.starts_with("ws") || name.stem().last().is_some_and(|last| last == "BASE");
            let by_name = self.application.not_a_dependency(name, url::path(text));
            let is_own = || self.application.has(&host, port, streams).then_some(application::OWN_ADDRESS);
            if let Some(why) = by_name.or_else(is_own) {
                return vec![Comment::note(origin, why).into()];
            }
            if name.words.last().is_some_and(|last| last == "PROXY") {
                return url::connection(origin, text);
            }
        }
        let is_web = url::web_place(text).is_some();
        let named = || names::service_of(name).filter(|service| is_web && service.is_over_http());
        match url::service_of(origin, text).or_else(named) {
            Some(service) => Family::of(origin, name, self.all).items_of_url(text, service, name.may_be_host()),
            None if is_web && name.may_be_host() => {
                Family::of(origin, name, self.all).items_of_url(text, &services::HTTP, true)
            }
            None => url::items(origin, text),
        }
    }

    /// What a variable for a URL holds that is none.
    fn of_no_url(&self, variable: &'a Variable, name: &Name, text: &str) -> Vec<Item> {
        let origin = variable.name.as_str();
        if text.starts_with('/') {
            return vec![Comment::note(origin, "a path, and not the address of a service").into()];
        }
        match self.application.not_a_dependency(name, "/") {
            Some(why) => vec![Comment::note(origin, why).into()],
            None => url::items(origin, text),
        }
    }

    /// A socket: of what is known by its name alone.
    fn of_socket(&self, variable: &'a Variable, name: &Name, text: &str) -> Vec<Item> {
        let family = Family::of(&variable.name, name, self.all);
        match family.service {
            Some(service) => family.items(service, text),
            None if family.is_database => {
                let place = Place { text, host: text, port: None };
                family.database(&place).map_or_else(|comment| vec![comment.into()], |kind| family.items(kind, text))
            }
            None => Vec::new(),
        }
    }

    /// One or more hosts.
    fn of_places(&self, variable: &'a Variable, name: &Name, places: &[Place<'_>]) -> Vec<Item> {
        let origin = variable.name.as_str();
        let is_address = name.may_be_host() || name.is_url() || name.is_kind_of_database();
        let has_ports = places.iter().all(|place| place.port.is_some());
        let is_surely = places.iter().all(Place::is_surely_a_host);
        let service = names::service_of(name);
        let counts = is_address || (has_ports || is_surely) && !name.is_of_something_else() || has_ports && is_surely;
        // `redis:7` is a picture, and its version.
        let is_version = |place: &Place<'_>| {
            place.port.is_some_and(|port| port < 80 && !USUAL_BELOW.contains(&port)) && !place.is_surely_a_host()
        };
        if !is_address && places.iter().any(is_version) {
            return Vec::new();
        }
        if !counts || places.iter().all(|place| place.is_any() || place.is_word()) {
            return Vec::new();
        }
        let family = Family::of(origin, name, self.all);
        let kind = family.kind_of_address();
        let is_service = service.is_some() || family.is_database || kind.is_some();
        let told = if is_service { Application::is_never_connected(name) } else { self.not_a_dependency(name, places) };
        if let Some(why) = told {
            // HOSTNAME is in every environment, and a place may be anything.
            let names_one = name.words != ["HOSTNAME"] && (name.names_host() || name.is_url() || has_ports);
            return if is_surely || names_one { vec![Comment::note(origin, why).into()] } else { Vec::new() };
        }
        if !(is_address || has_ports || is_service && is_surely) {
            let why = "it holds the name or address of a host, and not what is there: add a check by hand";
            return vec![Comment::gap(origin, why).into()];
        }
        places.iter().flat_map(|place| of_place(&family, name, place, service.or(kind))).collect()
    }

    fn not_a_dependency(&self, name: &Name, places: &[Place<'_>]) -> Option<&'static str> {
        let by_name = self.application.not_a_dependency(name, "/");
        let is_own = |place: &Place<'_>| self.application.has(place.host, place.port, false);
        by_name.or_else(|| places.iter().all(is_own).then_some(application::OWN_ADDRESS))
    }
}

/// Where the application itself listens, or what it tells others to connect to.
fn of_announced(variable: &Variable) -> Vec<Item> {
    let is_place = |place: &Place<'_>| place.port.is_some() || !place.is_word();
    let are_places = |text: &str| value::places(text).is_some_and(|places| places.iter().any(is_place));
    let is_address = |text: &str| value::is_url(text) || are_places(text) || value::has_url_inside(text);
    let note = || Comment::note(&variable.name, application::OWN_ADDRESS).into();
    variable.word().filter(|text| is_address(text)).map(|_| note()).into_iter().collect()
}

/// What has the address of something somewhere in it.
fn address_inside(origin: &str) -> Vec<Item> {
    let why = "it has the address of something in it, in a form that is not read here: add checks for what it connects to by hand";
    vec![Comment::gap(origin, why).into()]
}

/// One host: what its name says that it is, or its port, or whatever takes connections.
fn of_place(family: &Family<'_>, name: &Name, place: &Place<'_>, service: Option<&'static Service>) -> Vec<Item> {
    if let Some(service) = service {
        return family.items(service, place.text);
    }
    if family.is_database {
        return match family.database(place) {
            Ok(service) => family.items(service, place.text),
            Err(comment) => vec![comment.into()],
        };
    }
    let port = place.port.or_else(|| family.port()?.parse().ok());
    match port {
        Some(port) if DATAGRAMS.contains(&port) => {
            let why = format!(
                "port {port} is one for datagrams as a rule, and what to send there is not known: add a udp check by hand"
            );
            vec![Comment::gap(family.origin(), why).into()]
        }
        Some(port) => family.items(family.at_port(port), place.text),
        None if name.names_host() || place.is_surely_a_host() => {
            let why =
                "it names a host, and neither its name nor a port beside it say what is there: add a check by hand";
            vec![Comment::gap(family.origin(), why).into()]
        }
        None => Vec::new(),
    }
}

/// Whether this is what a server listens on: `http://+:8080` is ASP.NET's word for it.
fn is_any(host: &str) -> bool {
    matches!(host, "+" | "*") || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_unspecified())
}

/// A value that is not known, of a variable that holds an address.
fn unknown(variable: &Variable, name: &Name) -> Vec<Item> {
    let holds_address = name.is_url() || name.is_host() || name.may_be_host() && names::service_of(name).is_some();
    let why = match variable.value {
        Content::Unknown if holds_address => {
            "its value is not known from here: its `$` refers to something that is not in the file, or readers take it differently: use --pid, or run this where the variables are set"
        }
        Content::NotUtf8 if holds_address => "its value is not UTF-8",
        _ => return Vec::new(),
    };
    vec![Comment::gap(&variable.name, why).into()]
}
