//! What confines this very process, where the kernel says EACCES or EPERM to a socket and neither a route nor a firewall
//! is the reason: `AppArmor` and `SELinux` by the label of the process (`/proc/self/attr`, proc(5)), any user; seccomp by
//! `/proc/self/status`. As root, the denial itself, from the kernel's log (`/dev/kmsg`).
//!
//! The forms of labels and of the log are from apparmor(7) and from the kernel's source (security/apparmor/audit.c,
//! security/selinux/avc.c), held against recorded texts: no kernel of the tests has either. Seccomp is tried.

use super::Way;
use crate::fault::{Cause, Fault};
use crate::secret::{sentence, theirs};
use nix::errno::Errno;
use nix::libc;
use nix::unistd::{geteuid, getpid};
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Read as _};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// What a label of this process says.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Label {
    /// A profile of `AppArmor`, in a mode that denies.
    AppArmor { profile: String },
    /// A context of `SELinux`, where it is enforced.
    Selinux { context: String },
}

/// The denial of a connection by this host, with what is known of who denied it.
pub(crate) fn of_denial(fault: Fault, address: SocketAddr) -> Fault {
    if Way::to(address).route.is_err_and(|error| matches!(error, Errno::EACCES | Errno::EPERM)) {
        // A route or a rule for routes does it.
        return fault;
    }
    let fault = match Label::now() {
        Some(label) => label.told(fault),
        None if has_seccomp_filter(&fs::read_to_string("/proc/self/status").unwrap_or_default()) => {
            fault.with_evidence("a filter of system calls (seccomp) is on this process").next_step(
                "look at the sandbox that conn-check runs in: its unit's SystemCallFilter, the container's profile",
            )
        }
        None => fault,
    };
    match logged().filter(|_| geteuid().is_root()) {
        Some(line) => fault.with_evidence(sentence!["the kernel's log: ", theirs(&line)]),
        None => fault,
    }
}

/// No socket of a family that the kernel has: it is kept from this process.
pub(crate) fn of_family(fault: Fault, address: SocketAddr) -> Fault {
    let family = family(address);
    if address.is_ipv6() && !Path::new("/proc/net/if_inet6").exists() {
        return fault;
    }
    let message = sentence!["this process may not open a socket of ", family, ", which ", address, " needs"];
    fault.become_of(Cause::DeniedLocally).about(message).next_step(sentence![
        "allow ",
        family,
        " in RestrictAddressFamilies of the unit, or in the sandbox"
    ])
}

/// As systemd calls it.
pub(super) const fn family(address: SocketAddr) -> &'static str {
    if address.is_ipv4() { "AF_INET" } else { "AF_INET6" }
}

impl Label {
    fn now() -> Option<Self> {
        let read = |path| fs::read_to_string(path).ok();
        // The first is AppArmor's own (Linux 5.8), the second whoever's turn it is.
        let label = read("/proc/self/attr/apparmor/current").or_else(|| read("/proc/self/attr/current"))?;
        let enforces = read("/sys/fs/selinux/enforce").map(|enforces| enforces.trim() == "1");
        Self::read(&label, enforces)
    }

    /// A label that may deny; `enforces`: whether `SELinux` does, where there is `SELinux`.
    fn read(label: &str, enforces: Option<bool>) -> Option<Self> {
        let label = label.trim_matches(['\0', '\n', ' ']);
        if let Some(profile) = label.strip_suffix(" (enforce)").or_else(|| label.strip_suffix(" (kill)")) {
            return Some(Self::AppArmor { profile: profile.to_owned() });
        }
        let is_context = enforces == Some(true) && label.split(':').count() >= 3;
        is_context.then(|| Self::Selinux { context: label.to_owned() })
    }

    fn told(&self, fault: Fault) -> Fault {
        match self {
            Self::AppArmor { profile } => fault
                .with_evidence(sentence!["AppArmor confines this process (profile ", theirs(profile), ", enforce)"])
                .next_step(sentence![
                    "`journalctl -k -g apparmor`, as root, shows what it denied: let the profile ",
                    theirs(profile),
                    " have the network"
                ]),
            Self::Selinux { context } => fault
                .with_evidence(sentence!["SELinux is enforced (context ", theirs(context), ")"])
                .next_step("`ausearch -m avc -ts recent`, as root, shows what it denied"),
        }
    }
}

