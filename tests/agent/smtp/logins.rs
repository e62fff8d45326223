//! Logins, good and bad.

use super::*;

#[test]
fn a_wrong_password_is_rejected_and_sent_once() {
    let ca = Authority::new();
    let server = Mail::start(&Setup::open().tls(&ca.valid()));
    let failure = failure(server.address(), &(ASKING.to_owned() + &login("wrong")));
    assert_eq!((text(&failure, "code"), text(&failure, "owner")), ("auth.rejected", "credentials"), "{failure}");
    assert_eq!(text(&failure, "evidence"), "535 5.7.8 Authentication credentials invalid");
    assert_eq!(server.logins().len(), 1);
    let report = Agent::new(&smtp(server.address(), &(ASKING.to_owned() + &login(PASSWORD)))).report();
    assert_eq!(code(&report), "pass", "{report}");
}
