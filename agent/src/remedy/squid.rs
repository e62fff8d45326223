//! Squid: its rules (<https://www.squid-cache.org/Doc/config/http_access/>).

use super::Remedy;
use super::quote::bare;
use std::net::IpAddr;

/// The proxy's rules do not let this host reach the target: one for this address, host and port.
pub(crate) fn permit(from: IpAddr, host: &str, port: u16) -> Option<Remedy> {
    let host = bare(host)?;
    let is_address = host.parse::<IpAddr>().is_ok();
    let kind = if is_address { "dst" } else { "dstdomain -n" };
    let lines = [
        format!("acl conn_check_from src {from}"),
        format!("acl conn_check_to {kind} {host}"),
        format!("acl conn_check_port port {port}"),
        "http_access allow conn_check_from conn_check_to conn_check_port".to_owned(),
    ];
    let place = "in squid.conf of the proxy, above its `http_access deny` lines; then `squid -k reconfigure`";
    Some(Remedy::new().decide(place, lines))
}
