//! Checks from `juju status --format=json` (or yaml) of Juju 2.9, 3 and 4: what an application is
//! related to, and where the units of that are.
//!
//! - A relation says which interface it has from Juju 3 on; before, the endpoint's and the charm's
//!   name have to do. The interface gives the service and its default port ([`service`]); the ports
//!   that the units opened decide where they differ, and alone where the interface is not known.
//! - The status has no logins. A service that needs none gets a check of its type (memcached, web
//!   servers, mail servers). One that does gets a tcp check, which tells nothing wrong, and a
//!   comment with what to add: a check with a login left out would fail on a service that is well.
//! - Which side of a relation depends on the other is not said: the side whose charm is known to
//!   be the service provides it, and where neither is known, a note says so. Relations among the units of one application are passed over.
//! - No checks but comments: applications of other models (their units are not in the status),
//!   subordinates (they are on the application's own machines), and whatever has no address.

mod applications;
mod service;

use crate::generate::{Comment, GeneratedFile, Item};
use crate::services;
use crate::source::Source;
use crate::text::shortened;
use applications::{Application, Relation};
pub use applications::{NotAStatus, Status};
use service::Related;
use std::fmt;

/// Why there is no file; as text, with what to do.
#[derive(Debug)]
pub enum Refused {
    /// The file of this name cannot be read, and why.
    Unreadable(String, String),
    /// The file of this name is not a status, and why.
    NotAStatus(String, NotAStatus),
    /// No application of this name is in the status, but these.
    NoSuchApplication(String, String),
    /// None was named, and none of these depends on anything that can be checked.
    NoCandidate(String),
    /// None was named, and any of these may be meant.
    SeveralCandidates(String),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(file, why) => write!(f, "{file}: {why}"),
            Self::NotAStatus(file, why) => write!(f, "{file}: {why}"),
            Self::NoSuchApplication(name, all) => {
                write!(f, "--application: there is no application `{name}` in this status; there are: {all}")
            }
            Self::NoCandidate(all) => {
                write!(
                    f,
                    "--application is required: no application here has a dependency that can be checked; there are: {all}"
                )
            }
            Self::SeveralCandidates(all) => write!(f, "--application is required: one of {all}"),
        }
    }
}

impl std::error::Error for Refused {}

/// Reads a status from a file, or from standard input for `-`.
///
/// # Errors
/// It cannot be read, or is not a status.
pub fn read(path: &str) -> Result<Status, Refused> {
    let source = Source::read(path).map_err(|unreadable| {
        let (source, diagnostic) = *unreadable;
        let help = diagnostic.help.map(|help| format!("; {help}")).unwrap_or_default();
        Refused::Unreadable(source.name, format!("{}{help}", diagnostic.message))
    })?;
    Status::parse(&source.text).map_err(|why| Refused::NotAStatus(source.name.clone(), why))
}

/// The file for an application; `None` for the only one that depends on anything.
///
/// # Errors
/// There is no such application, or several may be meant.
pub fn file(status: &Status, application: Option<&str>) -> Result<GeneratedFile, Refused> {
    let name = match application {
        Some(name) => name.to_owned(),
        None => only_candidate(status)?,
    };
    let Some(application) = status.application(&name) else {
        return Err(Refused::NoSuchApplication(shortened(&name), status.names().join(", ")));
    };
    let mut file = GeneratedFile::new(format!(
        "Written by conn-check-configs juju for the application {name} of the model {}.",
        status.model()
    ));
    file.extend(items(status, &application));
    Ok(file)
}

fn only_candidate(status: &Status) -> Result<String, Refused> {
    let depends = |name: &&str| {
        let application = status.application(name);
        application.is_some_and(|one| items(status, &one).iter().any(|item| matches!(item, Item::Check(_))))
    };
    let candidates: Vec<_> = status.names().into_iter().filter(depends).collect();
    match candidates[..] {
        [only] => Ok(only.to_owned()),
        [] => Err(Refused::NoCandidate(status.names().join(", "))),
        _ => Err(Refused::SeveralCandidates(candidates.join(", "))),
    }
}

fn items(status: &Status, own: &Application<'_>) -> Vec<Item> {
    let relations = own.relations();
    relations
        .iter()
        .filter(|relation| relation.other != own.name)
        .flat_map(|relation| related(status, own, relation))
        .collect()
}

