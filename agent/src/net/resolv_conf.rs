//! `/etc/resolv.conf` as the C library reads it (resolv.conf(5), `res_init` of glibc).

use crate::net::endpoint::Transport;
use crate::services::{self, Security};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};
use std::time::Duration;

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
    /// the C library then takes the domain of the host's own name, as [`ResolvConf::of_this_host`] does.
    pub search: Vec<String>,
    /// How they are asked: UDP, with TCP for what does not fit into a datagram, or TCP alone (`use-vc`).
    pub transport: Transport,
    /// A name with so many dots is looked up as it is first, one with fewer with the search domains first (`ndots`).
    pub ndots: usize,
    /// How long the first server is waited for (`timeout`).
    pub timeout: Duration,
    /// How often all servers are asked in vain (`attempts`).
    pub attempts: u32,
    /// Every look-up begins with another server (`rotate`).
    pub rotate: bool,
    /// No IPv6 address is asked for (`no-aaaa`).
    pub no_aaaa: bool,
}

/// What holds without a line for it (`RES_TIMEOUT`, `RES_DFLRETRY` of glibc).
impl Default for ResolvConf {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            search: Vec::new(),
            transport: Transport::Udp,
            ndots: 1,
            timeout: Duration::from_secs(5),
            attempts: 2,
            rotate: false,
            no_aaaa: false,
        }
    }
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
            "options" => words.for_each(|option| self.set_option(option)),
            _ => {}
        }
    }

    /// An option, of the file or of the environment (`RES_OPTIONS`), within the limits of glibc.
    fn set_option(&mut self, option: &str) {
        let (name, value) = option.split_once(':').unwrap_or((option, ""));
        let digits = value.bytes().take_while(u8::is_ascii_digit).count();
        // As atoi() reads it: what is no number is 0.
        let number = |most: u32| value[..digits].parse().unwrap_or(0).min(most);
        match name {
            "use-vc" => self.transport = Transport::Tcp,
            "ndots" => self.ndots = number(15) as usize,
            "timeout" => self.timeout = Duration::from_secs(number(30).max(1).into()),
            "attempts" => self.attempts = number(5).max(1),
            "rotate" => self.rotate = true,
            "no-aaaa" => self.no_aaaa = true,
            _ => {}
        }
    }

    /// What the environment says of it (resolv.conf(5)): `LOCALDOMAIN` for the search domains, and `RES_OPTIONS`.
    pub(super) fn amend(&mut self, local_domain: Option<&str>, options: Option<&str>) {
        if let Some(domains) = local_domain {
            self.set_search(domains.split([' ', '\t']).filter(|word| !word.is_empty()));
        }
        options.into_iter().flat_map(str::split_whitespace).for_each(|option| self.set_option(option));
    }

    /// How long the C library waits for a server before it asks the next one (`get_timeout` in `res_send.c` of
    /// glibc): by its place, and the number of servers.
    pub(crate) fn wait(&self, place: usize) -> Duration {
        let doubled = self.timeout * 2_u32.pow(u32::try_from(place).unwrap_or(2).min(2));
        let count = u32::try_from(self.servers.len()).unwrap_or(1).max(1);
        let share = if place == 0 { doubled } else { doubled / count };
        Duration::from_secs(share.as_secs().max(1))
    }

    /// The names to look up for a name, in the order of the C library (`res_search` of glibc).
    pub(crate) fn candidates(&self, name: &str) -> Vec<String> {
        if name.ends_with('.') {
            return vec![name.to_owned()];
        }
        let mut all: Vec<_> = self.search.iter().map(|domain| format!("{name}.{}", domain.trim_matches('.'))).collect();
        let place = if name.matches('.').count() >= self.ndots { 0 } else { all.len() };
        all.insert(place, name.to_owned());
        all
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
        assert_eq!((found.ndots, found.timeout, found.attempts), (2, Duration::from_secs(3), 4));
        assert!(!found.rotate && !found.no_aaaa);
    }

    #[test]
    fn options_have_the_limits_of_the_c_library() {
        let read = |text: &str| {
            let found = read(&format!("options {text}\n")).1;
            (found.ndots, found.timeout.as_secs(), found.attempts, found.rotate, found.no_aaaa)
        };
        assert_eq!(read(""), (1, 5, 2, false, false));
        assert_eq!(read("ndots:99 timeout:99 attempts:99 rotate no-aaaa"), (15, 30, 5, true, true));
        assert_eq!(read("ndots:0 timeout:0 attempts:0"), (0, 1, 1, false, false));
        assert_eq!(read("ndots timeout: attempts:x unknown:3 rotate:"), (0, 1, 1, true, false));
    }

    #[test]
    fn the_environment_has_the_last_word() {
        let (_, mut found) = read("search a.example\noptions ndots:2 timeout:3\n");
        found.amend(Some("b.example c.example"), Some("ndots:3 use-vc"));
        assert_eq!((found.ndots, found.timeout.as_secs(), found.transport), (3, 3, Transport::Tcp));
        assert_eq!(found.search, ["b.example", "c.example"]);
    }

    #[test]
    fn short_names_get_the_search_domains_first_and_long_ones_last() {
        let (_, found) = read("search a.example b.example.\noptions ndots:2\n");
        let shown = |name: &str| found.candidates(name).join(" ");
        assert_eq!(shown("db"), "db.a.example db.b.example db");
        assert_eq!(shown("db.shop"), "db.shop.a.example db.shop.b.example db.shop");
        assert_eq!(shown("db.shop.test"), "db.shop.test db.shop.test.a.example db.shop.test.b.example");
        assert_eq!(shown("db."), "db.");
        assert_eq!(read("").1.candidates("db"), ["db"]);
    }

    #[test]
    fn a_server_is_waited_for_as_the_c_library_does() {
        let waits = |count: usize| {
            let (_, found) = read(&"nameserver 192.0.2.1\n".repeat(count));
            (0..count).map(|place| found.wait(place).as_secs()).collect::<Vec<_>>()
        };
        assert_eq!((waits(1), waits(2), waits(3)), (vec![5], vec![5, 5], vec![5, 3, 6]));
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
