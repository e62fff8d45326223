//! Files of checks that include others.

use harness::agent::program;
use harness::peers::{Manner, Peer};
use harness::scratch::Scratch;
use serde_json::Value;
use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

struct World {
    peer: Peer,
    scratch: Scratch,
}

impl World {
    fn new() -> Self {
        Self { peer: Peer::start(Manner::Silent), scratch: Scratch::new() }
    }

    /// A check of this name.
    fn check(&self, name: &str) -> String {
        format!("- {{type: tcp, name: {name}, host: 127.0.0.1, port: {}}}\n", self.peer.port())
    }

    fn file(&self, path: &str, text: &str) {
        let path = self.scratch.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("written");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.current_dir(self.scratch.path()).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("it runs")
    }

    /// The files and names of the checks that are run.
    fn checked(&self, arguments: &[&str]) -> Vec<String> {
        checked(&self.run(&[arguments, &["--format=json"]].concat()))
    }

    /// What is said of files that cannot be run.
    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}

fn checked(output: &Output) -> Vec<String> {
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let checks = report["checks"].as_array().unwrap_or_else(|| panic!("{report}"));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    checks.iter().map(|check| format!("{} {}", text(&check["file"]), text(&check["label"]))).collect()
}

#[test]
fn the_checks_of_included_files_stand_in_the_place_of_the_entry() {
    let world = World::new();
    let own = |first: &str, last: &str| world.check(first) + "- include: conf.d/*.yaml\n" + &world.check(last);
    world.file("main.yaml", &own("first", "last"));
    for (name, check) in [("20-b", "two"), ("10-a", "one"), (".hidden", "hidden")] {
        world.file(&format!("conf.d/{name}.yaml"), &world.check(check));
    }
    world.file("conf.d/notes.txt", "no file of checks");
    let expected = ["main.yaml first", "conf.d/10-a.yaml one", "conf.d/20-b.yaml two", "main.yaml last"];
    assert_eq!(world.checked(&["main.yaml"]), expected);
    world.file("main.yaml", &own("first", "last").replace("conf.d/*.yaml", "conf.d"));
    assert_eq!(world.checked(&["main.yaml"]), expected, "a directory stands for its files");
    // It is seen from the file, and not from where conn-check is called.
    let other = Scratch::new();
    let path = world.scratch.path().join("main.yaml").display().to_string();
    let output = world.command(&[&path, "--format=json"]).current_dir(other.path()).output().expect("it runs");
    assert_eq!(checked(&output).len(), 4);
    let ran = world.run(&["main.yaml", "--validate"]);
    assert!(ran.status.success() && String::from_utf8_lossy(&ran.stdout).contains('4'), "{ran:?}");
}

#[test]
fn an_included_file_includes_others_from_its_own_directory() {
    let world = World::new();
    world.file("main.yaml", "- include: sub/a.yaml\n");
    world.file("sub/a.yaml", &("- include: deeper/*.yaml\n".to_owned() + &world.check("a")));
    world.file("sub/deeper/b.yaml", &world.check("b"));
    assert_eq!(world.checked(&["main.yaml"]), ["sub/deeper/b.yaml b", "sub/a.yaml a"]);
    assert_eq!(world.checked(&["main.yaml", "--only", "b"]), ["sub/deeper/b.yaml b"]);
}

#[test]
fn standard_input_includes_from_the_working_directory() {
    let world = World::new();
    world.file("a.yaml", &world.check("a"));
    world.file("-", &world.check("dash"));
    let mut command = world.command(&["-", "--format=json"]);
    let mut run = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it runs");
    run.stdin.take().expect("input").write_all(b"- include: a.yaml\n- include: '-'\n").expect("written");
    assert_eq!(checked(&run.wait_with_output().expect("it ends")), ["a.yaml a", "./- dash"]);
}

#[test]
fn what_cannot_be_included_is_told_where_it_is_asked_for() {
    let world = World::new();
    world.file("bad.yaml", "- {type: tcp, host: h, port: x}\n");
    world.file("utf8.yaml", "");
    fs::write(world.scratch.path().join("utf8.yaml"), b"- \xff").expect("written");
    for (value, parts) in [
        (
            "missing.yaml",
            &["main.yaml:2:12", "`missing.yaml`: the file cannot be read: No such file", "check the path"][..],
        ),
        ("bad.yaml", &["bad.yaml:1:30", "expected a port number"]),
        ("utf8.yaml", &["main.yaml:2:12", "`utf8.yaml`: byte 3 of the file is not UTF-8"]),
        ("/dev/zero", &["not a regular file"]),
        ("''", &["the path is empty"]),
        ("[a, b]", &["main.yaml:2:12", "expected a name"]),
        ("main.yaml", &["main.yaml:2:12", "`main.yaml` includes itself"]),
        ("'*.yaml'", &["`main.yaml` includes itself"]),
    ] {
        world.file("main.yaml", &format!("{}- include: {value}\n", world.check("own")));
        let said = world.refused(&["main.yaml"]);
        assert!(parts.iter().all(|part| said.contains(part)), "{value}: {said}");
    }
}

