//! Checks with a secret in each of their options that can hold one, and servers that say it back. The tests of the agent
//! and those of the charm plant the same.

use conn_check::checks::{Described, Spec};
use conn_check::services::Transport;
use conn_check::settings::shape::{Declared, Shown};
use harness::peers::{Peer, UdpPeer, Wire};
use harness::random::Random;
use harness::scratch::Scratch;
use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

/// As many letters of a secret in a row as nobody may see.
const RUN: usize = 8;

/// Types over datagrams that send a text or compare with one.
const OVER_DATAGRAMS: [(&str, &str); 3] = [("udp", "send"), ("udp", "expect"), ("dns", "expect")];

/// A check for each option and each spelling, its secret, and its server.
pub(crate) struct Planted {
    pub(crate) yaml: String,
    secrets: Vec<String>,
    /// Their words in every spelling, and whose they are, by the first letters: a text is looked through once.
    words: HashMap<Vec<u8>, Vec<(Vec<u8>, String)>>,
    /// What `{file: PATH}` leads to.
    files: Scratch,
    servers: Vec<Box<dyn Send + Sync>>,
}

/// How servers and frameworks write a text.
const SPELLINGS: [fn(&str) -> String; 8] = [
    str::to_owned,
    |text| text.bytes().map(|byte| format!("%{byte:02X}")).collect(),
    |text| text.replace('/', "%2F").replace('&', "%26"),
    |text| text.chars().map(|letter| format!("\\u{:04x}", u32::from(letter))).collect(),
    |text| text.replace('/', "\\/"),
    |text| text.replace('&', "&amp;"),
    |text| text.chars().map(|letter| format!("&#{};", u32::from(letter))).collect(),
    str::to_uppercase,
];

impl Planted {
    /// Every option of every check that may hold a secret, in every spelling.
    pub(crate) fn new() -> Self {
        let mut planted = Self {
            yaml: String::new(),
            secrets: Vec::new(),
            words: HashMap::new(),
            files: Scratch::new(),
            servers: Vec::new(),
        };
        let mut random = Random::new(12);
        for described in Spec::describe() {
            for option in described.options.iter().filter(|option| holds_a_secret(&described, option)) {
                SPELLINGS.iter().for_each(|spelling| planted.plant(&described, option, *spelling, &mut random));
            }
        }
        let kinds = OVER_DATAGRAMS.map(|(kind, _)| kind).into_iter().chain(["http", "mqtt", "postgres"]);
        kinds.for_each(|kind| assert!(planted.yaml.contains(&format!("type: {kind},")), "{kind}"));
        assert!(planted.len() > 100, "{}", planted.len());
        planted
    }

    /// How many checks there are, each with a secret of its own.
    pub(crate) fn len(&self) -> usize {
        self.secrets.len()
    }

    /// The file with each of its checks wrong, each time in another way.
    pub(crate) fn spoilt(&self) -> impl Iterator<Item = String> {
        let wrongs = [", nonsense: 1}", ", port: x}", ", timeout: -1}", ", type: again}", "]", ", tags: {a: b}}"];
        let whole = |line: &str| line.strip_suffix('}').unwrap_or(line).to_owned();
        wrongs.into_iter().map(move |wrong| self.yaml.lines().map(|line| whole(line) + wrong + "\n").collect())
    }

    /// Sees that no secret is in a text, in any spelling.
    #[track_caller]
    pub(crate) fn clean(&self, what: &str, text: &str) {
        let found = self.found(text);
        let lines = text.lines().filter(|line| !found.is_empty() && !self.found(line).is_empty()).take(8);
        assert!(found.is_empty(), "{what}: {found:?}\n{}", lines.collect::<Vec<_>>().join("\n"));
    }

    /// The secrets of which a run of letters is in a text, in any spelling.
    pub(crate) fn found(&self, text: &str) -> BTreeSet<&str> {
        let text = text.to_lowercase();
        let starts = text.as_bytes().windows(RUN).enumerate();
        let words =
            starts.flat_map(|(at, start)| self.words.get(start).into_iter().flatten().map(move |word| (at, word)));
        let shown = words.filter(|(at, (word, _))| text.as_bytes()[*at..].starts_with(word));
        shown.map(|(_, (_, secret))| secret.as_str()).collect()
    }

    /// A text that has the letters before the slash, or those behind the ampersand, shows the secret.
    fn keep(&mut self, secret: String) {
        for part in [&secret[..RUN], &secret[secret.len() - RUN..]] {
            for spelling in SPELLINGS {
                let word = spelling(part).to_lowercase().into_bytes();
                self.words.entry(word[..RUN].to_vec()).or_default().push((word, secret.clone()));
            }
        }
        self.secrets.push(secret);
    }

    fn plant(&mut self, described: &Described, option: &Declared, spelling: fn(&str) -> String, random: &mut Random) {
        let (secret, kind) = (secret(random), described.kind);
        let said = spelling(&secret);
        let (port, server): (u16, Box<dyn Send + Sync>) = match described.service.transport {
            Transport::Stream => {
                let peer = Peer::serve(move |wire| refuse(&wire, kind, &said));
                (peer.port(), Box::new(peer))
            }
            Transport::Nothing => (0, Box::new(())),
            Transport::Datagram => {
                let reply = move |asked: &[u8]| repeat(kind, asked, &said);
                let peer = UdpPeer::serve(reply);
                (peer.port(), Box::new(peer))
            }
        };
        let value = self.value(option, &secret);
        self.yaml += &check(described, option.key, &value, port);
        self.keep(secret);
        self.servers.push(server);
    }

