//! `cargo xtask`: everything that is done with this repository, each by one command.
#![expect(clippy::print_stderr, reason = "a program for people")]

mod deny;
mod dist;
mod failures;
mod ferretdb;
mod layers;
mod long;
mod pack;
mod packages;
mod postfix;
mod python;
mod s3s;
mod scaffold;
mod step;
mod zig;

use failures::Failures;
use std::num::NonZero;
use std::process::ExitCode;
use std::{env, thread};
use step::Outcome;

const USAGE: &str = "\
cargo xtask TASK

  demo            build conn-check, start what the tutorial's application needs, check it, break it, check again
  test            install what the tests need, start real servers, run every test
  fmt             format the code
  layers          see that no room of the code uses one that lies above it
  bench           measure conn-check beside a floor, in one run
  pictures        draw what a person sees on terminals of several widths: target/pictures/*.svg, docs/terminal.svg
  docs            write the man page, the completions, the option tables and the schema into docs/
  pack            build the charm: conn-check_ARCH.charm; --zigbuild for Ubuntu 20.04 too, --juju 2.9 without 24.04
  dist            pack what is given to people into target/dist: tarball, .deb, wheel, charm, apt repository, checksums;
                  --zigbuild for older systems (from glibc 2.28 on), for aarch64, and for Alpine too
  wheel           pack the Python package conn_check_configs: target/wheel/*.whl
  deny            see which licenses and sources the dependencies have, and whether one is known to be vulnerable
  lives [COUNT]   live random lives of the charm in memory, 100000 unless told; any that ends ill is printed
  deadlines [COUNT]  run random mixes of bad peers, 1000 unless told: each has to end in time
  calls [COUNT]   run twelve checks once for every system call of theirs that may fail, all unless told
  changes [COUNT]  run healthy checks so often with --remember, 1000 times unless told: nothing is said; and measure its cost
  worlds [COUNT]  run each world of network namespaces beside 10000 packets a second, and COUNT runs of faults beyond
                  this host and as many healthy ones, 1000 unless told: no fault of others is this host's, nothing more is sent
  fuzz TARGET SECONDS  change what servers of a protocol, files of a kind, or the charm's records hold; `all` is each of them
  rehearse        play a whole life of the charm without Juju; --config FILE with your own checks
  new-check NAME  write the folder of a new check and add it to the list";

/// What the tools and the programs of the tests, and the agent for them, are built with.
const PROFILE: [&str; 2] = ["--profile", "ci"];

/// What says to the tests how many of them run at once.
const THREADS: &str = "RUST_TEST_THREADS";

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let task = arguments.next().unwrap_or_default();
    let rest: Vec<_> = arguments.collect();
    let done = match task.as_str() {
        "demo" => demo(),
        "test" => test(&rest),
        "fmt" => format(&[]),
        "layers" => layers::layers(),
        "bench" => bench(&rest),
        "docs" => tool("docs", &rest),
        "pictures" => pictures(),
        "pack" => pack::pack(&rest),
        "wheel" => tool("wheel", &rest),
        "dist" => dist::dist(&rest),
        "rehearse" => rehearse(&rest),
        "new-check" => scaffold::new_check(rest.first().map_or("", String::as_str)),
        "deny" => deny::deny(),
        "fuzz" => long::fuzz(&rest),
        task => long::run(task, &rest).unwrap_or_else(|| Err(USAGE.to_owned())),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn pictures() -> Outcome {
    build("ci")?;
    tool("pictures", &["target/pictures", "docs/terminal.svg"].map(str::to_owned))
}

/// Its servers are real ones.
fn demo() -> Outcome {
    packages::install_missing_of(&["postgresql", "memcached", "squid"])?;
    build("ci")?;
    tool("demo", &[])
}

/// Every test, also when one fails: what failed is named at the end. Further arguments go to the tests
/// themselves (a name to run only some).
fn test(filter: &[String]) -> Outcome {
    packages::install_missing()?;
    layers::layers()?;
    format(&["--check"])?;
    // What comes from elsewhere comes while the compiler works.
    let (brought, built) = thread::scope(|scope| {
        let brought = scope.spawn(bring);
        let built = deny::deny().and_then(|()| lint()).and_then(|()| build("ci"));
        (brought.join(), built)
    });
    built?;
    let (no_ferretdb, no_postfix, no_s3) = brought.map_err(|_| "what the tests need was not brought".to_owned())??;
    let filter: Vec<_> = filter.iter().map(String::as_str).collect();
    let command = [&["test", "--workspace", "--no-fail-fast"], &PROFILE[..], &["--"], &filter].concat();
    let mut failures = Failures::default();
    let outcome = step::cargo_read(&command, &[(THREADS, test_threads())], |line| failures.read(line));
    if let Some(why) = no_ferretdb {
        eprintln!("== SKIPPED: the tests with FerretDB, which could not be built: {why}");
    }
    if let Some(why) = no_postfix {
        eprintln!("== SKIPPED: the tests with Postfix, which could not be unpacked: {why}");
    }
    if let Some(why) = no_s3 {
        eprintln!("== SKIPPED: the tests with s3s-fs, which could not be built: {why}");
    }
    outcome.map_err(|why| failures.summary().unwrap_or(why))
}

/// Why there is none of `FerretDB`, of Postfix, of s3s-fs.
type Lacking = (Option<String>, Option<String>, Option<String>);

/// Python's environments, and the servers that no package installs.
fn bring() -> Result<Lacking, String> {
    python::environments()?;
    Ok((ferretdb::build()?, postfix::unpack(), s3s::build()))
}

fn lint() -> Outcome {
    step::component("clippy", "clippy")?;
    step::cargo(&[&["clippy", "--workspace", "--all-targets"], &PROFILE[..], &["--", "--deny", "warnings"]].concat())
}

/// How many tests run at once: many only wait for a server or for time to pass.
fn test_threads() -> String {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    env::var(THREADS).unwrap_or_else(|_| (2 * cores).to_string())
}

fn format(how: &[&str]) -> Outcome {
    step::component("fmt", "rustfmt")?;
    step::cargo(&[&["fmt", "--all", "--"], how].concat())
}

fn bench(arguments: &[String]) -> Outcome {
    packages::install_missing()?;
    build("release")?;
    tool("bench", arguments)
}

fn rehearse(arguments: &[String]) -> Outcome {
    build("ci")?;
    // The program runs at the root of the repository; the file is named from where the person is.
    let from_here =
        |text: &String| std::path::absolute(text).map_or_else(|_| text.clone(), |path| path.display().to_string());
    let arguments: Vec<_> =
        arguments.iter().map(|text| if text.starts_with('-') { text.clone() } else { from_here(text) }).collect();
    tool("rehearse", &arguments)
}

/// Runs a program of `tools/`.
fn tool(name: &str, arguments: &[String]) -> Outcome {
    let run = [&["run", "--quiet"], &PROFILE[..], &["--package", "conn-check-tools", "--bin", name, "--"]].concat();
    step::cargo(&run.into_iter().chain(arguments.iter().map(String::as_str)).collect::<Vec<_>>())
}

/// A release is the product's alone. Everything else shares its dependencies with the tests, which
/// ask more of some: built for a part of the workspace, they would be built twice.
fn build(profile: &str) -> Outcome {
    let what: &[&str] = if profile == "release" { &[] } else { &["--workspace"] };
    step::cargo(&[&["build", "--profile", profile], what].concat())
}
