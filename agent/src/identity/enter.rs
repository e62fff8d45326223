//! Taking the place of a service.

use super::Service;
use super::cgroup;
use super::process::{Namespace, Process};
use super::service::told;
use crate::comparison::Subject;
use nix::errno::Errno;
use nix::sched::{CloneFlags, setns};
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::{chroot, fchdir};
use std::fs;
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _};

impl Service {
    /// Takes its place, for good: its control group, which is found in our own file system; its network and its mount
    /// namespace; its root directory; its user. What is opened from now on is opened as that user, with its files. This
    /// process must have one thread (`setns(2)`), and have opened whatever is not the service's.
    ///
    /// The limit of open files is [`leave_descriptors`]'s. Its capabilities, its security profile and its filter of
    /// system calls are not taken over.
    ///
    /// # Errors
    /// One sentence: nothing is checked, as it would not be as the service.
    pub fn enter(&self, subject: &mut Subject) -> Result<(), String> {
        if let Some(process) = &self.process {
            enter_process(process, subject)?;
        }
        self.user
            .become_for_good()
            .map_err(|error| format!("this process cannot become the user {}: {error}", self.user.name))?;
        // What is in memory is not for other processes of that user; the change of the user undid it.
        let _ = nix::sys::prctl::set_dumpable(false);
        Ok(())
    }
}

/// All but the user. Everything is opened first: what is named by a path is seen otherwise from the namespaces.
fn enter_process(process: &Process, subject: &mut Subject) -> Result<(), String> {
    let failed = |error: io::Error| told(process.pid, &error);
    let network = process.namespace("net").map_err(failed)?;
    let mount = process.namespace("mnt").map_err(failed)?;
    let root = process.root().map_err(failed)?;
    let confined = process.confined();
    if !confined.is_empty() {
        subject.notes.push(format!("not taken over from the service: {}", confined.join(", ")));
    }
    if !process.is_there() {
        return Err(format!("process {} has ended", process.pid));
    }
    match join(process) {
        Ok(group) => subject.cgroup = Some(group),
        Err(why) => subject.notes.push(why),
    }
    take(&network, CloneFlags::CLONE_NEWNET, "network", subject)?;
    take(&mount, CloneFlags::CLONE_NEWNS, "mount", subject)?;
    if let Some(root) = root {
        let changed = fchdir(&root).and_then(|()| chroot("."));
        changed.map_err(|error| format!("the root directory of process {} cannot be taken: {error}", process.pid))?;
    }
    Ok(())
}

/// The group that this process is in now.
fn join(process: &Process) -> Result<String, String> {
    let Some(group) = process.cgroup() else {
        return Err(
            "the service is in no control group of version 2: a firewall that goes by control groups is not tried"
                .into(),
        );
    };
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    if own.lines().any(|line| line.strip_prefix("0::") == Some(group.as_str())) {
        return Ok(group);
    }
    cgroup::join(&group).map_err(|error| {
        format!("its control group {group} cannot be joined ({error}): what goes by it (IPAddressDeny=, firewalls) is not tried")
    })?;
    Ok(group)
}

fn take(namespace: &Namespace, flag: CloneFlags, kind: &'static str, subject: &mut Subject) -> Result<(), String> {
    if !namespace.is_another {
        return Ok(());
    }
    setns(&namespace.file, flag).map_err(|error| refused(kind, error))?;
    subject.namespaces.push(kind);
    Ok(())
}

fn refused(kind: &str, error: Errno) -> String {
    let why = if error == Errno::EPERM { "; root of a container is not enough" } else { "" };
    format!("the {kind} namespace of the service cannot be entered: {error}{why}")
}

/// Leaves this process as many file descriptors as the service has left, whatever it has open itself by now.
///
/// # Errors
/// The system's.
pub fn leave_descriptors(left: u64) -> io::Result<()> {
    // The next number is the lowest that is free; the limit is one of numbers.
    let next = io::stdin().as_fd().try_clone_to_owned()?.as_raw_fd();
    let most = u64::try_from(next).unwrap_or_default().saturating_add(left);
    let (_, hard) = nix::sys::resource::getrlimit(Resource::RLIMIT_NOFILE)?;
    let most = most.min(hard);
    Ok(setrlimit(Resource::RLIMIT_NOFILE, most, most)?)
}
