//! The table as a whole.

use super::*;

#[test]
fn every_code_begins_with_its_phase_and_stands_once() {
    let failures = ALL.iter().map(|code| (code.name, Some(code.phase)));
    let notes = Note::ALL.into_iter().map(|note| (note.slug(), None));
    let all: Vec<_> = failures.chain(WarningKind::ALL.iter().map(|kind| (kind.code(), None))).chain(notes).collect();
    for (index, (name, own)) in all.iter().enumerate() {
        let (slug, kind) = name.split_once('.').expect("PHASE.KIND");
        let phase = Phase::ALL.into_iter().find(|phase| phase.slug() == slug);
        assert!(phase.is_some_and(|phase| own.is_none_or(|own| own == phase)), "{name}");
        assert!(kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{name}");
        assert!(all[..index].iter().all(|(other, _)| other != name), "{name} twice");
    }
}

#[test]
fn every_phase_has_a_timeout_and_a_closed() {
    for phase in Phase::ALL.into_iter().filter(|phase| !matches!(phase, Phase::Config | Phase::Run)) {
        // Nobody closes this host.
        let kinds: &[_] = if phase == Phase::Local { &["timeout"] } else { &["timeout", "closed"] };
        for kind in kinds {
            let code = format!("{}.{kind}", phase.slug());
            assert!(ALL.iter().any(|entry| entry.name == code), "{code} is missing");
        }
    }
}

#[test]
fn a_cause_without_an_entry_of_its_own_takes_the_nearest() {
    assert_eq!(code_for(Phase::Tls, Cause::Reset).name, "tls.closed");
    assert_eq!(code_for(Phase::Auth, Cause::Silent).name, "auth.timeout");
    assert_eq!(code_for(Phase::Request, Cause::TooLarge).name, "protocol.too-large");
    assert_eq!(code_for(Phase::Tls, Cause::LocalLimit).name, "connect.local-limit");
    assert_eq!(code_for(Phase::Resolve, Cause::Locked).name, "run.own-fault");
}

#[test]
fn a_login_is_never_asked_for_again_and_what_was_read_once_is_not_waited_for() {
    for code in ALL {
        let expected = match code.phase {
            Phase::Config => Repeat::Useless,
            Phase::Auth => Repeat::Harmful,
            _ if code.name == "resolve.bad-name" => Repeat::Useless,
            _ if code.owner == Owner::Credentials && code.phase == Phase::Proxy => Repeat::Harmful,
            _ => Repeat::Worthwhile,
        };
        assert_eq!(code.repeat, expected, "{code}");
    }
}
