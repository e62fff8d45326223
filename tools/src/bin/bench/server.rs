//! The server that both sides talk to: epoll, one thread, a process of its own for every run, so
//! that no run finds ports that an earlier one has used up.

use crate::{Outcome, scales};
use harness::postgres::{self, Postgres};
use harness::redis::{self, Redis};
use harness::scratch::Scratch;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::socket::{self, Backlog};
use std::collections::HashMap;
use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd as _;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

/// What every request is answered with.
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";

/// Tokens of what is no connection; descriptors are smaller.
const LISTENER: u64 = u64::MAX;
const OWNER: u64 = u64::MAX - 1;

/// A running server, and a folder for the files of checks that speak of it.
pub(crate) struct Ring {
    /// The benchmark's own server; `None` for a real one, which stays.
    own: Option<(Child, BufReader<ChildStdout>)>,
    pub(crate) address: SocketAddr,
    scratch: Scratch,
}

impl Ring {
    /// Starts one.
    pub(crate) fn start() -> Result<Self, Box<dyn Error>> {
        let mut command = Command::new(env::current_exe()?);
        let mut child = command.arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut output = BufReader::new(child.stdout.take().ok_or("the server has no output")?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        let address = line.trim().parse()?;
        Ok(Self { own: Some((child, output)), address, scratch: Scratch::new() })
    }

    /// A Redis that wants a login.
    #[expect(clippy::unnecessary_wraps, reason = "it is one way of several to start a server")]
    pub(crate) fn redis() -> Result<Self, Box<dyn Error>> {
        static REDIS: LazyLock<Redis> = LazyLock::new(|| Redis::start(&redis::Setup::new().password()));
        Ok(Self { own: None, address: REDIS.address(), scratch: Scratch::new() })
    }

    /// A `PostgreSQL` with room for all checks at once.
    #[expect(clippy::unnecessary_wraps, reason = "it is one way of several to start a server")]
    pub(crate) fn postgres() -> Result<Self, Box<dyn Error>> {
        static POSTGRES: LazyLock<Postgres> =
            LazyLock::new(|| Postgres::start(&postgres::Setup::plain().setting("max_connections = 250")));
        Ok(Self { own: None, address: POSTGRES.address(), scratch: Scratch::new() })
    }

    /// A file of so many lines.
    pub(crate) fn lines(&self, count: usize) -> OsString {
        self.scratch.write("lines", "x\n".repeat(count)).into()
    }

    /// The argument of conn-check: a file of so many checks of one type.
    pub(crate) fn file(&self, count: usize, kind: &str) -> Vec<OsString> {
        let (host, port) = (self.address.ip(), self.address.port());
        let mut yaml = String::new();
        for number in 0..count {
            // Writing to a string cannot fail.
            let _ = match kind {
                "http" => writeln!(yaml, "- type: http\n  url: http://{host}:{port}/{number}"),
                "redis" => {
                    writeln!(yaml, "- {{type: redis, host: {host}, port: {port}, password: {}}}", redis::PASSWORD)
                }
                "postgres" => writeln!(
                    yaml,
                    "- {{type: postgres, host: {host}, port: {port}, username: {}, password: {}, database: {}}}",
                    postgres::USER,
                    postgres::PASSWORD,
                    postgres::DATABASE
                ),
                _ => writeln!(yaml, "- type: tcp\n  host: {host}\n  port: {port}"),
            };
        }
        vec![self.scratch.write("checks.yaml", yaml).into()]
    }

    /// Ends it; the processor time it has used.
    pub(crate) fn end(mut self) -> Result<Duration, Box<dyn Error>> {
        let Some((child, output)) = &mut self.own else { return Ok(Duration::ZERO) };
        drop(child.stdin.take());
        let mut line = String::new();
        output.read_line(&mut line)?;
        child.wait()?;
        Ok(Duration::from_micros(line.trim().parse()?))
    }
}

/// The server's own process: serves until its standard input ends.
pub(crate) fn serve() -> Outcome {
    raise_limits()?;
    let mut server = Server::new()?;
    println!("{}", server.listener.local_addr()?);
    io::stdout().flush()?;
    server.run()?;
    println!("{}", scales::processor_time(&getrusage(UsageWho::RUSAGE_SELF)?));
    Ok(())
}

/// As many descriptors as this process may have.
pub(crate) fn raise_limits() -> nix::Result<()> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)
}

struct Server {
    epoll: Epoll,
    listener: TcpListener,
    connections: HashMap<u64, TcpStream>,
}

impl Server {
    fn new() -> Result<Self, Box<dyn Error>> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket::listen(&listener, Backlog::MAXALLOWABLE)?;
        listener.set_nonblocking(true)?;
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        epoll.add(&listener, EpollEvent::new(EpollFlags::EPOLLIN, LISTENER))?;
        epoll.add(io::stdin(), EpollEvent::new(EpollFlags::EPOLLIN, OWNER))?;
        Ok(Self { epoll, listener, connections: HashMap::new() })
    }

    fn run(&mut self) -> Outcome {
        let mut events = [EpollEvent::empty(); 1024];
        loop {
            let ready = self.epoll.wait(&mut events, EpollTimeout::NONE)?;
            for event in &events[..ready] {
                match event.data() {
                    OWNER => return Ok(()),
                    LISTENER => self.accept()?,
                    connection => self.hear(connection),
                }
            }
        }
    }

    /// Takes everybody who waits.
    fn accept(&mut self) -> Outcome {
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    let token = u64::try_from(stream.as_raw_fd())?;
                    self.epoll.add(&stream, EpollEvent::new(EpollFlags::EPOLLIN, token))?;
                    self.connections.insert(token, stream);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Answers a request; lets go of who has left.
    fn hear(&mut self, token: u64) {
        let mut buffer = [0; 4096];
        let Some(connection) = self.connections.get_mut(&token) else { return };
        let stays = match connection.read(&mut buffer) {
            Ok(length @ 1..) if buffer[..length].ends_with(b"\r\n\r\n") => connection.write_all(ANSWER).is_ok(),
            Ok(length) => length > 0,
            Err(_) => false,
        };
        if !stays {
            self.connections.remove(&token);
        }
    }
}
