//! What stands in a status, as far as it matters here. Only what is there is looked at: Juju adds
//! keys with each version, and leaves out those that are empty.

use serde_json::{Map, Value};
use std::fmt;
use std::net::IpAddr;
use std::ops::RangeInclusive;

/// The output of `juju status`.
#[derive(Debug)]
pub struct Status(Value);

/// Why a text is not a status; as text, with what is wanted. Without a part of it: it may be anything.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NotAStatus {
    /// It begins like JSON and ends in the middle of this line.
    CutJson(usize),
    /// It begins like JSON and goes on like something else in this line.
    NotJson(usize),
    /// It is neither JSON nor YAML.
    NotYaml,
    /// It is one of Juju 1.
    Juju1,
    /// It says nothing of applications.
    NoApplications,
}

impl NotAStatus {
    fn json(error: &serde_json::Error) -> Self {
        if error.is_eof() { Self::CutJson(error.line()) } else { Self::NotJson(error.line()) }
    }
}

impl fmt::Display for NotAStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected = "expected the output of `juju status --format=json` or `--format=yaml`";
        match self {
            Self::CutJson(line) => write!(f, "this is not JSON: line {line}: it ends in the middle"),
            Self::NotJson(line) => write!(f, "this is not JSON: line {line}: its syntax is wrong"),
            Self::NotYaml => write!(f, "this is not YAML; {expected}"),
            Self::Juju1 => f.write_str(
                "this is a status of Juju 1, which has `services` and not `applications`, and is not read: take that of Juju 2.9 or later, or read what the application itself is told (`conn-check-configs env`, `django`)",
            ),
            Self::NoApplications => write!(f, "there are no `applications` in it; {expected}"),
        }
    }
}

impl std::error::Error for NotAStatus {}

impl Status {
    /// Reads JSON or YAML.
    pub(super) fn parse(text: &str) -> Result<Self, NotAStatus> {
        let value: Value = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|error| NotAStatus::json(&error))?
        } else {
            serde_yaml::from_str(text).map_err(|_| NotAStatus::NotYaml)?
        };
        let has_applications = value.get("applications").is_some_and(Value::is_object);
        let is_old = value.get("services").is_some_and(Value::is_object);
        match (has_applications, is_old) {
            (true, _) => Ok(Self(value)),
            (false, true) => Err(NotAStatus::Juju1),
            (false, false) => Err(NotAStatus::NoApplications),
        }
    }

    /// The model's name.
    pub(super) fn model(&self) -> &str {
        self.0["model"]["name"].as_str().unwrap_or("unknown")
    }

    /// The names of all applications, in their order.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = entries(&self.0["applications"]).map(|(name, _)| name).collect();
        names.sort_unstable();
        names
    }

    pub(super) fn application(&self, name: &str) -> Option<Application<'_>> {
        let applications = self.0["applications"].as_object()?;
        applications.get_key_value(name).map(|(name, value)| Application { name, value })
    }

    /// The addresses of a machine or container (`0/lxd/1`), in their order.
    fn addresses(&self, machine: &str) -> Vec<IpAddr> {
        let mut value = &self.0["machines"];
        let mut name = String::new();
        for (at, part) in machine.split('/').enumerate() {
            name = if at == 0 { part.to_owned() } else { format!("{name}/{part}") };
            if at % 2 == 0 {
                value = if at == 0 { &value[&name] } else { &value["containers"][&name] };
            }
        }
        let of_interfaces = entries(&value["network-interfaces"]).map(|(_, interface)| &interface["ip-addresses"]);
        let lists = of_interfaces.chain([&value["ip-addresses"]]);
        let all = lists.filter_map(Value::as_array).flatten().filter_map(Value::as_str);
        let mut found = Vec::new();
        for address in all.filter_map(|text| text.parse().ok()) {
            if !found.contains(&address) {
                found.push(address);
            }
        }
        found
    }

    /// The offer's URL, for an application of another model.
    pub(super) fn offer(&self, name: &str) -> Option<&str> {
        let remote = self.0["application-endpoints"].get(name)?;
        Some(remote["url"].as_str().unwrap_or("unknown"))
    }
}

fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter).map(|(name, value)| (name.as_str(), value))
}

/// One application.
pub(super) struct Application<'a> {
    pub(super) name: &'a str,
    value: &'a Value,
}

