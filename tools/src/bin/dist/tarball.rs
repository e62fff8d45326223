//! `conn-check-VERSION-SYSTEM.tar.gz`: to be unpacked anywhere, as in `tar -xzf FILE -C /usr/local --strip-components=1`.

use crate::tree::Tree;
use crate::{Order, TIME, VERSION, output};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use tools::Outcome;

pub(crate) fn write(order: &Order, tree: &Tree) -> Outcome<PathBuf> {
    let name = format!("conn-check-{VERSION}-{}", order.system());
    let (stage, file) = (order.folder.join(&name), order.folder.join(format!("{name}.tar.gz")));
    let _former = fs::remove_dir_all(&stage);
    tree.write(&stage)?;
    let mut tar = Command::new("tar");
    tar.args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--use-compress-program=gzip -9n"]);
    tar.arg(format!("--mtime=@{TIME}")).arg("-C").arg(&order.folder).arg("-cf").arg(&file).arg(&name);
    output(&mut tar)?;
    fs::remove_dir_all(&stage).map_err(|error| format!("{}: {error}", stage.display()))?;
    Ok(file)
}
