//! Who listens on this machine, so that a service whose address is taken is not started, and its operator is told by whom.
//!
//! Sources: proc(5) for `/proc/net/tcp`, `/proc/net/unix` and `/proc/PID/fd`; the kernel's `net/ipv4/tcp_ipv4.c`
//! (`get_tcp4_sock`) and `net/ipv6/tcp_ipv6.c` for the form of addresses, `net/unix/af_unix.c` (`unix_seq_show`).

use crate::host::{FileType, Host, Metadata, Symlinks};
use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// The sockets that listen. What cannot be read of them is not known; a service then says itself that it cannot start.
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    /// With the numbers of their inodes.
    tcp: Vec<(SocketAddr, u64)>,
    unix: Vec<(PathBuf, u64)>,
}

/// The process behind a socket.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Holder {
    /// Its number.
    pub(crate) process: u32,
    /// Its name, as ps(1) shows it.
    pub(crate) name: String,
    /// The unit of systemd's that it belongs to, if it does: the end of its control group's path.
    pub(crate) unit: Option<String>,
}

impl fmt::Display for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} (process {}", self.name, self.process)?;
        match &self.unit {
            Some(unit) => write!(formatter, " of {unit})"),
            None => formatter.write_str(")"),
        }
    }
}

/// In bytes; a socket is a line of 150, and all connections have one.
const MAX_SOCKETS: u64 = 64 * 1024 * 1024;

/// `TCP_LISTEN` of the kernel's `include/net/tcp_states.h`.
const LISTENS: &str = "0A";

/// `__SO_ACCEPTCON`: a socket of this family that listens.
const ACCEPTS: u32 = 0x1_0000;

impl Listeners {
    /// Those of this moment.
    pub(crate) fn read(host: &dyn Host) -> Self {
        let lines = |file: &str| {
            let content = host.read(Path::new(file), MAX_SOCKETS).ok().flatten().unwrap_or_default();
            String::from_utf8_lossy(&content).lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
        };
        let tcp = [lines("/proc/net/tcp"), lines("/proc/net/tcp6")].concat();
        let unix = lines("/proc/net/unix");
        Self {
            tcp: tcp.iter().filter_map(|line| tcp_listener(line)).collect(),
            unix: unix.iter().filter_map(|line| unix_listener(line)).collect(),
        }
    }

    /// The sockets in whose place another one cannot be had: of this address, or of all addresses where one of the two is
    /// for all.
    pub(crate) fn at(&self, address: SocketAddr) -> Vec<u64> {
        let is_all = |ip: IpAddr| ip.is_unspecified();
        let clashes = |other: &SocketAddr| {
            let (one, two) = (address.ip().to_canonical(), other.ip().to_canonical());
            other.port() == address.port() && (one == two || is_all(one) || is_all(two))
        };
        self.tcp.iter().filter(|(other, _)| clashes(other)).map(|(_, inode)| *inode).collect()
    }

    /// The sockets of this path.
    pub(crate) fn at_path(&self, path: &Path) -> Vec<u64> {
        self.unix.iter().filter(|(other, _)| other == path).map(|(_, inode)| *inode).collect()
    }
}

/// `  0: 0100007F:2672 00000000:0000 0A 00000000:00000000 00:00000000 00000000  999        0 12345 1 ...`
fn tcp_listener(line: &str) -> Option<(SocketAddr, u64)> {
    let fields: Vec<_> = line.split_whitespace().collect();
    let [_, local, _, LISTENS, _, _, _, _, _, inode, ..] = fields[..] else { return None };
    let (ip, port) = local.split_once(':')?;
    Some((SocketAddr::new(address(ip)?, u16::from_str_radix(port, 16).ok()?), inode.parse().ok()?))
}

/// Words of 32 bits in the machine's order of bytes, each as a hexadecimal number.
fn address(text: &str) -> Option<IpAddr> {
    let word = |at: usize| u32::from_str_radix(text.get(at..at + 8)?, 16).ok().map(u32::to_ne_bytes);
    match text.len() {
        8 => Some(Ipv4Addr::from(word(0)?).into()),
        32 => {
            let mut bytes = [0; 16];
            for (index, place) in bytes.chunks_exact_mut(4).enumerate() {
                place.copy_from_slice(&word(8 * index)?);
            }
            Some(Ipv6Addr::from(bytes).into())
        }
        _ => None,
    }
}