/// Whether system calls of this process are filtered (`Seccomp: 2`).
fn has_seccomp_filter(status: &str) -> bool {
    status.lines().any(|line| line.split_whitespace().eq(["Seccomp:", "2"]))
}

/// The last denial of this process in the kernel's log. It holds no more than the log's buffer, and nothing is waited for.
fn logged() -> Option<String> {
    const MOST_RECORDS: usize = 20_000;
    let mut log = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open("/dev/kmsg").ok()?;
    let mut last = None;
    let mut record = vec![0; 8 << 10];
    for _ in 0..MOST_RECORDS {
        match log.read(&mut record) {
            Ok(0) => break,
            Ok(count) => last = denial(&String::from_utf8_lossy(&record[..count]), getpid().as_raw()).or(last),
            // Overwritten meanwhile: the next one is there.
            Err(error) if error.raw_os_error() == Some(libc::EPIPE) || error.kind() == ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    last
}

/// What a record of the log says, if it is a denial of this process: `PRIORITY,NUMBER,TIME,FLAGS;TEXT`.
fn denial(record: &str, process: i32) -> Option<String> {
    let text = record.split_once(';').map_or(record, |(_, text)| text).lines().next()?;
    let denies = text.contains("apparmor=\"DENIED\"") || (text.contains("avc:") && text.contains(" denied "));
    let mut words = text.split_whitespace();
    (denies && words.any(|word| word == format!("pid={process}"))).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_deny_where_they_are_enforced() {
        let profile = |profile: &str| Some(Label::AppArmor { profile: profile.into() });
        assert_eq!(Label::read("/usr/bin/conn-check (enforce)\n", None), profile("/usr/bin/conn-check"));
        assert_eq!(Label::read("snap.app.check//sub (kill)\0", None), profile("snap.app.check//sub"));
        assert_eq!(Label::read("unconfined\n", None), None);
        assert_eq!(Label::read("/usr/bin/conn-check (complain)\n", None), None);
        let context = "system_u:system_r:nrpe_t:s0-s0:c0.c1023";
        assert_eq!(Label::read(&format!("{context}\0"), Some(true)), Some(Label::Selinux { context: context.into() }));
        assert_eq!(Label::read(context, Some(false)), None);
        assert_eq!(Label::read("", Some(true)), None);
    }

    #[test]
    fn a_denial_of_this_process_is_known_in_the_kernels_log() {
        // Recorded on Ubuntu 22.04 and Fedora 38.
        let apparmor = "5,1189,81737465,-;audit: type=1400 audit(1699872401.716:69): apparmor=\"DENIED\" \
            operation=\"create\" profile=\"conn-check\" pid=4711 comm=\"conn-check\" family=\"inet\" \
            sock_type=\"stream\" protocol=0 requested_mask=\"create\" denied_mask=\"create\"\n";
        assert!(denial(apparmor, 4711).is_some_and(|text| text.starts_with("audit: type=1400")));
        assert_eq!(denial(apparmor, 471), None);
        let selinux = "5,1200,9,-;audit: type=1400 audit(1699872401.7:70): avc:  denied  { name_connect } for  \
            pid=4711 comm=\"conn-check\" dest=5432 scontext=system_u:system_r:nrpe_t:s0 \
            tcontext=system_u:object_r:postgresql_port_t:s0 tclass=tcp_socket permissive=0\n SUBSYSTEM=x\n";
        assert!(denial(selinux, 4711).is_some_and(|text| text.ends_with("permissive=0")));
        assert_eq!(denial("6,1,1,-;pid=4711 hello\n", 4711), None);
    }

    #[test]
    fn a_filter_of_system_calls_is_known() {
        assert!(has_seccomp_filter("Name:\tconn-check\nSeccomp:\t2\nSeccomp_filters:\t1\n"));
        assert!(!has_seccomp_filter("Seccomp:\t0\nSeccomp_filters:\t0\n"));
    }
}
