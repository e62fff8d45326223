//! slapd, the LDAP server of `OpenLDAP`, with users and branches for every answer that a client may get.
//!
//! ```
//! use harness::slapd::{PASSWORD, Setup, Slapd, USER};
//!
//! let slapd = Slapd::start(&Setup::plain().option("require authc"));
//! assert_ne!(slapd.address().port(), 0);
//! assert!(slapd.socket().exists());
//! assert!(USER.ends_with("dc=example,dc=com") && !PASSWORD.is_empty());
//! assert_eq!(slapd.binds(49), 0);
//! ```
//!
//! | user | a bind with [`PASSWORD`] |
//! |---|---|
//! | [`USER`] | succeeds |
//! | [`LOCKED`] | 49 `invalidCredentials`; the password policy control says `accountLocked` |
//! | [`EXPIRED`] | 49; the control says `passwordExpired` |
//! | [`RESET`] | succeeds, and the control says `changeAfterReset`: every search is refused with 50 |
//! | [`KEYLESS`] | 49: the entry has no password |
//!
//! | base | a search of the entry itself |
//! |---|---|
//! | [`BASE`] | everybody may |
//! | [`PEOPLE`] | users may; anonymous gets 50 `insufficientAccessRights` |
//! | [`PAYROLL`] | 50 for everybody |
//! | [`SECRETS`] | 32 `noSuchObject` for everybody: its existence is not disclosed |
//! | [`HIDDEN`] | 0 for everybody, and no entry: it may be looked for, and not be seen |
//! | [`ELSEWHERE`] | 10 `referral` to another server |
//!
//! [`Setup::answer`] adds what no configuration brings about. Debian's 2.5.13 with its MDB back end,
//! ppolicy and retcode overlays; TLS is `GnuTLS`. It starts in a tenth of a second.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::certs::{Authority, Folder, Identity};
use crate::or_panic::OrPanic;
use crate::packages;
use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};
use crate::scratch::{Scratch, text};
use crate::user;
use crate::wait;

/// The suffix of its database, an entry that everybody may read.
pub const BASE: &str = "dc=example,dc=com";

/// The password of every user.
pub const PASSWORD: &str = "slapd-Secret.1";

/// Who may read everything but [`PAYROLL`], [`SECRETS`] and [`HIDDEN`].
pub const USER: &str = "uid=app,ou=people,dc=example,dc=com";

/// Who was locked by an administrator.
pub const LOCKED: &str = "uid=locked,ou=people,dc=example,dc=com";

/// Whose password has expired.
pub const EXPIRED: &str = "uid=expired,ou=people,dc=example,dc=com";

/// Who has to change the password before anything else.
pub const RESET: &str = "uid=reset,ou=people,dc=example,dc=com";

/// Who has no password.
pub const KEYLESS: &str = "uid=keyless,ou=people,dc=example,dc=com";

/// The branch that users may read and anonymous may not.
pub const PEOPLE: &str = "ou=people,dc=example,dc=com";

/// The branch that nobody may read.
pub const PAYROLL: &str = "ou=payroll,dc=example,dc=com";

/// The branch of which nobody may even know that it exists.
pub const SECRETS: &str = "ou=secrets,dc=example,dc=com";

/// The branch of which a search succeeds, and nothing is shown.
pub const HIDDEN: &str = "ou=hidden,dc=example,dc=com";

/// The branch that is on [`REFERRAL`].
pub const ELSEWHERE: &str = "ou=elsewhere,dc=example,dc=com";

/// Where a search of [`ELSEWHERE`] is sent.
pub const REFERRAL: &str = "ldap://directory.example/ou=elsewhere,dc=example,dc=com";

/// Descriptors: slapd makes its tables as large as this limit, on some systems a thousand million.
const DESCRIPTORS: u32 = 1024;

/// Descriptors of a slapd with [`Setup::few_connections`]: some ten connections beside its own files.
const FEW: u32 = 24;

/// What stands before everything else, in the syntax of `slapd.conf(5)`.
const GLOBAL: &str = "\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
moduleload retcode
threads 2
";

/// The database; its directory is the next line.
const DATABASE: &str = "\
database mdb
suffix dc=example,dc=com
";

/// What else the database is told, and who may read what. Nothing has to survive a power cut.
const ACCESS: &str = "\
dbnosync
maxsize 4194304
access to attrs=userPassword by anonymous auth by * none
access to dn.subtree=ou=secrets,dc=example,dc=com by * none
access to dn.subtree=ou=hidden,dc=example,dc=com by * search
access to dn.subtree=ou=payroll,dc=example,dc=com by * disclose
access to dn.exact=dc=example,dc=com by * read
access to * by users read by anonymous auth
overlay ppolicy
ppolicy_default cn=default,ou=policies,dc=example,dc=com
ppolicy_use_lockout
overlay retcode
retcode-parent ou=answers,dc=example,dc=com
";

