//! systemd in memory, as far as services of the charm go: what it has read of their files, what runs, and what that has read.
//! A command that it does not have, or an option that the program does not have, is a panic.

use crate::host::memory::{Memory, Systemd};
use crate::host::{FileType, Metadata, Output};
use crate::paths::unit_of_service;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddrV4;
use std::path::{Path, PathBuf};

/// The services.
#[derive(Clone, Debug, Default)]
pub(crate) struct Services {
    /// The files as they were when they were last read.
    read: BTreeMap<String, String>,
    pub(crate) running: BTreeMap<String, Running>,
    /// Where others listen: `127.0.0.1:9842`, or a path.
    pub(crate) taken: BTreeSet<String>,
}

/// A service that runs, and what it goes by.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Running {
    pub(crate) program: String,
    pub(crate) listen: String,
    pub(crate) metrics: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) file: String,
    pub(crate) checks: String,
}

const DIRECTORY: &str = "/etc/systemd/system";

/// `systemctl` for a service of the charm.
pub(super) fn run(memory: &mut Memory, arguments: &[&str]) -> io::Result<Output> {
    let status = match (memory.systemd, arguments) {
        (Systemd::Absent, _) => return Err(io::ErrorKind::NotFound.into()),
        (Systemd::Installed, _) => 1,
        (Systemd::Runs, ["is-active", name]) => return Ok(is_active(memory, name)),
        (Systemd::Runs, [verb, names @ ..]) => {
            memory.steps.take_or_go_on()?;
            match (*verb, names) {
                ("daemon-reload", []) => read_files(memory),
                ("restart", [name]) => restart(memory, name),
                ("reload", [name]) => reload(memory, name),
                ("stop", [name]) => stop(memory, name),
                _ => panic!("not how this is called: systemctl {arguments:?}"),
            }
        }
        _ => panic!("not how this is called: systemctl {arguments:?}"),
    };
    Ok(Output { status: Some(status), ..Output::default() })
}

fn is_active(memory: &Memory, name: &str) -> Output {
    let (status, said) = if memory.services.running.contains_key(name) { (0, "active\n") } else { (3, "inactive\n") };
    Output { status: Some(status), stdout: said.into(), ..Output::default() }
}

fn read_files(memory: &mut Memory) -> i32 {
    let names = memory.tree.children(Path::new(DIRECTORY));
    let ours = names.into_iter().filter(|name| unit_of_service(name).is_some());
    memory.services.read =
        ours.filter_map(|name| Some((name.clone(), memory.text(&format!("{DIRECTORY}/{name}"))?))).collect();
    0
}

fn restart(memory: &mut Memory, name: &str) -> i32 {
    memory.services.running.remove(name);
    let text = memory.services.read.get(name).cloned().or_else(|| memory.text(&format!("{DIRECTORY}/{name}")));
    let Some(text) = text else { return 5 };
    memory.services.read.insert(name.to_owned(), text.clone());
    match started(memory, &text) {
        Some(running) => {
            memory.services.running.insert(name.to_owned(), running);
            0
        }
        None => 1,
    }
}

/// What runs of this text, if anything does.
fn started(memory: &Memory, text: &str) -> Option<Running> {
    let user = memory.users.get("conn-check")?;
    assert!(text.contains("\nUser=conn-check\n") && text.contains("\nType=notify\n"), "{text}");
    let command = text.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("a command");
    let mut words = words(command).into_iter();
    let program = words.next().expect("a program");
    assert!(program.ends_with("/conn-check-serve"), "its name tells what it is to do: {program}");
    let mut running = Running { program: memory.text(&program)?, ..Running::default() };
    while let Some(word) = words.next() {
        let mut value = || words.next().expect("a value");
        match word.as_str() {
            "--listen" => running.listen = value(),
            "--metrics-listen" => running.metrics = Some(value()),
            "--connect-timeout" => drop(value()),
            "--token-file" => {
                let path = value();
                assert!(memory.tree.allows(user, Path::new(&path), 4), "conn-check cannot read {path}");
                running.token = memory.text(&path);
                running.token.as_ref()?;
            }
            file if file.starts_with('/') && running.file.is_empty() => running.file = word,
            _ => panic!("not an option of the program: {word}"),
        }
    }
    running.checks = checks(memory, &running.file)?;
    let is_free = |address: &String| !sockets(memory).iter().any(|socket| socket.address == *address);
    let serves = !running.program.starts_with("AGENT 1.") && running.program.starts_with("AGENT ");
    let wanted: Vec<_> = [Some(running.listen.clone()), running.metrics.clone()].into_iter().flatten().collect();
    (serves && wanted.iter().all(is_free)).then_some(running)
}

