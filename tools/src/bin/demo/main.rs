//! The demo: starts the services of the tutorial's "Hello World as a Service" on loopback, checks
//! them, breaks three of them, and checks again; then downloads that a reverse proxy delivers, of which one part breaks after
//! the other.
//!
//! It is a test too: it fails when conn-check says anything but what is expected.

mod call;
mod world;

use call::Call;
use harness::downloads::{DUMMY, Downloads, Proxy};
use harness::scratch::Scratch;
use std::process::ExitCode;
use tools::page::Page;
use world::World;

/// What is broken: what happened, and what conn-check has to call it.
const BREAKAGES: [(&str, &str); 3] = [
    ("a deployment has brought last year's password of the database", "auth.rejected"),
    ("memcached was stopped", "connect.refused"),
    ("squid got a new rule, and no longer lets anybody through to the Translate API", "proxy.denied"),
];

const WHAT_ELSE: &str = "\
check something of yours; --verbose shows where the time goes
    printf '%s\\n' '- {type: tls, host: www.example.org, port: 443}' | {conn-check} --verbose -

see what is said of a file with mistakes in it
    printf '%s\\n' '- {type: tcp, hots: db, port: 54321234}' | {conn-check} --validate -

read which checks there are, and what each of their options means
    less docs/checks.md      (and docs/failure-codes.md for every [code] conn-check can give)";

fn main() -> ExitCode {
    let page = Page::of_this_terminal();
    let scratch = Scratch::new();
    let mut world = World::start(&scratch);
    let as_expected = all_is_well(&page, &scratch, &world)
        && three_things_break(&page, &scratch, &mut world)
        && downloads_end(&page, &scratch);
    if !as_expected {
        return ExitCode::FAILURE;
    }
    page.heading("Now you");
    Page::text(&WHAT_ELSE.replace("{conn-check}", &call::shown_program()));
    ExitCode::SUCCESS
}

fn all_is_well(page: &Page, scratch: &Scratch, world: &World) -> bool {
    page.heading("Hello World as a Service");
    Page::text(
        "Its web servers need PostgreSQL, memcached, Google's Translate API by way of squid, and statsd.\n\
         All of them run inside this demo; Google and statsd are stand-ins, the others are themselves.\n\
         This is the file that says so:",
    );
    page.code(&world.file());
    scratch.write("hwaas.yaml", world.file());
    page.heading("All is well");
    Call { folder: scratch.path(), arguments: &["hwaas.yaml"], status: 0, codes: &[] }.show(page)
}

fn three_things_break(page: &Page, scratch: &Scratch, world: &mut World) -> bool {
    world.break_three(scratch);
    page.heading("Three things break");
    Page::text(&BREAKAGES.map(|(what, _)| format!("- {what}")).join("\n"));
    let codes = BREAKAGES.map(|(_, code)| code);
    let as_expected =
        Call { folder: scratch.path(), arguments: &["hwaas.yaml", "--explain"], status: 2, codes: &codes }.show(page);
    Page::text("Three faults, three different people to call: `fix` says whom, `next` says what to tell them.");
    as_expected
}

fn downloads_end(page: &Page, scratch: &Scratch) -> bool {
    page.heading("Downloads, from end to end");
    Page::text(
        "Django allows a download, and nginx delivers it from the storage (X-Accel-Redirect). One check downloads a dummy file\n\
         as a user does; when it fails, its parts say which of them is guilty. This is examples/downloads/checks.yaml:",
    );
    let mut downloads = Downloads::start(Proxy::Nginx);
    page.code(&downloads.checks());
    scratch.write("downloads.yaml", downloads.checks());
    scratch.write("dummy.txt", DUMMY);
    let call = |arguments, status, codes| Call { folder: scratch.path(), arguments, status, codes }.show(page);
    let is_well = call(&["downloads.yaml", "--all-parts"], 0, &[]);
    downloads.store(None);
    page.heading("The storage loses the file");
    let names_part = call(&["downloads.yaml"], 2, &["local.missing", "local.missing"]);
    downloads.store(Some(DUMMY));
    downloads.reconfigure("location /protected/", "location /protectd/");
    page.heading("Every part works, and nginx's location for X-Accel-Redirect has a typing error");
    is_well && names_part && call(&["downloads.yaml"], 2, &["request.parts-disagree"])
}
