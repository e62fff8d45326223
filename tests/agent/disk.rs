//! The disk check: full, read-only and dead file systems, mounted for the program alone.

use harness::agent::{Agent, code, verdict_of};
use harness::mounts::Mounts;
use harness::scratch::Scratch;
use serde_json::Value;
use std::process::Command;
use std::time::Duration;

/// The verdict or code of one disk check, and all of it, with these mounts.
fn check(mounts: &Mounts, path: &str, more: &str) -> (String, Value) {
    let report = Agent::through(mounts.command(), &format!("- {{type: disk, path: {path}{more}}}")).report();
    (code(&report), report["checks"][0].clone())
}

/// The messages of its warnings.
fn warned(check: &Value) -> Vec<String> {
    let warnings = check["warnings"].as_array().expect("warnings").iter();
    warnings
        .map(|one| format!("{} [{}]", one["message"].as_str().expect("a text"), one["code"].as_str().expect("a code")))
        .collect()
}

fn folder() -> (Scratch, String) {
    let scratch = Scratch::new();
    let path = scratch.folder("mnt").display().to_string();
    (scratch, path)
}

#[test]
fn a_file_system_with_room_passes_and_tells_what_df_tells() {
    let (_scratch, path) = folder();
    let mounts =
        Mounts::new().tmpfs(&path, "size=10m,nr_inodes=100").run(&format!("head -c 5000000 /dev/zero > {path}/half"));
    let (verdict, check) = check(&mounts, &path, ", mounted: true");
    assert_eq!(verdict, "pass", "{check}");
    assert_eq!(check["results"][0]["name"], format!("disk:{path}"));
    assert_eq!((&check["scope"], &check["target"]), (&Value::from("local"), &Value::from(path.as_str())));
    let fact = &check["facts"]["disk"];
    assert_eq!(
        (&fact["filesystem"], &fact["size_bytes"], &fact["inodes"]),
        (&"tmpfs".into(), &(10 << 20).into(), &100.into())
    );
    let mut df = mounts.command();
    let output = df.args(["df", "--output=pcent,ipcent,avail", "-B1", &path]).output().expect("df");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let told: Vec<_> =
        text.lines().nth(1).expect("a line").split_whitespace().map(|word| word.trim_end_matches('%')).collect();
    let own = ["used_percent", "inodes_percent", "free_bytes"].map(|key| fact[key].to_string());
    assert_eq!(told, own, "{text}");
}

#[test]
fn a_full_file_system_is_a_warning_and_no_limit_is_none() {
    let (_scratch, path) = folder();
    let mounts = Mounts::new().tmpfs(&path, "size=1m,nr_inodes=100").fill(&path, false);
    let (verdict, full) = check(&mounts, &path, "");
    assert_eq!(verdict, "warn", "{full}");
    assert_eq!(
        warned(&full),
        [format!("100 % of the space of {path} are used, more than 90 %: 0 bytes are free [local.disk]")]
    );
    assert_eq!(check(&mounts, &path, ", max_used_percent: null").0, "pass");
    assert_eq!(check(&mounts, &path, ", max_used_percent: 100").0, "pass");
    let (_, short) = check(&mounts, &path, ", max_used_percent: null, min_free: 1 KiB");
    assert_eq!(warned(&short), [format!("0 bytes are free on {path}, less than 1 KiB [local.disk]")]);
}

#[test]
fn inodes_that_are_used_up_are_a_warning_of_their_own() {
    let (_scratch, path) = folder();
    let mounts = Mounts::new().tmpfs(&path, "size=4m,nr_inodes=20").fill(&path, true);
    let (verdict, full) = check(&mounts, &path, "");
    assert_eq!(verdict, "warn", "{full}");
    assert_eq!(
        warned(&full),
        [format!("100 % of the inodes of {path} are used, more than 90 %: 0 are free [local.disk]")]
    );
    let (_, few) = check(&mounts, &path, ", max_inodes_percent: null, min_free_inodes: 5");
    assert_eq!(warned(&few), [format!("0 inodes are free on {path}, fewer than 5 [local.disk]")]);
}

