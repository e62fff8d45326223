//! The proxies of a service, as the variables of its environment name them.
//!
//! No standard has them; this is what curl, Python's requests and Go agree on (`curl(1)`, "Environment"; Go, package
//! `golang.org/x/net/http/httpproxy`): the small letters win over the capital ones, that of the scheme over that of all,
//! and what `NO_PROXY` names goes without one.

use crate::net::{Endpoint, HostKind};
use crate::secret::redact_url;
use crate::text::{escaped, shortened};
use std::net::IpAddr;

/// Variables that name proxies. Nothing else of a service's environment is of interest.
pub const PROXY_VARIABLES: [&str; 8] =
    ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"];

/// Those of a service that are set.
#[derive(Clone, Debug, Default)]
pub struct ProxyVariables(Vec<(String, String)>);

impl ProxyVariables {
    /// The names and the values that an environment has.
    #[must_use]
    pub fn new(set: Vec<(String, String)>) -> Self {
        Self(set)
    }

    /// Each as `NAME=VALUE`, without logins.
    #[must_use]
    pub fn shown(&self) -> Vec<String> {
        let shown = |(name, value): &(String, String)| {
            let is_url = !name.eq_ignore_ascii_case("no_proxy");
            let value = if is_url { redact_url(&with_scheme(value)) } else { value.clone() };
            format!("{name}={}", shortened(&escaped(&value)))
        };
        self.0.iter().map(shown).collect()
    }

    /// The URL of the proxy of requests to a place, and the variable that names it.
    pub(crate) fn proxy_for(&self, is_tls: bool, place: &Endpoint) -> Option<(&'static str, String)> {
        if self.value(["no_proxy", "NO_PROXY"]).is_some_and(|(_, spared)| is_spared(place, spared)) {
            return None;
        }
        self.proxy_of(is_tls)
    }

    /// The same, whatever `NO_PROXY` says.
    pub(crate) fn proxy_of(&self, is_tls: bool) -> Option<(&'static str, String)> {
        let of_scheme = if is_tls { ["https_proxy", "HTTPS_PROXY"] } else { ["http_proxy", "HTTP_PROXY"] };
        let (name, url) = self.value(of_scheme).or_else(|| self.value(["all_proxy", "ALL_PROXY"]))?;
        Some((name, with_scheme(url)))
    }

    fn value(&self, names: [&'static str; 2]) -> Option<(&'static str, &str)> {
        let set = |name| self.0.iter().find(|(key, _)| key == name).map(|(_, value)| (name, value.trim()));
        names.into_iter().filter_map(set).find(|(_, value)| !value.is_empty())
    }
}

/// A place alone is one of an HTTP proxy.
fn with_scheme(url: &str) -> String {
    if url.contains("://") { url.to_owned() } else { format!("http://{url}") }
}

/// Whether a list of `NO_PROXY` has a place: `*`, a domain with all below it, an address or a network, each maybe with
/// a port.
fn is_spared(place: &Endpoint, list: &str) -> bool {
    list.split([',', ' ']).map(str::trim).filter(|one| !one.is_empty()).any(|one| one == "*" || is_one_of(place, one))
}

fn is_one_of(place: &Endpoint, one: &str) -> bool {
    let HostKind::Name(name) = place.host.kind() else {
        let HostKind::Address(address, _) = place.host.kind() else { return false };
        return is_in_network(*address, one) || with_port(one, place).is_some_and(|one| is_in_network(*address, one));
    };
    let one = with_port(one, place).unwrap_or(one);
    let domain = one.trim_start_matches('*').trim_matches('.').to_ascii_lowercase();
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name.strip_suffix(domain.as_str())
        .is_some_and(|rest| !domain.is_empty() && (rest.is_empty() || rest.ends_with('.')))
}

/// What stands before the port, where that is the place's.
fn with_port<'a>(one: &'a str, place: &Endpoint) -> Option<&'a str> {
    let (host, port) = one.rsplit_once(':')?;
    (port.parse() == Ok(place.port.get())).then_some(host)
}

/// `10.0.0.1`, `10.0.0.0/8`, `[fd00::1]`, `fd00::/8`.
fn is_in_network(address: IpAddr, network: &str) -> bool {
    let (first, length) = network.split_once('/').unwrap_or((network, "128"));
    let Ok(first) = first.trim_matches(['[', ']']).parse::<IpAddr>() else { return false };
    let Ok(length) = length.parse::<u32>() else { return false };
    match (address, first) {
        (IpAddr::V4(address), IpAddr::V4(first)) => {
            let rest = 32_u32.saturating_sub(length);
            u64::from(address.to_bits()) >> rest == u64::from(first.to_bits()) >> rest
        }
        (IpAddr::V6(address), IpAddr::V6(first)) => {
            let rest = 128_u32.saturating_sub(length);
            rest == 128 || address.to_bits() >> rest == first.to_bits() >> rest
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Host, Port};

    fn place(host: &str, port: u16) -> Endpoint {
        Endpoint::tcp(Host::parse(host).expect("a host"), Port::new(port).expect("a port"))
    }

    fn variables(set: &[(&str, &str)]) -> ProxyVariables {
        ProxyVariables::new(set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn the_variable_of_the_scheme_wins_and_small_letters_do() {
        let set = variables(&[
            ("HTTP_PROXY", "http://capital:1"),
            ("http_proxy", "small:2"),
            ("HTTPS_PROXY", "http://tls:3"),
            ("ALL_PROXY", "socks5h://all:4"),
        ]);
        let app = place("app.internal", 80);
        assert_eq!(set.proxy_for(false, &app), Some(("http_proxy", "http://small:2".to_owned())));
        assert_eq!(set.proxy_for(true, &app), Some(("HTTPS_PROXY", "http://tls:3".to_owned())));
        let all = variables(&[("ALL_PROXY", "socks5h://all:4"), ("https_proxy", " ")]);
        assert_eq!(all.proxy_for(true, &app), Some(("ALL_PROXY", "socks5h://all:4".to_owned())));
        assert_eq!(variables(&[("NO_PROXY", "x")]).proxy_for(true, &app), None);
    }

    #[test]
    fn what_no_proxy_names_goes_without_one() {
        let takes = |list: &str, place: &Endpoint| is_spared(place, list);
        let app = place("app.Internal", 8080);
        for list in
            ["*", "internal", ".internal", "*.internal", "app.internal", "x, app.internal:8080", "x app.internal."]
        {
            assert!(takes(list, &app), "{list}");
        }
        for list in ["", "ternal", "app.internal:80", "x.app.internal", ".", "10.0.0.0/8"] {
            assert!(!takes(list, &app), "{list}");
        }
        let four = place("10.1.2.3", 80);
        for list in ["10.1.2.3", "10.0.0.0/8", "10.1.2.3:80", "0.0.0.0/0"] {
            assert!(takes(list, &four), "{list}");
        }
        for list in ["10.1.2.4", "11.0.0.0/8", "10.1.2.3:81", "1.2.3", "10.1.2.3/x", "::/0"] {
            assert!(!takes(list, &four), "{list}");
        }
        let six = place("fd00::5", 80);
        assert!(takes("fd00::/8", &six) && takes("[fd00::5]:80", &six) && takes("::/0", &six));
        assert!(!takes("fe80::/16", &six));
    }

    #[test]
    fn a_login_of_a_proxy_is_not_shown() {
        let shown = variables(&[("HTTPS_PROXY", "user:s3cret@proxy:1"), ("NO_PROXY", ".internal")]).shown();
        assert_eq!(shown, ["HTTPS_PROXY=http://***@proxy:1", "NO_PROXY=.internal"]);
    }
}
