//! Files of every kind that the programs read, changed.

use harness::agent::program_called;
use harness::fuzz::{mutate, rounds};
use harness::random::Random;
use harness::scratch::Scratch;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// So many files of a round.
const FILES: usize = 60;

/// Reading a file is no work of seconds, however odd it is; a busy machine may need some.
const LIMIT: Duration = Duration::from_secs(5);

/// The files of these endings in a directory of the tests.
fn seeds(directory: &str, endings: &[&str]) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = files.flatten().map(|file| file.path()).collect();
    files.retain(|path| endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)));
    files.sort();
    assert!(!files.is_empty(), "no seeds in {}", folder.display());
    files.iter().map(|path| fs::read(path).expect("a seed")).collect()
}

/// Gives changed files to a program: `FILE` in the arguments is the file.
fn attack(called: &str, arguments: &[&str], seeds: &[Vec<u8>]) {
    let (scratch, program) = (Scratch::new(), program_called(called));
    for number in rounds().flat_map(|round| (0..FILES as u64).map(move |file| round * 1_000_000 + file)) {
        let mut random = Random::new(number);
        let seed: &Vec<u8> = random.pick(seeds);
        let content = mutate(&mut random, seed);
        let file = scratch.path().join("file");
        fs::write(&file, &content).expect("a file");
        let arguments = arguments.iter().map(|word| if *word == "FILE" { file.as_os_str() } else { word.as_ref() });
        let began = Instant::now();
        let mut command = Command::new(&program);
        command.args(arguments).env_clear().current_dir(scratch.path()).stdin(Stdio::null());
        let output = command.output().expect("the program");
        let err = String::from_utf8_lossy(&output.stderr);
        let story = || format!("{called}, file {number}: {:?}\n{err}\n{}", output.status, content.escape_ascii());
        assert!(matches!(output.status.code(), Some(0..=3)), "{}", story());
        assert!(!err.contains("a fault of conn-check itself") && !err.contains("panic"), "{}", story());
        assert!(began.elapsed() < LIMIT, "{:?}: {}", began.elapsed(), story());
    }
}

#[test]
fn config() {
    let seeds = [seeds("agent/bad", &[".yaml"]), seeds("../examples", &[".yaml"])].concat();
    attack("conn-check", &["--dry-run", "FILE"], &seeds);
}

#[test]
fn rules() {
    attack("conn-check-convert-fw", &["FILE"], &seeds("agent/firewall", &[".yaml"]));
}

#[test]
fn juju_status() {
    let status = crate::generate::juju::status();
    let yaml = serde_yaml_ng::to_string(&status).expect("YAML");
    let seeds = [status.to_string().into_bytes(), yaml.into_bytes()];
    attack("conn-check-configs", &["juju", "FILE", "--application", "shop"], &seeds);
}

#[test]
fn dotenv() {
    let seed =
        b"DATABASE_URL=postgres://app:secret@db:5432/shop?sslmode=verify-full\nREDIS_URL='redis://:p%40ss@cache/0'\n\
        export BROKER_URL=\"amqp://u:p@mq//\"\n# remark\nSENTRY_DSN=https://key@sentry.example/1\nEMPTY=\n"
            .to_vec();
    attack("conn-check-configs", &["env", "FILE"], &[seed]);
}
