//! This host's own firewall, where root has found the rule that stops a connection (nft(8)).

use super::Remedy;
use super::quote::bare;
use std::net::SocketAddr;

/// A place in the rules.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) family: &'a str,
    pub(crate) table: &'a str,
    pub(crate) chain: &'a str,
    /// The rule that stops it; none: the policy of the chain.
    pub(crate) handle: Option<u64>,
}

/// Lets out what goes to this address and port.
pub(crate) fn let_out(place: Place<'_>, to: SocketAddr) -> Option<Remedy> {
    rule(place, &format!("{0} daddr {1} tcp dport {2}", family(to), to.ip(), to.port()))
}

/// Lets in the answers of this address and port.
pub(crate) fn let_answers_in(place: Place<'_>, to: SocketAddr) -> Option<Remedy> {
    rule(place, &format!("{0} saddr {1} tcp sport {2} ct state established", family(to), to.ip(), to.port()))
}

fn rule(place: Place<'_>, what: &str) -> Option<Remedy> {
    let Place { family, table, chain, handle } = place;
    let chain = format!("{} {} {}", bare(family)?, name(table)?, name(chain)?);
    let command = match handle {
        // Before the rule that stops it.
        Some(handle) => format!("nft insert rule {chain} handle {handle} {what} accept"),
        // Behind all others, where only the policy would come.
        None => format!("nft add rule {chain} {what} accept"),
    };
    let place = "in a shell on this host, as root, if it is not forbidden on purpose; lost at the next start";
    Some(Remedy::new().decide(place, [command]).look("on this host, as root", format!("nft -a list chain {chain}")))
}

const fn family(to: SocketAddr) -> &'static str {
    if to.is_ipv4() { "ip" } else { "ip6" }
}

/// A name of nftables, of which the shell takes nothing for its own.
fn name(name: &str) -> Option<&str> {
    let fits = |one: char| one.is_ascii_alphanumeric() || matches!(one, '_' | '-' | '.');
    let begins = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    (begins && name.chars().all(fits)).then_some(name)
}
