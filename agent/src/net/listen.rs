//! Listening: the sockets of conn-check-serve, which are opened here and nowhere else.

use crate::net::{pem, tls};
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::SndBuf;
use rustls::ServerConfig;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Where to listen.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Place {
    /// For HTTP.
    Http(SocketAddr),
    /// For HTTP, at a Unix socket.
    Unix(PathBuf),
    /// For agent checks of `HAProxy`, which are told a line.
    Agent(SocketAddr),
}

impl FromStr for Place {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str =
            "expected ADDRESS:PORT, [IPv6]:PORT, unix:PATH, or tcp:ADDRESS:PORT for agent checks of HAProxy";
        match (text.strip_prefix("unix:"), text.strip_prefix("tcp:")) {
            (Some(path), _) if !path.is_empty() => Ok(Self::Unix(path.into())),
            (_, Some(address)) => address.parse().map(Self::Agent).map_err(|_| EXPECTED),
            _ => text.parse().map(Self::Http).map_err(|_| EXPECTED),
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Http(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Agent(address) => write!(f, "tcp:{address}"),
        }
    }
}

/// Our certificate, for who connects.
#[derive(Clone)]
pub struct Certificate(TlsAcceptor);

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Certificate")
    }
}

impl Certificate {
    /// That of two files, the certificate with what is between it and its root.
    ///
    /// # Errors
    /// One of them cannot be used, with what to do; the key is another certificate's.
    pub fn of_files(certificate: &Path, key: &Path) -> Result<Self, String> {
        let told = |option: &str, path: &Path, error: &io::Error| {
            let step = pem::next_step(error).map_or_else(String::new, |step| format!("; {step}"));
            format!("{option} {}: {error}{step}", path.display())
        };
        let chain = pem::read(certificate).and_then(|content| pem::certificates(&content));
        let chain = chain.map_err(|error| told("--cert", certificate, &error))?;
        let content = pem::read(key).map_err(|error| told("--key", key, &error))?;
        let private = pem::private_key(&content, None, certificate != key).map_err(|error| {
            let (pem::KeyError::Password(error) | pem::KeyError::File(error)) = error;
            told("--key", key, &error)
        })?;
        let builder =
            ServerConfig::builder_with_provider(Arc::clone(&tls::PROVIDER)).with_safe_default_protocol_versions();
        let config = builder.and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private));
        let mut config =
            config.map_err(|error| format!("--cert, --key: {error}; name a certificate and its own key"))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    /// Speaks TLS with who has connected.
    ///
    /// # Errors
    /// Those of the handshake.
    pub async fn greet(&self, connection: Connection) -> io::Result<Connection> {
        match connection {
            Connection::Tcp(stream) => Ok(Connection::Tls(Box::new(self.0.accept(stream).await?))),
            other => Ok(other),
        }
    }
}

/// So many bytes of an answer the system takes of us before its reader does; it keeps twice as much, for what belongs to them.
const UNTAKEN: usize = 64 * 1024;

/// A socket that is listened at.
#[derive(Debug)]
pub struct Listener {
    /// Where.
    pub place: Place,
    socket: Socket,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener, PathBuf, Inode),
}

/// What a path leads to: the device, and the number on it.
type Inode = Option<(u64, u64)>;

