//! One host of a world, and what can be wrong with it.

use std::net::IpAddr;
use std::process::Command;

use super::{Family, batch, conntrack, fed};
use crate::netns::Namespace;
use crate::or_panic::OrPanic;

/// A network namespace of its own.
#[derive(Debug)]
pub struct Host {
    namespace: Namespace,
}

impl Host {
    /// One without any cable.
    pub(super) fn new(number: u8) -> Self {
        let namespace = Namespace::add(number);
        namespace.set("ipv4/ip_unprivileged_port_start", "0");
        Self { namespace }
    }

    /// Its name, as `ip netns` knows it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.namespace.name()
    }

    /// Runs `work` inside: see [`Namespace::inside`].
    pub fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.namespace.inside(work)
    }

    /// A command that runs inside: see [`Namespace::command`].
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        self.namespace.command(program)
    }

    /// What `/etc/hosts` holds for commands run inside.
    pub fn hosts(&self, contents: &str) {
        self.namespace.hosts(contents);
    }

    /// Sets a value below `/proc/sys/net`.
    pub fn set(&self, key: &str, value: &str) {
        self.namespace.set(key, value);
    }

    /// One command of `ip`, without its name: `route replace unreachable 10.30.1.0/24`.
    #[track_caller]
    pub fn ip(&self, line: &str) {
        batch(Some(self.name()), &format!("{line}\n"));
    }

    /// Adds a rule to the chain of a hook (`input`, `forward`, `output`), in the words of nftables; those that were added
    /// before count first.
    #[track_caller]
    pub fn rule(&self, hook: &str, rule: &str) {
        self.nft(&format!(
            "add table inet world\nadd chain inet world {hook} {{ type filter hook {hook} priority 0; }}\n\
             add rule inet world {hook} {rule}\n"
        ));
    }

    /// Makes every packet that leaves and matches count, beside what other rules do.
    ///
    /// Counted before anything can drop it.
    #[track_caller]
    pub fn count(&self, name: &str, matching: &str) {
        self.nft(&format!(
            "add table inet counts\nadd counter inet counts {name}\n\
             add chain inet counts output {{ type filter hook output priority -400; }}\n\
             add rule inet counts output {matching} counter name {name}\n"
        ));
    }

    /// How many packets that was.
    ///
    /// # Panics
    /// When nothing of that name is counted.
    #[must_use]
    pub fn counted(&self, name: &str) -> u64 {
        let output = self.command("nft").args(["list", "counter", "inet", "counts", name]).output();
        let text = String::from_utf8_lossy(&output.or_panic("run nft").stdout).into_owned();
        let mut words = text.split_whitespace().skip_while(|word| *word != "packets").skip(1);
        words.next().and_then(|count| count.parse().ok()).or_panic(format_args!("read the counter {name}: {text}"))
    }

    /// Lets no message out that a packet's way has ended here: this router hides from traces.
    pub fn hides(&self) {
        self.rule("output", "icmp type time-exceeded drop");
        self.rule("output", "icmpv6 type time-exceeded drop");
    }

    /// Puts a route of the kind `unreachable`, `prohibit` or `blackhole` in the way to an address.
    pub fn bars(&self, kind: &str, address: IpAddr) {
        self.ip(&format!("route add {kind} {address}"));
    }

    /// Sends everything that is not for its own networks to this address.
    pub fn gateway(&self, address: IpAddr) {
        self.ip(&format!("route replace {} via {address}", if address.is_ipv4() { "0.0.0.0/0" } else { "::/0" }));
    }

    /// Takes the way out away.
    pub fn forgets_gateway(&self, family: Family) {
        self.ip(&format!("route del {}", family.all()));
    }

    /// Fills the table of connections with others that stay, so that no new one has room.
    pub fn fills_connection_table(&self) {
        self.rule("output", "ct state new accept");
        self.inside(conntrack::fill);
    }

    /// Loads rules in the words of nftables.
    #[track_caller]
    pub fn nft(&self, rules: &str) {
        fed(self.command("nft").args(["-f", "-"]), rules);
    }

    /// Passes packets on.
    pub(super) fn forwards(&self) {
        self.set("ipv4/ip_forward", "1");
        self.set("ipv6/conf/all/forwarding", "1");
    }

    /// Learns the ways to the cables that it is not on: this is host `number` of a row that ends with `last`.
    pub(super) fn settle(&self, number: u8, last: u8) {
        let is_router = number != 0 && number != last;
        if is_router {
            self.forwards();
        }
        let mut lines = String::new();
        for family in Family::BOTH {
            let mut way = |to: String, next: IpAddr| lines += &format!("route add {to} via {next}\n");
            match number {
                _ if last == 1 => {}
                0 => way(family.all().to_owned(), family.address(0, 2)),
                _ if !is_router => way(family.all().to_owned(), family.address(number - 1, 1)),
                _ => {
                    (0..number - 1).for_each(|cable| way(family.network(cable), family.address(number - 1, 1)));
                    (number + 1..last).for_each(|cable| way(family.network(cable), family.address(number, 2)));
                }
            }
        }
        batch(Some(self.name()), &lines);
    }
}
