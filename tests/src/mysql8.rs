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

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use ring::digest::{SHA256, digest};
use ring::pbkdf2;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

use crate::certs::Identity;
use crate::or_panic::OrPanic;
use crate::packages;
use crate::peers::{Peer, Wire, start_tls};

/// The account that it knows.
pub const USER: &str = "app";
/// The password of the account.
pub const PASSWORD: &str = "s3cret-Word";

const SALT: &[u8; 20] = b"abcdefghijklmnopqrst";
/// The salt of `parsec`.
const LONG_SALT: &[u8] = b"abcdefghijklmnopqrstuvwxyz012345";
/// `CLIENT_SSL`
const SSL: u32 = 1 << 11;
/// `CLIENT_PROTOCOL_41`, `CLIENT_SECURE_CONNECTION`, `CLIENT_PLUGIN_AUTH`, `CLIENT_CONNECT_WITH_DB`
const BASE: u32 = 1 << 9 | 1 << 15 | 1 << 19 | 1 << 3;
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

/// What the double is to do.
#[derive(Debug)]
pub struct Script {
    /// The plugin of its greeting.
    plugin: &'static str,
    /// The plugin that it asks for instead.
    switch: Option<&'static str>,
    /// It knows the proof's other half, so that it need not ask for the password.
    cached: bool,
    tls: Option<Identity>,
    /// It refuses every login with this packet.
    refusal: Option<Vec<u8>>,
    /// It answers every command with these packets instead.
    answer: Option<Vec<Vec<u8>>>,
    /// The file of the private key with which it takes passwords where there is no TLS.
    key: Option<PathBuf>,
    /// The power of two of the rounds of `parsec`.
    rounds: u8,
}

impl Script {
    /// `caching_sha2_password` for an account that has logged in before.
    #[must_use]
    pub fn cached() -> Self {
        let plugin = "caching_sha2_password";
        Self { plugin, switch: None, cached: true, tls: None, refusal: None, answer: None, key: None, rounds: 0 }
    }

    /// The same for one that has not: the server asks for the password itself.
    #[must_use]
    pub fn uncached() -> Self {
        Self { cached: false, ..Self::cached() }
    }

    /// Greets with this plugin.
    #[must_use]
    pub fn greeting_with(mut self, plugin: &'static str) -> Self {
        self.plugin = plugin;
        self
    }

    /// The account has this plugin, whatever the greeting says.
    #[must_use]
    pub fn switching_to(mut self, plugin: &'static str) -> Self {
        self.switch = Some(plugin);
        self
    }

    /// Offers TLS with this certificate.
    #[must_use]
    pub fn tls(mut self, identity: Identity) -> Self {
        self.tls = Some(identity);
        self
    }

    /// Takes passwords that are encrypted for the RSA key in this file (PEM, private).
    #[must_use]
    pub fn key(mut self, file: &Path) -> Self {
        self.key = Some(file.to_owned());
        self
    }

    /// Has the key of `parsec` derived by 1024 times 2 to the power of so many rounds.
    #[must_use]
    pub fn rounds(mut self, power: u8) -> Self {
        self.rounds = power;
        self
    }

    /// Refuses every login with this error.
    #[must_use]
    pub fn refusing(mut self, number: u16, state: &str, text: &str) -> Self {
        self.refusal = Some(error(number, state, text));
        self
    }

    /// Answers every command with these packets.
    #[must_use]
    pub fn answering(mut self, packets: &[&[u8]]) -> Self {
        self.answer = Some(packets.iter().map(|packet| packet.to_vec()).collect());
        self
    }

    /// Answers every command with this error.
    #[must_use]
    pub fn answering_error(self, number: u16, state: &str, text: &str) -> Self {
        self.answering(&[&error(number, state, text)])
    }
}

/// The payload of an ERR packet.
#[must_use]
pub fn error(number: u16, state: &str, text: &str) -> Vec<u8> {
    let state = if state.is_empty() { String::new() } else { format!("#{state}") };
    [&[0xff][..], &number.to_le_bytes(), state.as_bytes(), text.as_bytes()].concat()
}

