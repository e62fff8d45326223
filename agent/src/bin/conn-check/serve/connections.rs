//! Who is connected: so many at most, and who idles longest goes first.

use super::handle;
use super::keeper::Keeper;
use super::steady::Steady;
use crate::say;
use conn_check::serve::{Connection, Listener};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Notify;
use tokio::task::{AbortHandle, spawn_local};
use tokio::time::{Instant, sleep_until};

/// The head of a request, the pause before the next one, and that in which nothing of an answer is taken, are no longer.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// The head of a request has no more bytes, and no more fields.
const HEAD: usize = 16 * 1024;
const FIELDS: usize = 64;

/// After an error of the system's that is not about one connection.
const PAUSE: Duration = Duration::from_millis(50);

/// What is answered at a listener.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// HTTP.
    Http,
    /// HTTP, metrics alone.
    Metrics,
    /// A line.
    Agent,
}

impl Kind {
    /// Behind the place.
    pub(crate) const fn about(self) -> &'static str {
        match self {
            Self::Http => "",
            Self::Metrics => " for metrics",
            Self::Agent => " for agent checks",
        }
    }
}

/// All connections.
pub(crate) struct Connections {
    keeper: Rc<Keeper>,
    most: usize,
    open: RefCell<BTreeMap<u64, Rc<Open>>>,
    numbers: Cell<u64>,
    /// One has gone.
    gone: Notify,
    /// It ends.
    ends: Notify,
    is_ending: Cell<bool>,
}

/// One of them.
struct Open {
    /// When it last did something that is of use.
    active: Cell<Instant>,
    /// It waits for us.
    waits: Cell<usize>,
    task: RefCell<Option<AbortHandle>>,
}

impl Connections {
    pub(crate) fn new(keeper: Rc<Keeper>, most: usize) -> Rc<Self> {
        Rc::new(Self {
            keeper,
            most,
            open: RefCell::default(),
            numbers: Cell::new(0),
            gone: Notify::new(),
            ends: Notify::new(),
            is_ending: Cell::new(false),
        })
    }

