//! `RabbitMQ`, the AMQP 0-9-1 broker, with users, virtual hosts, a queue and an exchange.
//!
//! ```
//! use harness::rabbitmq::{RabbitMq, Setup};
//!
//! let broker = RabbitMq::start(&Setup::plain());
//! assert_ne!(broker.address().port(), 0);
//! ```
//!
//! | user | password | may |
//! |---|---|---|
//! | [`USER`] | [`PASSWORD`] | everything on every virtual host |
//! | [`LIMITED`] | [`PASSWORD`] | everything on `/`, and not enter another virtual host |
//! | [`READER`] | [`PASSWORD`] | enter [`VHOST`], and do nothing there |
//! | [`CROWDED`] | [`PASSWORD`] | open no connection: its own limit is 0 |
//! | `guest` | `guest` | everything on `/`, from this host |
//!
//! | virtual host | has |
//! |---|---|
//! | `/` | nothing |
//! | [`VHOST`] | the queue [`QUEUE`], empty and without a consumer, and the exchange [`EXCHANGE`] |
//! | [`FULL`] | a connection limit of 0 |
//!
//! Debian's 3.10.8 takes three seconds to start, twelve on a busy machine: start one for many tests.

mod client;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

pub use client::Client;

use crate::certs::{Authority, Folder, Identity};
use crate::or_panic::OrPanic;
use crate::packages;
use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};
use crate::scratch::{Scratch, text};

/// Who may do everything.
pub const USER: &str = "app";

/// The password of every user but `guest`.
pub const PASSWORD: &str = "Warren-of-7-rabbits";

/// Who may enter the virtual host `/` only.
pub const LIMITED: &str = "limited";

/// Who may enter [`VHOST`], and neither configure nor write nor read there.
pub const READER: &str = "reader";

/// Who may open no connection.
pub const CROWDED: &str = "crowded";

/// The virtual host with a queue and an exchange.
pub const VHOST: &str = "app";

/// The virtual host that takes no connection.
pub const FULL: &str = "full";

/// The virtual host that takes one queue.
pub const SMALL: &str = "small";

/// A durable queue of [`VHOST`].
pub const QUEUE: &str = "orders";

/// A direct exchange of [`VHOST`].
pub const EXCHANGE: &str = "events";

/// What it may take on a busy machine.
const START: Duration = Duration::from_secs(90);

/// Where Debian's package has its versions.
const VERSIONS: &str = "/usr/lib/rabbitmq/lib";

/// How a broker listens.
#[derive(Debug)]
pub struct Setup {
    ip: IpAddr,
    tls: Option<(String, Folder)>,
    options: String,
    plugins: &'static str,
    /// Of the clients' authority.
    _clients: Option<Folder>,
}

impl Setup {
    /// Without TLS, on 127.0.0.1.
    #[must_use]
    pub fn plain() -> Self {
        Self { ip: Ipv4Addr::LOCALHOST.into(), tls: None, options: String::new(), plugins: "", _clients: None }
    }

    /// On a port more with TLS 1.2 and 1.3.
    #[must_use]
    pub fn tls(identity: &Identity) -> Self {
        let (chain, key) = (text(identity.certificate_file()), text(identity.key_file()));
        let options = format!("ssl_options.certfile = {chain}\nssl_options.keyfile = {key}\n");
        Self { tls: Some((options, identity.folder())), ..Self::plain() }
    }

    /// Lets in whom a certificate of `clients` names, by its CN, too (EXTERNAL, `rabbitmq_auth_mechanism_ssl`).
    #[must_use]
    pub fn external(self, clients: &Authority) -> Self {
        let lines = format!(
            "ssl_options.cacertfile = {}\nssl_options.verify = verify_peer\nssl_options.fail_if_no_peer_cert = false\n\
             ssl_cert_login_from = common_name\nauth_mechanisms.1 = PLAIN\nauth_mechanisms.2 = EXTERNAL",
            text(clients.file())
        );
        Self { plugins: "rabbitmq_auth_mechanism_ssl", _clients: Some(clients.folder()), ..self.option(&lines) }
    }

    /// On this address, for [`crate::netns::Namespace::inside`].
    #[must_use]
    pub const fn at(mut self, ip: IpAddr) -> Self {
        self.ip = ip;
        self
    }

