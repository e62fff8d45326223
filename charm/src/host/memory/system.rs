//! The system's programs in memory: accounts and services.

use crate::host::memory::{Memory, Systemd, systemd};
use crate::host::{Output, User};
use std::io;

const NRPE: &str = "nagios-nrpe-server";

/// groupadd(8), useradd(8), userdel(8), systemctl(1), service(8).
pub(super) fn run(memory: &mut Memory, name: &str, arguments: &[&str]) -> io::Result<Output> {
    // Asking changes nothing.
    if let ("systemctl", ["is-active", service]) = (name, arguments) {
        return if *service == NRPE { is_active(memory) } else { systemd::run(memory, arguments) };
    }
    memory.ran.push([name].iter().chain(arguments).map(|word| (*word).to_owned()).collect());
    if name == "systemctl" && !arguments.contains(&NRPE) {
        return systemd::run(memory, arguments);
    }
    let status = match (name, arguments) {
        ("groupadd", ["--system", group]) => add_group(memory, group)?,
        (
            "useradd",
            ["--system", "--gid", group, "--home-dir", home, "--no-create-home", "--shell", "/usr/sbin/nologin", user],
        ) if home.starts_with('/') => add_user(memory, user, group)?,
        ("userdel", [user]) => delete_user(memory, user)?,
        ("systemctl", ["reload", "nagios-nrpe-server"]) => match memory.systemd {
            Systemd::Runs => reload(memory)?,
            Systemd::Installed => 1,
            Systemd::Absent => return Err(io::ErrorKind::NotFound.into()),
        },
        ("service", ["nagios-nrpe-server", "reload" | "restart"]) => reload(memory)?,
        ("service", ["nagios-nrpe-server", "status"]) => i32::from(!memory.users.contains_key("nagios")),
        _ => panic!("not how this is called: {name} {arguments:?}"),
    };
    Ok(Output { status: Some(status), ..Output::default() })
}

fn add_group(memory: &mut Memory, group: &str) -> io::Result<i32> {
    memory.steps.take()?;
    let free = 900 + u32::try_from(memory.groups.len()).unwrap_or(0);
    let there = memory.groups.contains_key(group);
    memory.groups.entry(group.to_owned()).or_insert(free);
    Ok(if there { 9 } else { 0 })
}

fn add_user(memory: &mut Memory, user: &str, group: &str) -> io::Result<i32> {
    memory.steps.take()?;
    let Some(gid) = memory.groups.get(group).copied() else { return Ok(6) };
    if memory.users.contains_key(user) {
        return Ok(9);
    }
    memory.users.insert(user.to_owned(), User { uid: 999, gid, groups: Vec::new() });
    Ok(0)
}

fn delete_user(memory: &mut Memory, user: &str) -> io::Result<i32> {
    memory.steps.take()?;
    // As userdel(8) says of a user whose processes run.
    if memory.busy_user || !memory.services.running.is_empty() {
        return Ok(8);
    }
    Ok(if memory.users.remove(user).is_some() { 0 } else { 6 })
}

/// Without nrpe there is nothing to reload.
fn reload(memory: &mut Memory) -> io::Result<i32> {
    memory.steps.take_or_go_on()?;
    if !memory.users.contains_key("nagios") {
        return Ok(5);
    }
    if memory.deaf_nrpe {
        return Ok(1);
    }
    memory.read_nrpe();
    Ok(0)
}

/// What systemd knows of nrpe.
fn is_active(memory: &Memory) -> io::Result<Output> {
    let (status, state) = match memory.systemd {
        Systemd::Runs if memory.users.contains_key("nagios") => (0, "active\n"),
        Systemd::Runs => (3, "inactive\n"),
        Systemd::Installed => (1, ""),
        Systemd::Absent => return Err(io::ErrorKind::NotFound.into()),
    };
    Ok(Output { status: Some(status), stdout: state.into(), ..Output::default() })
}
