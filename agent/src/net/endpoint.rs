//! Where a check connects to.

use crate::phase::words;
use crate::secret::{Sentence, ours};
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZero;

words! {
    /// The transport under a check's protocol.
    pub Transport {
        /// A byte stream.
        Tcp "tcp",
        /// Datagrams.
        Udp "udp",
    }
}

/// A port, 1 to 65535.
pub(crate) type Port = NonZero<u16>;

/// Where a check connects to: transport, host and port.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Endpoint {
    /// TCP or UDP.
    pub transport: Transport,
    /// A name or an address.
    pub host: Host,
    /// 1 to 65535.
    pub port: Port,
}

impl Endpoint {
    /// A TCP endpoint.
    pub(crate) const fn tcp(host: Host, port: Port) -> Self {
        Self { transport: Transport::Tcp, host, port }
    }

    /// A UDP endpoint.
    pub(crate) const fn udp(host: Host, port: Port) -> Self {
        Self { transport: Transport::Udp, host, port }
    }

    /// Datagrams, and what does not fit into one: the two endpoints of a resolver.
    pub(crate) fn both(host: Host, port: Port) -> [Self; 2] {
        [Self::udp(host.clone(), port), Self::tcp(host, port)]
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not with `write!`: it is the greater part of all names.
        f.write_str(&self.host.shown)?;
        f.write_str(":")?;
        self.port.fmt(f)
    }
}

impl From<&Endpoint> for Sentence {
    fn from(endpoint: &Endpoint) -> Self {
        ours(endpoint)
    }
}

/// A host: an address, or a name that is legal in the DNS or in `/etc/hosts`.
///
/// Displayed as it was written, an IPv6 address in brackets.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Host {
    shown: String,
    kind: HostKind,
}

/// What a [`Host`] means.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) enum HostKind {
    /// An address literal; the zone is an interface's name or index (RFC 4007), empty for none.
    Address(IpAddr, String),
    /// A name in its ASCII form (RFC 5891).
    Name(String),
}

/// Why a text is not a host.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct BadHost(&'static str);

impl fmt::Display for BadHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Host {
    /// Reads an address (IPv6 with or without brackets, with or without `%zone`) or a name
    /// (international names too).
    /// An error says which rule of RFC 1123 or RFC 5891 the text breaks.
    pub(crate) fn parse(text: &str) -> Result<Self, BadHost> {
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        if let Some(kind) = address(bare) {
            let shown = if bare.contains(':') { format!("[{bare}]") } else { bare.to_owned() };
            return Ok(Self { shown, kind });
        }
        if text.contains("://") {
            return Err(BadHost("it is a URL; write only the host"));
        }
        if bare.contains(':') {
            return Err(BadHost(
                "expected a host without a port; an IPv6 address has only hexadecimal digits, colons and an optional %zone",
            ));
        }
        Ok(Self { shown: text.to_owned(), kind: HostKind::Name(name(text)?) })
    }

    /// What the host means.
    pub(crate) const fn kind(&self) -> &HostKind {
        &self.kind
    }

    /// The name or address as TLS and HTTP want it: no brackets, no zone, ASCII.
    pub(crate) fn bare(&self) -> String {
        match &self.kind {
            HostKind::Address(address, _) => address.to_string(),
            HostKind::Name(name) => name.trim_end_matches('.').to_owned(),
        }
    }
}

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Self {
        let shown = if address.is_ipv6() { format!("[{address}]") } else { address.to_string() };
        Self { shown, kind: HostKind::Address(address, String::new()) }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.shown)
    }
}

impl From<&Host> for Sentence {
    fn from(host: &Host) -> Self {
        ours(host)
    }
}

fn address(text: &str) -> Option<HostKind> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(HostKind::Address(address, String::new()));
    }
    let (address, zone) = text.split_once('%')?;
    let address: Ipv6Addr = address.parse().ok()?;
    let legal = !zone.is_empty() && zone.len() < 16 && zone.chars().all(|c| c.is_ascii_graphic() && c != '/');
    legal.then(|| HostKind::Address(address.into(), zone.to_owned()))
}