/// The file's text, if the user can read it and it has checks.
fn checks(memory: &Memory, file: &str) -> Option<String> {
    let user = memory.users.get("conn-check")?;
    let text = memory.text(file).filter(|_| memory.tree.allows(user, Path::new(file), 4))?;
    let checks: Vec<serde_json::Value> = serde_json::from_str(&text).ok()?;
    (!checks.is_empty()).then_some(text)
}

fn reload(memory: &mut Memory, name: &str) -> i32 {
    let Some(mut running) = memory.services.running.get(name).cloned() else { return 1 };
    if let Some(checks) = checks(memory, &running.file) {
        running.checks = checks;
    }
    memory.services.running.insert(name.to_owned(), running);
    0
}

fn stop(memory: &mut Memory, name: &str) -> i32 {
    let was_there = memory.services.running.remove(name).is_some() || memory.services.read.contains_key(name);
    if was_there { 0 } else { 5 }
}

/// The words of a command line (systemd.service(5)).
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted, mut letters) = (Vec::new(), String::new(), false, line.chars());
    while let Some(letter) = letters.next() {
        match letter {
            '"' => quoted = !quoted,
            '\\' => word.extend(letters.next()),
            '%' | '$' => {
                assert_eq!(letters.next(), Some(letter), "a specifier or a variable: {line}");
                word.push(letter);
            }
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            _ => word.push(letter),
        }
    }
    words.push(word);
    words
}

/// A socket that listens, as /proc tells of it. Its place in the list is its inode and its process.
struct Socket {
    address: String,
    name: &'static str,
    group: String,
}

fn sockets(memory: &Memory) -> Vec<Socket> {
    let ours = memory.services.running.iter().flat_map(|(name, running)| {
        let addresses = [Some(running.listen.clone()), running.metrics.clone()].into_iter().flatten();
        addresses.map(move |address| Socket {
            address,
            name: "conn-check-serv",
            group: format!("0::/system.slice/{name}\n"),
        })
    });
    let theirs = memory.services.taken.iter().map(|address| Socket {
        address: address.clone(),
        name: "nginx",
        group: "0::/system.slice/nginx.service\n".to_owned(),
    });
    ours.chain(theirs).collect()
}

/// A file of /proc.
pub(super) fn read(memory: &Memory, path: &Path) -> Option<Vec<u8>> {
    let sockets = sockets(memory);
    let lines = |line: &dyn Fn(usize, &str) -> Option<String>| {
        let lines = sockets.iter().enumerate().filter_map(|(at, socket)| line(at, &socket.address));
        std::iter::once("a header".to_owned()).chain(lines).collect::<Vec<_>>().join("\n")
    };
    let text = match path.to_str()? {
        "/proc/net/tcp" => lines(&|at, address| {
            let address: SocketAddrV4 = address.parse().ok()?;
            let ip = u32::from_ne_bytes(address.ip().octets());
            let port = address.port();
            Some(format!(
                "0: {ip:08X}:{port:04X} 00000000:0000 0A 00000000:00000000 00:00000000 00000000 999 0 {at} 1 0"
            ))
        }),
        "/proc/net/unix" => lines(&|at, address| {
            let path = address.strip_prefix("unix:")?;
            Some(format!("0000000000000000: 00000002 00000000 00010000 0001 01 {at} {path}"))
        }),
        "/proc/net/tcp6" => String::new(),
        path => {
            let (process, file) = path.strip_prefix("/proc/")?.split_once('/')?;
            let socket = sockets.get(process.parse::<usize>().ok()?)?;
            match file {
                "comm" => format!("{}\n", socket.name),
                "cgroup" => socket.group.clone(),
                _ => return None,
            }
        }
    };
    Some(text.into_bytes())
}

/// What is in a directory of /proc.
pub(super) fn list(memory: &Memory, path: &Path) -> Vec<String> {
    match path.to_str() {
        Some("/proc") => (0..sockets(memory).len()).map(|process| process.to_string()).collect(),
        Some(path) if path.ends_with("/fd") => vec!["3".to_owned()],
        _ => Vec::new(),
    }
}

/// A descriptor of a process.
pub(super) fn inspect(path: &Path) -> Option<Metadata> {
    let process = path.to_str()?.strip_prefix("/proc/")?.strip_suffix("/fd/3")?;
    let kind = FileType::Link(PathBuf::from(format!("socket:[{process}]")));
    Some(Metadata { kind, access: super::PUBLIC, size: 0, modified: 0 })
}
