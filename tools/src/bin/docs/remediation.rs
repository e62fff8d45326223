//! The page of what can be written down about a failure.

use conn_check::remedy::{ROWS, Remediation, Row};
use std::fmt::Write as _;

const HEAD: &str = "\
# Fixes that can be written down

Generated from the code by `cargo xtask docs`.

Where a fix can be written down exactly, conn-check does: under the failure with `--explain`, and in JSON as
`failure.remediation`, a list of steps:

<!-- tried: every_row_of_the_list_is_proven_by_a_test_here -->

```json
{\"commands\": [\"GRANT SELECT ON TABLE \\\"public\\\".\\\"orders\\\" TO \\\"app\\\";\"],
 \"where\": \"in psql on the database server, in the database \\\"shop\\\", as the table's owner or a superuser\",
 \"safe\": true}
```

`commands` are lines to be run, or put into a file, as they are; `where` says on which machine, in which program or
file, and as whom. `safe` is true where they can be run as they stand, and again, without harm. Otherwise a person
has to decide: where a line goes, or whether the rule, the lock or the limit was meant. Where `where` begins with
`to see it:`, nothing is changed: it is for those on the other side, who then see what conn-check means.

- Nothing is taken away or overwritten, and no command has a secret in it.
- It allows what the check asks for, and no more: one table, one database, one virtual host, one topic, one address
  (`/32`, `/128`), one user of this host. PostgreSQL says itself from which address it sees this host, and that one is
  written down.
- Names are quoted for whoever reads them, also those that a server says. For a name with a control character, or a
  character that cannot be seen, and where a secret would stand in it, nothing is written down.
- Each row below is applied by a test, as it stands, to the real server or network namespace: the check passes then,
  and another one, which needs more than was asked for, fails as before.

No database is made, as it would be empty; no password is set, as it would stand in the command; no server is made a
primary; nothing switches TLS or its verification off.

| code | of | what is written down |
|---|---|---|
";

/// Stands before each example.
const TRIED: &str = "<!-- tried: every_row_of_the_list_is_proven_by_a_test_here -->\n\n";

/// All of it, as Markdown.
pub(crate) fn page() -> String {
    let mut text = HEAD.to_owned();
    for Row { code, of, what, .. } in ROWS {
        let _ = writeln!(text, "| `{code}` | {of} | {what} |");
    }
    text.push_str("\n## Examples\n");
    for row in ROWS {
        push_example(&mut text, row);
    }
    text
}

fn push_example(text: &mut String, Row { code, of, example, .. }: &Row) {
    let Some(remedy) = example() else { return };
    let _ = write!(text, "\n### `{code}`: {of}\n");
    for Remediation { commands, place, safe } in remedy.steps() {
        let decide = if *safe { "" } else { " (for a person to decide)" };
        let _ = write!(text, "\n{}{decide}:\n\n{TRIED}```text\n{}\n```\n", sentence(place), commands.join("\n"));
    }
}

/// With a capital letter.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
