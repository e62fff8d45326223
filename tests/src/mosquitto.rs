//! mosquitto, the MQTT broker, with users and topics for every answer that a client may get.
//!
//! ```
//! use harness::mosquitto::{Mosquitto, Setup};
//!
//! let broker = Mosquitto::start(&Setup::plain());
//! assert_ne!(broker.address().port(), 0);
//! assert!(broker.socket().exists());
//! assert_eq!(broker.answered(0), 0);
//! ```
//!
//! | user | with [`PASSWORD`] |
//! |---|---|
//! | [`USER`] | may do what the topics allow |
//! | [`POWERLESS`] | may connect, and neither subscribe nor publish |
//! | [`DISABLED`] | may not connect |
//! | [`BOUND`] | may connect with the client id [`CLIENT_ID`] only |
//!
//! | topic | [`USER`], and anonymous where it is let in, may |
//! |---|---|
//! | [`BOTH`] | subscribe and publish |
//! | [`INCOMING`] | subscribe only |
//! | [`OUTGOING`] | publish only |
//! | every other | neither |
//!
//! The rules are those of the dynamic security plugin; `acl_file` would refuse no SUBSCRIBE. Debian's
//! 2.0.11 speaks MQTT 3.1, 3.1.1 and 5, and no `WebSockets`.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::pbkdf2;
use serde_json::{Value, json};

use crate::certs::{Authority, Folder, Identity};
use crate::or_panic::OrPanic;
use crate::packages;
use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};
use crate::scratch::{Scratch, text};
use crate::wait;

/// Who may do what the topics allow.
pub const USER: &str = "app";

/// The password of every user.
pub const PASSWORD: &str = "mosquitto-Secret.1";

/// Who may connect, and do nothing.
pub const POWERLESS: &str = "powerless";

/// Who may not connect.
pub const DISABLED: &str = "disabled";

/// Who may connect as [`CLIENT_ID`] only.
pub const BOUND: &str = "bound";

/// The client id of [`BOUND`].
pub const CLIENT_ID: &str = "sensor-7";

/// The topic to subscribe and to publish to.
pub const BOTH: &str = "orders/new";

/// The topic to subscribe to only.
pub const INCOMING: &str = "orders/done";

/// The topic to publish to only.
pub const OUTGOING: &str = "audit/log";

/// Where Debian has its plugin, below a directory named for the machine.
const LIBRARIES: &str = "/usr/lib";

/// The file of the plugin.
const PLUGIN: &str = "mosquitto_dynamic_security.so";

/// How many connections each port of a broker with [`Setup::few_connections`] takes.
const FEW: usize = 2;

/// How long a connection may stay open before it counts as taken.
const KNOCK: Duration = Duration::from_millis(200);

/// What is mixed into the passwords; the plugin wants twelve bytes.
const SALT: &[u8; 12] = b"conn-check-1";

/// What makes a password slow to guess; here it may be fast.
const ITERATIONS: u32 = 101;

/// What a broker is like.
#[derive(Debug)]
pub struct Setup {
    ip: IpAddr,
    options: String,
    /// Of each port.
    listener: String,
    tls: Option<(String, Vec<Folder>)>,
    anonymous: bool,
}

impl Setup {
    /// Without TLS, on 127.0.0.1 and a Unix socket, and nobody gets in without a login.
    #[must_use]
    pub fn plain() -> Self {
        Self {
            ip: Ipv4Addr::LOCALHOST.into(),
            options: String::new(),
            listener: String::new(),
            tls: None,
            anonymous: false,
        }
    }

    /// With TLS on a port more.
    #[must_use]
    pub fn tls(identity: &Identity) -> Self {
        let (chain, key) = (text(identity.certificate_file()), text(identity.key_file()));
        let lines = format!("certfile {chain}\nkeyfile {key}\n");
        Self { tls: Some((lines, vec![identity.folder()])), ..Self::plain() }
    }

    /// On the port with TLS, clients need a certificate of `clients`.
    ///
    /// # Panics
    /// Without TLS.
    #[must_use]
    pub fn requiring(mut self, clients: &Authority) -> Self {
        let (lines, folders) = self.tls.as_mut().or_panic("want client certificates without TLS");
        *lines += &format!("cafile {}\nrequire_certificate true\n", text(clients.file()));
        folders.push(clients.folder());
        self
    }

