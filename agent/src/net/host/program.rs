//! What a program of this host says: `nft`, `systemctl`. For what the kernel tells them alone, or in a form of theirs.
//!
//! Only from the folders of the system, in an empty environment, with nothing to read, in so much time and in so
//! many bytes; one that takes longer is killed. What it complains of is not looked at.

use crate::net::clock::within;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe::Receiver;
use tokio::time::Instant;

/// Where programs are looked for that root may run.
const FOLDERS: [&str; 4] = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// How long one may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// An answer that is longer is none.
const MOST_BYTES: u64 = 4 << 20;

/// What it prints, if it is there, in time, and content.
pub(super) async fn says(name: &str, arguments: &[&str], until: Instant) -> Option<String> {
    let program = find(name)?;
    let left = PATIENCE.min(until.saturating_duration_since(Instant::now()));
    within(left, output(&program, arguments)).await.flatten()
}

fn find(name: &str) -> Option<PathBuf> {
    FOLDERS.into_iter().map(|folder| Path::new(folder).join(name)).find(|path| path.is_file())
}

async fn output(program: &Path, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments).env_clear().current_dir("/");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut running = Running(command.spawn().ok()?);
    let said = Receiver::from_owned_fd(OwnedFd::from(running.0.stdout.take()?)).ok()?;
    let mut text = Vec::new();
    said.take(MOST_BYTES).read_to_end(&mut text).await.ok()?;
    if text.len() as u64 == MOST_BYTES {
        return None;
    }
    // It has closed its output: this is its end.
    running.0.wait().ok()?.success().then_some(())?;
    String::from_utf8(text).ok()
}

/// A program that is not left running.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn said(name: &str, arguments: &[&str], within: Duration) -> Option<String> {
        says(name, arguments, Instant::now() + within).await
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_program_is_heard_unless_it_fails_is_late_or_says_too_much() {
        let long = Duration::from_secs(2);
        assert_eq!(said("echo", &["well"], long).await.as_deref(), Some("well\n"));
        assert_eq!(said("sh", &["-c", "echo no; exit 1"], long).await, None);
        assert_eq!(said("there-is-no-such-program", &[], long).await, None);
        assert_eq!(said("sh", &["-c", "echo $HOME$USER"], long).await.as_deref(), Some("\n"));
        let began = Instant::now();
        assert_eq!(said("sleep", &["60"], Duration::from_millis(50)).await, None);
        assert_eq!(said("yes", &[], long).await, None);
        assert!(began.elapsed() < long, "{:?}", began.elapsed());
    }
}