/// A payload as the packet with this number.
#[must_use]
pub fn packet(number: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes();
    [&length[..3], &[number], payload].concat()
}

/// The payload of a greeting with this plugin; `caching_sha2_password` and no TLS unless changed.
#[must_use]
pub fn greeting(plugin: &str, with_tls: bool) -> Vec<u8> {
    let capabilities = (BASE | if with_tls { SSL } else { 0 }).to_le_bytes();
    [
        b"\x0a8.0.36\0\x07\0\0\0",
        &SALT[..8],
        &[0],
        &capabilities[..2],
        &[255, 2, 0],
        &capabilities[2..],
        &[21],
        &[0; 10],
        &SALT[8..],
        &[0],
        plugin.as_bytes(),
        &[0],
    ]
    .concat()
}

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
            return Some((number + 1, (!(known && self.signs(&signed))).then(denied)));
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

    /// Whether a client's salt and its signature come from who knows the password.
    fn signs(&self, signed: &[u8]) -> bool {
        let Some((own, signature)) = signed.split_at_checked(32) else { return false };
        let rounds = NonZero::new(1024_u32 << self.script.rounds).unwrap_or(NonZero::<u32>::MIN);
        let mut key = [0; 32];
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA512, rounds, &SALT[..18], PASSWORD.as_bytes(), &mut key);
        let Ok(pair) = Ed25519KeyPair::from_seed_unchecked(&key) else { return false };
        let public = UnparsedPublicKey::new(&ED25519, pair.public_key().as_ref());
        public.verify(&[LONG_SALT, own].concat(), signature).is_ok()
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
        let packets = match (&self.script.answer, statement) {
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

/// Whether a proof fits what a server keeps, SHA256(SHA256(password)): it is enough to find the
/// SHA256(password) that the client has mixed in.
fn proves(proof: &[u8]) -> bool {
    let sha256 = |bytes: &[u8]| digest(&SHA256, bytes);
    let kept = sha256(sha256(PASSWORD.as_bytes()).as_ref());
    let mask = sha256(&[kept.as_ref(), SALT].concat());
    let found: Vec<u8> = proof.iter().zip(mask.as_ref()).map(|(one, other)| one ^ other).collect();
    sha256(&found).as_ref() == kept.as_ref()
}

/// What was encrypted for a key and mixed with the salt, as `OpenSSL` decrypts it.
fn decrypt(key: &Path, encrypted: &[u8]) -> Vec<u8> {
    let mut openssl = Command::new(packages::needed("openssl"));
    openssl.args(["pkeyutl", "-decrypt", "-pkeyopt", "rsa_padding_mode:oaep", "-inkey"]).arg(key);
    let mut child = openssl.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().or_panic("run openssl");
    child.stdin.take().or_panic("its input").write_all(encrypted).or_panic("written");
    let output = child.wait_with_output().or_panic("its output");
    output.stdout.iter().zip(SALT.iter().cycle()).map(|(byte, salt)| byte ^ salt).collect()
}

fn until_zero<'p>(rest: &mut &'p [u8]) -> &'p [u8] {
    let end = rest.iter().position(|&byte| byte == 0).unwrap_or(rest.len());
    let text = &rest[..end];
    *rest = rest.get(end + 1..).unwrap_or_default();
    text
}

fn send(stream: &mut impl Write, number: u8, payload: &[u8]) -> Option<()> {
    stream.write_all(&packet(number, payload)).and_then(|()| stream.flush()).ok()
}

fn receive(stream: &mut impl Read) -> Option<(u8, Vec<u8>)> {
    let mut header = [0; 4];
    stream.read_exact(&mut header).ok()?;
    let mut payload = vec![0; u32::from_le_bytes([header[0], header[1], header[2], 0]) as usize];
    stream.read_exact(&mut payload).ok()?;
    Some((header[3], payload))
}