/// What is in the database, but for the users (RFC 2849).
const ENTRIES: &str = include_str!("slapd/entries.ldif");

/// The policy under which passwords expire and have to be changed.
const STRICT: &str = "pwdPolicySubentry: cn=strict,ou=policies,dc=example,dc=com\n";

/// What a slapd is like.
#[derive(Debug)]
pub struct Setup {
    ip: IpAddr,
    options: String,
    answers: String,
    access: String,
    descriptors: u32,
    /// Where the files of its TLS are; without TLS there are none.
    folders: Vec<Folder>,
}

impl Setup {
    /// Without TLS, on 127.0.0.1 and a Unix socket.
    #[must_use]
    pub fn plain() -> Self {
        Self {
            ip: Ipv4Addr::LOCALHOST.into(),
            options: String::new(),
            answers: String::new(),
            access: String::new(),
            descriptors: DESCRIPTORS,
            folders: Vec::new(),
        }
    }

    /// With STARTTLS on the plain port, and with TLS on one more (`ldaps`).
    #[must_use]
    pub fn tls(identity: &Identity) -> Self {
        let mut setup = Self::plain()
            .option(&format!("TLSCertificateFile {}", text(identity.certificate_file())))
            .option(&format!("TLSCertificateKeyFile {}", text(identity.key_file())));
        setup.folders.push(identity.folder());
        setup
    }

    /// Over TLS, clients need a certificate of `clients`.
    #[must_use]
    pub fn requiring(mut self, clients: &Authority) -> Self {
        self.folders.push(clients.folder());
        self.option(&format!("TLSCACertificateFile {}", text(clients.file()))).option("TLSVerifyClient demand")
    }

    /// On this address, for [`crate::netns::Namespace::inside`].
    #[must_use]
    pub const fn at(mut self, ip: IpAddr) -> Self {
        self.ip = ip;
        self
    }

    /// A global line of `slapd.conf(5)`. What each refuses:
    ///
    /// | line | answer |
    /// |---|---|
    /// | `disallow bind_anon` | 48 to an anonymous bind |
    /// | `disallow bind_simple` | 53 to a bind with a password |
    /// | `require bind` | 1 to a search without a bind |
    /// | `require authc` | 53 to a search after an anonymous bind |
    /// | `require SASL` | 8 to every search |
    /// | `security simple_bind=1` | 13 to a bind with a password without TLS |
    /// | `security tls=1` | 13 to everything without TLS, but STARTTLS |
    #[must_use]
    pub fn option(mut self, line: &str) -> Self {
        self.options += line;
        self.options.push('\n');
        self
    }

    /// Answers every bind and search of [`answer_dn`] of this name with a result code.
    ///
    /// `more` is as in `slapo-retcode(5)`: `text="too much to do"`, `sleeptime=5`,
    /// `flags=pre-disconnect` (closes without an answer).
    #[must_use]
    pub fn answer(mut self, name: &str, code: u8, more: &str) -> Self {
        self.answers += &format!("retcode-item cn={name} {code} {more}\n");
        self
    }

    /// Answers every bind and search of [`answer_dn`] of this name with a notice of disconnection
    /// (RFC 4511, section 4.4.1), and hangs up.
    #[must_use]
    pub fn notice(self, name: &str, code: u8, words: &str) -> Self {
        let more = format!("unsolicited=1.3.6.1.4.1.1466.20036 text=\"{words}\" flags=post-disconnect");
        self.answer(name, code, &more)
    }

    /// Adds a line above its lists of access.
    #[must_use]
    pub fn access(mut self, line: &str) -> Self {
        self.access += line;
        self.access.push('\n');
        self
    }

    /// Takes some ten connections, and closes every other one without a word.
    #[must_use]
    pub const fn few_connections(mut self) -> Self {
        self.descriptors = FEW;
        self
    }

    /// Writes the configuration and the database.
    fn prepare(&self, scratch: &Scratch) -> PathBuf {
        let directory = format!("directory {}\n", text(&scratch.folder("data")));
        let lines = [GLOBAL, &self.options, DATABASE, &directory, &self.access, ACCESS, &self.answers].concat();
        let file = scratch.write("slapd.conf", lines);
        let entries = scratch.write("entries.ldif", ENTRIES.to_owned() + "\n" + &users());
        run_as_nobody(Command::new(packages::needed("slapadd")).arg("-q").arg("-f").arg(&file).arg("-l").arg(entries));
        file
    }