#[test]
fn a_pattern_that_nothing_matches_is_a_warning() {
    let world = World::new();
    world.file("main.yaml", &format!("- include: none/*.yaml\n{}", world.check("own")));
    let output = world.run(&["main.yaml", "--format=json"]);
    assert_eq!(checked(&output), ["main.yaml own"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("warning[bad-include]: `include`: there is no file by the pattern `none/*.yaml`"), "{said}");
    assert!(world.refused(&["main.yaml", "--strict"]).contains("error[bad-include]"));
}

#[test]
fn circles_depth_and_number_have_an_end() {
    let world = World::new();
    world.file("a.yaml", "- include: b.yaml\n");
    world.file("b.yaml", "- include: c.yaml\n");
    world.file("c.yaml", "- include: a.yaml\n");
    let said = world.refused(&["a.yaml"]);
    assert!(said.contains("c.yaml:1:12") && said.contains("`a.yaml` includes itself by way of others"), "{said}");
    for number in 0..12 {
        world.file(&format!("deep{number}.yaml"), &format!("- include: deep{}.yaml\n", number + 1));
    }
    world.file("deep12.yaml", &world.check("bottom"));
    assert!(world.refused(&["deep0.yaml"]).contains("would be the 9th file inside of another"));
    assert_eq!(world.checked(&["deep4.yaml"]), ["deep12.yaml bottom"]);
    // Each of three levels includes the next one twenty times: 8,000 files.
    world.file("l3.yaml", &world.check("leaf"));
    for level in 0..3 {
        world.file(&format!("l{level}.yaml"), &format!("- include: l{}.yaml\n", level + 1).repeat(20));
    }
    let said = world.refused(&["l0.yaml"]);
    assert_eq!(said.matches("more than 1000 files are included in all").count(), 1, "{said}");
}

#[test]
fn a_file_that_comes_twice_is_a_warning() {
    let world = World::new();
    world.file("a.yaml", &world.check("a"));
    world.file("main.yaml", "- include: a.yaml\n- include: ./a.yaml\n");
    let output = world.run(&["main.yaml", "--format=json"]);
    assert_eq!(checked(&output), ["a.yaml a", "./a.yaml a"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said.matches("this file is given more than once").count(), 1, "{said}");
}

#[test]
fn other_keys_beside_include_are_told() {
    let world = World::new();
    world.file("a.yaml", &world.check("a"));
    world.file("main.yaml", "- include: a.yaml\n  tags: [x]\n");
    let output = world.run(&["main.yaml", "--validate"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("unknown option `tags`"), "{output:?}");
    world.file("main.yaml", "- type: tcp\n- include: a.yaml\n");
    assert!(world.refused(&["main.yaml"]).contains("`host` is missing"));
}

#[test]
fn an_included_file_is_trusted_for_itself() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    world.file("main.yaml", "- include: open/*.yaml\n");
    world.file("open/run.yaml", "- {type: command, command: ['true']}\n");
    assert_eq!(world.checked(&["main.yaml"]).len(), 1);
    let open = fs::Permissions::from_mode(0o777);
    fs::set_permissions(world.scratch.path().join("open"), open).expect("its mode");
    let said = world.refused(&["main.yaml"]);
    assert!(said.contains("error[untrusted-file]") && said.contains("open/run.yaml:1:4"), "{said}");
    world.file("open/run.yaml", &world.check("plain"));
    assert_eq!(world.checked(&["main.yaml"]), ["open/run.yaml plain"]);
}

#[test]
fn rules_for_firewalls_and_the_schema_know_included_files() {
    let world = World::new();
    world.file("main.yaml", "- include: a.yaml\n");
    world.file("a.yaml", "- {type: tcp, host: far.example, port: 4321}\n");
    let export = harness::agent::program_called("conn-check-export-fw");
    let output = Command::new(export).current_dir(world.scratch.path()).arg("main.yaml").output().expect("it runs");
    assert!(String::from_utf8_lossy(&output.stdout).contains("4321"), "{output:?}");
    let schema: Value = serde_json::from_slice(&world.run(&["--schema"]).stdout).expect("JSON");
    let takes = |entry: Value| jsonschema::is_valid(&schema, &Value::Array(vec![entry]));
    assert!(takes(serde_json::json!({"include": "conf.d/*.yaml"})), "{schema}");
    assert!(!takes(serde_json::json!({"include": 1})) && !takes(serde_json::json!({"include": "a", "tags": []})));
}

#[test]
fn of_a_file_that_was_never_meant_to_be_one_of_checks_no_line_is_shown() {
    let world = World::new();
    world.file("main.yaml", "- include: other\n");
    for text in
        ["hunter2: x\n", "hunter2\n", "hunter2 and more\nlines\n", "{hunter2: 1}\n", "? [hunter2]\n: a\n", "'hunter2'"]
    {
        world.file("other", text);
        let said = world.refused(&["main.yaml"]);
        assert!(said.contains("expected a list of checks") && !said.contains("hunter2"), "{text}: {said}");
        assert!(said.contains("other"), "{said}");
    }
    world.file("other", "type: tcp\nhost: db.internal\n");
    assert!(world.refused(&["main.yaml"]).contains("type: tcp"), "of a check without its dash, the line is shown");
}
