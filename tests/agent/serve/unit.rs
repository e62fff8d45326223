//! The unit of the Debian package.

use std::path::Path;
use std::process::Command;

#[test]
fn systemd_finds_nothing_wrong_with_the_unit_and_little_that_it_could_do() {
    let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/systemd/conn-check-serve@.service");
    let scratch = harness::scratch::Scratch::new();
    // It has to be there to be found right, and is as it is installed but for the place of the program.
    let text = std::fs::read_to_string(unit).expect("the unit");
    let program = harness::agent::program_called("conn-check-serve").display().to_string();
    let text = text.replace("/usr/bin/conn-check-serve", &program);
    let file = scratch.write("conn-check-serve@shop.service", text);
    let verified = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&file).output().expect("it runs");
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    // It reads the units of this machine, too.
    let about_ours: Vec<_> = said.lines().filter(|line| line.contains("conn-check-serve")).collect();
    assert!(verified.status.success() && about_ours.is_empty(), "{said}");
    let rated =
        Command::new("systemd-analyze").args(["security", "--offline=true", "--threshold=25"]).arg(&file).output();
    let rated = rated.expect("it runs");
    assert!(rated.status.success(), "{}", String::from_utf8_lossy(&rated.stdout));
}
