//! `status-set`, `status-get`, `application-version-set`, `is-leader`: at work at once.

use super::{Answer, FORMAT, Form, Hands, Refusal, Tool};
use serde_json::json;

/// What a charm may set.
const STATUSES: [&str; 4] = ["maintenance", "blocked", "waiting", "active"];

pub(super) const TOOLS: [Tool; 4] = [
    Tool {
        name: "status-set",
        form: Form { values: &[], switches: &[&["application"]], positional: (1, 2) },
        run: set,
    },
    Tool {
        name: "status-get",
        form: Form { values: &[FORMAT], switches: &[&["application"], &["include-data"]], positional: (0, 0) },
        run: get,
    },
    Tool {
        name: "application-version-set",
        form: Form { values: &[], switches: &[], positional: (1, 1) },
        run: version,
    },
    Tool { name: "is-leader", form: Form { values: &[FORMAT], switches: &[], positional: (0, 0) }, run: leader },
];

fn set(hands: &mut Hands<'_>) -> Answer {
    let status = hands.given.at(0).unwrap_or_default().to_owned();
    if !STATUSES.contains(&status.as_str()) {
        return Err(Refusal::usage(format!("invalid status {status:?}, expected one of {STATUSES:?}")));
    }
    let message = hands.given.at(1).unwrap_or_default().to_owned();
    let unit = hands.state.model.unit_mut(&hands.context.unit);
    if hands.given.has("application") {
        let leader = Refusal::failed("this unit is not the leader");
        return if unit.leader { Ok(String::new()) } else { Err(leader) };
    }
    unit.status = (status, message);
    Ok(String::new())
}

fn get(hands: &mut Hands<'_>) -> Answer {
    let (status, message) = &hands.state.model.unit(&hands.context.unit).status;
    if hands.given.has("include-data") {
        hands.print(&json!({"status": status, "message": message, "status-data": {}}))
    } else {
        hands.print(&json!(status))
    }
}

fn version(hands: &mut Hands<'_>) -> Answer {
    let version = hands.given.at(0).ok_or_else(|| Refusal::usage("no version specified"))?;
    let application = hands.state.model.unit(&hands.context.unit).application.clone();
    version.clone_into(&mut hands.state.model.application_mut(&application).version);
    Ok(String::new())
}

fn leader(hands: &mut Hands<'_>) -> Answer {
    let leader = hands.state.model.unit(&hands.context.unit).leader;
    hands.print(&json!(leader))
}
