//! One server of an nginx.

use std::net::SocketAddr;

use crate::certs::{Authority, Folder, Identity};
use crate::scratch::{Scratch, text};

/// Compresses everything for those who accept it.
const GZIP: &str = "gzip on; gzip_min_length 1; gzip_types *; gzip_http_version 1.0; gzip_proxied any;";

/// A server on a port of its own, described by chained calls. Paths match exactly, whatever the
/// method and the query; every other path is a 404.
#[derive(Debug)]
pub struct Site {
    name: String,
    tls: bool,
    http2: bool,
    /// Directives of the server block.
    directives: Vec<String>,
    places: Vec<(String, Content)>,
    password: Option<String>,
    /// Where the files are that the directives name.
    folders: Vec<Folder>,
}

/// What stands at a path.
#[derive(Debug)]
enum Content {
    /// Directives, after everything that can refuse the request.
    Answer(String),
    /// A file of so many zeros, compressed on the way where `gzip` says so.
    Zeros { bytes: u64, gzip: bool },
}

impl Site {
    /// A plain HTTP server called `name`.
    #[must_use]
    pub fn http(name: &str) -> Self {
        let name = name.to_owned();
        Self {
            name,
            tls: false,
            http2: false,
            directives: Vec::new(),
            places: Vec::new(),
            password: None,
            folders: Vec::new(),
        }
    }

    /// An HTTPS server (HTTP/1.1, TLS 1.2 and 1.3) called `name`.
    #[must_use]
    pub fn tls(name: &str, identity: &Identity) -> Self {
        let (chain, key) = (text(identity.certificate_file()), text(identity.key_file()));
        let site = Self { tls: true, folders: vec![identity.folder()], ..Self::http(name) };
        site.directive(format!("ssl_certificate {chain}; ssl_certificate_key {key};"))
    }

    /// Answers 200 with `body` as text/plain.
    #[must_use]
    pub fn page(self, path: &str, body: &str) -> Self {
        self.answer(path, format!("return 200 {};", quoted(body)))
    }

    /// Answers `code` with the body `status CODE`.
    #[must_use]
    pub fn status(self, path: &str, code: u16) -> Self {
        self.answer(path, format!("return {code} \"status {code}\\n\";"))
    }

    /// Answers `code` (301, 302, 303, 307, 308) and sends to `target`: a path, which nginx turns into a
    /// URL of this server, or a whole URL. A path that is its own target is a loop.
    #[must_use]
    pub fn redirect(self, path: &str, code: u16, target: &str) -> Self {
        self.answer(path, format!("return {code} {};", quoted(target)))
    }

    /// Answers 200 with `body`, compressed for those who accept gzip.
    #[must_use]
    pub fn gzip(self, path: &str, body: &str) -> Self {
        self.answer(path, format!("{GZIP} return 200 {};", quoted(body)))
    }

    /// Answers 200 with what nginx understood of the request, one `name: value` a line: `method`, `uri`
    /// (as sent), `args`, `host`, `cookie`, `user-agent`, `authorization`, `content-type`,
    /// `content-length`, `accept`, `tls` (the version), `client` (the certificate's subject).
    #[must_use]
    pub fn echo(self, path: &str) -> Self {
        let headers = ["host", "cookie", "user-agent", "authorization", "content-type", "content-length", "accept"];
        let headers = headers.map(|name| format!("{name}: $http_{}\\n", name.replace('-', "_"))).concat();
        let request = "method: $request_method\\nuri: $request_uri\\nargs: $args\\n";
        self.answer(path, format!("return 200 \"{request}{headers}tls: $ssl_protocol\\nclient: $ssl_client_s_dn\\n\";"))
    }

    /// Answers 200 with `bytes` zeros.
    #[must_use]
    pub fn zeros(self, path: &str, bytes: u64) -> Self {
        self.place(path, Content::Zeros { bytes, gzip: false })
    }

