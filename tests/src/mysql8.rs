//! A double of `MySQL` 8: the logins that `MariaDB` 10.11 does not have, and errors of one's choice.
//!
//! ```
//! use harness::mysql8::{Mysql8, Script};
//!
//! let server = Mysql8::start(Script::cached());
//! assert_eq!(server.peer().connections(), 0);
//! ```
//!
//! No real `MySQL` 8 is to be had as a package here, so the server's side of
//! `caching_sha2_password`, `sha256_password` and `mysql_clear_password` is written down from the
//! protocol's documentation. It judges proofs the way a server does, without the client's formula.
//! An independent server, that of the Go module `github.com/go-mysql-org/go-mysql` 1.13, gave the
//! same results by hand: cached and not, over TLS and plain, and with `sha256_password`.
//! `parsec` is `MariaDB`'s from 11.6 on, written down from its sources. After the login it answers `SELECT 1`, and OK to everything else.

mod packet;
mod proof;
mod script;

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

pub use packet::{error, greeting, packet};
pub use script::Script;

use crate::peers::{Peer, Wire, start_tls};
use packet::{receive, send, until_zero};
use proof::{LONG_SALT, SALT, decrypt, proves, signs};

/// The account that it knows.
pub const USER: &str = "app";
/// The password of the account.
pub const PASSWORD: &str = "s3cret-Word";

const OK: &[u8] = &[0, 0, 0, 2, 0, 0, 0];
/// `SELECT 1`: one column, its definition, an end, one row, an end.
const ONE: [&[u8]; 5] = [
    &[1],
    b"\x03def\0\0\0\x011\0\x0c\x3f\0\x01\0\0\0\x08\x81\0\0\0\0",
    &[0xfe, 0, 0, 2, 0],
    b"\x011",
    &[0xfe, 0, 0, 2, 0],
];
const COM_QUIT: u8 = 1;

/// The running double.
#[derive(Debug)]
pub struct Mysql8 {
    peer: Peer,
    journal: Arc<Mutex<Journal>>,
}

#[derive(Debug, Default)]
struct Journal {
    logins: usize,
    clear: Vec<(bool, Vec<u8>)>,
    commands: Vec<String>,
}

impl Mysql8 {
    /// Starts it on 127.0.0.1.
    #[must_use]
    pub fn start(script: Script) -> Self {
        let journal = Arc::<Mutex<Journal>>::default();
        let notes = Arc::clone(&journal);
        // A client that goes away in the middle is what some tests are about.
        let peer = Peer::serve(move |wire| _ = serve(wire, &script, &notes));
        Self { peer, journal }
    }

