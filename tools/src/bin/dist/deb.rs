//! `conn-check_VERSION_ARCHITECTURE.deb`, by dpkg-deb(1). It has no maintainer scripts and no configuration: what it
//! installs is what it removes (Debian Policy, 3.9 and 6).

use crate::tree::Tree;
use crate::{Order, VERSION, output};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tools::{Outcome, root};

/// The unit of systemd, which nobody starts by installing it.
const UNIT: &str = "examples/systemd/conn-check-serve@.service";

const DESCRIPTION: &str = "\
Description: verify every network dependency of a service from its host
 Reads YAML files that name the databases, caches, brokers and web services a
 service depends on, connects to each of them from this host as the service
 would, and says what is broken: in which phase, with which stable code, whose
 job the fix is and what to do next. It is a command and a Nagios plugin, and
 takes the files of Canonical's conn-check 1.
";

pub(crate) fn write(order: &Order, tree: &Tree) -> Outcome<PathBuf> {
    let architecture = order.needs.machine.debian;
    let stage = order.folder.join(".deb");
    let _former = fs::remove_dir_all(&stage);
    tree.write(&stage.join("usr"))?;
    Tree::empty().with_python()?.write(&stage.join("usr"))?;
    let unit = fs::read(root().join(UNIT)).map_err(|error| format!("{UNIT}: {error}"))?;
    put(&stage.join("lib/systemd/system/conn-check-serve@.service"), &unit)?;
    as_debian_has_it(&stage)?;
    let size = installed_size(&stage)?;
    let control = format!(
        "Package: conn-check\nVersion: {}\nArchitecture: {architecture}\nMaintainer: Canonical <noreply@canonical.com>\n\
         Installed-Size: {size}\nDepends: {}ca-certificates\nRecommends: python3\nSection: net\nPriority: optional\n\
         Homepage: {}\n{DESCRIPTION}",
        VERSION,
        libraries(order),
        env!("CARGO_PKG_REPOSITORY"),
    );
    put(&stage.join("DEBIAN/control"), control.as_bytes())?;
    let file = order.folder.join(format!("conn-check_{VERSION}_{architecture}.deb"));
    let mut build = Command::new("dpkg-deb");
    output(build.args(["--root-owner-group", "-Zxz", "--build"]).args([&stage, &file]))?;
    fs::remove_dir_all(&stage).map_err(|error| format!("{}: {error}", stage.display()))?;
    Ok(file)
}

/// The packages with the libraries that the program needs, each with a comma behind it.
fn libraries(order: &Order) -> String {
    let libc = order.glibc().map_or_else(String::new, |glibc| format!("libc6 (>= {}.{}), ", glibc.0, glibc.1));
    let unwinder = order.needs.libraries.iter().any(|library| library == "libgcc_s.so.1");
    libc + if unwinder { "libgcc-s1, " } else { "" }
}

/// Debian's own names and forms (Policy 12.1, 12.5, 12.7): manual pages and changes are compressed, the license is in
/// `copyright`.
fn as_debian_has_it(stage: &Path) -> Outcome<()> {
    let documents = stage.join("usr/share/doc/conn-check");
    let copyright = fs::read(root().join("copyright")).map_err(|error| format!("copyright: {error}"))?;
    put(&documents.join("copyright"), &copyright)?;
    let changes = format!(
        "conn-check ({VERSION}) unstable; urgency=medium\n\n  * See CHANGELOG.md.\n\n \
         -- Canonical <noreply@canonical.com>  Thu, 01 Jan 2026 00:00:00 +0000\n"
    );
    put(&documents.join("changelog"), changes.as_bytes())?;
    let compress = "rm -f usr/share/doc/conn-check/LICENSE; \
                    gzip -9n usr/share/man/man*/* usr/share/doc/conn-check/changelog; \
                    find . -type d -exec chmod 755 {} +";
    output(Command::new("sh").current_dir(stage).args(["-c", compress])).map(drop)
}

/// In KiB, as dpkg-gencontrol(1) counts.
fn installed_size(stage: &Path) -> Outcome<u64> {
    let sizes = output(Command::new("du").args(["-sk", "--apparent-size"]).arg(stage))?;
    let sizes = String::from_utf8_lossy(&sizes).into_owned();
    sizes.split_whitespace().next().and_then(|size| size.parse().ok()).ok_or_else(|| format!("du: {sizes}"))
}

fn put(path: &Path, content: &[u8]) -> Outcome<()> {
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    folder.and_then(|()| fs::write(path, content)).map_err(|error| format!("{}: {error}", path.display()))
}