    /// Adds a line of `rabbitmq.conf`.
    #[must_use]
    pub fn option(mut self, line: &str) -> Self {
        self.options += line;
        self.options.push('\n');
        self
    }

    fn configuration(&self, scratch: &Scratch, plain: &Port, tls: Option<&Port>) -> String {
        let definitions = text(&scratch.write("definitions.json", definitions().to_string()));
        let listen = tls.map(|port| format!("listeners.ssl.1 = {}\n", port.address())).unwrap_or_default();
        let tls = self.tls.as_ref().map(|(options, _)| options.as_str()).unwrap_or_default();
        format!(
            "listeners.tcp.1 = {}\n{listen}{tls}load_definitions = {definitions}\n{}",
            plain.address(),
            self.options
        )
    }
}

/// A running `RabbitMQ`.
#[derive(Debug)]
pub struct RabbitMq {
    daemon: Daemon,
    /// Erlang's name service, which would otherwise be started by the broker and outlive it.
    _names: Daemon,
    names_port: Port,
    plain: Port,
    tls: Option<Port>,
}

impl RabbitMq {
    /// Starts a broker.
    #[must_use]
    pub fn start(setup: &Setup) -> Self {
        let (names, names_port) = start_names();
        let (daemon, (plain, tls)) = Daemon::start_with(|scratch| {
            let (plain, tls) = (ports::free_at(setup.ip), setup.tls.as_ref().map(|_| ports::free_at(setup.ip)));
            let file = scratch.write("rabbitmq.conf", setup.configuration(scratch, &plain, tls.as_ref()));
            let launch = launch(scratch, &text(&file), setup.plugins, &names_port);
            let launch = [Some(&plain), tls.as_ref()]
                .into_iter()
                .flatten()
                .fold(launch, |launch, port| launch.accepts(port.address()));
            (launch, (plain, tls))
        });
        Self { daemon, _names: names, names_port, plain, tls }
    }

