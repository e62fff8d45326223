//! The application's Python, which reads the settings.

use crate::generate::django::brood::Brood;
use crate::generate::django::settings::DjangoSettings;
use crate::generate::django::unreadable::Unreadable;
use crate::text::escaped;
use std::env;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// What it runs, from its standard input: a program that is not Python repeats its arguments when it
/// complains, and the whole bridge is too much of that.
const BRIDGE: &str = include_str!("../../../../python/conn_check_configs/bridge.py");

/// Runs what stands in the input, of which nothing is left for the settings.
const RUN_INPUT: &str = "import sys; exec(sys.stdin.read())";

/// What stands around the bridge's document; the bridge has the same.
const BEGIN: &str = "\n--- conn-check settings begin ---\n";
const END: &str = "\n--- conn-check settings end ---\n";

/// More than any settings are, in bytes.
const LARGEST: usize = 16 << 20;

/// How often one looks whether a Python that said nothing has ended.
const TICK: Duration = Duration::from_millis(10);

/// The name of a module as Python imports it, of a name or of its file's path from this directory:
/// `shop/settings.py` is `shop.settings`.
///
/// # Errors
/// The path leads out of this directory.
pub fn module_name(text: &str) -> Result<String, Unreadable> {
    let path = text.strip_suffix(".py").filter(|_| text != ".py").map(|path| path.trim_start_matches("./"));
    match path.or_else(|| text.contains('/').then(|| text.trim_start_matches("./").trim_end_matches('/'))) {
        None => Ok(text.to_owned()),
        Some(path) if path.starts_with('/') || path.split('/').any(|part| part == "..") => {
            Err(Unreadable::NotFromHere(text.to_owned()))
        }
        Some(path) => Ok(path.trim_end_matches("/__init__").replace('/', ".")),
    }
}

/// A Python interpreter.
#[derive(Clone, Debug)]
pub struct Python {
    program: PathBuf,
}

impl Python {
    /// The one that is asked for, else that of the virtual environment one is in, else the one on
    /// the path.
    ///
    /// # Errors
    /// When there is none.
    pub fn find(wanted: Option<&Path>) -> Result<Self, Unreadable> {
        if let Some(program) = wanted {
            return Ok(Self { program: program.to_owned() });
        }
        let own = env::var_os("VIRTUAL_ENV").filter(|folder| !folder.is_empty());
        let own = own.map(|folder| Path::new(&folder).join("bin/python")).filter(|program| program.is_file());
        let path = env::var_os("PATH").unwrap_or_default();
        let on_path =
            |name: &str| env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file());
        let program = own.or_else(|| on_path("python3")).or_else(|| on_path("python"));
        Ok(Self { program: program.ok_or(Unreadable::NoPython)? })
    }

    /// Imports a settings module, by default that of `DJANGO_SETTINGS_MODULE`, and says what is in
    /// it. What it prints goes to standard error.
    ///
    /// # Errors
    /// When the settings cannot be had within the limit, with the next step.
    pub fn read(&self, module: Option<&str>, limit: Duration) -> Result<DjangoSettings, Unreadable> {
        let brood = Brood::begin();
        let mut child = self.start(module)?;
        let heard = listen(&mut child, limit);
        let output = heard.and_then(|bytes| self.document(&mut child, &bytes, limit));
        // Nothing is left of it, not even a thread or a process that the settings have started.
        let _ = child.kill();
        let _ = child.wait();
        brood.end();
        DjangoSettings::parse(&output?).map_err(|why| Unreadable::Document(self.shown(), why))
    }

    fn start(&self, module: Option<&str>) -> Result<Child, Unreadable> {
        let mut command = Command::new(&self.program);
        command.arg("-c").arg(RUN_INPUT).args(module).env("PYTHONDONTWRITEBYTECODE", "1");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let spawned = command.spawn();
        let mut child = spawned.map_err(|error| Unreadable::NotStarted(self.shown(), error))?;
        let input = child.stdin.take();
        // Whatever does not read it keeps a thread waiting, and not this program.
        thread::spawn(move || input.map(|mut input| input.write_all(BRIDGE.as_bytes())));
        Ok(child)
    }

    /// The document in what was heard.
    fn document(&self, child: &mut Child, bytes: &[u8], limit: Duration) -> Result<String, Unreadable> {
        let text = String::from_utf8_lossy(bytes);
        let document = text.rsplit_once(BEGIN).and_then(|(_, rest)| rest.split_once(END));
        if let Some((document, _)) = document {
            return Ok(document.to_owned());
        }
        Err(Unreadable::Mute(self.shown(), how_it_ended(child, limit)))
    }

    fn shown(&self) -> String {
        escaped(&self.program.to_string_lossy())
    }
}

/// All it says until the document is whole, or until it ends.
fn listen(child: &mut Child, limit: Duration) -> Result<Vec<u8>, Unreadable> {
    let output = child.stdout.take();
    let (sender, receiver) = mpsc::channel();
    // What hangs may hang for ever, and a read of it too: that is the end of this process, not more.
    thread::spawn(move || {
        let _ = sender.send(output.map(hear).unwrap_or_default());
    });
    receiver.recv_timeout(limit).map_err(|_| Unreadable::TooSlow(limit))
}

fn hear(mut output: impl Read) -> Vec<u8> {
    let mut heard = Vec::new();
    let mut chunk = [0; 8192];
    while !is_whole(&heard) && heard.len() < LARGEST {
        match output.read(&mut chunk) {
            Ok(0) | Err(_) => break,
            Ok(size) => heard.extend_from_slice(&chunk[..size]),
        }
    }
    heard
}

/// The end mark can only stand at the end.
fn is_whole(heard: &[u8]) -> bool {
    heard.trim_ascii_end().ends_with(END.trim_end().as_bytes())
}

fn how_it_ended(child: &mut Child, limit: Duration) -> String {
    let began = Instant::now();
    while began.elapsed() < limit {
        match child.try_wait() {
            Ok(Some(status)) => return format!("ended ({status})"),
            Ok(None) => thread::sleep(TICK),
            Err(_) => break,
        }
    }
    "closed its output".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_a_module_is_its_name() {
        for (text, name) in [
            ("shop.settings", Some("shop.settings")),
            ("shop/settings.py", Some("shop.settings")),
            ("./settings.py", Some("settings")),
            ("shop/settings/", Some("shop.settings")),
            ("shop/settings/__init__.py", Some("shop.settings")),
            ("/srv/shop/settings.py", None),
            ("../settings.py", None),
        ] {
            assert_eq!(module_name(text).ok().as_deref(), name, "{text}");
        }
    }

    #[test]
    fn the_bridge_has_the_same_marks() {
        for (name, mark) in [("BEGIN", BEGIN), ("END", END)] {
            let line = format!("{name} = '{}'", mark.replace('\n', "\\n"));
            assert!(BRIDGE.lines().any(|own| own == line), "{line}");
        }
    }
}