    /// Takes connections until it ends.
    pub(crate) async fn listen(self: Rc<Self>, listener: Listener, kind: Kind) {
        let mut ends = pin!(self.ends.notified());
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut ends => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok(connection) => {
                    self.make_room().await;
                    self.open(connection, kind);
                }
                Err(error) => {
                    // No descriptor is left, or no memory.
                    let closed = self.close_one();
                    if !closed {
                        say(&format!("no connection is taken at {}: {error}", listener.place));
                    }
                    sleep_until(Instant::now() + PAUSE).await;
                }
            }
        }
    }

    /// Waits until there is room for one more.
    async fn make_room(&self) {
        while self.open.borrow().len() >= self.most {
            let gone = self.gone.notified();
            if !self.close_one() {
                // All of them wait for the same run, which will be over.
                gone.await;
            }
        }
    }

    /// Closes who has done nothing for longest, and does not wait for us.
    fn close_one(&self) -> bool {
        let mut open = self.open.borrow_mut();
        let idle = open.iter().filter(|(_, one)| one.waits.get() == 0);
        let Some(number) = idle.min_by_key(|(_, one)| one.active.get()).map(|(number, _)| *number) else {
            return false;
        };
        if let Some(task) = open.remove(&number).and_then(|one| one.task.borrow_mut().take()) {
            task.abort();
        }
        true
    }

    fn open(self: &Rc<Self>, connection: Connection, kind: Kind) {
        let number = self.numbers.get();
        self.numbers.set(number + 1);
        let one = Rc::new(Open { active: Cell::new(Instant::now()), waits: Cell::new(0), task: RefCell::default() });
        self.open.borrow_mut().insert(number, Rc::clone(&one));
        let place = Place { connections: Rc::clone(self), number };
        let all = Rc::clone(self);
        let open = Rc::clone(&one);
        let task = spawn_local(async move {
            let _place = place;
            match kind {
                Kind::Agent => all.tell_line(connection, &open).await,
                Kind::Http | Kind::Metrics => all.talk(connection, &open, kind).await,
            }
        });
        *one.task.borrow_mut() = Some(task.abort_handle());
    }

    /// Answers requests, with TLS where there is a certificate.
    async fn talk(&self, connection: Connection, open: &Rc<Open>, kind: Kind) {
        let mut ends = pin!(self.ends.notified());
        let connection = tokio::select! {
            greeted = self.greeted(connection) => greeted,
            () = ends.as_mut() => None,
        };
        let Some(connection) = connection.filter(|_| !self.is_ending.get()) else { return };
        let service = service_fn(|request: hyper::Request<hyper::body::Incoming>| {
            let waiting = Waiting::of(open);
            let keeper = Rc::clone(&self.keeper);
            async move {
                let answer = handle::answer(keeper, request, kind == Kind::Metrics).await;
                drop(waiting);
                Ok::<_, Infallible>(answer)
            }
        });
        let mut builder = http1::Builder::new();
        // Who asks and then sends no more (`nc -N`, a shut-down socket) waits for its answer all the same.
        builder.half_close(true);
        builder.timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_buf_size(HEAD).max_headers(FIELDS);
        let (connection, owes) = Steady::new(connection);
        let mut served = pin!(builder.serve_connection(TokioIo::new(connection), service));
        // What goes wrong with a connection is its peer's.
        tokio::select! {
            biased;
            _ = served.as_mut() => return,
            () = ends => {}
        }
        // Who has sent half a request, or none, is owed nothing.
        if open.waits.get() > 0 || owes.get() {
            served.as_mut().graceful_shutdown();
            let _ = served.await;
        }
    }

    /// Who has connected, with TLS where there is a certificate; nothing where that fails, or takes too long.
    async fn greeted(&self, connection: Connection) -> Option<Connection> {
        let Some(certificate) = self.keeper.settled().certificate.clone() else { return Some(connection) };
        tokio::select! {
            greeted = certificate.greet(connection) => greeted.ok(),
            () = sleep_until(Instant::now() + PATIENCE) => None,
        }
    }

    /// Tells an agent check its line; what it sends (`agent-send`) does not matter.
    async fn tell_line(&self, mut connection: Connection, open: &Rc<Open>) {
        let ends = self.ends.notified();
        let waiting = Waiting::of(open);
        let line = handle::agent_line(&self.keeper).await;
        drop(waiting);
        let told = async {
            connection.write_all(line.as_bytes()).await?;
            connection.shutdown().await?;
            // Until the other end has read it: a socket that is closed with something unread is reset.
            let mut bytes = [0; 256];
            while connection.read(&mut bytes).await? > 0 {}
            std::io::Result::Ok(())
        };
        tokio::select! {
            biased;
            _ = told => {}
            () = ends => {}
            () = sleep_until(Instant::now() + PATIENCE) => {}
        }
    }

    /// Takes nobody any more, and waits until all that was asked is answered.
    pub(crate) async fn end(&self) {
        self.is_ending.set(true);
        self.ends.notify_waiters();
        loop {
            let gone = self.gone.notified();
            if self.open.borrow().is_empty() {
                return;
            }
            gone.await;
        }
    }
}

/// The place of a connection, until it is gone.
struct Place {
    connections: Rc<Connections>,
    number: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.open.borrow_mut().remove(&self.number);
        self.connections.gone.notify_waiters();
    }
}

/// A request that waits for us.
struct Waiting(Rc<Open>);

impl Waiting {
    fn of(open: &Rc<Open>) -> Self {
        open.waits.set(open.waits.get() + 1);
        Self(Rc::clone(open))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waits.set(self.0.waits.get() - 1);
        self.0.active.set(Instant::now());
    }
}
