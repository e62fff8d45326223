//! conn-check-serve, and who asks it.

use crate::agent::program_called;
use crate::or_panic::OrPanic;
use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};
use crate::scratch::Scratch;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

/// Nobody waits longer for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running conn-check-serve.
#[derive(Debug)]
pub struct Serving {
    port: Port,
    daemon: Daemon,
}

/// An answer over HTTP.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The head, as it was sent, in small letters.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Serving {
    /// Starts it with this file of checks on a port of 127.0.0.1. In the arguments `{scratch}` is its directory.
    #[must_use]
    pub fn start(yaml: &str, arguments: &[&str]) -> Self {
        Self::start_with(yaml, |scratch| Self::words(scratch, arguments))
    }

    /// The same, where there is more to prepare.
    pub fn start_with(yaml: &str, prepare: impl Fn(&Scratch) -> Vec<String>) -> Self {
        Self::start_at(Ipv4Addr::LOCALHOST.into(), yaml, |scratch, launch| launch.args(prepare(scratch)))
    }

    /// The same at an address of this host or namespace.
    pub fn start_at(ip: IpAddr, yaml: &str, prepare: impl Fn(&Scratch, Launch) -> Launch) -> Self {
        Self::start_through(&[], ip, yaml, prepare)
    }

    /// The same by way of another program, which becomes this one.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_through(way: &[&str], ip: IpAddr, yaml: &str, prepare: impl Fn(&Scratch, Launch) -> Launch) -> Self {
        let program = program_called("conn-check-serve").display().to_string();
        let words: Vec<_> = way.iter().copied().chain([program.as_str()]).collect();
        let (daemon, port) = Daemon::start_with(|scratch| {
            let port = ports::free_at(ip);
            let checks = scratch.write("checks.yaml", yaml);
            let launch = Launch::new(words[0]).args(words[1..].iter().copied());
            let launch = launch.arg("--listen").arg(port.address().to_string());
            let launch = prepare(scratch, launch).arg(checks).accepts(port.address());
            (launch, port)
        });
        Self { port, daemon }
    }

    fn words(scratch: &Scratch, arguments: &[&str]) -> Vec<String> {
        let place = scratch.path().display().to_string();
        arguments.iter().map(|word| word.replace("{scratch}", &place)).collect()
    }

    /// Address and port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// The process.
    pub const fn daemon(&mut self) -> &mut Daemon {
        &mut self.daemon
    }

    /// What it said.
    #[must_use]
    pub fn log(&self) -> String {
        self.daemon.log()
    }

    /// The process number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.daemon.pid()
    }

    /// The file of checks.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.daemon.scratch().path().join("checks.yaml")
    }

    /// Asks for a path.
    #[must_use]
    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[])
    }

    /// Asks for a path in a form.
    #[must_use]
    pub fn accepting(&self, path: &str, accept: &str) -> Answer {
        self.ask("GET", path, &[("Accept", accept)])
    }

    /// Asks for a path.
    ///
    /// # Panics
    /// When there is no answer.
    #[must_use]
    pub fn ask(&self, method: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        ask(self.address(), method, path, fields).or_panic(format_args!("{method} {path}"))
    }

    /// A figure of `/proc/PID/status`, in KiB.
    ///
    /// # Panics
    /// When the process is gone.
    #[must_use]
    pub fn memory(&self, figure: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).or_panic("read the status");
        let line = status.lines().find_map(|line| line.strip_prefix(figure)).or_panic(figure);
        line.trim_matches([':', '\t', ' ']).trim_end_matches(" kB").parse().or_panic(line)
    }
}

/// One request on a connection of its own.
///
/// # Errors
/// Those of the connection; an answer that is none.
pub fn ask(address: SocketAddr, method: &str, path: &str, fields: &[(&str, &str)]) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let fields: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let request = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{fields}\r\n");
    stream.write_all(request.as_bytes())?;
    answer(&mut stream)
}

/// What is sent until the end, as an answer.
///
/// # Errors
/// Those of the connection; an answer that is none.
pub fn answer(stream: &mut impl Read) -> io::Result<Answer> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let none = || io::Error::other(format!("no answer: {text:?}"));
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(none)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(none)?;
    Ok(Answer { status, head: head.to_lowercase(), body: body.to_owned() })
}