    /// What an option holds: the secret, in the option's own form. A text that is a secret only where it does not stand in
    /// the file is a reference.
    fn value(&self, option: &Declared, secret: &str) -> String {
        match option.shape.short {
            "secret" => format!("'{secret}'"),
            "[user, password]" => format!("[somebody, '{secret}']"),
            "mapping or list of pairs" if option.key == "headers" => format!("{{X-Tenant: 'Bearer {secret}'}}"),
            "mapping or list of pairs" | "JSON object" => format!("{{some: '{secret}'}}"),
            "list" => format!("['{secret}']"),
            "text" | "list of words" => {
                let file = self.files.write(&format!("secret-{}", self.len()), secret);
                format!("{{file: {}}}", file.display())
            }
            other => panic!("{}: no secret was ever planted in a {other}", option.key),
        }
    }
}

/// A query or a subject in the file is no login: a server's words about it are the point. One that stands elsewhere is
/// a secret, as all is that does.
fn holds_a_secret(described: &Described, option: &Declared) -> bool {
    match described.service.transport {
        Transport::Stream => option.shape.shown == Shown::Never,
        Transport::Datagram => OVER_DATAGRAMS.contains(&(described.kind, option.key)),
        // No server has it to say again.
        Transport::Nothing => false,
    }
}

/// A secret of letters and digits that nothing else contains.
fn secret(random: &mut Random) -> String {
    const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZbcdfghjkmnpqrstvwxz23456789";
    let mut word = || (0..RUN).map(|_| char::from(*random.pick(LETTERS))).collect::<String>();
    // Characters that have a spelling of their own in URLs, JSON and HTML.
    format!("{}/&{}", word(), word())
}

/// The check with a secret in this option.
fn check(described: &Described, key: &str, secret: &str, port: u16) -> String {
    // Whoever waits for another datagram than comes has all of its time.
    let timeout = if described.service.transport == Transport::Datagram { 1 } else { 3 };
    let mut text = format!("- {{type: {}, timeout: {timeout}", described.kind);
    for option in &described.options {
        let value = match (option.key, option.shape.short) {
            (one, _) if one == key => secret.to_owned(),
            ("host" | "server", _) => "127.0.0.1".to_owned(),
            ("port", _) => port.to_string(),
            ("url" | "endpoint", _) if option.required => format!("'http://127.0.0.1:{port}/'"),
            ("access_key" | "secret_key", _) => "of-nobody".to_owned(),
            (_, "broker URL" | "result URL") => format!("'redis://127.0.0.1:{port}/'"),
            ("send" | "use_tls", "flag" | "flag or starttls" | "flag or prefer") => "false".to_owned(),
            ("username", _) => "somebody".to_owned(),
            ("password", _) => "of-nobody".to_owned(),
            // A reply that nobody compares with anything is not shown.
            ("expect", "text") => "'nothing of it'".to_owned(),
            ("record", _) => "TXT".to_owned(),
            (_, "mail address") if option.required => "a@b.example".to_owned(),
            (one, _) if option.required => format!("some-{one}"),
            _ => continue,
        };
        write!(text, ", {}: {value}", option.key).expect("a text");
    }
    text + "}\n"
}

/// Says a text as the server of a type says why it refuses.
fn refuse(wire: &Wire, kind: &str, text: &str) {
    let postgres = |text: &str| {
        let fields = format!("SFATAL\0C28P01\0M{text}\0\0");
        [b"E", &u32::try_from(fields.len() + 4).unwrap_or(0).to_be_bytes()[..], fields.as_bytes()].concat()
    };
    let mysql = |text: &str| {
        let body = [&[0xff, 0x15, 0x04][..], b"#28000", text.as_bytes()].concat();
        [&u32::try_from(body.len()).unwrap_or(0).to_le_bytes()[..3], &[0], &body].concat()
    };
    let greets = matches!(kind, "smtp" | "mysql");
    if !greets && wire.first_bytes().is_empty() {
        return;
    }
    let said = match kind {
        "http" | "s3" => format!(
            "HTTP/1.1 500 {text}\r\nServer: {text}\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nwhat is {text} to me\n"
        )
        .into_bytes(),
        "redis" => format!("-ERR what is {text} to me\r\n").into_bytes(),
        "memcache" => format!("SERVER_ERROR what is {text} to me\r\n").into_bytes(),
        "smtp" => format!("554 what is {text} to me\r\n").into_bytes(),
        "postgres" => postgres(&format!("what is {text} to me")),
        "mysql" => mysql(&format!("what is {text} to me")),
        _ => format!("what is {text} to me\r\n").into_bytes(),
    };
    if wire.send(&said) {
        wire.finish();
    }
}

/// The datagram that a server of a type answers with.
fn repeat(kind: &str, asked: &[u8], text: &str) -> Vec<u8> {
    let said = format!("what is {text} to me");
    if kind != "dns" {
        return said.into_bytes();
    }
    // The question, and a TXT record of it (RFC 1035, section 4).
    let question = asked.get(12..).unwrap_or_default();
    let end = question.iter().position(|byte| *byte == 0).map_or(0, |end| end + 5);
    let length = u8::try_from(said.len()).expect("a short text");
    [
        asked.get(..2).unwrap_or_default(),
        &[0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0],
        question.get(..end).unwrap_or_default(),
        &[0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, length + 1, length],
        said.as_bytes(),
    ]
    .concat()
}