#[test]
fn a_read_only_file_system_fails_unless_it_is_meant_so() {
    let (scratch, path) = folder();
    let mounts = Mounts::new().tmpfs(&path, "size=1m").run(&format!("mount -o remount,ro {path}"));
    let (verdict, refused) = check(&mounts, &path, "");
    assert_eq!(verdict, "local.read-only", "{refused}");
    assert_eq!(refused["failure"]["owner"], "host");
    let evidence = refused["failure"]["evidence"].as_str().expect("evidence");
    assert!(evidence.contains(&format!("is mounted on {path}")) && evidence.ends_with(", read-only)"), "{evidence}");
    assert_eq!(check(&mounts, &path, ", read_only: true").0, "pass");
    // Full by nature.
    let full = Mounts::new().tmpfs(&path, "size=1m").fill(&path, false).run(&format!("mount -o remount,ro {path}"));
    assert_eq!(check(&full, &path, ", read_only: true").0, "pass");
    drop(scratch);
}

#[test]
fn a_mount_that_a_sandbox_has_made_read_only_says_nothing_of_the_file_system() {
    let (scratch, path) = folder();
    let (verdict, check) = check(&Mounts::new().read_only(&path), &path, ", max_used_percent: null");
    assert_eq!(verdict, "pass", "{check}");
    let disk = &check["facts"]["disk"];
    assert_eq!((&disk["read_only"], &disk["mounted_read_only"]), (&false.into(), &true.into()), "{check}");
    drop(scratch);
}

#[test]
fn what_is_not_there_or_not_mounted_is_missing() {
    let (_scratch, path) = folder();
    assert_eq!(verdict_of(&format!("- {{type: disk, path: {path}/gone}}")), "local.missing");
    assert_eq!(verdict_of(&format!("- {{type: disk, path: {path}, mounted: true}}")), "local.missing");
    let report = Agent::new(&format!("- {{type: disk, path: {path}/a/b/c}}")).report();
    let failure = &report["checks"][0]["failure"];
    assert!(
        failure["evidence"].as_str().expect("evidence").starts_with(&format!("nothing is there below {path}; ")),
        "{failure}"
    );
}

#[test]
fn a_folder_that_nobody_may_enter_is_denied_and_its_owner_named() {
    let scratch = Scratch::new();
    let closed = scratch.path().join("closed");
    std::fs::create_dir_all(closed.join("inside")).expect("folders");
    let status = Command::new("chmod").args(["0700"]).arg(&closed).status().expect("chmod");
    assert!(status.success());
    let path = closed.join("inside").display().to_string();
    let mut outer = Command::new("setpriv");
    outer.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]);
    let report = Agent::copy_through(outer, &format!("- {{type: disk, path: {path}}}")).report();
    assert_eq!(code(&report), "local.denied", "{report}");
    let evidence = report["checks"][0]["failure"]["evidence"].as_str().expect("evidence");
    let wanted =
        format!("the user is nobody, and {} is of root:root with the mode 0700; Permission denied", closed.display());
    assert!(evidence.starts_with(&wanted), "{evidence}");
}

#[test]
fn a_dead_file_system_costs_the_checks_own_time_and_no_others() {
    let (_scratch, path) = folder();
    let mounts = Mounts::new().dead(&path);
    let yaml = format!(
        "- {{type: disk, path: {path}, timeout: 0.6}}\n- {{type: disk, path: {path}, timeout: 0.5, max_used_percent: 80}}\n- {{type: disk, path: /}}\n"
    );
    let ran = Agent::through(mounts.command(), &yaml).args(["--format", "json"]).run();
    assert!(ran.elapsed < Duration::from_secs(2), "{ran:?}");
    let report = ran.json();
    let codes: Vec<_> = report["checks"]
        .as_array()
        .expect("checks")
        .iter()
        .map(|one| one["failure"]["code"].as_str().unwrap_or("-"))
        .collect();
    assert_eq!(codes, ["local.timeout", "local.timeout", "-"], "{report}");
    let failure = &report["checks"][0]["failure"];
    assert_eq!(failure["message"], format!("asked about {path}: this host did not answer within the check's timeout"));
    let evidence = failure["evidence"].as_str().expect("evidence");
    assert!(evidence.ends_with(&format!("dead.internal:/export is mounted on {path} (fuse)")), "{evidence}");
}

#[test]
fn every_option_of_the_page_about_this_host_is_one() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/file.md")).expect("the page");
    let section = page.split("## This host").nth(1).expect("the section");
    let block = section.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a block");
    assert_eq!(block.lines().count(), 7, "{block}");
    let ran = Agent::new(block).args(["--strict", "--validate"]).run();
    assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{ran:?}");
}
