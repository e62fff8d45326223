//! s3s-fs 0.14.1: an S3 server over a folder, each bucket a folder in it, that checks signatures.
//!
//! It is a crate: `cargo xtask test` builds it into `target/s3s-fs/`, where crates are to be had. A test that finds none
//! says so aloud ([`S3::or_skip`]).

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};
use crate::scratch::text;

/// The one key, and its secret.
pub const ACCESS_KEY: &str = "AKIACONNCHECKCANARY1";
/// See [`ACCESS_KEY`].
pub const SECRET_KEY: &str = "s3-Secret/With+Signs=1";

/// The bucket that is there.
pub const BUCKET: &str = "media";

/// The domain under which buckets are hosts.
pub const DOMAIN: &str = "localhost";

/// A running server, with [`BUCKET`].
#[derive(Debug)]
pub struct S3 {
    daemon: Daemon,
    port: Port,
}

impl S3 {
    /// Where the test command puts the program.
    #[must_use]
    pub fn program() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/s3s-fs/bin/s3s-fs")
    }

    /// Starts one.
    ///
    /// `None`, and a line on standard error that no test runner hides, where it could not be built.
    #[must_use]
    pub fn or_skip() -> Option<Self> {
        if !Self::program().is_file() {
            let test = std::thread::current().name().unwrap_or("a test").to_owned();
            // Nobody is left to tell when even this cannot be written.
            let _ = writeln!(std::io::stderr(), "SKIPPED {test}: there is no s3s-fs; `cargo xtask test` builds it");
            return None;
        }
        let (daemon, port) = Daemon::start_with(|scratch| {
            let port = ports::free();
            let data = scratch.folder("data");
            let _bucket = scratch.folder(&format!("data/{BUCKET}"));
            let launch = Launch::new(&text(&Self::program()))
                .args(["--host", "127.0.0.1", "--port", &port.number().to_string()])
                .args(["--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY])
                .args(["--domain", &format!("{DOMAIN}:{}", port.number()), &text(&data)])
                .env("RUST_LOG", "s3s=debug")
                .accepts(port.address());
            (launch, port)
        });
        Some(Self { daemon, port })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// The folder of the bucket.
    #[must_use]
    pub fn bucket(&self) -> PathBuf {
        self.daemon.scratch().path().join("data").join(BUCKET)
    }

    /// Every file in the bucket, by its path there.
    #[must_use]
    pub fn objects(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.bucket()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push(path.strip_prefix(self.bucket()).unwrap_or(&path).display().to_string());
                }
            }
        }
        found.sort();
        found
    }

    /// The daemon: its log, stopping it, freezing it.
    pub fn daemon(&mut self) -> &mut Daemon {
        &mut self.daemon
    }
}
