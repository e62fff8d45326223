//! Directories of one's own.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use harness::scratch::Scratch;

#[test]
fn a_program_can_be_run_whatever_others_start_meanwhile() {
    let scratch = Scratch::new();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    assert!(Command::new("true").status().expect("it starts").success());
                }
            });
        }
        let ran = (0..200).map(|number| {
            let program = scratch.program(&format!("program-{number}"), "#!/bin/sh\nexit 3\n");
            Command::new(program).status().map(|status| status.code())
        });
        let ran: Vec<_> = ran.collect();
        done.store(true, Ordering::Relaxed);
        ran.into_iter().for_each(|code| assert_eq!(code.expect("it is not busy"), Some(3)));
    });
}