/// `0000000000000000: 00000002 00000000 00010000 0001 01 12345 /run/x.sock`
fn unix_listener(line: &str) -> Option<(PathBuf, u64)> {
    let mut fields = line.split_whitespace().skip(3);
    let flags = u32::from_str_radix(fields.next()?, 16).ok()?;
    let (inode, path) = (fields.nth(2)?.parse().ok()?, fields.next()?);
    (flags & ACCEPTS != 0).then(|| (PathBuf::from(path), inode))
}

/// The processes behind sockets, by the numbers of their inodes; those of other namespaces are not seen.
pub(crate) fn holders(host: &dyn Host, inodes: &[u64]) -> BTreeMap<u64, Holder> {
    let mut holders = BTreeMap::new();
    if inodes.is_empty() {
        return holders;
    }
    let wanted: BTreeMap<_, _> =
        inodes.iter().map(|inode| (PathBuf::from(format!("socket:[{inode}]")), *inode)).collect();
    for process in names(host, Path::new("/proc")).iter().filter_map(|name| name.parse().ok()) {
        let folder = PathBuf::from(format!("/proc/{process}"));
        for name in names(host, &folder.join("fd")) {
            // It may have ended meanwhile.
            if let Ok(Some(Metadata { kind: FileType::Link(target), .. })) =
                host.inspect(&folder.join("fd").join(name), Symlinks::NoFollow)
                && let Some(inode) = wanted.get(&target)
            {
                holders.entry(*inode).or_insert_with(|| holder(host, process, &folder));
            }
        }
    }
    holders
}

fn names(host: &dyn Host, folder: &Path) -> Vec<String> {
    host.list(folder).unwrap_or_default()
}

fn holder(host: &dyn Host, process: u32, folder: &Path) -> Holder {
    let text = |name: &str| {
        let content = host.read(&folder.join(name), 64 * 1024).ok().flatten().unwrap_or_default();
        String::from_utf8_lossy(&content).into_owned()
    };
    let groups = text("cgroup");
    let unit = groups
        .lines()
        .filter_map(|line| line.rsplit('/').next())
        .find(|name| [".service", ".scope"].iter().any(|ending| name.ends_with(ending)));
    Holder { process, name: text("comm").trim().to_owned(), unit: unit.map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Real;
    use std::net::TcpListener;
    use std::os::unix::net::UnixListener;

    /// The kernel's own word, of sockets of this very process.
    #[test]
    fn the_sockets_of_this_process_are_found_and_named() {
        let folder = std::env::temp_dir().join(format!("conn-check-charm-listeners-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("a.sock");
        let _unix = UnixListener::bind(&path).expect("a socket");
        for address in ["127.0.0.1:0", "[::1]:0", "0.0.0.0:0"] {
            let listener = TcpListener::bind(address).expect("a socket");
            let at = listener.local_addr().expect("its address");
            let (host, listeners) = (Real::new(), Listeners::read(&Real::new()));
            for inodes in [listeners.at(at), listeners.at_path(&path)] {
                let holders = holders(&host, &inodes);
                assert!(holders.values().any(|holder| holder.process == std::process::id()), "{at}: {holders:?}");
            }
            let elsewhere = SocketAddr::new(at.ip(), at.port().wrapping_add(1).max(1));
            let of_us = holders(&host, &listeners.at(elsewhere)).into_values();
            assert_eq!(of_us.filter(|holder| holder.process == std::process::id()).count(), 0);
        }
        std::fs::remove_dir_all(&folder).expect("removed");
    }

    #[test]
    fn an_address_clashes_with_itself_and_with_all_addresses() {
        let listeners =
            |address: &str| Listeners { tcp: vec![(address.parse().expect("one"), 7)], ..Listeners::default() };
        for (one, other, clashes) in [
            ("127.0.0.1:9842", "127.0.0.1:9842", true),
            ("127.0.0.1:9842", "0.0.0.0:9842", true),
            ("0.0.0.0:9842", "10.0.0.1:9842", true),
            ("[::]:9842", "127.0.0.1:9842", true),
            ("[::ffff:127.0.0.1]:9842", "127.0.0.1:9842", true),
            ("127.0.0.1:9842", "127.0.0.2:9842", false),
            ("127.0.0.1:9842", "127.0.0.1:9843", false),
        ] {
            assert_eq!(!listeners(one).at(other.parse().expect("one")).is_empty(), clashes, "{one} {other}");
        }
    }
}
