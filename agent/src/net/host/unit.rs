//! What systemd forbids the unit that this process belongs to: `IPAddressDeny` (systemd.resource-control(5)), by which
//! packets vanish on their way out as if a firewall dropped them, and `RestrictAddressFamilies` (systemd.exec(5)). Any
//! user may ask (`systemctl show`).
//!
//! The texts here are recorded ones of systemd 249 and 252; tests/agent/systemd.rs has a running one.

use super::Way;
use super::confinement::family;
use super::program::says;
use super::ruleset::is_within;
use super::trial::Culprit;
use crate::concern::Part;
use crate::fault::Fault;
use crate::secret::{sentence, theirs};
use std::fs;
use std::net::IpAddr;
use tokio::sync::OnceCell;
use tokio::time::Instant;

/// What is set of a unit, as far as it is looked at.
#[derive(Debug, Default, Eq, PartialEq)]
struct Unit {
    name: String,
    allowed: Vec<Network>,
    denied: Vec<Network>,
    /// The families of `RestrictAddressFamilies`, and whether these are the forbidden ones.
    families: Option<(bool, Vec<String>)>,
}

/// An address, and how many bits of it count.
type Network = (IpAddr, u64);

/// The units of this process, asked for at most once in a run.
#[derive(Debug, Default)]
pub(super) struct Units(OnceCell<Vec<Unit>>);

impl Units {
    /// Asks systemd, where there is one.
    pub(super) async fn read(&self, until: Instant) {
        self.0.get_or_init(|| ask(until)).await;
    }

    /// Names the setting that forbids a connection, where it is proven that this host does; `None`: it is none.
    pub(super) fn blame(&self, fault: &Fault, way: &Way, culprit: Option<Culprit>) -> Option<Fault> {
        let units = self.0.get()?;
        let (address, fault) = (way.address, fault.clone());
        match culprit {
            Some(Culprit::Output { .. }) => {
                let (unit, (net, length)) = denying(units, address.ip())?;
                let mut message = fault.message.clone();
                message.push(sentence![", by IPAddressDeny=", net, "/", length, " of ", theirs(&unit.name)]);
                let shows = sentence!["`systemctl show -p IPAddressAllow,IPAddressDeny ", theirs(&unit.name), "`"];
                let next_step = sentence![shows, " shows it: add ", address.ip(), " to its IPAddressAllow"];
                let setting = sentence!["IPAddressDeny of ", theirs(&unit.name)];
                Some(fault.about(message).next_step(next_step).concerning(Part::ThisHost, setting))
            }
            None => {
                let name = theirs(&units.iter().find(|unit| unit.forbids(family(address)))?.name);
                let shows = sentence!["`systemctl show -p RestrictAddressFamilies ", name.clone(), "`"];
                let setting = sentence!["RestrictAddressFamilies of ", name.clone()];
                let fault = fault.with_evidence(sentence!["RestrictAddressFamilies of ", name, " is without it"]);
                let fault = fault.concerning(Part::ThisHost, setting);
                Some(fault.next_step(sentence![shows, " shows it: add ", family(address)]))
            }
            Some(_) => None,
        }
    }
}

async fn ask(until: Instant) -> Vec<Unit> {
    let names = units(&fs::read_to_string("/proc/self/cgroup").unwrap_or_default());
    if names.is_empty() {
        return Vec::new();
    }
    let mut arguments = vec!["show", "-p", "Id,IPAddressAllow,IPAddressDeny,RestrictAddressFamilies", "--"];
    arguments.extend(names.iter().map(String::as_str));
    says("systemctl", &arguments, until).await.map(|shown| read(&shown)).unwrap_or_default()
}

/// The units that a process belongs to, its own first: parts of its path in the tree of control groups.
fn units(cgroup: &str) -> Vec<String> {
    let of = |line: &str| {
        let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
        (controllers.is_empty() || controllers == "name=systemd").then(|| path.to_owned())
    };
    let path = cgroup.lines().filter_map(of).find(|path| path.len() > 1).unwrap_or_default();
    let is_unit = |part: &&str| [".service", ".scope", ".slice"].iter().any(|kind| part.ends_with(kind));
    path.rsplit('/').filter(is_unit).map(str::to_owned).collect()
}

