//! Files of results of a run as a service. The service has no rights where they go, and may see another file system: what
//! is to be written is handed to the process that was called, which writes it as whoever the directory belongs to.

use crate::line::{self, Said};
use crate::output::{self, Place};
use conn_check::cli::Args;
use conn_check::identity::User;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process;

/// Where the run as the service hands its files to.
pub(crate) struct Outlet {
    stream: UnixStream,
    places: Vec<(&'static str, std::path::PathBuf)>,
}

impl Outlet {
    pub(crate) fn new(stream: UnixStream, args: &Args) -> Self {
        let places = output::places(args).into_iter().map(|(option, path)| (option, path.to_owned())).collect();
        Self { stream, places }
    }

    /// Hands over the content of a file. Whether it could be written is told by the one who writes.
    ///
    /// # Errors
    /// Nobody is there to take it.
    pub(crate) fn put(&self, place: Place<'_>, content: &[u8]) -> io::Result<()> {
        let number = self.places.iter().position(|(option, path)| (*option, path.as_path()) == place);
        let number = number.ok_or_else(|| io::Error::other("this file was not named"))?;
        line::say(&self.stream, &Said::File(number), content)
    }
}

/// Writes a file as whoever its directory belongs to: that user can do there what it likes, and root is led nowhere else.
///
/// # Errors
/// Those of the work; the system's.
pub(crate) fn as_owner<T>(path: &Path, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // One that is not there is told by the work.
    let Ok(Some(owner)) = User::owner_of(directory) else { return work() };
    let acting = owner.act()?;
    let done = work();
    if acting.end().is_err() {
        // Half one user and half another, nothing more is to be done.
        process::abort();
    }
    done
}
