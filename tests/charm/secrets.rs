//! A password is in the file of checks and nowhere else.

use crate::site::{SERVICE, Site, UNIT, tree};
use harness::juju::machine::Machine;
use harness::peers::{Manner, Peer};
use serde_json::json;

const SECRET: &str = "correct-horse-battery";

#[test]
fn a_secret_of_the_checks_is_nowhere_but_in_their_file() {
    let peer = Peer::start(Manner::Closes);
    let site = Site::start(Machine::in_scratch());
    site.with_nrpe();
    let good = format!("- {{type: http, url: 'http://127.0.0.1:{}/', auth: [app, {SECRET}]}}\n", peer.port());
    let mut seen = String::new();
    for text in [good.clone(), format!("- {{type: http, pasword: {SECRET}\n"), format!("{good}- {{auth: {SECRET}}}\n")]
    {
        site.juju.set(SERVICE, site.relation, &[("config", &text)]);
        site.settle().iter().for_each(|run| seen += &run.story());
        for action in ["run-check", "run-nagios-check"] {
            let run = site.juju.action(UNIT, action, &json!({})).expect("an action");
            seen += &format!("{run:?}{}", site.updated_status());
            seen += &format!("{:?}", site.juju.exec(UNIT, &format!("actions/{action}")));
        }
    }
    assert!(seen.contains("CONN-CHECK") && seen.contains("blocked: "), "{seen}");
    assert!(!seen.contains(SECRET), "{seen}");
    let holds = |content: &[u8]| content.windows(SECRET.len()).any(|text| text == SECRET.as_bytes());
    let files = tree(&site.juju).entries.into_iter().filter(|(_, entry)| holds(&entry.content));
    let files: Vec<_> = files.map(|(path, entry)| (path.display().to_string(), entry.mode & 0o007)).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    assert!(files[0].0.starts_with("etc/conn-check/conn-check-0/") && files[0].1 == 0, "{files:?}");
    let model = site.juju.look(|model| format!("{:?}", model.unit(UNIT)));
    assert!(!model.contains(SECRET), "{model}");
}
