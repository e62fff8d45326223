//! The floor: what the same work costs with nothing but the system calls it needs.

use crate::{Outcome, server};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, SockaddrIn, sockopt};
use nix::unistd;
use std::net::SocketAddrV4;
use std::os::fd::{AsRawFd as _, OwnedFd};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// How many new connections are begun between two looks at those under way.
const AT_ONCE: usize = 64;

/// What the redis check's login comes down to.
fn login() -> Vec<u8> {
    let password = harness::redis::PASSWORD;
    format!("*2\r\n$4\r\nAUTH\r\n${}\r\n{password}\r\n*1\r\n$4\r\nPING\r\n", password.len()).into_bytes()
}

/// Connects so often to one address; with the manners `http` and `redis`, asks and waits for the first
/// bytes.
pub(crate) fn run(manner: &str, count: &str, address: &str) -> Outcome {
    server::raise_limits()?;
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    let address = SockaddrIn::from(address.parse::<SocketAddrV4>()?);
    let request = match manner {
        "http" => Some(REQUEST.to_vec()),
        "redis" => Some(login()),
        _ => None,
    };
    let mut floor = Floor { epoll, address, request, flights: Vec::new(), done: 0 };
    floor.run(count.parse()?)
}

struct Floor {
    epoll: Epoll,
    address: SockaddrIn,
    /// What is said on every connection.
    request: Option<Vec<u8>>,
    /// Connections under way, and whether they have asked; `None` when they are done.
    flights: Vec<Option<(OwnedFd, bool)>>,
    done: usize,
}

impl Floor {
    fn run(&mut self, count: usize) -> Outcome {
        let mut events = [EpollEvent::empty(); 1024];
        while self.done < count {
            let more = count - self.flights.len();
            for _ in 0..more.min(AT_ONCE) {
                self.connect()?;
            }
            let patience = if more > AT_ONCE { EpollTimeout::ZERO } else { EpollTimeout::NONE };
            let ready = self.epoll.wait(&mut events, patience)?;
            for event in &events[..ready] {
                self.advance(usize::try_from(event.data())?)?;
            }
        }
        Ok(())
    }

    fn connect(&mut self) -> Outcome {
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let socket = socket::socket(AddressFamily::Inet, SockType::Stream, flags, None)?;
        match socket::connect(socket.as_raw_fd(), &self.address) {
            Ok(()) | Err(Errno::EINPROGRESS) => {}
            Err(error) => return Err(error.into()),
        }
        self.epoll.add(&socket, EpollEvent::new(EpollFlags::EPOLLOUT, self.flights.len() as u64))?;
        self.flights.push(Some((socket, false)));
        Ok(())
    }

    /// Connected, or answered.
    fn advance(&mut self, number: usize) -> Outcome {
        let Some((socket, asked)) = &mut self.flights[number] else { return Ok(()) };
        if *asked {
            let mut buffer = [0; 4096];
            if unistd::read(&*socket, &mut buffer)? == 0 {
                return Err("closed without an answer".into());
            }
        } else {
            Errno::result(socket::getsockopt(&*socket, sockopt::SocketError)?)?;
            if let Some(request) = &self.request {
                unistd::write(&*socket, request)?;
                self.epoll.modify(&*socket, &mut EpollEvent::new(EpollFlags::EPOLLIN, number as u64))?;
                *asked = true;
                return Ok(());
            }
        }
        self.flights[number] = None;
        self.done += 1;
        Ok(())
    }
}
