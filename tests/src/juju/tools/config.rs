//! `config-get`, `resource-get`, `secret-get`.

use super::{Answer, FORMAT, Form, Hands, Refusal, Tool};
use serde_json::{Value, json};

pub(super) const TOOLS: [Tool; 3] = [
    Tool {
        name: "config-get",
        form: Form { values: &[FORMAT], switches: &[&["all", "a"]], positional: (0, 1) },
        run: config,
    },
    Tool { name: "resource-get", form: Form { values: &[], switches: &[], positional: (1, 1) }, run: resource },
    Tool {
        name: "secret-get",
        form: Form { values: &[FORMAT, &["label"]], switches: &[&["refresh"], &["peek"]], positional: (1, 2) },
        run: secret,
    },
];

fn config(hands: &mut Hands<'_>) -> Answer {
    let application = &hands.state.model.unit(&hands.context.unit).application;
    let mut all = hands.state.model.configuration(application);
    match hands.given.at(0) {
        Some(key) => hands.print(all.get(key).unwrap_or(&Value::Null)),
        None => {
            all.retain(|_, value| hands.given.has("all") || !value.is_null());
            hands.print(&json!(all))
        }
    }
}

/// All keys of a secret that is granted.
fn secret(hands: &mut Hands<'_>) -> Answer {
    let uri = hands.given.at(0).unwrap_or_default();
    match hands.state.model.secrets.get(uri) {
        Some(secret) => hands.print(&json!(secret)),
        None => Err(Refusal::failed("permission denied")),
    }
}

/// The path alone, without a newline.
fn resource(hands: &mut Hands<'_>) -> Answer {
    let name = hands.given.at(0).unwrap_or_default();
    let unit = &hands.context.unit;
    let application = hands.state.model.application(&hands.state.model.unit(unit).application);
    let declared =
        application.charm.as_ref().and_then(|charm| charm.metadata()["resources"][name]["filename"].as_str());
    let failed = |why: &str| {
        let place = format!("https://192.0.2.1:17070/model/1/units/unit-{}/resources/{name}", unit.replace('/', "-"));
        Refusal::failed(format!("could not download resource: HTTP request failed: Get {place}: {why}"))
    };
    if let Some(why) = &hands.state.undeliverable {
        return Err(failed(why));
    }
    let owner = unit.split('/').next().unwrap_or_default();
    let missing = || failed(&format!("resource#{owner}/{name} not found"));
    let (source, file) = application.resources.get(name).zip(declared).ok_or_else(missing)?;
    let file = hands.state.machine.fetch(unit, name, source, file);
    Ok(file.display().to_string())
}
