//! What a hook did, as lines.

use harness::juju::hook::HookRun;
use harness::juju::machine::Machine;
use harness::juju::tree::{Change, Entry, Tree};
use std::path::Path;
use tools::page::Page;

/// Kinds of files in a Unix mode.
const KIND: u32 = 0o170_000;
const FOLDER: u32 = 0o040_000;
const LINK: u32 = 0o120_000;

/// Of these what is in the files beside them is enough.
const UNTOLD: [&str; 2] = ["etc/shadow", "etc/gshadow"];

/// Of these the content is shown as well: what others read.
const SHOWN: [&str; 2] = ["etc/nagios", "var/lib/nagios"];

/// The hook's name, how long it took, and that it had nothing to do.
pub(crate) fn title(page: &Page, run: &HookRun, idle: bool) -> String {
    let took = format!("{:>4} ms", run.took.as_millis());
    let idle = if idle { page.dim("  nothing to do") } else { String::new() };
    let space = " ".repeat(42_usize.saturating_sub(run.hook.len()));
    format!("  {}{space}{}{idle}\n", page.mark(&run.hook), page.dim(&took))
}

/// One line under a hook: what kind of news it is, and the news.
pub(crate) fn line(page: &Page, kind: &str, text: &str) -> String {
    format!("      {} {text}\n", page.dim(&format!("{kind:<8}")))
}

/// Every file that is new, another, or gone.
pub(crate) fn files(page: &Page, machine: &Machine, changes: &[Change], now: &Tree) -> String {
    let entry = |path: &Path| now.entries.get(path).map(|entry| describe(machine, entry)).unwrap_or_default();
    let one = |change: &Change| {
        let path = format!("/{}", change.path().display());
        let (sign, about) = match change {
            Change::Made(path) => ("new", entry(path)),
            Change::Altered(path) => ("changed", entry(path)),
            Change::Removed(_) => ("removed", String::new()),
        };
        line(page, sign, format!("{path}  {}", page.dim(&about)).trim_end())
            + &content(page, machine, change.path(), now)
    };
    // Of a directory that is gone, what was in it needs no line.
    let within = |change: &Change| {
        matches!(change, Change::Removed(_))
            && changes.iter().any(|other| {
                matches!(other, Change::Removed(_))
                    && other.path() != change.path()
                    && change.path().starts_with(other.path())
            })
    };
    let told = changes.iter().filter(|change| !within(change) && !UNTOLD.contains(&&*change.path().to_string_lossy()));
    told.map(one).collect()
}

/// Mode, owner and size, or where a link leads.
fn describe(machine: &Machine, entry: &Entry) -> String {
    if entry.mode & KIND == LINK {
        return format!("-> {}", String::from_utf8_lossy(&entry.content));
    }
    let name = |number, known: [(&str, Option<u32>); 3]| {
        let known = known.into_iter().find(|(_, one)| *one == Some(number));
        known.map_or_else(|| number.to_string(), |(name, _)| name.to_owned())
    };
    let user = |name| (name, machine.user(name));
    let group = |name| (name, machine.group(name));
    let user = name(entry.uid, [user("root"), user("conn-check"), user("nagios")]);
    let group = name(entry.gid, [group("root"), group("nagios"), group("shadow")]);
    let size = if entry.mode & KIND == FOLDER { String::new() } else { format!("  {}", size(entry.content.len())) };
    format!("{:04o} {user}:{group}{size}", entry.mode & 0o7777)
}

fn size(bytes: usize) -> String {
    if bytes < 10_000 { format!("{bytes} bytes") } else { format!("{} kB", bytes.div_ceil(1000)) }
}

#[expect(clippy::format_collect, reason = "some lines of a small file")]
fn content(page: &Page, machine: &Machine, path: &Path, now: &Tree) -> String {
    let shown = SHOWN.iter().any(|folder| path.starts_with(folder));
    let Some(entry) = now.entries.get(path).filter(|entry| shown && entry.mode & KIND != FOLDER) else {
        return String::new();
    };
    // On a real machine the root is `/`.
    let text = String::from_utf8_lossy(&entry.content).replace(&machine.root().display().to_string(), "");
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| format!("               {}\n", page.dim(line))).collect()
}

/// What the charm says over its relations from now on: relation, key, value.
pub(crate) fn relations(page: &Page, news: &[(String, String, String)]) -> String {
    let one = |(relation, key, value): &(String, String, String)| {
        let value = if value.is_empty() { page.dim("(no more)") } else { value.clone() };
        line(page, "says", &format!("{} {key}={value}", page.dim(relation)))
    };
    news.iter().map(one).collect()
}

/// What was asked of the init system.
pub(crate) fn services(page: &Page, calls: &[String]) -> String {
    calls.iter().map(|call| line(page, "runs", call)).collect()
}

/// What is in Juju's log: the changes are above already, so only their line's beginning.
pub(crate) fn log(page: &Page, run: &HookRun) -> String {
    let short = |text: &str| match text.char_indices().nth(100) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    };
    run.log.iter().map(|one| line(page, "log", &format!("{} {}", one.level, short(&one.text)))).collect()
}