/// The answer of systemctl: a block of properties for each unit.
fn read(shown: &str) -> Vec<Unit> {
    shown.split("\n\n").map(Unit::read).filter(|unit| !unit.name.is_empty()).collect()
}

/// The unit that forbids an address, and the network by which it does. What one of them allows, none of them denies.
fn denying(units: &[Unit], address: IpAddr) -> Option<(&Unit, Network)> {
    let has = |networks: &[Network]| networks.iter().find(|(net, length)| is_within(address, *net, *length)).copied();
    if units.iter().any(|unit| has(&unit.allowed).is_some()) {
        return None;
    }
    units.iter().find_map(|unit| Some((unit, has(&unit.denied)?)))
}

impl Unit {
    fn read(block: &str) -> Self {
        let mut unit = Self::default();
        for (key, value) in block.lines().filter_map(|line| line.split_once('=')) {
            match key {
                "Id" => value.clone_into(&mut unit.name),
                "IPAddressAllow" => unit.allowed = networks(value),
                "IPAddressDeny" => unit.denied = networks(value),
                "RestrictAddressFamilies" => {
                    let (forbidden, names) = value.strip_prefix('~').map_or((false, value), |names| (true, names));
                    let names: Vec<_> = names.split_whitespace().map(str::to_owned).collect();
                    // Nothing, and nothing forbidden: not set.
                    unit.families = (!names.is_empty()).then_some((forbidden, names));
                }
                _ => {}
            }
        }
        unit
    }

    fn forbids(&self, family: &str) -> bool {
        let Some((forbidden, names)) = &self.families else { return false };
        names.iter().any(|name| name == family) == *forbidden
    }
}

fn networks(value: &str) -> Vec<Network> {
    let network = |text: &str| {
        let (address, length) = text.split_once('/')?;
        Some((address.parse().ok()?, length.parse().ok()?))
    };
    value.split_whitespace().filter_map(network).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOWN: &str = "Id=app.service\nIPAddressAllow=127.0.0.0/8 ::1/128\nIPAddressDeny=0.0.0.0/0 ::/0\n\
        RestrictAddressFamilies=AF_INET AF_UNIX\n\nId=system.slice\nIPAddressAllow=10.0.0.5/32\nIPAddressDeny=\n\
        RestrictAddressFamilies=~\n";

    #[test]
    fn the_units_of_a_process_are_in_its_control_group() {
        let v2 = "0::/system.slice/system-app.slice/app@1.service/payload\n";
        assert_eq!(units(v2), ["app@1.service", "system-app.slice", "system.slice"]);
        let v1 = "4:memory:/x.service\n1:name=systemd:/user.slice/user-0.slice/session-3.scope\n0::/\n";
        assert_eq!(units(v1), ["session-3.scope", "user-0.slice", "user.slice"]);
        assert!(units("0::/\n").is_empty());
        assert!(units("").is_empty());
    }

    #[test]
    fn an_address_is_denied_unless_a_unit_allows_it() {
        let units = read(SHOWN);
        let by = |address: &str| denying(&units, address.parse().expect("an address")).map(|(unit, _)| &unit.name[..]);
        assert_eq!(by("10.0.0.2"), Some("app.service"));
        assert_eq!(by("10.0.0.5"), None);
        assert_eq!(by("127.1.2.3"), None);
        assert_eq!(by("fd00::2"), Some("app.service"));
        assert_eq!(denying(&read("Id=a.service\nIPAddressDeny=\n"), [10, 0, 0, 2].into()), None);
    }

    #[test]
    fn a_family_is_forbidden_by_either_kind_of_list() {
        let forbids = |value: &str| Unit::read(&format!("RestrictAddressFamilies={value}")).forbids("AF_INET6");
        assert!(forbids("AF_INET AF_UNIX"));
        assert!(!forbids("AF_INET AF_INET6"));
        assert!(forbids("~AF_INET6 AF_PACKET"));
        assert!(!forbids("~AF_PACKET"));
        assert!(!forbids("~"));
        assert!(!forbids(""));
    }
}
