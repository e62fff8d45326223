//! A call of conn-check: shown, run, and compared with what it has to say.

use harness::agent;
use std::env;
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use tools::page::Page;

/// What fits into a terminal of 80 columns, indented.
const WIDTH: &str = "76";

/// One call, and what has to come of it.
pub(crate) struct Call<'a> {
    /// Where it runs.
    pub(crate) folder: &'a Path,
    /// What a person would type after `conn-check`.
    pub(crate) arguments: &'a [&'a str],
    /// The exit status.
    pub(crate) status: i32,
    /// The code of every failure.
    pub(crate) codes: &'a [&'a str],
}

impl Call<'_> {
    /// Runs it and shows it; whether all is as it has to be.
    pub(crate) fn show(&self, page: &Page) -> bool {
        page.command(&format!("conn-check {}", self.arguments.join(" ")));
        let mut command = Command::new(agent::program());
        command.current_dir(self.folder).args(self.arguments);
        command.args(["--format", "human", "--color", page.color()]).env("COLUMNS", WIDTH);
        let began = Instant::now();
        let output = match command.output() {
            Ok(output) => output,
            Err(error) => return page.wrong(&format!("conn-check cannot be started: {error}")),
        };
        let took = began.elapsed();
        let text = String::from_utf8_lossy(&output.stdout);
        Page::output(&text);
        Page::output(&String::from_utf8_lossy(&output.stderr));
        let status = output.status.code().unwrap_or(-1);
        page.status(status, meaning(status), took);
        self.judge(page, &text, status)
    }

    fn judge(&self, page: &Page, text: &str, status: i32) -> bool {
        let missing: Vec<_> = self.codes.iter().filter(|code| !text.contains(&format!("[{code}]"))).collect();
        let failed = text.matches("FAIL").count();
        if status != self.status {
            page.wrong(&format!("the exit status has to be {}, and is {status}", self.status))
        } else if !missing.is_empty() {
            page.wrong(&format!("conn-check has to find {missing:?}"))
        } else if failed != self.codes.len() {
            page.wrong(&format!("{failed} checks failed instead of {}", self.codes.len()))
        } else {
            true
        }
    }
}

/// What an exit status means, to Nagios and to people.
const fn meaning(status: i32) -> &'static str {
    match status {
        0 => "all passed (OK)",
        1 => "warnings only (WARNING)",
        2 => "something failed (CRITICAL)",
        _ => "nothing was verified (UNKNOWN)",
    }
}

/// The program as a person would type it from here.
pub(crate) fn shown_program() -> String {
    let program = agent::program();
    let here = env::current_dir().unwrap_or_default();
    program.strip_prefix(here).unwrap_or(&program).display().to_string()
}