/// A relation of an application, seen from there.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Relation<'a> {
    pub(super) endpoint: &'a str,
    pub(super) other: &'a str,
    /// From Juju 3 on.
    pub(super) interface: Option<&'a str>,
    scope: Option<&'a str>,
}

impl Relation<'_> {
    /// Whether it is between two units on the same machine.
    pub(super) fn is_in_container(&self) -> bool {
        self.scope == Some("container")
    }
}

impl<'a> Application<'a> {
    /// The charm's name, in small letters.
    pub(super) fn charm(&self) -> String {
        let name = self.value["charm-name"].as_str().or_else(|| self.value["charm"].as_str());
        name.unwrap_or_default().to_ascii_lowercase()
    }

    /// All relations, ordered. Before Juju 3 the other application is all that is said.
    pub(super) fn relations(&self) -> Vec<Relation<'a>> {
        let all = entries(&self.value["relations"]);
        let mut relations: Vec<_> = all
            .flat_map(|(endpoint, others)| others.as_array().into_iter().flatten().map(move |other| (endpoint, other)))
            .filter_map(|(endpoint, other)| match other {
                Value::String(other) => Some(Relation { endpoint, other, interface: None, scope: None }),
                Value::Object(about) => {
                    let text = |key: &str| about.get(key).and_then(Value::as_str);
                    let (interface, scope) = (text("interface"), text("scope"));
                    Some(Relation { endpoint, other: text("related-application")?, interface, scope })
                }
                _ => None,
            })
            .collect();
        relations.sort();
        relations.dedup();
        relations
    }

    pub(super) fn is_subordinate(&self) -> bool {
        self.value["subordinate-to"].as_array().is_some_and(|principals| !principals.is_empty())
    }

    /// The units, by their numbers.
    pub(super) fn units(&self) -> Vec<Unit<'a>> {
        let mut units: Vec<_> = entries(&self.value["units"]).map(|(name, value)| Unit { name, value }).collect();
        let number = |unit: &Unit<'_>| unit.name.rsplit('/').next().and_then(|number| number.parse::<u64>().ok());
        units.sort_by_key(number);
        units
    }
}

/// One unit.
pub(super) struct Unit<'a> {
    pub(super) name: &'a str,
    value: &'a Value,
}

impl Unit<'_> {
    /// Machines have a public address, pods an address. Units reach each other over private ones: the public address
    /// is closed for what is not exposed. With it, the machine's other addresses, where one may be meant as well.
    pub(super) fn address(&self, status: &Status) -> Option<(String, Vec<IpAddr>)> {
        let text = |key: &str| self.value[key].as_str().filter(|text| !text.is_empty());
        let told = text("public-address").or_else(|| text("address"))?;
        let machine = self.value["machine"].as_str().unwrap_or_default();
        let private: Vec<_> = status.addresses(machine).into_iter().filter(is_private).collect();
        let is_fine = told.parse().is_ok_and(|address| is_private(&address));
        let chosen = if is_fine { None } else { private.first() };
        let chosen = chosen.map_or_else(|| told.to_owned(), IpAddr::to_string);
        let others = private.into_iter().filter(|address| address.to_string() != chosen).collect();
        Some((chosen, others))
    }

    pub(super) fn is_pod(&self) -> bool {
        self.value["public-address"].as_str().is_none_or(str::is_empty) && self.value["address"].is_string()
    }

    /// The TCP ports that the unit opened; of a range its first.
    pub(super) fn tcp_ports(&self) -> Vec<u16> {
        let mut ports: Vec<u16> = self.tcp_ranges().iter().map(|range| *range.start()).collect();
        ports.dedup();
        ports
    }

    /// The TCP ports that the unit opened, in their order; a single one is a range of itself.
    pub(super) fn tcp_ranges(&self) -> Vec<RangeInclusive<u16>> {
        let open = self.value["open-ports"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let mut ranges: Vec<_> = open.filter_map(|text| range(text.strip_suffix("/tcp")?)).collect();
        ranges.sort_unstable_by_key(|range| (*range.start(), *range.end()));
        ranges
    }
}

/// Whether an address is one of a network's own (RFC 1918, RFC 4193), with which machines reach each other.
fn is_private(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_private(),
        IpAddr::V6(address) => address.is_unique_local(),
    }
}

/// `5432` or `5000-6000`.
fn range(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.parse().ok().filter(|port| *port > 0)?, last.parse().ok()?);
    Some(first..=last)
}
