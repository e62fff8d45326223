//! What is given to people, installed as they install it, where nothing else of conn-check is: each form has to give a
//! first check, without Rust or a compiler, and within a minute of the command that installs it.
//!
//! What is packed here is the program that the other tests run. To build it for older systems and other machines takes
//! many minutes and 100 MB of tools: `cargo xtask dist --zigbuild` does that, and ends by looking at what each program
//! needs and by running it.

use crate::pages::page::lost;
use harness::agent::{built, folder, program};
use harness::peers::{Manner, Peer};
use harness::scratch::Scratch;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

const NAMES: [&str; 6] = [
    "conn-check",
    "conn-check-configs",
    "conn-check-convert-fw",
    "conn-check-django",
    "conn-check-export-fw",
    "conn-check-serve",
];

/// All of it, packed once.
fn packed() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| pack("dist-of-the-tests"))
}

fn pack(name: &str) -> PathBuf {
    let to = folder().join(name);
    let _former = fs::remove_dir_all(&to);
    succeeds(Command::new(built("dist")).arg(program()).arg(&to));
    to
}

fn succeeds(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (out, err) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{command:?}: {out} {err}");
    out.into_owned()
}

/// The file of this ending.
fn file(ending: &str) -> PathBuf {
    let files = fs::read_dir(packed()).expect("a folder").map(|entry| entry.expect("an entry").path());
    let found: Vec<_> = files.filter(|path| path.to_string_lossy().ends_with(ending)).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

/// A root with the C library and nothing else.
fn clean_root() -> Scratch {
    let scratch = Scratch::new();
    let needed = succeeds(Command::new("ldd").arg(program()));
    for library in needed.split_whitespace().filter(|word| word.starts_with('/')) {
        let to = scratch.path().join(library.trim_start_matches('/'));
        fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
        fs::copy(library, to).expect("a library");
    }
    fs::create_dir_all(scratch.path().join("usr/local")).expect("a folder");
    scratch
}

/// From the command that installs to the first result.
const A_FIRST_CHECK: Duration = Duration::from_secs(60);

/// All six names run there, and a first check passes, soon after it was `begun` to install them.
fn works(begun: Instant, run: &dyn Fn(&str) -> Command) {
    for name in NAMES {
        let version = succeeds(run(name).arg("--version"));
        assert_eq!(version, format!("{name} {}\n", env!("CARGO_PKG_VERSION")));
    }
    let (peer, scratch) = (Peer::start(Manner::Silent), Scratch::new());
    let yaml = scratch.write("first.yaml", format!("- {{type: tcp, host: 127.0.0.1, port: {}}}\n", peer.port()));
    let first = fs::File::open(yaml).expect("the file");
    let out = succeeds(run("conn-check").arg("-").stdin(first));
    assert_eq!(out, format!("tcp:127.0.0.1:{} OK\n", peer.port()));
    assert!(begun.elapsed() < A_FIRST_CHECK, "{:?}", begun.elapsed());
}

/// The pages lie as they do in the repository, of which the tests are not given to people.
#[test]
fn links_of_the_packed_pages_lead_somewhere() {
    let scratch = Scratch::new();
    succeeds(Command::new("tar").arg("-xzf").arg(file(".tar.gz")).arg("-C").arg(scratch.path()));
    let top = fs::read_dir(scratch.path()).expect("a folder").flatten().next().expect("one folder").path();
    let documents = top.join("share/doc/conn-check");
    let docs = fs::read_dir(documents.join("docs")).expect("docs").flatten().map(|entry| entry.path());
    let pages = docs.filter(|path| path.extension().is_some_and(|end| end == "md"));
    let pages: Vec<_> = pages.chain([documents.join("README.md")]).collect();
    assert!(pages.len() > 15, "{pages:?}");
    let lost: Vec<_> = pages.iter().flat_map(|page| lost(page)).filter(|link| !link.contains(": ../tests/")).collect();
    assert!(lost.is_empty(), "{lost:?}");
}

#[test]
fn the_tarball_gives_a_first_check_in_a_clean_root() {
    let root = clean_root();
    let local = root.path().join("usr/local");
    let tarball = file(".tar.gz");
    let begun = Instant::now();
    succeeds(Command::new("tar").arg("-xzf").arg(tarball).arg("-C").arg(&local).arg("--strip-components=1"));
    works(begun, &|name| {
        let mut command = Command::new("chroot");
        command.arg(root.path()).arg(format!("/usr/local/bin/{name}"));
        command
    });
    for page in ["share/man/man1/conn-check.1", "share/bash-completion/completions/conn-check"] {
        assert!(local.join(page).exists(), "{page}");
    }
}

#[test]
fn the_wheel_gives_a_first_check_in_a_virtual_environment() {
    let scratch = Scratch::new();
    let environment = scratch.path().join("environment");
    let wheel = file(".whl");
    let begun = Instant::now();
    succeeds(Command::new("/usr/bin/python3").args(["-m", "venv"]).arg(&environment));
    let bin = environment.join("bin");
    succeeds(Command::new(bin.join("pip")).args(["install", "--quiet", "--no-index"]).arg(wheel));
    works(begun, &|name| Command::new(bin.join(name)));
    succeeds(Command::new(bin.join("python")).args(["-c", "import conn_check_configs.django"]));
    succeeds(Command::new(bin.join("pip")).args(["uninstall", "--yes", "conn-check"]));
    assert!(NAMES.iter().all(|name| !bin.join(name).exists()));
}

/// The system as it is, in a copy that is thrown away: what is written goes into memory.
fn in_a_copy_of_the_system(script: &str) -> String {
    let scratch = Scratch::new();
    let at = scratch.path().display();
    let enter = format!(
        "set -eu; export DEBIAN_FRONTEND=noninteractive LC_ALL=C; mount -t tmpfs tmpfs {at}; mkdir {at}/upper {at}/work {at}/root
         mount -t overlay overlay -o lowerdir=/,upperdir={at}/upper,workdir={at}/work {at}/root
         mount --rbind /proc {at}/root/proc; mount --rbind /dev {at}/root/dev; mount --rbind /sys {at}/root/sys
         exec chroot {at}/root sh -euc \"$1\""
    );
    succeeds(
        Command::new("unshare").args(["--mount", "--propagation", "private", "sh", "-c", &enter, "sh"]).arg(script),
    )
}

/// A repository with the same package of a later version.
fn newer() -> Scratch {
    let scratch = Scratch::new();
    let make = "dpkg-deb --raw-extract \"$0\" package; sed -i 's/^Version: .*/Version: 99.0/' package/DEBIAN/control
                dpkg-deb --root-owner-group -Znone --build package conn-check_99.0.deb >&2; rm -r package
                apt-ftparchive packages . > Packages";
    succeeds(Command::new("sh").current_dir(scratch.path()).args(["-euc", make]).arg(file(".deb")));
    scratch
}

#[test]
fn the_debian_package_is_installed_upgraded_and_purged_by_apt() {
    let peer = Peer::start(Manner::Silent);
    let newer = newer();
    let apt = "apt() { apt-get -q -y -o Dir::Etc::sourcelist=/tmp/list -o Dir::Etc::sourceparts=- -o APT::Sandbox::User=root \"$@\" >&2; }";
    let script = format!(
        "{apt}
         begun=$(date +%s%N)
         echo 'deb [trusted=yes] file:{} ./' > /tmp/list; apt update; apt install conn-check
         for name in {}; do $name --version; done
         echo '- {{type: tcp, host: 127.0.0.1, port: {}}}' | conn-check -
         echo $(( $(date +%s%N) - begun ))
         /usr/bin/python3 -c 'import conn_check_configs.django'
         test -s /usr/share/man/man1/conn-check.1.gz -a -s /usr/share/doc/conn-check/copyright
         echo 'deb [trusted=yes] file:{} ./' > /tmp/list; apt update; apt upgrade conn-check
         dpkg-query -W conn-check
         apt purge conn-check
         find /usr /etc /var/lib/dpkg/info -name '*conn*check*' -newermt @1767225599 -not -path '/usr/local/*'",
        packed().display(),
        NAMES.join(" "),
        peer.port(),
        newer.path().display(),
    );
    let version = env!("CARGO_PKG_VERSION");
    let names: Vec<_> = NAMES.map(|name| format!("{name} {version}\n")).into();
    let first = format!("{}tcp:127.0.0.1:{} OK\n", names.concat(), peer.port());
    let printed = in_a_copy_of_the_system(&script);
    let after_the_first = printed.strip_prefix(&first).unwrap_or_else(|| panic!("{printed}"));
    let (took, rest) = after_the_first.split_once('\n').expect("a time");
    let took = Duration::from_nanos(took.parse().expect("nanoseconds"));
    assert!(took < A_FIRST_CHECK, "{took:?}");
    assert_eq!(rest, "conn-check\t99.0\n");
}

#[test]
fn lintian_finds_nothing_in_the_debian_package() {
    // As root it asks for the flag.
    let found = succeeds(
        Command::new("lintian")
            .args(["--fail-on", "error,warning", "--allow-root", "--tag-display-limit", "0"])
            .arg(file(".deb")),
    );
    assert_eq!(found, "");
}

#[test]
fn the_checksums_are_right_and_the_same_program_gives_the_same_bytes() {
    succeeds(Command::new("sha256sum").current_dir(packed()).args(["--check", "--strict", "SHA256SUMS"]));
    let again = pack("dist-of-the-tests-again");
    let sums = |folder: &Path| fs::read_to_string(folder.join("SHA256SUMS")).expect("sums");
    assert_eq!(sums(&again), sums(packed()));
    assert_eq!(sums(&again).lines().count(), 3);
}