    /// Address and port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.peer.address()
    }

    /// The peer: its counts.
    #[must_use]
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// How many logins were begun.
    #[must_use]
    pub fn logins(&self) -> usize {
        self.look(|journal| journal.logins)
    }

    /// What came in answer to a request for the password itself, and whether it came over TLS.
    #[must_use]
    pub fn passwords(&self) -> Vec<(bool, Vec<u8>)> {
        self.look(|journal| journal.clear.clone())
    }

    /// The statements so far, each noted before it is answered, and `quit` for the goodbye.
    #[must_use]
    pub fn commands(&self) -> Vec<String> {
        self.look(|journal| journal.commands.clone())
    }

    fn look<T>(&self, at: impl Fn(&Journal) -> T) -> T {
        at(&self.journal.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Serves one connection; `None` when the client goes away.
fn serve(mut wire: Wire, script: &Script, journal: &Mutex<Journal>) -> Option<()> {
    send(&mut wire, 0, &greeting(script.plugin, script.tls.is_some()))?;
    let first = receive(&mut wire)?;
    match &script.tls {
        Some(identity) if is_ssl_request(&first.1) => {
            let mut stream = start_tls(wire, identity)?;
            let login = receive(&mut stream)?;
            Session { stream: &mut stream, tls: true, script, journal }.run(&login)
        }
        _ => Session { stream: &mut wire, tls: false, script, journal }.run(&first),
    }
}

/// Only capabilities, sizes and filler: 32 bytes, and no user behind them.
fn is_ssl_request(payload: &[u8]) -> bool {
    payload.len() == 32
}

struct Session<'s, S> {
    stream: &'s mut S,
    tls: bool,
    script: &'s Script,
    journal: &'s Mutex<Journal>,
}

impl<S: Read + Write> Session<'_, S> {
    fn run(&mut self, (number, login): &(u8, Vec<u8>)) -> Option<()> {
        self.note(|journal| journal.logins += 1);
        let verdict = self.judge(*number, login)?;
        send(self.stream, verdict.0, verdict.1.as_deref().unwrap_or(OK))?;
        if verdict.1.is_none() { self.execute() } else { Some(()) }
    }

    /// The number of the last packet of the login, and the error in it.
    fn judge(&mut self, number: u8, login: &[u8]) -> Option<(u8, Option<Vec<u8>>)> {
        if let Some(refusal) = &self.script.refusal {
            return Some((number + 1, Some(refusal.clone())));
        }
        let mut rest = login.get(32..)?;
        let user = until_zero(&mut rest);
        let (&length, rest) = rest.split_first()?;
        let (proof, rest) = rest.split_at_checked(usize::from(length))?;
        let plugin = self.script.switch.unwrap_or(self.script.plugin);
        let agreed = rest.windows(plugin.len()).any(|window| window == plugin.as_bytes());
        let (number, proof) = if agreed {
            (number, proof.to_vec())
        } else {
            let (salt, end) = if plugin == "parsec" { (LONG_SALT, &[][..]) } else { (&SALT[..], &[0][..]) };
            send(self.stream, number + 1, &[&[0xfe][..], plugin.as_bytes(), &[0], salt, end].concat())?;
            receive(self.stream)?
        };
        self.prove(number, plugin, user == USER.as_bytes(), &proof)
    }

    fn prove(&mut self, number: u8, plugin: &str, known: bool, proof: &[u8]) -> Option<(u8, Option<Vec<u8>>)> {
        let denied = || error(1045, "28000", "Access denied for user 'app'@'localhost' (using password: YES)");
        if plugin == "parsec" {
            send(self.stream, number + 1, &[b"P", &[self.script.rounds][..], &SALT[..18]].concat())?;
            let (number, signed) = receive(self.stream)?;
            return Some((number + 1, (!(known && signs(self.script.rounds, &signed))).then(denied)));
        }
        if plugin != "caching_sha2_password" {
            return Some((number + 1, (!(self.is_password(proof) && known)).then(denied)));
        }
        if self.script.cached && known && proves(proof) {
            send(self.stream, number + 1, &[1, 3])?;
            return Some((number + 2, None));
        }
        // A wrong proof, too, ends here: the server makes sure.
        send(self.stream, number + 1, &[1, 4])?;
        let (number, clear) = receive(self.stream)?;
        Some((number + 1, (!(self.is_password(&clear) && known)).then(denied)))
    }

    fn is_password(&self, clear: &[u8]) -> bool {
        self.note(|journal| journal.clear.push((self.tls, clear.to_vec())));
        let decrypted = self.script.key.as_deref().filter(|_| !self.tls).map(|key| decrypt(key, clear));
        let clear = decrypted.as_deref().unwrap_or(clear);
        clear.strip_suffix(&[0]) == Some(PASSWORD.as_bytes())
    }

    fn execute(&mut self) -> Option<()> {
        loop {
            let (_, command) = receive(self.stream)?;
            if command == [COM_QUIT] {
                self.note(|journal| journal.commands.push("quit".to_owned()));
                return Some(());
            }
            let statement = String::from_utf8_lossy(command.get(1..)?).into_owned();
            self.note(|journal| journal.commands.push(statement.clone()));
            self.answer(&statement)?;
        }
    }

    fn answer(&mut self, statement: &str) -> Option<()> {
        let lacks = self.script.lacks.iter().find(|(word, _)| statement.contains(word));
        let packets = match (&self.script.answer, statement) {
            _ if lacks.is_some() => lacks.iter().map(|(_, refusal)| refusal.as_slice()).collect(),
            (Some(packets), _) => packets.iter().map(Vec::as_slice).collect(),
            (None, "SELECT 1") => ONE.to_vec(),
            (None, _) => vec![OK],
        };
        for (number, payload) in (1..).zip(packets) {
            send(self.stream, number, payload)?;
        }
        Some(())
    }

    fn note(&self, write: impl FnOnce(&mut Journal)) {
        write(&mut self.journal.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
