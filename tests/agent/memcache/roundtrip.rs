//! `roundtrip`: an item that nobody has.

use super::{check, code, right, told};
use harness::memcached::{Memcached, Setup};
use harness::peers::Peer;

const ROUNDTRIP: &str = ", roundtrip: true";

#[test]
fn an_item_is_added_read_and_deleted_over_either_protocol_and_none_is_left() {
    let plain = Memcached::start(&Setup::new());
    let check_plain = check(plain.address(), ROUNDTRIP);
    assert_eq!(code(&check_plain), "pass", "{check_plain}");
    assert_eq!(["cmd_set", "get_hits", "delete_hits", "curr_items"].map(|name| plain.stat(name)), [1, 1, 1, 0]);
    let unneeded = check(plain.address(), &format!("{}{ROUNDTRIP}", right()));
    assert_eq!(unneeded["verdict"], "warn", "{unneeded}");
    assert_eq!(plain.stat("curr_items"), 0);
    for setup in [Setup::new().text_login(), Setup::new().sasl()] {
        let memcached = Memcached::start(&setup);
        let check = check(memcached.address(), &format!("{}{ROUNDTRIP}", right()));
        assert_eq!(code(&check), "pass", "{check}: {}", memcached.log());
        assert!(memcached.log().to_lowercase().contains("delet"), "{}", memcached.log());
    }
}

#[test]
fn a_server_without_room_and_one_that_forgets_are_told_apart() {
    for (answers, wanted) in [
        ("SERVER_ERROR out of memory storing object\r\n", "request.full"),
        ("STORED\r\nEND\r\nNOT_FOUND\r\n", "request.unexpected-reply"),
        ("STORED\r\nVALUE k 0 3\r\nfoo\r\nEND\r\nDELETED\r\n", "request.unexpected-reply"),
    ] {
        let peer = Peer::serve(move |wire| {
            if !wire.first_bytes().is_empty() && wire.send(format!("{}{answers}", "VERSION 1\r\n".repeat(3)).as_bytes())
            {
                wire.finish();
            }
        });
        let check = check(peer.address(), ROUNDTRIP);
        assert_eq!(code(&check), wanted, "{check}");
        assert!(!told(&check, "next_step").is_empty(), "{check}");
    }
}
