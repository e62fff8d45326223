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

/// Reads the file's text. It never fails: as in the C library, a line that is not understood is as
/// good as absent. `interface_index` gives the index of a network interface, for a server such as
/// `fe80::1%eth0`; the scope of one that is unknown is 0.
pub(super) fn parse(text: &str, interface_index: impl Fn(&str) -> Option<u32>) -> ResolvConf {
    let mut found = ResolvConf { servers: Vec::new(), search: Vec::new(), transport: Transport::Udp };
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

    /// The file on a host with one network interface.
    fn read(text: &str) -> (Vec<String>, ResolvConf) {
        let found = parse(text, |name| (name == "eth0").then_some(7));
        (found.servers.iter().map(ToString::to_string).collect(), found)
    }

    #[test]
    fn a_usual_file_is_read() {
        let (servers, found) = read(
            "# made by hand\n; and by another\nnameserver 192.0.2.53\nnameserver\t2001:db8::53  \n\
             search a.example\tb.example \noptions edns0 trust-ad ndots:2 timeout:3 attempts:4 use-vc\n",
        );
        assert_eq!(servers, ["192.0.2.53:53", "[2001:db8::53]:53"]);
        assert_eq!(found.search, ["a.example", "b.example"]);
        assert_eq!(found.transport, Transport::Tcp);
    }

    #[test]
    fn servers_are_three_at_most_and_this_host_without_any() {
        for (text, expected) in [
            ("", &["127.0.0.1:53"][..]),
            (
                "nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver bad\nnameserver 192.0.2.3\nnameserver 192.0.2.4",
                &["192.0.2.1:53", "192.0.2.2:53", "192.0.2.3:53"],
            ),
            ("nameserver 192.0.2.1 # the first\n", &["192.0.2.1:53"]),
            // A scope is a number or the name of an interface.
            (
                "nameserver fe80::1%3\nnameserver fe80::2%eth0\nnameserver fe80::3%gone\n",
                &["[fe80::1%3]:53", "[fe80::2%7]:53", "[fe80::3]:53"],
            ),
        ] {
            assert_eq!(read(text).0, expected, "{text}");
        }
    }

    #[test]
    fn the_last_of_domain_and_search_holds() {
        for (text, expected) in [
            ("search a.example b.example\ndomain c.example d\n", &["c.example"][..]),
            ("domain c.example\nsearch a.example b\n", &["a.example", "b"]),
            ("search a.example\nsearch \n", &["a.example"]),
        ] {
            assert_eq!(read(text).1.search, expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_directive_is_ignored() {
        let text = " nameserver 192.0.2.1\nnameserver192.0.2.2\nNameserver 192.0.2.3\n\
                    #nameserver 192.0.2.4\nnameserver\nnameserver 192.0.2.5%1\n\
                    nameserver 192.0.2.6\r\nsortlist 192.0.2.0\noptions\nsearch\n";
        assert_eq!(read(text), read(""));
        assert_eq!((read("").1.search.len(), read("").1.transport), (0, Transport::Udp));
    }
}
