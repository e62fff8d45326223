//! Which tests have failed, from what `cargo test` prints.
//!
//! A test binary ends with the names of what failed, after a line `failures:`, and its result. That line
//! is also the title of what those tests have printed, which comes before: the names are what follows
//! the last one. After the binary cargo says how to run it again, also when it ended without a result.

use std::fmt::Write as _;

/// How cargo introduces the arguments that run a failed binary again; a backtick ends them.
const RUN_AGAIN: &str = "to rerun pass `";

/// The failures of one run of `cargo test`.
#[derive(Default)]
pub(crate) struct Failures {
    /// The names after the last `failures:`.
    names: Vec<String>,
    in_list: bool,
    /// The names in the results of the binary that is running; doc tests can have more than one result.
    of_binary: Vec<String>,
    /// Names of tests, each with cargo's arguments for its binary.
    all: Vec<(String, String)>,
}

impl Failures {
    /// Takes the next line of the output, without its end.
    pub(crate) fn read(&mut self, line: &str) {
        if line == "failures:" {
            (self.names, self.in_list) = (Vec::new(), true);
        } else if let Some(result) = line.strip_prefix("test result: ") {
            let names = std::mem::take(&mut self.names);
            self.of_binary.extend(names.into_iter().filter(|_| result.starts_with("FAILED")));
            self.in_list = false;
        } else if let Some(arguments) = run_again(line) {
            self.binary_failed(arguments);
        } else if let Some(name) = line.strip_prefix("    ").filter(|_| self.in_list) {
            self.names.push(name.to_owned());
        }
    }

    fn binary_failed(&mut self, arguments: &str) {
        if self.of_binary.is_empty() {
            self.of_binary.push("(it ended before its tests did)".to_owned());
        }
        self.all.extend(self.of_binary.drain(..).map(|name| (name, arguments.to_owned())));
    }

    /// All of them, a line each, and how to run one; `None` when no test has failed.
    pub(crate) fn summary(&self) -> Option<String> {
        let mut text = match self.all.len() {
            0 => return None,
            1 => "1 test failed:\n".to_owned(),
            count => format!("{count} tests failed:\n"),
        };
        for (name, arguments) in &self.all {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {name}  ({arguments})");
        }
        Some(text + "one of them again: cargo test --profile ci ARGUMENTS NAME")
    }
}

fn run_again(line: &str) -> Option<&str> {
    let (_, rest) = line.strip_prefix("error: ")?.split_once(RUN_AGAIN)?;
    rest.split('`').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(output: &str) -> Option<String> {
        let mut failures = Failures::default();
        output.lines().for_each(|line| failures.read(line));
        failures.summary()
    }

    /// What cargo 1.95 printed, shortened: two failures in one binary, of which one prints a list of its
    /// own; a binary that aborts; one that passes; doc tests with two results.
    const OUTPUT: &str = "\
     Running unittests src/lib.rs (target/ci/deps/shop-507999230d6984fa)

running 3 tests
test tests::adds ... ok
test tests::a_rug_is_too_dear - should panic ... FAILED
test tests::price_of_a_lamp ... FAILED

failures:

---- tests::a_rug_is_too_dear stdout ----
note: test did not panic as expected at src/lib.rs:10:32
---- tests::price_of_a_lamp stdout ----
failures:
    not_a_test

thread 'tests::price_of_a_lamp' (6800) panicked at src/lib.rs:9:75:
    assertion `left == right` failed


failures:
    tests::a_rug_is_too_dear
    tests::price_of_a_lamp

test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.14s

error: test failed, to rerun pass `-p shop --lib`
     Running tests/crash.rs (target/ci/deps/crash-869e17ed72d1cbd1)

running 2 tests
error: test failed, to rerun pass `-p shop --test crash`

Caused by:
  process didn't exit successfully: `target/ci/deps/crash-869e17ed72d1cbd1` (signal: 6, SIGABRT: process abort signal)
     Running tests/fine.rs (target/ci/deps/fine-96cc43ffc4880774)

running 1 test
test ok ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

   Doc-tests shop

running 1 test
test src/lib.rs - add (line 2) ... FAILED

failures:

---- src/lib.rs - add (line 2) stdout ----
Test executable failed (exit status: 101).


failures:
    src/lib.rs - add (line 2)

test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.08s


running 1 test
test src/lib.rs - alone (line 9) ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s

error: doctest failed, to rerun pass `-p shop --doc`
error: 3 targets failed:
    `-p shop --lib`
    `-p shop --test crash`
    `-p shop --doc`
";

    #[test]
    fn each_failure_is_named_with_its_binary() {
        let wanted = "\
4 tests failed:
  tests::a_rug_is_too_dear  (-p shop --lib)
  tests::price_of_a_lamp  (-p shop --lib)
  (it ended before its tests did)  (-p shop --test crash)
  src/lib.rs - add (line 2)  (-p shop --doc)
one of them again: cargo test --profile ci ARGUMENTS NAME";
        assert_eq!(summary(OUTPUT).as_deref(), Some(wanted));
    }

    #[test]
    fn what_passes_or_does_not_compile_has_no_failed_tests() {
        let passing = &OUTPUT[OUTPUT.find("     Running tests/fine.rs").expect("a line")..];
        let passing = &passing[..passing.find("   Doc-tests").expect("a line")];
        assert_eq!(summary(passing), None);
        assert_eq!(summary("error[E0425]: cannot find value `x`\nerror: could not compile `shop` (lib)\n"), None);
        let printed = "failures:\n    not_a_test\ntest result: ok. 1 passed; 0 failed\n";
        assert_eq!(summary(printed), None);
    }
}