    fn has_tls(&self) -> bool {
        !self.folders.is_empty()
    }
}

/// A running slapd.
#[derive(Debug)]
pub struct Slapd {
    daemon: Daemon,
    plain: Port,
    tls: Option<Port>,
}

impl Slapd {
    /// Starts slapd, ready for clients.
    #[must_use]
    pub fn start(setup: &Setup) -> Self {
        let (daemon, (plain, tls)) = Daemon::start_with(|scratch| {
            let port = || if setup.ip == Ipv4Addr::LOCALHOST { ports::free() } else { ports::free_at(setup.ip) };
            let (plain, tls) = (port(), setup.has_tls().then(port));
            let file = setup.prepare(scratch);
            let launch = launch(setup, scratch, &file, &plain, tls.as_ref());
            (launch, (plain, tls))
        });
        let slapd = Self { daemon, plain, tls };
        // It listens there last.
        wait::until("slapd's socket", || UnixStream::connect(slapd.socket()).is_ok());
        slapd
    }

    /// Address and port for plain connections and STARTTLS.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.plain.address()
    }

    /// Address and port for TLS from the first byte.
    ///
    /// # Panics
    /// Without TLS.
    #[must_use]
    pub fn tls_address(&self) -> SocketAddr {
        self.tls.as_ref().or_panic("speak TLS to a slapd without it").address()
    }

    /// The Unix socket (`ldapi`), without TLS.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        socket_in(self.daemon.scratch())
    }

    /// What it wrote down so far: every connection, operation and result.
    #[must_use]
    pub fn log(&self) -> String {
        self.daemon.log()
    }

    /// How many binds it has answered with this result code: 0 accepted, 49 rejected.
    #[must_use]
    pub fn binds(&self, code: u8) -> usize {
        self.log().matches(&format!(" RESULT tag=97 err={code} ")).count()
    }

    /// The daemon: stopping it, freezing it.
    pub const fn daemon(&mut self) -> &mut Daemon {
        &mut self.daemon
    }
}

/// The name of what [`Setup::answer`] and [`Setup::notice`] add.
#[must_use]
pub fn answer_dn(name: &str) -> String {
    format!("cn={name},ou=answers,{BASE}")
}

/// A Unix socket as a URL has it (RFC 4516 leaves it to the server; `ldapi://` and the encoded path).
#[must_use]
pub fn socket_url(socket: &Path) -> String {
    format!("ldapi://{}", text(socket).replace('/', "%2F"))
}

/// The users as LDIF.
fn users() -> String {
    let hash = Command::new(packages::needed("slappasswd")).args(["-n", "-s", PASSWORD]).output();
    let hash = String::from_utf8(hash.or_panic("run slappasswd").stdout).or_panic("read a hash");
    let password = format!("userPassword: {hash}\n");
    let user = |dn: &str, more: &str| format!("dn: {dn}\nobjectClass: inetOrgPerson\ncn: user\nsn: user\n{more}\n");
    [
        user(USER, &password),
        user(LOCKED, &format!("{password}pwdAccountLockedTime: 000001010000Z\n")),
        user(EXPIRED, &format!("{password}{STRICT}pwdChangedTime: 20200101000000Z\n")),
        user(RESET, &format!("{password}{STRICT}pwdReset: TRUE\n")),
        user(KEYLESS, ""),
    ]
    .concat()
}

fn launch(setup: &Setup, scratch: &Scratch, file: &Path, plain: &Port, tls: Option<&Port>) -> Launch {
    let _folder = scratch.folder("run");
    let urls = [
        Some(format!("ldap://{}/", plain.address())),
        tls.map(|port| format!("ldaps://{}/", port.address())),
        Some(socket_url(&socket_in(scratch))),
    ];
    let launch = Launch::new("prlimit")
        .arg(format!("--nofile={}", setup.descriptors))
        .arg(text(&packages::needed("slapd")))
        .args(["-d", "stats", "-h", &urls.into_iter().flatten().collect::<Vec<_>>().join(" "), "-f"])
        .arg(file)
        .as_nobody()
        .accepts(plain.address());
    tls.map(Port::address).into_iter().fold(launch, Launch::accepts)
}

fn socket_in(scratch: &Scratch) -> PathBuf {
    scratch.path().join("run/ldapi")
}

/// Runs a program to its end, as the user that slapd runs as.
fn run_as_nobody(command: &mut Command) {
    if let Some((uid, gid)) = user::nobody() {
        command.gid(gid).uid(uid);
    }
    let output = command.output().or_panic(format_args!("run {command:?}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
