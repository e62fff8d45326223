//! The page, as a browser shows it: Debian's Chromium without a screen.

use super::{peer, refused, tcp};
use harness::packages;
use harness::scratch::Scratch;
use harness::serve::Serving;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A browser with a directory of its own.
struct Browser {
    scratch: Scratch,
}

impl Browser {
    fn new() -> Self {
        Self { scratch: Scratch::new() }
    }

    fn run(&self, words: &[String], url: &str) -> Vec<u8> {
        let program = packages::find("chromium").expect("apt-get install chromium");
        let mut command = Command::new("timeout");
        command.arg("60").arg(program).args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]);
        command.arg(format!("--user-data-dir={}", self.scratch.path().join("profile").display()));
        let output = command.args(words).arg(url).env("HOME", self.scratch.path()).output().expect("chromium runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// The document after it was read.
    fn document(&self, url: &str) -> String {
        String::from_utf8_lossy(&self.run(&["--dump-dom".to_owned()], url)).into_owned()
    }

    /// A picture of the page: the file.
    fn picture(&self, name: &str, width: u32, height: u32, is_dark: bool, url: &str) -> PathBuf {
        let file = self.scratch.path().join(name);
        let scheme = u8::from(!is_dark);
        let words = [
            format!("--window-size={width},{height}"),
            format!("--blink-settings=preferredColorScheme={scheme}"),
            format!("--screenshot={}", file.display()),
        ];
        self.run(&words, url);
        file
    }
}

/// What a picture shows: width, height, the brightness of its upper left corner, how many columns at the right edge
/// are empty, how many different brightnesses there are.
fn seen(picture: &Path) -> [u32; 5] {
    const READER: &str = "
import struct, sys, zlib
data = open(sys.argv[1], 'rb').read()
at, pixels = 8, b''
while at < len(data):
    size, kind = struct.unpack('>I4s', data[at:at + 8])
    part = data[at + 8:at + 8 + size]
    if kind == b'IHDR':
        width, height, depth, color = struct.unpack('>IIBB', part[:10])
    if kind == b'IDAT':
        pixels += part
    at += size + 12
channels = {2: 3, 6: 4}[color]
raw, stride = zlib.decompress(pixels), width * channels
rows, before = [], bytearray(stride)
for y in range(height):
    filtered = raw[y * (stride + 1)]
    row = bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
    for x in range(stride):
        left = row[x - channels] if x >= channels else 0
        up, corner = before[x], before[x - channels] if x >= channels else 0
        if filtered == 1:
            guess = left
        elif filtered == 2:
            guess = up
        elif filtered == 3:
            guess = (left + up) // 2
        elif filtered == 4:
            near = left + up - corner
            distances = abs(near - left), abs(near - up), abs(near - corner)
            guess = (left, up, corner)[distances.index(min(distances))]
        else:
            guess = 0
        row[x] = (row[x] + guess) & 255
    rows.append(row)
    before = row
back = rows[0][:3]
empty = 0
while empty < width and all(row[(width - 1 - empty) * channels:(width - 1 - empty) * channels + 3] == back for row in rows):
    empty += 1
print(width, height, sum(back) // 3, empty, len({sum(row[x:x + 3]) for row in rows[::4] for x in range(0, stride, channels)}))
";
    let output = Command::new("/usr/bin/python3").args(["-c", READER]).arg(picture).output().expect("Python runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers: Vec<u32> = text.split_whitespace().map(|number| number.parse().expect("a number")).collect();
    numbers.try_into().unwrap_or_else(|_| panic!("{text} {}", String::from_utf8_lossy(&output.stderr)))
}

/// A page with everything on it.
fn serving(port: u16) -> Serving {
    let long = "a-rather-long-name-without-any-blank-in-it-that-somebody-wrote-once-and-nobody-shortened";
    let yaml = tcp("'orders <b>database</b>'", port, "")
        + &refused("cache", "")
        + &refused("'the minor one'", ", critical: false")
        + &tcp("slow", port, ", warn_after: 0.000001")
        + &tcp(long, port, "")
        + "- {type: tcp, host: 127.0.0.1, port: 1, tags: [x], name: 'nothing there'}\n";
    Serving::start(&yaml, &["--max-age", "3600"])
}

#[test]
fn a_browser_shows_the_verdict_the_code_the_owner_and_the_next_step() {
    let peer = peer();
    let serving = serving(peer.port());
    let document = Browser::new().document(&format!("http://{}/ht/", serving.address()));
    for said in [
        "<html lang=\"en\">",
        "<main>",
        "<h1>System status</h1>",
        "unavailable: 2 of 6 checks",
        "orders &lt;b&gt;database&lt;/b&gt;",
        "<code>connect.refused</code>",
        "<dt>Fix by</dt><dd>service",
        "<dt>Next step</dt><dd>see whether the service runs",
        "not critical: nothing else fails for it",
        "<code>run.slow</code>",
        "<strong>degraded</strong>",
        "<rect ",
        "connect ",
        "s ago (<time",
    ] {
        assert!(document.contains(said), "{said}: {document}");
    }
    assert!(!document.contains("<b>database"), "{document}");
}

#[test]
fn the_page_fits_a_phone_and_a_desk_light_and_dark() {
    let peer = peer();
    let serving = serving(peer.port());
    let (browser, url) = (Browser::new(), format!("http://{}/ht/", serving.address()));
    for (width, is_dark) in [(360, false), (360, true), (1200, false)] {
        let picture = browser.picture(&format!("{width}-{is_dark}.png"), width, 1400, is_dark, &url);
        if let Some(keep) = std::env::var_os("CONN_CHECK_PICTURES") {
            let to = Path::new(&keep).join(picture.file_name().expect("a name"));
            fs::copy(&picture, to).expect("kept");
        }
        let [seen_width, _, back, empty, shades] = seen(&picture);
        assert_eq!(seen_width, width);
        assert!(if is_dark { back < 60 } else { back > 200 }, "{width} {is_dark}: {back}");
        assert!(empty >= 8, "{width} {is_dark}: nothing is cut off at the right, there are {empty} empty columns");
        assert!(shades > 20, "{width} {is_dark}: there is a text, of {shades} shades");
    }
}

#[test]
fn what_changed_since_the_last_run_is_said() {
    let port = harness::ports::free();
    let serving = Serving::start(&tcp("db", port.number(), ""), &["--max-age", "0"]);
    assert!(!serving.get("/ht/").body.contains("Changed"));
    let peer = harness::peers::Peer::start_at(port.address(), harness::peers::Manner::Silent);
    let said = serving.get("/ht/").body;
    assert!(said.contains("<strong>Changed since the last run</strong>: before, it was connect.refused."), "{said}");
    let said = serving.get("/ht/").body;
    assert!(said.contains("Changed 0 s ago: before, it was connect.refused."), "{said}");
    drop(peer);
}