    /// Address and port without TLS.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.plain.address()
    }

    /// Address and port with TLS.
    ///
    /// # Panics
    /// Without TLS.
    #[must_use]
    pub fn tls_address(&self) -> SocketAddr {
        self.tls.as_ref().or_panic("speak TLS to a broker without it").address()
    }

    /// A client of its own, on a virtual host, as [`USER`].
    #[must_use]
    pub fn client(&self, vhost: &str) -> Client {
        Client::connect(self.address(), vhost)
    }

    /// The names of all its `queues`, `exchanges` ... in a virtual host, sorted (`rabbitmqctl list_queues`).
    #[must_use]
    pub fn names(&self, vhost: &str, what: &str) -> Vec<String> {
        let said = self.control(&["-p", vhost, &format!("list_{what}"), "name", "--no-table-headers"]);
        let mut names: Vec<_> = said.lines().map(str::to_owned).collect();
        names.sort();
        names
    }

    /// Adds a virtual host in which [`USER`] may do everything.
    pub fn add_vhost(&self, vhost: &str) {
        self.control(&["add_vhost", vhost]);
        self.permit(vhost, USER, [".*"; 3]);
    }

    /// What a user may configure, write and read in a virtual host, as patterns of names.
    pub fn permit(&self, vhost: &str, user: &str, [configure, write, read]: [&str; 3]) {
        self.control(&["-p", vhost, "set_permissions", user, configure, write, read]);
    }

    /// Has it do something, and returns what it said.
    fn control(&self, words: &[&str]) -> String {
        let mut command = Command::new(script("rabbitmqctl"));
        command.args(["-n", "rabbit@localhost", "-q"]).args(words);
        command.env("HOME", self.daemon.scratch().path()).env("ERL_EPMD_PORT", self.names_port.number().to_string());
        command.env("RABBITMQ_CONF_ENV_FILE", "/dev/null").stdin(Stdio::null());
        let output = command.output().or_panic("run rabbitmqctl");
        let (said, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{said}{err}");
        said.into_owned()
    }

    /// Has a shell on the broker's host run a line.
    ///
    /// # Panics
    /// When it fails.
    pub fn shell(&self, line: &str) {
        let folder = script("rabbitmqctl");
        let folder = folder.parent().or_panic("find the scripts");
        let mut command = Command::new("sh");
        command.args(["-c", line]).env("PATH", format!("{}:{}", text(folder), packages::SEARCH_PATH));
        command.env("RABBITMQ_NODENAME", "rabbit@localhost").env("HOME", self.daemon.scratch().path());
        command.env("ERL_EPMD_PORT", self.names_port.number().to_string()).env("RABBITMQ_CONF_ENV_FILE", "/dev/null");
        let output = command.stdin(Stdio::null()).output().or_panic("run a shell");
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// What it wrote down so far, at the level `info`.
    #[must_use]
    pub fn log(&self) -> String {
        self.daemon.log()
    }

    /// The daemon: stopping it, freezing it.
    pub const fn daemon(&mut self) -> &mut Daemon {
        &mut self.daemon
    }
}

/// One of the broker's own scripts; those on the path change the user by themselves.
fn script(name: &str) -> PathBuf {
    let _installed = packages::needed("rabbitmq-server");
    let versions = std::fs::read_dir(VERSIONS).or_panic(format_args!("look into {VERSIONS}")).flatten();
    let mut scripts = versions.map(|version| version.path().join("sbin").join(name)).filter(|path| path.is_file());
    scripts.next().or_panic(format_args!("find a broker in {VERSIONS}"))
}

fn launch(scratch: &Scratch, configuration: &str, plugins: &str, names: &Port) -> Launch {
    let nothing = text(&scratch.write("nothing.config", "[]."));
    let plugins = text(&scratch.write("plugins", format!("[{plugins}].")));
    let distribution = ports::free();
    Launch::new(&text(&script("rabbitmq-server")))
        .env("RABBITMQ_NODENAME", "rabbit@localhost")
        .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
        .env("RABBITMQ_DIST_PORT", distribution.number().to_string())
        .env("ERL_EPMD_PORT", names.number().to_string())
        .env("ERL_EPMD_ADDRESS", "127.0.0.1")
        .env("RABBITMQ_CONFIG_FILE", configuration)
        .env("RABBITMQ_ADVANCED_CONFIG_FILE", &nothing)
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", &plugins)
        .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
        .env("RABBITMQ_MNESIA_BASE", scratch.folder("data"))
        .env("RABBITMQ_LOG_BASE", scratch.folder("log"))
        .env("RABBITMQ_LOGS", "-")
        // The script then becomes the broker and does not stay as its parent: stopped is stopped.
        .env("RUNNING_UNDER_SYSTEMD", "true")
        .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none")
        .as_nobody()
        // It takes seconds over a SIGTERM.
        .without_grace()
        .says("Server startup complete")
        .within(START)
}

fn start_names() -> (Daemon, Port) {
    Daemon::start_with(|_| {
        let port = ports::free();
        let launch = Launch::new("epmd").args(["-address", "127.0.0.1", "-port"]).arg(port.number().to_string());
        (launch.as_nobody().without_grace().accepts(port.address()), port)
    })
}

/// What it has from the start; the format of `rabbitmqctl export_definitions`.
fn definitions() -> Value {
    let user = |name: &str, limits: Value| json!({"name": name, "password": PASSWORD, "tags": "", "limits": limits});
    let may = |user: &str, vhost: &str, what: &str| json!({"user": user, "vhost": vhost, "configure": what, "write": what, "read": what});
    json!({
        "users": [
            user(USER, json!({})),
            user(LIMITED, json!({})),
            user(READER, json!({})),
            user(CROWDED, json!({"max-connections": 0})),
            {"name": "guest", "password": "guest", "tags": ""},
        ],
        "vhosts": [{"name": "/"}, {"name": VHOST}, {"name": FULL}, {"name": SMALL}],
        "permissions": [
            may(USER, "/", ".*"), may(USER, VHOST, ".*"), may(USER, FULL, ".*"), may(USER, SMALL, ".*"), may(LIMITED, "/", ".*"),
            may(READER, VHOST, ""), may(CROWDED, "/", ".*"), may("guest", "/", ".*"),
        ],
        "parameters": [
            {"component": "vhost-limits", "vhost": FULL, "name": "limits", "value": {"max-connections": 0}},
            {"component": "vhost-limits", "vhost": SMALL, "name": "limits", "value": {"max-queues": 1}},
        ],
        "queues": [{"name": QUEUE, "vhost": VHOST, "durable": true, "auto_delete": false, "arguments": {}}],
        "exchanges": [{"name": EXCHANGE, "vhost": VHOST, "type": "direct", "durable": true, "auto_delete": false, "internal": false, "arguments": {}}],
    })
}
