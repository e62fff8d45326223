//! The page of causes: which failures have one cause, and what speaks against it.

use conn_check::causes::{By, Row, TABLE, Unless};
use std::fmt::Write as _;

const PAGE: &str = "\
# Causes

The table is generated from the code by `cargo xtask docs`.

A dead resolver fails every check that needs a name. `human`, `nagios`, the page of conn-check-serve and the status of the charm say
that once, before all else; each check keeps its line, which names the letter of its cause. `-v` explains every check.

In JSON, and so in the file of `--record`, `causes` has every cause, also that of a single check, and each failed check is in exactly one:
`id`, `code`, `owner`, `what` (one sentence) and `checks` (their `series`). An `id` is the same from run to run and from host to host:
`resolver:10.0.0.53`, or `check:SERIES` where it is nothing but one check's. What a failure concerns is in its `concerns`.

Failures have one cause only where one row below has the code of each, and what it names is the same for all. A failure goes by
the first row that fits. Of a host, a router, a resolver or a proxy as a whole a failure shows nothing by itself: that they are
the cause needs what was seen beside it (nothing answers at another port of the host either; the resolver cannot even say who
serves the root), and nothing in the run may speak against it. So two ports that are refused on one host are two causes, and
fourteen that are silent on a host which answers nowhere are one.

| codes | one cause where this is the same | unless |
|---|---|---|
";

const REST: &str = "| all others | the check itself | |\n";

/// All of it, as Markdown.
pub(crate) fn causes() -> String {
    let mut text = PAGE.to_owned();
    for Row { codes, by, unless, .. } in TABLE {
        let codes: Vec<_> = codes
            .iter()
            .map(|code| if code.ends_with('.') { format!("`{code}*`") } else { format!("`{code}`") })
            .collect();
        let by: Vec<_> = by.iter().map(|by| told(*by)).collect();
        let unless = if *unless == Unless::Never { "" } else { unless.about() };
        // A text takes everything.
        let _ = writeln!(text, "| {} | {} | {unless} |", codes.join(", "), by.join(", "));
    }
    text + REST
}

fn told(by: By) -> String {
    match by {
        By::Option(option) => format!("`{option}` of the check"),
        by => by.about().to_owned(),
    }
}
