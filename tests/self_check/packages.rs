//! The list of packages.

use harness::packages::{find, packages};

#[test]
fn every_program_of_the_list_is_found() {
    for (program, package) in packages() {
        assert!(find(program).is_some(), "{program} of {package} is not installed");
    }
}

#[test]
fn a_program_that_does_not_exist_is_not_found() {
    assert_eq!(find("no-such-program-of-conn-check"), None);
    assert_eq!(find("/etc"), None);
}