    /// Lets in whoever gives no login.
    #[must_use]
    pub const fn anonymous(mut self) -> Self {
        self.anonymous = true;
        self
    }

    /// On this address, for [`crate::netns::Namespace::inside`].
    #[must_use]
    pub const fn at(mut self, ip: IpAddr) -> Self {
        self.ip = ip;
        self
    }

    /// A global line of `mosquitto.conf(5)`: `allow_zero_length_clientid false`.
    #[must_use]
    pub fn option(mut self, line: &str) -> Self {
        self.options += line;
        self.options.push('\n');
        self
    }

    /// A line of `mosquitto.conf(5)` for each port: `max_qos 0`.
    #[must_use]
    pub fn listener_option(mut self, line: &str) -> Self {
        self.listener += line;
        self.listener.push('\n');
        self
    }

    /// Takes two connections on each port, and closes every other one without a word.
    #[must_use]
    pub fn few_connections(self) -> Self {
        self.listener_option(&format!("max_connections {FEW}"))
    }

    fn configuration(&self, scratch: &Scratch, plain: &Port, tls: Option<&Port>) -> String {
        let rules = text(&scratch.write_private("rules.json", rules().to_string()));
        let listener = |port: &Port, more: &str| {
            format!("listener {} {}\n{}{more}", port.number(), port.address().ip(), self.listener)
        };
        let own = self.tls.as_ref().map(|(lines, _)| lines.as_str()).unwrap_or_default();
        format!(
            "log_dest stderr\nlog_type all\nallow_anonymous {}\nplugin {}\nplugin_opt_config_file {rules}\n{}{}{}\
             listener 0 {}\n",
            self.anonymous,
            text(&plugin()),
            self.options,
            listener(plain, ""),
            tls.map(|port| listener(port, own)).unwrap_or_default(),
            text(&socket_in(scratch)),
        )
    }
}

/// A running mosquitto.
#[derive(Debug)]
pub struct Mosquitto {
    daemon: Daemon,
    plain: Port,
    tls: Option<Port>,
}

impl Mosquitto {
    /// Starts a broker, ready for clients.
    #[must_use]
    pub fn start(setup: &Setup) -> Self {
        let (daemon, (plain, tls)) = Daemon::start_with(|scratch| {
            let port = || if setup.ip == Ipv4Addr::LOCALHOST { ports::free() } else { ports::free_at(setup.ip) };
            let (plain, tls) = (port(), setup.tls.as_ref().map(|_| port()));
            let _folder = scratch.folder("run");
            let file = scratch.write("mosquitto.conf", setup.configuration(scratch, &plain, tls.as_ref()));
            let launch = Launch::new("mosquitto").arg("-c").arg(file).as_nobody();
            // By then it listens everywhere.
            let launch = launch.says(" running");
            (launch, (plain, tls))
        });
        Self { daemon, plain, tls }
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

    /// The Unix socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        socket_in(self.daemon.scratch())
    }

    /// What it wrote down so far: every connection and packet.
    #[must_use]
    pub fn log(&self) -> String {
        self.daemon.log()
    }

    /// How many clients it has answered with this code: 0 accepted, 5 (MQTT 3.1.1) and 135 (MQTT 5) rejected.
    #[must_use]
    pub fn answered(&self, code: u8) -> usize {
        let code = format!(", {code})");
        self.log().lines().filter(|line| line.contains("Sending CONNACK to ") && line.ends_with(&code)).count()
    }

