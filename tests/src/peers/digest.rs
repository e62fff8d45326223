//! HTTP Digest authentication, the server's side (RFC 7616).

use std::collections::HashMap;
use std::fmt::{self, Display};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256;

use super::{Peer, Request, http};
use crate::hex::hex;
use crate::md5;
use crate::or_panic::OrPanic;

/// The realm of every challenge; it has a comma and an equals sign, which a client has to survive.
const REALM: &str = "harness, level=1";

/// The opaque string of every challenge, to be sent back as it is.
const OPAQUE: &str = "o=1,2";

/// The digest a server asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Algorithm {
    /// RFC 2617's, the most common still.
    Md5,
    /// RFC 7616's.
    Sha256,
}

impl Algorithm {
    /// The digest of `text` in lower-case hexadecimal: the function H of the RFC.
    fn hash(self, text: &str) -> String {
        match self {
            Self::Md5 => md5::digest(text.as_bytes()),
            Self::Sha256 => sha256(text.as_bytes()),
        }
    }
}

impl Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        })
    }
}

/// An HTTP server that wants a login by Digest with `qop=auth` for every path, and checks it for real.
///
/// It answers 401 with a new nonce to a request without or with a wrong login, else 200. A nonce may
/// be used again with a higher count (`nc`); with one used before it is refused, as a replay.
#[derive(Debug)]
pub struct Digest {
    peer: Peer,
    guard: Arc<Guard>,
}

/// Who may come in, and who tried.
#[derive(Debug)]
struct Guard {
    algorithm: Algorithm,
    user: String,
    password: String,
    /// The nonces given out, each with the last count seen.
    nonces: Mutex<HashMap<String, u32>>,
    challenges: AtomicUsize,
    attempts: AtomicUsize,
    accepted: AtomicUsize,
}

impl Digest {
    /// Starts it on 127.0.0.1.
    #[must_use]
    pub fn start(algorithm: Algorithm, user: &str, password: &str) -> Self {
        let guard = Arc::new(Guard {
            algorithm,
            user: user.to_owned(),
            password: password.to_owned(),
            nonces: Mutex::default(),
            challenges: AtomicUsize::new(0),
            attempts: AtomicUsize::new(0),
            accepted: AtomicUsize::new(0),
        });
        let door = Arc::clone(&guard);
        let peer = Peer::serve(move |wire| {
            if let Some(request) = Request::read(&wire) {
                let _taken = wire.send(&door.answer(&request));
                wire.finish();
            }
        });
        Self { peer, guard }
    }

    /// How many requests were answered with a challenge.
    #[must_use]
    pub fn challenges(&self) -> usize {
        self.guard.challenges.load(Ordering::SeqCst)
    }

    /// How many requests carried a login, right or wrong.
    #[must_use]
    pub fn attempts(&self) -> usize {
        self.guard.attempts.load(Ordering::SeqCst)
    }

    /// How many logins were right.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.guard.accepted.load(Ordering::SeqCst)
    }

    /// The peer: its address and its counts.
    #[must_use]
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// `http://localhost:PORT/path`; `path` starts with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.peer.port())
    }
}

impl Guard {
    fn answer(&self, request: &Request) -> Vec<u8> {
        let login = request.header("authorization").and_then(|value| value.strip_prefix("Digest "));
        let attempted = request.header("authorization").is_some();
        self.attempts.fetch_add(usize::from(attempted), Ordering::SeqCst);
        if login.is_some_and(|login| self.is_right(request, &parameters(login))) {
            self.accepted.fetch_add(1, Ordering::SeqCst);
            return http::answer("200 OK", "", "welcome");
        }
        self.challenges.fetch_add(1, Ordering::SeqCst);
        http::answer("401 Unauthorized", &self.challenge(), "who are you?")
    }

    /// A header line with a new nonce.
    fn challenge(&self) -> String {
        let nonce = nonce();
        let line = format!(
            "WWW-Authenticate: Digest realm=\"{REALM}\", qop=\"auth\", algorithm={}, nonce=\"{nonce}\", opaque=\"{OPAQUE}\"\r\n",
            self.algorithm
        );
        self.nonces.lock().unwrap_or_else(PoisonError::into_inner).insert(nonce, 0);
        line
    }

    /// Checks everything the client says, and computes the response of RFC 7616 section 3.4.1.
    fn is_right(&self, request: &Request, said: &HashMap<String, String>) -> bool {
        let get = |name: &str| said.get(name).map_or("", String::as_str);
        let algorithm = self.algorithm.to_string();
        let expected = [
            ("username", self.user.as_str()),
            ("realm", REALM),
            ("uri", &request.target),
            ("qop", "auth"),
            ("opaque", OPAQUE),
            ("algorithm", &algorithm),
        ];
        let secret = self.algorithm.hash(&format!("{}:{REALM}:{}", self.user, self.password));
        let what = self.algorithm.hash(&format!("{}:{}", request.method, request.target));
        let proof = format!("{secret}:{}:{}:{}:auth:{what}", get("nonce"), get("nc"), get("cnonce"));
        expected.iter().all(|(name, value)| get(name) == *value)
            && !get("cnonce").is_empty()
            && get("response") == self.algorithm.hash(&proof)
            && self.is_next(get("nonce"), get("nc"))
    }

    /// Whether the nonce is ours and the count (eight hexadecimal digits) is new.
    fn is_next(&self, nonce: &str, count: &str) -> bool {
        let mut nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        let count = u32::from_str_radix(count, 16).ok().filter(|_| count.len() == 8);
        match (nonces.get_mut(nonce), count) {
            (Some(last), Some(count)) if count > *last => {
                *last = count;
                true
            }
            _ => false,
        }
    }
}

/// `name=value, name="quoted, value"`: the values by name in lower case, without the quotes.
fn parameters(text: &str) -> HashMap<String, String> {
    let mut quoted = false;
    let mut outside = |letter: char| {
        quoted ^= letter == '"';
        letter == ',' && !quoted
    };
    let pairs = text.split(&mut outside).filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.trim().to_lowercase(), value.trim().trim_matches('"').to_owned())).collect()
}

/// Sixteen random bytes in hexadecimal.
fn nonce() -> String {
    let mut bytes = [0; 16];
    rustls::crypto::ring::default_provider().secure_random.fill(&mut bytes).ok().or_panic("make a nonce");
    hex(&bytes)
}

/// SHA-256 (FIPS 180-4), which the TLS library has anyway.
fn sha256(bytes: &[u8]) -> String {
    let suite = TLS13_AES_128_GCM_SHA256.tls13().or_panic("find SHA-256");
    hex(suite.common.hash_provider.hash(bytes).as_ref())
}