    /// The same, compressed about a thousandfold for those who accept gzip.
    #[must_use]
    pub fn gzip_zeros(self, path: &str, bytes: u64) -> Self {
        self.place(path, Content::Zeros { bytes, gzip: true })
    }

    /// Adds a header to every answer, whatever its status.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        self.directive(format!("add_header {name} {} always;", quoted(value)))
    }

    /// Wants this user and password (RFC 7617) for every path; 401 without. nginx' password file has no
    /// way to write a colon in a password.
    #[must_use]
    pub fn basic_auth(mut self, user: &str, password: &str) -> Self {
        self.password = Some(format!("{user}:{{PLAIN}}{password}\n"));
        self
    }

    /// Wants a client certificate of this authority; 400 (after the handshake) without.
    #[must_use]
    pub fn client_certificate(mut self, authority: &Authority) -> Self {
        self.folders.push(authority.folder());
        self.directive(format!("ssl_client_certificate {}; ssl_verify_client on;", text(authority.file())))
    }

    /// Speaks TLS 1.0 and 1.1 only. Debian's OpenSSL still can, at its security level 0.
    #[must_use]
    pub fn old_tls_only(self) -> Self {
        self.directive("ssl_protocols TLSv1 TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;".to_owned())
    }

    /// Speaks TLS 1.2 only; the default is 1.2 and 1.3.
    #[must_use]
    pub fn tls12_only(self) -> Self {
        self.directive("ssl_protocols TLSv1.2;".to_owned())
    }

    /// Speaks HTTP/2 with those who ask for it in the TLS handshake (ALPN `h2`).
    #[must_use]
    pub fn http2(mut self) -> Self {
        self.http2 = true;
        self
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn scheme(&self) -> &'static str {
        if self.tls { "https" } else { "http" }
    }

    /// The server block; files it names are written to `scratch`.
    pub(super) fn block(&self, listens: &[SocketAddr], scratch: &Scratch) -> String {
        let how =
            [self.tls.then_some(" ssl"), self.http2.then_some(" http2")].into_iter().flatten().collect::<String>();
        let mut lines = vec!["server {".to_owned()];
        lines.extend(listens.iter().map(|address| format!("listen {address}{how};")));
        lines.extend(self.directives.iter().cloned());
        if let Some(line) = &self.password {
            let file = scratch.write_private(&format!("{}.passwords", self.name), line);
            lines.push(format!("auth_basic \"{}\"; auth_basic_user_file {};", self.name, text(&file)));
        }
        lines.push("location / { try_files /none =404; }".to_owned());
        let places = self.places.iter().enumerate();
        lines.extend(places.map(|(number, (path, content))| content.location(path, number, scratch)));
        lines.join("\n") + "\n}\n"
    }

    /// Puts directives that answer at a path.
    fn answer(self, path: &str, directives: String) -> Self {
        self.place(path, Content::Answer(directives))
    }

    fn place(mut self, path: &str, content: Content) -> Self {
        self.places.push((path.to_owned(), content));
        self
    }

    fn directive(mut self, text: String) -> Self {
        self.directives.push(text);
        self
    }
}

impl Content {
    /// The location block; `number` is its number in the server.
    fn location(&self, path: &str, number: usize, scratch: &Scratch) -> String {
        match self {
            // `return` would answer before the password is looked at, so it stands one step further on.
            Self::Answer(directives) => {
                format!("location = {path} {{ try_files /none @{number}; }}\nlocation @{number} {{ {directives} }}")
            }
            Self::Zeros { bytes, gzip } => {
                let file = scratch.zeros(&format!("zeros-{bytes}"), *bytes);
                format!("location = {path} {{ alias {}; {} }}", text(&file), if *gzip { GZIP } else { "" })
            }
        }
    }
}

/// A string of nginx' configuration; `$dollar` is a variable that holds the dollar sign.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "${dollar}"))
}
