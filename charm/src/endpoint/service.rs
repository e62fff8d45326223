//! The text of the service's file.
//!
//! Sources: systemd.service(5), "COMMAND LINES", and systemd.syntax(7), "QUOTING", for words; systemd.exec(5) for the rest.

use crate::listen::Listen;
use crate::options::CONNECT_TIMEOUT;
use crate::paths::UnitPaths;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

const TEMPLATE: &str = include_str!("conn-check-serve.service");

/// What a service does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Service<'a> {
    /// The unit.
    pub(crate) unit: UnitPaths<'a>,
    /// Its name in Juju.
    pub(crate) juju_unit: &'a str,
    /// The file of checks.
    pub(crate) file: &'a Path,
    /// Where people and load balancers find it.
    pub(crate) listen: Option<&'a Listen>,
    /// Whether it wants a token.
    pub(crate) has_token: bool,
    /// The port of the metrics on the loopback address.
    pub(crate) metrics: Option<u16>,
    /// Timeout in seconds of a check that does not set its own.
    pub(crate) connect_timeout: u64,
}

/// Where the metrics are.
#[must_use]
pub(crate) fn metrics_address(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

impl Service<'_> {
    /// The addresses that it listens at.
    #[must_use]
    pub(crate) fn addresses(&self) -> Vec<Listen> {
        let metrics = self.metrics.map(|port| Listen::Tcp(metrics_address(port)));
        [self.listen.cloned().unwrap_or_else(hidden)].into_iter().chain(metrics).collect()
    }

    /// The text; `map_path` is [`crate::host::Host::map_path`].
    #[must_use]
    pub(crate) fn text(&self, map_path: &dyn Fn(&Path) -> PathBuf) -> String {
        let program = map_path(&self.unit.serve()).to_string_lossy().into_owned();
        let command: Vec<_> = self.command(&program, map_path).iter().map(|one| word(one)).collect();
        // Where nobody but the collector asks, nobody else finds the socket.
        let mode = if self.listen.is_some() { "0755" } else { "0700" };
        TEMPLATE
            .replace("@JUJU_UNIT@", self.juju_unit)
            .replace("@UNIT@", self.unit.0)
            .replace("@RUNTIME_MODE@", mode)
            .replace("@PROGRAM@", &program.replace('%', "%%"))
            .replace("@COMMAND@", &command.join(" "))
    }

    fn command(&self, program: &str, map_path: &dyn Fn(&Path) -> PathBuf) -> Vec<String> {
        let text = |path: &Path| map_path(path).to_string_lossy().into_owned();
        let listen = self.listen.cloned().unwrap_or_else(hidden).argument(&self.unit.runtime());
        let mut command = vec![program.to_owned(), "--listen".to_owned(), listen];
        if self.has_token {
            command.extend(["--token-file".to_owned(), text(&self.unit.token())]);
        }
        if let Some(port) = self.metrics {
            command.extend(["--metrics-listen".to_owned(), metrics_address(port).to_string()]);
        }
        if self.connect_timeout != CONNECT_TIMEOUT {
            command.extend(["--connect-timeout".to_owned(), self.connect_timeout.to_string()]);
        }
        command.push(text(self.file));
        command
    }
}

/// Where the program listens if it is there for the metrics alone: it has to listen somewhere.
fn hidden() -> Listen {
    Listen::Own("health.sock".to_owned())
}

/// One word of a command line. Specifiers and variables are nobody's here.
fn word(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:[],+@".contains(&byte);
    let escaped = text.replace('\\', r"\\").replace('"', "\\\"").replace('%', "%%").replace('$', "$$");
    if text.bytes().all(plain) { escaped } else { format!("\"{escaped}\"") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service<'a>(file: &'a str, listen: Option<&'a Listen>) -> Service<'a> {
        let unit = UnitPaths("conn-check-0");
        let (juju_unit, file) = ("conn-check/0", Path::new(file));
        Service { unit, juju_unit, file, listen, has_token: false, metrics: None, connect_timeout: 10 }
    }

    fn command(service: &Service<'_>) -> String {
        let text = service.text(&|path| path.to_owned());
        assert!(!text.lines().any(|line| line.contains('@') && !line.starts_with("SystemCallFilter=")), "{text}");
        text.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("a command").to_owned()
    }

    #[test]
    fn the_command_is_what_was_asked_for() {
        let listen = Listen::parse("127.0.0.1:9842").expect("an address");
        let program = "/usr/local/lib/conn-check/units/conn-check-0/conn-check-serve";
        let plain = service("/var/conn-check.yaml", Some(&listen));
        assert_eq!(command(&plain), format!("{program} --listen 127.0.0.1:9842 /var/conn-check.yaml"));
        let all = Service { has_token: true, metrics: Some(9843), connect_timeout: 3, ..plain };
        assert_eq!(
            command(&all),
            format!(
                "{program} --listen 127.0.0.1:9842 --token-file /etc/conn-check/conn-check-0/health.token \
                 --metrics-listen 127.0.0.1:9843 --connect-timeout 3 /var/conn-check.yaml"
            )
        );
        let for_metrics = Service { metrics: Some(9843), ..service("/var/conn-check.yaml", None) };
        assert_eq!(
            command(&for_metrics),
            format!(
                "{program} --listen unix:/run/conn-check/conn-check-0/health.sock --metrics-listen 127.0.0.1:9843 \
                 /var/conn-check.yaml"
            )
        );
    }

    #[test]
    fn a_path_is_one_word_for_systemd() {
        for (path, quoted) in [
            ("/var/a b", r#""/var/a b""#),
            ("/var/it's 100% $HOME", r#""/var/it's 100%% $$HOME""#),
            (r#"/var/"a\b"#, r#""/var/\"a\\b""#),
            ("/var/a;b", r#""/var/a;b""#),
        ] {
            let command = command(&service(path, None));
            assert!(command.ends_with(&format!(" {quoted}")), "{command}");
        }
    }
}
