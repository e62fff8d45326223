//! curl, as the independent client.

use std::path::Path;
use std::process::Command;

/// What curl got.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The last status; 0 if there was none.
    pub(crate) status: u16,
    /// The status of the answer to CONNECT; 0 if there was none.
    pub(crate) connect: u16,
    /// Header and body of every answer.
    pub(crate) text: String,
    /// What curl said about an error.
    pub(crate) error: String,
}

/// Runs curl with these arguments, on top of: no configuration, no proxy, ten seconds.
pub(crate) fn curl(arguments: &[&str]) -> Reply {
    run(Command::new("curl"), arguments)
}

/// The same, trusting the authority of `file` and no other.
pub(crate) fn curl_trusting(file: &Path, arguments: &[&str]) -> Reply {
    let mut command = Command::new("curl");
    command.arg("-q").arg("--cacert").arg(file);
    run(command, arguments)
}

/// Runs a command that is curl, wherever it runs.
pub(crate) fn run(mut command: Command, arguments: &[&str]) -> Reply {
    let written = "\n%{http_code} %{http_connect}";
    command.args(["-q", "-sS", "-i", "--noproxy", "*", "-m", "10", "-w", written]).args(arguments);
    let output = command.output().expect("curl runs");
    let all = String::from_utf8_lossy(&output.stdout).into_owned();
    let (text, codes) = all.rsplit_once('\n').expect("curl writes the codes");
    let mut codes = codes.split(' ').map(|code| code.parse().expect("a code is a number"));
    let (status, connect) = (codes.next().expect("one code"), codes.next().expect("two codes"));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    Reply { status, connect, text: text.to_owned(), error }
}
