//! What is looked at: files of checks, and the servers behind them.

use harness::certs::Authority;
use harness::peers::{Manner, Peer, TlsManner, TlsPeer};
use harness::ports::{self, Port};
use harness::redis::{self, Redis};

/// The servers of all scenes.
pub(crate) struct World {
    well: Peer,
    silent: Peer,
    /// An SSH server.
    other: Peer,
    basket: Redis,
    authority: Authority,
    /// Its certificate is past its end.
    login: TlsPeer,
    shut: Port,
}

impl World {
    pub(crate) fn start() -> Self {
        let other = Peer::start(Manner::Banner(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n".to_vec()));
        let authority = Authority::new();
        Self {
            well: Peer::start(Manner::Silent),
            silent: Peer::start(Manner::Silent),
            other,
            basket: Redis::start(&redis::Setup::new().password()),
            login: TlsPeer::start(&authority.expired(), TlsManner::Silent),
            authority,
            shut: ports::free(),
        }
    }

    /// Names and files of checks.
    pub(crate) fn scenes(&self) -> Vec<(&'static str, String)> {
        let many = |count: usize, name: &str, port: u16| -> String {
            (0..count).map(|number| tcp(&format!("{name}-{number:02}"), port)).collect::<Vec<_>>().concat()
        };
        let (well, shut) = (self.well.port(), self.shut.number());
        vec![
            ("one", tcp("cache", well)),
            ("mixed", self.mixed()),
            ("many", many(197, "good", well) + &many(3, "bad", shut)),
            ("one-cause", many(50, "shard", shut)),
            ("shop", self.shop()),
            ("waiting", many(3, "good", well) + &redis("sessions", self.silent.port(), 10)),
        ]
    }

    /// The one in README: some services of a shop, four of which are ill in different ways.
    fn shop(&self) -> String {
        let (well, shut, other) = (self.well.port(), self.shut.number(), self.other.port());
        format!(
            "- {{type: postgres, name: orders, host: 127.0.0.1, port: {shut}, username: shop, password: x, database: orders}}\n\
             - {{type: redis, name: sessions, host: 127.0.0.1, port: {other}}}\n\
             - {{type: redis, name: basket, host: 127.0.0.1, port: {basket}, password: wrong}}\n\
             - {{type: tls, name: login, host: localhost, port: {login}, ca_file: '{ca}'}}\n",
            basket = self.basket.address().port(),
            login = self.login.address().port(),
            ca = self.authority.file().display(),
        ) + &["mail", "search", "metrics", "files"].map(|name| tcp(name, well)).concat()
    }

    /// Twenty checks: some are well, some fail of the same and of other things, some are called by long names.
    fn mixed(&self) -> String {
        let (well, shut) = (self.well.port(), self.shut.number());
        let database = |name: &str| {
            format!(
                "- {{type: postgres, host: 127.0.0.1, port: {shut}, username: web, password: wrong, database: {name}}}\n"
            )
        };
        let url = "http://127.0.0.1:PORT/translate/v2/languages/with/a/path/that/goes/on?target=de&source=en&q=Hello";
        let mut yaml: String = ["orders", "shop", "stock"].map(database).concat();
        yaml += &http("translate", &url.replace("PORT", &shut.to_string()));
        yaml += &redis("sessions", self.silent.port(), 1);
        yaml += &http("search", "http://search.invalid/");
        yaml += &tcp("データベース", well);
        (1..=13).fold(yaml, |yaml, number| yaml + &tcp(&format!("cache-{number}"), well))
    }
}

fn tcp(name: &str, port: u16) -> String {
    format!("- {{type: tcp, name: '{name}', host: 127.0.0.1, port: {port}}}\n")
}

fn redis(name: &str, port: u16, timeout: u8) -> String {
    format!("- {{type: redis, name: '{name}', host: 127.0.0.1, port: {port}, timeout: {timeout}}}\n")
}

fn http(name: &str, url: &str) -> String {
    format!("- {{type: http, name: '{name}', url: '{url}'}}\n")
}