fn name(text: &str) -> Result<String, BadHost> {
    if text.is_empty() {
        return Err(BadHost("it is empty"));
    }
    if let Some(bad) =
        text.chars().find(|c| c.is_whitespace() || c.is_control() || "/@?#\\\"'`$;&|<>(){}%,!*=+~^".contains(*c))
    {
        return Err(BadHost(if bad.is_whitespace() {
            "a host has no white space"
        } else {
            "a host has only letters, digits, `-`, `_` and `.`"
        }));
    }
    let ascii = idna::domain_to_ascii(text).map_err(|_| BadHost("it is not a legal international name (RFC 5891)"))?;
    let bare = ascii.strip_suffix('.').unwrap_or(&ascii);
    if bare.len() > 253 {
        return Err(BadHost("a name has 253 characters at most"));
    }
    if bare.split('.').any(str::is_empty) {
        return Err(BadHost("a name has no empty part between its dots"));
    }
    if bare.split('.').any(|label| label.len() > 63) {
        return Err(BadHost("each part of a name has 63 characters at most"));
    }
    if bare.split('.').any(|label| label.starts_with('-') || label.ends_with('-')) {
        return Err(BadHost("no part of a name begins or ends with `-`"));
    }
    if bare.rsplit('.').next().is_some_and(is_number) {
        let is_short = matches!(url::Host::parse(bare), Ok(url::Host::Ipv4(_)));
        return Err(BadHost(if is_short { SHORT_IPV4 } else { NO_IPV4 }));
    }
    Ok(ascii)
}

/// What is wrong with what ends in a number, and is no address in any form.
pub(crate) const NO_IPV4: &str = "it looks like an IPv4 address but is not one";

/// The same of one in an old short form (`127.1`, `0x7f000001`: `inet_aton(3)`), of which each program makes its own.
const SHORT_IPV4: &str = "it is a short form of an IPv4 address; write its four numbers, as in 127.0.0.1";

/// Whether the last part of a name is a number, with which no name ends (WHATWG URL, "ends in a number").
fn is_number(label: &str) -> bool {
    let is_hex = |digits: &str| digits.bytes().all(|b| b.is_ascii_hexdigit());
    label.bytes().all(|b| b.is_ascii_digit()) || label.strip_prefix("0x").is_some_and(is_hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_are_told_apart_and_shown_as_written() {
        for (text, shown, bare) in [
            ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
            ("::1", "[::1]", "::1"),
            ("[::1]", "[::1]", "::1"),
            ("fe80::1%eth0", "[fe80::1%eth0]", "fe80::1"),
            ("db.internal", "db.internal", "db.internal"),
            ("db_1.internal.", "db_1.internal.", "db_1.internal"),
            ("b\u{fc}cher.example", "b\u{fc}cher.example", "xn--bcher-kva.example"),
        ] {
            let host = Host::parse(text).expect(text);
            assert_eq!((host.to_string().as_str(), host.bare().as_str()), (shown, bare));
        }
    }

    #[test]
    fn a_short_form_of_an_address_is_told_as_such() {
        for (text, rule) in
            [("127.1", SHORT_IPV4), ("0x7f000001", SHORT_IPV4), ("017700000001", SHORT_IPV4), ("1.2.3.256", NO_IPV4)]
        {
            assert_eq!(Host::parse(text).map_err(|error| error.to_string()), Err(rule.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused_with_the_rule_it_breaks() {
        for text in [
            "",
            "a b",
            "http://x",
            "a..b",
            "-a",
            "a:80",
            "$(reboot)",
            "256.1.1.1",
            "a\nb",
            "x/y",
            "1.2.3",
            "127.1",
            "0x7f.0.0.1",
            "0X7F000001",
            &"a".repeat(64),
            &"a.".repeat(130),
        ] {
            assert!(Host::parse(text).is_err(), "{text:?} must be refused");
        }
    }
}