    /// Has it keep a message for everybody who will subscribe to [`BOTH`].
    ///
    /// # Panics
    /// When it refuses.
    pub fn retain(&self, message: &str) {
        let (host, port) = (self.address().ip().to_string(), self.address().port().to_string());
        let mut command = Command::new(packages::needed("mosquitto_pub"));
        command.args(["-h", &host, "-p", &port, "-u", USER, "-P", PASSWORD, "-V", "5", "-q", "1", "-r"]);
        // In a file, since it may be longer than an argument can be.
        command.args(["-t", BOTH, "-f"]).arg(self.daemon.scratch().write("message", message));
        let output = command.output().or_panic("run mosquitto_pub");
        // Its status is 0 when the message alone is refused.
        assert!(output.stderr.is_empty(), "mosquitto_pub: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Holds connections to the plain port until it takes no more; they end when the result is dropped.
    #[must_use]
    pub fn fill(&self) -> Vec<TcpStream> {
        let held = (0..FEW).map(|number| self.held(number)).collect();
        wait::until("a full broker", || self.closes_at_once());
        held
    }

    /// The daemon: stopping it, freezing it.
    pub const fn daemon(&mut self) -> &mut Daemon {
        &mut self.daemon
    }

    /// A connection as [`USER`] that is up.
    fn held(&self, number: usize) -> TcpStream {
        let mut stream = TcpStream::connect(self.address()).or_panic("connect to mosquitto");
        stream.write_all(&connect(&format!("held-{number}"))).or_panic("write to mosquitto");
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).or_panic("read from mosquitto");
        assert_eq!(answer, [0x20, 2, 0, 0], "{}", self.log());
        stream
    }

    fn closes_at_once(&self) -> bool {
        let mut stream = TcpStream::connect(self.address()).or_panic("connect to mosquitto");
        stream.set_read_timeout(Some(KNOCK)).or_panic("set a time-out");
        matches!(stream.read(&mut [0]), Ok(0))
    }
}

fn socket_in(scratch: &Scratch) -> PathBuf {
    scratch.path().join("run/socket")
}

fn plugin() -> PathBuf {
    let folders = fs::read_dir(LIBRARIES).or_panic(format_args!("look into {LIBRARIES}")).flatten();
    let mut files = folders.map(|folder| folder.path().join(PLUGIN)).filter(|file| file.is_file());
    files.next().or_panic(format_args!("find {PLUGIN} below {LIBRARIES}"))
}

/// What the plugin knows from the start; the format is that of the file it writes itself.
fn rules() -> Value {
    let may = |what: &str, topic: &str| json!({"acltype": what, "topic": topic, "priority": 0, "allow": true});
    json!({
        "defaultACLAccess": {
            "publishClientSend": false, "publishClientReceive": true, "subscribe": false, "unsubscribe": true,
        },
        "clients": [
            client(USER, json!({"roles": [{"rolename": "app"}]})),
            client(POWERLESS, json!({})),
            client(DISABLED, json!({"roles": [{"rolename": "app"}], "disabled": true})),
            client(BOUND, json!({"roles": [{"rolename": "app"}], "clientid": CLIENT_ID})),
        ],
        "groups": [{"groupname": "anonymous", "roles": [{"rolename": "app"}]}],
        "anonymousGroup": "anonymous",
        "roles": [{"rolename": "app", "acls": [
            may("subscribeLiteral", BOTH), may("subscribeLiteral", INCOMING),
            may("publishClientSend", BOTH), may("publishClientSend", OUTGOING),
        ]}],
    })
}

/// A user of the plugin: PBKDF2 with SHA-512 (RFC 8018) over the password.
fn client(name: &str, mut more: Value) -> Value {
    let mut hash = [0; 64];
    let iterations = ITERATIONS.try_into().or_panic("iterate");
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA512, iterations, SALT, PASSWORD.as_bytes(), &mut hash);
    more["username"] = name.into();
    more["password"] = BASE64.encode(hash).into();
    more["salt"] = BASE64.encode(SALT).into();
    more["iterations"] = ITERATIONS.into();
    more
}

/// A CONNECT of MQTT 3.1.1 (section 3.1) with a clean session and hours of keep-alive, as [`USER`].
fn connect(client_id: &str) -> Vec<u8> {
    let field = |text: &str| [&[0, u8::try_from(text.len()).or_panic("shorten a field")], text.as_bytes()].concat();
    let fields = [client_id, USER, PASSWORD].map(field).concat();
    let body = [field("MQTT"), vec![4, 0xc2, 0xff, 0xff], fields].concat();
    [vec![0x10, u8::try_from(body.len()).or_panic("shorten a packet")], body].concat()
}
