//! `/etc/resolv.conf` as the C library reads it (resolv.conf(5), `res_init` of glibc).

use crate::net::endpoint::Transport;
use crate::services::{self, Security};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};

/// Servers beyond these are not asked (`MAXNS` of glibc).
const MOST_SERVERS: usize = 3;
/// The port of every server: the file cannot name another.
const PORT: u16 = services::DNS.port(Security::Plain).get();

/// How this host asks the DNS.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ResolvConf {
    /// The servers in the order in which they are asked: one to three, on port 53. Without any in
    /// the file it is 127.0.0.1.
    pub servers: Vec<SocketAddr>,
    /// The domains that are put behind short names, in order. Empty without `search` and `domain`:
    /// the C library then takes the domain of the host's own name.
    pub search: Vec<String>,
    /// How they are asked: UDP, with TCP for what does not fit into a datagram, or TCP alone (`use-vc`).
    pub transport: Transport,
}

impl ResolvConf {
    fn read_line(&mut self, line: &str, interface_index: &impl Fn(&str) -> Option<u32>) {
        // A keyword starts its line and a blank ends it; anything else is not for us. Only line
        // feed ends a line: a carriage return spoils the last word, for the C library as for us.
        let Some((keyword, rest)) = line.split_once([' ', '\t']) else {
            return;
        };
        let mut words = rest.split([' ', '\t']).filter(|word| !word.is_empty());
        match keyword {
            "nameserver" => self.servers.extend(words.next().and_then(|word| server(word, interface_index))),
            // The last of `domain` and `search` holds.
            "domain" => self.set_search(words.take(1)),
            "search" => self.set_search(words),
            "options" if words.any(|option| option == "use-vc") => self.transport = Transport::Tcp,
            _ => {}
        }
    }

    fn set_search<'a>(&mut self, domains: impl Iterator<Item = &'a str>) {
        let domains: Vec<String> = domains.map(str::to_owned).collect();
        if !domains.is_empty() {
            self.search = domains;
        }
    }
}

impl Default for ResolvConf {
    /// What holds without the file, except that no server is listed yet.
    fn default() -> Self {
        Self { servers: Vec::new(), search: Vec::new(), transport: Transport::Udp }
    }
}

/// Reads the file's text. It never fails: as in the C library, a line that is not understood is as
/// good as absent. `interface_index` gives the index of a network interface, for a server such as
/// `fe80::1%eth0`; the scope of one that is unknown is 0.
#[must_use]
pub(super) fn parse(text: &str, interface_index: impl Fn(&str) -> Option<u32>) -> ResolvConf {
    let mut found = ResolvConf::default();
    for line in text.split('\n') {
        found.read_line(line, &interface_index);
    }
    found.servers.truncate(MOST_SERVERS);
    if found.servers.is_empty() {
        found.servers.push((Ipv4Addr::LOCALHOST, PORT).into());
    }
    found
}

fn server(word: &str, interface_index: &impl Fn(&str) -> Option<u32>) -> Option<SocketAddr> {
    let (address, scope) = word.split_once('%').unwrap_or((word, ""));
    match address.parse().ok()? {
        IpAddr::V4(_) if address != word => None,
        IpAddr::V4(address) => Some((address, PORT).into()),
        IpAddr::V6(address) => {
            let scope = scope.parse().ok().or_else(|| interface_index(scope)).unwrap_or(0);
            Some(SocketAddrV6::new(address, PORT, 0, scope).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// On a host without network interfaces.
    fn plain(text: &str) -> ResolvConf {
        parse(text, |_| None)
    }

    fn addresses(text: &str) -> Vec<String> {
        plain(text).servers.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_empty_file_means_this_host_and_the_defaults() {
        let found = plain("");
        assert_eq!(found.servers, [SocketAddr::from(([127, 0, 0, 1], 53))]);
        assert!(found.search.is_empty());
        assert_eq!(found.transport, Transport::Udp);
    }

    #[test]
    fn a_usual_file_is_read() {
        let found = plain(
            "# made by hand\n; and by another\nnameserver 192.0.2.53\nnameserver\t2001:db8::53  \n\
             search a.example\tb.example \noptions edns0 trust-ad ndots:2 timeout:3 attempts:4 use-vc\n",
        );
        assert_eq!(found.servers[0].to_string(), "192.0.2.53:53");
        assert_eq!(found.servers[1].to_string(), "[2001:db8::53]:53");
        assert_eq!(found.search, ["a.example", "b.example"]);
        assert_eq!(found.transport, Transport::Tcp);
    }

    #[test]
    fn the_fourth_server_is_not_asked() {
        let text = "nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver bad\n\
                    nameserver 192.0.2.3\nnameserver 192.0.2.4";
        assert_eq!(addresses(text), ["192.0.2.1:53", "192.0.2.2:53", "192.0.2.3:53"]);
    }

    #[test]
    fn a_scope_is_a_number_or_the_name_of_an_interface() {
        let text = "nameserver fe80::1%3\nnameserver fe80::2%eth0\nnameserver fe80::3%gone\n";
        let index = |name: &str| (name == "eth0").then_some(7);
        let found = parse(text, index);
        let scopes: Vec<u32> = found
            .servers
            .iter()
            .filter_map(|server| match server {
                SocketAddr::V6(server) => Some(server.scope_id()),
                SocketAddr::V4(_) => None,
            })
            .collect();
        assert_eq!(scopes, [3, 7, 0]);
    }

    #[test]
    fn the_last_of_domain_and_search_holds() {
        assert_eq!(plain("search a.example b.example\ndomain c.example d\n").search, ["c.example"]);
        assert_eq!(plain("domain c.example\nsearch a.example b\n").search, ["a.example", "b"]);
        assert_eq!(plain("search a.example\nsearch \n").search, ["a.example"]);
    }

    #[test]
    fn what_is_no_directive_is_ignored() {
        let text = " nameserver 192.0.2.1\nnameserver192.0.2.2\nNameserver 192.0.2.3\n\
                    #nameserver 192.0.2.4\nnameserver\nnameserver 192.0.2.5%1\n\
                    nameserver 192.0.2.6\r\nsortlist 192.0.2.0\noptions\nsearch\n";
        let found = plain(text);
        assert_eq!(found, plain(""));
    }

    #[test]
    fn words_behind_a_server_are_ignored() {
        assert_eq!(addresses("nameserver 192.0.2.1 # the first\n"), ["192.0.2.1:53"]);
    }
}
