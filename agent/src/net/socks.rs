//! A tunnel through a SOCKS proxy: version 5 (RFC 1928), with or without a user and a password (RFC 1929).

use crate::catalogue::Cause;
use crate::fault::{Fault, Owner};
use crate::net::identify::identify;
use crate::net::{self, Wire};
use crate::phase::Phase;
use crate::secret::{Secret, sentence};
use crate::text::escape;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::io::AsyncReadExt as _;

const VERSION: u8 = 5;
const NO_LOGIN: u8 = 0;
const PASSWORD: u8 = 2;
const NO_METHOD: u8 = 0xff;

/// The longest user, password and name, in bytes: their lengths are a byte.
pub(crate) const LONGEST: usize = 255;

/// Where a tunnel is to lead.
#[derive(Clone, Debug)]
pub(crate) enum Destination {
    Address(SocketAddr),
    /// The proxy looks the name up.
    Name(String, u16),
}

/// Who asks for a tunnel: a user and a password.
pub(crate) type Login<'a> = (&'a str, &'a Secret<String>);

/// Asks the proxy for a tunnel.
///
/// # Errors
/// `proxy.*`: what the proxy answered instead.
pub(crate) async fn tunnel(mut wire: Wire, to: &Destination, login: Option<Login<'_>>) -> Result<Wire, Fault> {
    let methods: &[u8] = if login.is_some() { &[NO_LOGIN, PASSWORD] } else { &[NO_LOGIN] };
    let count = u8::try_from(methods.len()).unwrap_or_default();
    wire.send(&[&[VERSION, count], methods].concat()).await?;
    let [version, method] = take(&mut wire).await?;
    if version != VERSION {
        return Err(another(&mut wire, &[version, method]).await);
    }
    match (method, login) {
        (NO_LOGIN, _) => {}
        (PASSWORD, Some(login)) => log_in(&mut wire, login).await?,
        // Some pick the login without being offered one.
        (NO_METHOD | PASSWORD, None) => {
            return Err(Fault::new(Cause::AuthRequired, "the proxy wants a login, none is configured").at(Phase::Proxy));
        }
        (NO_METHOD, Some(_)) => {
            let message = "the proxy takes no login by user and password, and nobody without one";
            return Err(Fault::new(Cause::AuthRequired, message)
                .owner(Owner::Network)
                .next_step("have the proxy let this host through without a login, or with a user and a password"));
        }
        (other, _) => return Err(not_socks(&[version, other])),
    }
    wire.send(&request(to)).await?;
    let [version, reply, _, kind] = take(&mut wire).await?;
    if version != VERSION {
        return Err(not_socks(&[version, reply]));
    }
    if reply != 0 {
        return Err(refused(reply, to).evidence(sentence!["reply ", reply, " (RFC 1928 section 6)"]));
    }
    // The address at which the proxy's own connection begins, of which nothing is needed.
    match kind {
        1 => drop(take::<6>(&mut wire).await?),
        4 => drop(take::<18>(&mut wire).await?),
        3 => {
            let [length] = take(&mut wire).await?;
            let mut rest = vec![0; usize::from(length) + 2];
            wire.read_exact(&mut rest).await.map_err(ended)?;
        }
        _ => return Err(not_socks(&[version, reply, 0, kind])),
    }
    // What follows is the target's.
    wire.seen().begin_anew();
    Ok(wire)
}

async fn log_in(wire: &mut Wire, (user, password): Login<'_>) -> Result<(), Fault> {
    let mut message = vec![1];
    for text in [user, password.expose()] {
        message.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
        message.extend_from_slice(&text.as_bytes()[..text.len().min(LONGEST)]);
    }
    wire.send(&message).await?;
    let [_, status] = take(wire).await?;
    if status == 0 {
        return Ok(());
    }
    Err(Fault::new(Cause::AuthRequired, "the proxy rejects our login")
        .next_step("check the user and the password in proxy_url")
        .evidence(sentence!["status ", status, " (RFC 1929)"]))
}

fn request(to: &Destination) -> Vec<u8> {
    let mut request = vec![VERSION, 1, 0];
    let port = match to {
        Destination::Address(address) => {
            match address.ip() {
                IpAddr::V4(v4) => request.extend([&[1][..], &v4.octets()].concat()),
                IpAddr::V6(v6) => request.extend([&[4][..], &v6.octets()].concat()),
            }
            address.port()
        }
        Destination::Name(name, port) => {
            request.extend([3, u8::try_from(name.len()).unwrap_or(u8::MAX)]);
            request.extend_from_slice(&name.as_bytes()[..name.len().min(LONGEST)]);
            *port
        }
    };
    request.extend(port.to_be_bytes());
    request
}

/// So many bytes.
async fn take<const LENGTH: usize>(wire: &mut Wire) -> Result<[u8; LENGTH], Fault> {
    let mut bytes = [0; LENGTH];
    wire.read_exact(&mut bytes).await.map_err(ended)?;
    Ok(bytes)
}

fn ended(error: io::Error) -> Fault {
    let fault = Fault::from(error);
    if fault.cause == Cause::Closed {
        return Fault::new(Cause::Closed, "the proxy closed the connection without an answer");
    }
    fault
}

/// Something else answers there: what more it says at once tells what.
async fn another(wire: &mut Wire, begun: &[u8]) -> Fault {
    const MOMENT: Duration = Duration::from_millis(50);
    let mut more = [0; 256];
    let length = net::within(MOMENT, wire.read(&mut more)).await.and_then(Result::ok).unwrap_or_default();
    not_socks(&[begun, &more[..length]].concat())
}

fn not_socks(said: &[u8]) -> Fault {
    match identify(said) {
        Some(peer) => {
            Fault::new(Cause::NotAProxy, sentence!["this is ", peer.service.described, ", not a SOCKS proxy"])
                .evidence(peer.detail)
        }
        None => Fault::new(Cause::NotAProxy, "what answers there does not speak SOCKS 5")
            .evidence(sentence!["it answered ", escape(said, 60)]),
    }
}

/// What the replies of RFC 1928 section 6 mean.
fn refused(reply: u8, to: &Destination) -> Fault {
    let bad_gateway =
        |why: &'static str| Fault::new(Cause::BadGateway, sentence!["the proxy could not reach the target: ", why]);
    match (reply, to) {
        (1, _) => bad_gateway("it failed, and does not say why"),
        (2, _) => Fault::new(Cause::Denied, "the proxy does not let this connection through"),
        (3, _) => bad_gateway("its network has no route to it"),
        (4, _) => bad_gateway("the host cannot be reached, or its name is not known there"),
        (5, _) => bad_gateway("the connection was refused"),
        (6, _) => bad_gateway("the packets were too long on the way (TTL)"),
        (7, _) => Fault::new(Cause::Denied, "the proxy opens no connections (CONNECT of SOCKS)")
            .next_step("have the proxy allow CONNECT, or name another one"),
        (8, Destination::Name(..)) => Fault::new(Cause::Denied, "the proxy takes no names, only addresses")
            .owner(Owner::Config)
            .next_step("write socks5:// in proxy_url, with which the name is looked up here"),
        (8, Destination::Address(address)) if address.is_ipv6() => {
            Fault::new(Cause::Denied, "the proxy takes no IPv6 addresses")
                .owner(Owner::Config)
                .next_step("write socks5h:// in proxy_url, with which the proxy looks the name up")
        }
        (other, _) => Fault::new(Cause::Denied, sentence!["the proxy refuses this connection (reply ", other, ")"])
            .next_step("look at the proxy's log"),
    }
}