/// What a relation stands for.
fn related(status: &Status, own: &Application<'_>, relation: &Relation<'_>) -> Vec<Item> {
    let Relation { endpoint, other, interface, .. } = *relation;
    let origin = format!("{endpoint}: {other}");
    let comment = |comment: Comment| vec![comment.into()];
    if service::NO_CONNECTION.contains(&interface.unwrap_or(endpoint)) {
        let why = format!("nothing to connect to over {}", interface.unwrap_or(endpoint));
        return comment(Comment::note(origin, why));
    }
    if let Some(url) = status.offer(other) {
        let why = format!(
            "it belongs to another model ({url}), whose units are not in this status: add checks with the addresses that `juju status` shows there"
        );
        return comment(Comment::gap(origin, why));
    }
    let Some(provider) = status.application(other) else {
        return comment(Comment::gap(origin, "the status does not show this application: take one without a filter"));
    };
    if provider.is_subordinate() || relation.is_in_container() {
        let why = "one of the two is on the machines of the other: no network between them";
        return comment(Comment::note(origin, why));
    }
    let service = service::find(interface, endpoint, &provider);
    if service.is_some_and(|service| service.is_provided_by(own) && !service.is_provided_by(&provider))
        || service::is_proxy(&provider)
            && !service::is_proxy(own)
            && interface.is_none_or(|name| services::HTTP.interfaces.contains(&name))
    {
        return comment(Comment::note(origin, format!("it connects to {}, and not the other way round", own.name)));
    }
    if provider.charm().contains("integrator") {
        let why = "its units only hand on where the service is, which the status does not show: add a check for that";
        return comment(Comment::gap(origin, why));
    }
    let direction = service.filter(|service| !service.is_provided_by(&provider) && !service::is_proxy(own)).map(|_| {
        let why = format!(
            "a status does not say which of the two connects to the other: if it is {other}, leave its checks out"
        );
        Comment::note(origin.as_str(), why).into()
    });
    direction.into_iter().chain(units(status, &origin, &provider, relation, service)).collect()
}

/// A check for each unit.
fn units(
    status: &Status,
    origin: &str,
    provider: &Application<'_>,
    relation: &Relation<'_>,
    service: Option<Related>,
) -> Vec<Item> {
    let units = provider.units();
    if units.is_empty() {
        return vec![Comment::gap(origin, "it has no units").into()];
    }
    let mut items: Vec<Item> = Vec::new();
    let advice = service.and_then(Related::advice);
    items.extend(advice.map(|advice| Comment::note(origin, advice).into()));
    if service.is_none() && units.iter().any(|unit| !unit.tcp_ports().is_empty()) {
        let what = relation.interface.map_or_else(|| "its charm".to_owned(), |name| format!("the interface {name}"));
        let why =
            format!("{what} is not known here: the TCP ports that the units opened are checked, of a range the first");
        items.push(Comment::note(origin, why).into());
    }
    if units.iter().any(applications::Unit::is_pod) {
        let why = "these are addresses of pods, which change: names that the cluster's DNS has for them last longer";
        items.push(Comment::note(origin, why).into());
    }
    for unit in &units {
        let origin = format!("{}: {}", relation.endpoint, unit.name);
        let Some((address, others)) = unit.address(status) else {
            items.push(Comment::gap(origin, "the unit has no address yet").into());
            continue;
        };
        if !others.is_empty() {
            let others: Vec<_> = others.iter().map(ToString::to_string).collect();
            let why = format!(
                "the machine has other addresses, too ({}): which of them counts says the binding of the endpoint (`network-get` on the unit)",
                others.join(", "),
            );
            items.push(Comment::note(origin.as_str(), why).into());
        }
        let address = address.as_str();
        let ports = unit.tcp_ports();
        match service {
            Some(service) => {
                let port = service.port(&unit.tcp_ranges());
                items.extend(service.doubt(port).map(|why| Comment::note(origin.as_str(), why).into()));
                items.extend(service.items(&origin, address, port));
            }
            None if ports.is_empty() => {
                let interface = relation.interface.map(|name| format!(", and the interface {name} is not known here"));
                let why =
                    format!("the unit opened no TCP port{}: add a check for it by hand", interface.unwrap_or_default());
                items.push(Comment::gap(origin, why).into());
            }
            None => items.extend(ports.iter().map(|port| crate::url::tcp(&origin, address, *port).into())),
        }
    }
    items
}

#[cfg(test)]
mod tests;
