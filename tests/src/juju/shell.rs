//! An operator's shell: `juju` is a program on its path, which asks this process.

use super::cli::Release;
use super::controller::Juju;
use super::socket;
use crate::agent;
use crate::or_panic::OrPanic;
use crate::packages::SEARCH_PATH;
use crate::scratch::Scratch;
use serde_json::json;
use std::io;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// A directory to work in, with programs of its own before those of the system.
#[derive(Debug)]
pub struct Shell {
    scratch: Scratch,
    release: Release,
}

impl Shell {
    /// In which `juju` is this release's.
    #[must_use]
    pub fn of(release: Release) -> Self {
        let scratch = Scratch::new();
        std::fs::create_dir(scratch.path().join("bin")).or_panic("make a directory");
        symlink(agent::built("hook-tool"), scratch.path().join("bin/juju")).or_panic("link juju");
        Self { scratch, release }
    }

    /// The directory it works in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.scratch.path()
    }

    /// A program of its own.
    pub fn program(&self, name: &str, script: &str) {
        let _on_the_path = self.scratch.program(&format!("bin/{name}"), script);
    }

    /// Types a line.
    #[must_use]
    pub fn enter(&self, juju: &Juju, line: &str) -> Output {
        let (socket, done) = (self.folder().join("juju.socket"), AtomicBool::new(false));
        let _of_the_line_before = std::fs::remove_file(&socket);
        let listener = UnixListener::bind(&socket).or_panic("listen for juju");
        let mut command = Command::new("/bin/bash");
        command.args(["-c", line]).current_dir(self.folder()).env_clear();
        command.env("PATH", format!("{}:{SEARCH_PATH}", self.folder().join("bin").display()));
        command.env("JUJU_CONTEXT_ID", "").env("JUJU_AGENT_SOCKET_ADDRESS", &socket);
        thread::scope(|scope| {
            scope.spawn(|| {
                for stream in listener.incoming().take_while(|_| !done.load(Ordering::Relaxed)) {
                    stream.and_then(|stream| self.answer(juju, &stream)).or_panic("answer juju");
                }
            });
            let output = command.output();
            done.store(true, Ordering::Relaxed);
            socket::wake(&socket);
            output.or_panic("run a shell")
        })
    }

    fn answer(&self, juju: &Juju, stream: &std::os::unix::net::UnixStream) -> io::Result<()> {
        let question = socket::question(stream)?;
        let words: Vec<String> = serde_json::from_value(question["arguments"].clone())?;
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let said = juju.cli_in(self.folder(), self.release, &words);
        socket::reply(stream, &json!({"code": said.code, "out": said.out, "err": said.err}))
    }
}
