//! `host` and `port` of a service that may listen on a Unix socket.

use crate::net::{Endpoint, Host, Port, Target, TlsOptions};
use crate::secret::may_hold_login;
use crate::services::{Security, Service};
use crate::settings::shape::{self, Shape, StandIn};
use crate::settings::{Field, Fields, Misfit, Noted, Setting, Spoken, tls};
use std::path::PathBuf;

/// What the documentation says of a `host` that may be a Unix socket.
pub(crate) const HOST_OR_SOCKET: &str = "Name, address, or path of a Unix socket.";

/// What `host` is for a service that may listen on a Unix socket.
pub(crate) enum HostOrSocket {
    Host(Host),
    Socket(PathBuf),
}

impl HostOrSocket {
    /// Where the service listens: there, on this port.
    pub(crate) fn at(self, port: Port) -> Target {
        match self {
            Self::Host(host) => Target::Tcp(Endpoint::tcp(host, port)),
            Self::Socket(host) => Target::Socket { host, port },
        }
    }
}

/// Asks for `host` (a name, an address, or the path of a socket) and `port`.
pub(crate) fn target(fields: &mut Fields<'_>, service: &Service) -> Result<Target, Noted> {
    let host = fields.required::<HostOrSocket>("host", HOST_OR_SOCKET);
    let port = port(fields, service, "TCP port.")?;
    Ok(host?.at(port))
}

/// Asks for `port`, which is the service's usual one unless it is told; without a usual one it must
/// be told.
pub(crate) fn port(fields: &mut Fields<'_>, service: &Service, about: &'static str) -> Result<Port, Noted> {
    match service.default_port(Security::Plain) {
        Some(usual) => Ok(fields.or("port", usual.text, about)),
        None => fields.required("port", about),
    }
}

/// Asks for the TLS options of a service that may listen on a Unix socket, where nothing can demand
/// TLS.
pub(crate) fn tls_of_target(
    fields: &mut Fields<'_>,
    spoken: impl Into<Spoken>,
    target: &Result<Target, Noted>,
) -> Result<TlsOptions, Noted> {
    let (spoken, over_socket) = (spoken.into(), matches!(target, Ok(Target::Socket { .. })));
    let options = tls(fields, if over_socket { Spoken::OverSocket } else { spoken });
    match spoken {
        Spoken::Always if over_socket => {
            let misfit = Misfit::new("there is no TLS over a Unix socket");
            let help = "leave `use_tls` out: what is sent over the socket never leaves this host";
            Err(fields.refuse_value("use_tls", misfit.help(help)))
        }
        _ => options,
    }
}

impl Setting for HostOrSocket {
    const SHAPE: Shape =
        Shape::plain("a host name, an IP address, or the path of a Unix socket", "host or socket", shape::filled)
            .or(shape::NO_HOST);

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        let text = field.text(&Self::SHAPE)?;
        if !text.starts_with('/') {
            let host = Host::parse(&text).map_err(|rule| field.wrong(&Self::SHAPE).help(rule.to_string()))?;
            field.show(&text);
            return Ok(Self::Host(host));
        }
        if may_hold_login(&text) {
            return Err(field
                .wrong(&Self::SHAPE)
                .help("write only the host, or the path of the socket: no login, no URL"));
        }
        path_of_socket(field, &Self::SHAPE, text).map(Self::Socket)
    }
}

fn path_of_socket(field: &Field<'_>, shape: &Shape, text: String) -> Result<PathBuf, Misfit> {
    /// `sun_path` of unix(7), without the NUL at its end.
    const LONGEST: usize = 107;
    if text.len() > LONGEST || text.contains('\0') {
        let help = format!("the path of a Unix socket has {LONGEST} bytes at most, and no NUL (unix(7))");
        return Err(field.wrong(shape).help(help));
    }
    Ok(PathBuf::from(text))
}

/// The path of a Unix socket.
#[derive(Clone, Debug)]
pub(crate) struct SocketPath(pub(crate) PathBuf);

impl Setting for SocketPath {
    const SHAPE: Shape = Shape::plain(
        "the path of a Unix socket, from the root on",
        "path",
        || serde_json::json!({"type": "string", "pattern": "^/"}),
    )
    .or(StandIn::Like("/?"));

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        let text = field.parse(&Self::SHAPE, |text| text.starts_with('/').then(|| text.to_owned()))?;
        path_of_socket(field, &Self::SHAPE, text).map(Self)
    }
}