fn inode(path: &Path) -> Inode {
    fs::symlink_metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

impl Listener {
    /// Begins to listen.
    ///
    /// # Errors
    /// The system's; somebody else listens there.
    pub async fn at(place: Place) -> io::Result<Self> {
        let socket = match &place {
            Place::Http(address) | Place::Agent(address) => {
                #[expect(clippy::disallowed_methods, reason = "the one place that listens for TCP")]
                let listener = TcpListener::bind(address).await?;
                Socket::Tcp(listener)
            }
            Place::Unix(path) => {
                let listener = unix(path)?;
                Socket::Unix(listener, path.clone(), inode(path))
            }
        };
        let place = match (&place, &socket) {
            // The system has chosen a port.
            (Place::Http(_), Socket::Tcp(listener)) => Place::Http(listener.local_addr()?),
            (Place::Agent(_), Socket::Tcp(listener)) => Place::Agent(listener.local_addr()?),
            _ => place,
        };
        Ok(Self { place, socket })
    }

    /// The next one who connects.
    ///
    /// # Errors
    /// The system's: no descriptor is left, say.
    pub async fn accept(&self) -> io::Result<Connection> {
        match &self.socket {
            Socket::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // An answer is written at once; where that cannot be said it is only later.
                let _ = stream.set_nodelay(true);
                // What a reader does not take waits here, once for all, and not with the system, for each.
                let _ = setsockopt(&stream, SndBuf, &UNTAKEN);
                Ok(Connection::Tcp(stream))
            }
            Socket::Unix(listener, ..) => Ok(Connection::Unix(listener.accept().await?.0)),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Somebody else may listen there by now. What is left behind is taken over by the next one.
        if let Socket::Unix(_, path, ours) = &self.socket
            && inode(path) == *ours
        {
            let _ = fs::remove_file(path);
        }
    }
}

/// A Unix socket that everybody of this host may connect to, as to a port of loopback; its directory can keep people out.
fn unix(path: &Path) -> io::Result<UnixListener> {
    let found = fs::symlink_metadata(path).ok();
    let is_socket = found.as_ref().is_some_and(|found| found.file_type().is_socket());
    if found.is_some() && !is_socket {
        // The system would say that it is in use.
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "something is there that is no socket"));
    }
    let is_refusing = || {
        let tried = std::os::unix::net::UnixStream::connect(path);
        tried.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    };
    if is_socket && is_refusing() {
        // That of one who ended without taking it away.
        match fs::remove_file(path) {
            // Another one that starts at the same time has taken it away.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removed => removed?,
        }
    }
    #[expect(clippy::disallowed_methods, reason = "the one place that listens at a Unix socket")]
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o666))?;
    Ok(listener)
}

/// Who has connected.
#[derive(Debug)]
pub enum Connection {
    /// By TCP.
    Tcp(TcpStream),
    /// By TCP, with TLS.
    Tls(Box<TlsStream<TcpStream>>),
    /// By a Unix socket.
    Unix(UnixStream),
}

impl Connection {
    /// Once it is closed, what its peer has not taken is thrown away, which the system would keep for minutes.
    pub fn give_up(&self) {
        let _ = match self {
            Self::Tcp(stream) => stream.set_zero_linger(),
            Self::Tls(stream) => stream.get_ref().0.set_zero_linger(),
            Self::Unix(_) => Ok(()),
        };
    }
}

/// Calls a method of whatever the connection is.
macro_rules! each {
    ($connection:expr, $stream:ident => $call:expr) => {
        match $connection.get_mut() {
            Connection::Tcp(stream) => {
                let $stream = Pin::new(stream);
                $call
            }
            Connection::Tls(stream) => {
                let $stream = Pin::new(stream.as_mut());
                $call
            }
            Connection::Unix(stream) => {
                let $stream = Pin::new(stream);
                $call
            }
        }
    };
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => stream.poll_read(context, into))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        each!(self, stream => stream.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        each!(self, stream => stream.poll_write_vectored(context, parts))
    }

    /// What many readers are told is kept once, and copied for none of them.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => stream.poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => stream.poll_shutdown(context))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_written() {
        for text in ["127.0.0.1:9842", "[::1]:80", "unix:/run/conn-check/serve.sock", "tcp:0.0.0.0:9843"] {
            assert_eq!(text.parse::<Place>().map(|place| place.to_string()), Ok(text.to_owned()));
        }
        for wrong in ["", "9842", "localhost:80", "127.0.0.1", "unix:", "tcp:", "http://127.0.0.1:1", "127.0.0.1:70000"]
        {
            assert!(wrong.parse::<Place>().is_err_and(|why| why.contains("unix:PATH")), "{wrong}");
        }
    }
}
