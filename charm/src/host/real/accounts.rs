//! Users and groups: those of the system, or of the files in a scratch root.

use crate::host::User;
use crate::host::real::Real;
use nix::unistd;
use std::ffi::CString;
use std::io;
use std::path::Path;

pub(super) fn user(host: &Real, name: &str) -> io::Result<Option<User>> {
    if !host.privileged && host.is_scratch() {
        return rehearsed_user(host, name);
    }
    if host.is_scratch() { scratch_user(host, name) } else { system_user(name) }
}

pub(super) fn group(host: &Real, name: &str) -> io::Result<Option<u32>> {
    if !host.privileged && host.is_scratch() {
        return Ok(Some(unistd::getegid().as_raw()));
    }
    if !host.is_scratch() {
        return Ok(unistd::Group::from_name(name)?.map(|group| group.gid.as_raw()));
    }
    let line = fields(host, "etc/group")?.into_iter().find(|fields| fields[0] == name);
    Ok(line.and_then(|fields| number(&fields, 2)))
}

/// Without root's permissions no user can be created and no owner changed: each user is the one that
/// rehearses. Only the existence of nrpe's user is read from the scratch root.
fn rehearsed_user(host: &Real, name: &str) -> io::Result<Option<User>> {
    let known = name != "nagios" || fields(host, "etc/passwd")?.iter().any(|fields| fields[0] == name);
    let (uid, gid) = (unistd::geteuid().as_raw(), unistd::getegid().as_raw());
    Ok(known.then(|| User { uid, gid, groups: Vec::new() }))
}

fn system_user(name: &str) -> io::Result<Option<User>> {
    let Some(user) = unistd::User::from_name(name)? else { return Ok(None) };
    let gid = user.gid.as_raw();
    let name = CString::new(name).map_err(io::Error::other)?;
    let groups = unistd::getgrouplist(&name, user.gid)?;
    let groups = groups.into_iter().map(unistd::Gid::as_raw).filter(|group| *group != gid).collect();
    Ok(Some(User { uid: user.uid.as_raw(), gid, groups }))
}

fn scratch_user(host: &Real, name: &str) -> io::Result<Option<User>> {
    if name == "root" {
        return Ok(Some(User { uid: 0, gid: 0, groups: Vec::new() }));
    }
    let line = fields(host, "etc/passwd")?.into_iter().find(|fields| fields[0] == name);
    let Some((uid, gid)) = line.and_then(|fields| Some((number(&fields, 2)?, number(&fields, 3)?))) else {
        return Ok(None);
    };
    let member = |fields: &Vec<String>| fields.get(3).is_some_and(|members| members.split(',').any(|one| one == name));
    let groups = fields(host, "etc/group")?.into_iter().filter(member);
    Ok(Some(User { uid, gid, groups: groups.filter_map(|fields| number(&fields, 2)).collect() }))
}

/// The lines of a file in the form of passwd(5).
fn fields(host: &Real, file: &str) -> io::Result<Vec<Vec<String>>> {
    match std::fs::read_to_string(host.root.join(Path::new(file))) {
        Ok(text) => Ok(text.lines().map(|line| line.split(':').map(str::to_owned).collect()).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn number(fields: &[String], index: usize) -> Option<u32> {
    fields.get(index)?.parse().ok()
}
