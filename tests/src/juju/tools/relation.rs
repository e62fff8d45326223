//! `relation-ids`, `relation-list`, `relation-get`, `relation-set`.

use super::{Answer, FORMAT, Form, Hands, Refusal, Tool, given_pairs};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const RELATION: &[&str] = &["relation", "r"];
const APP: &[&str] = &["app"];

pub(super) const TOOLS: [Tool; 4] = [
    Tool { name: "relation-ids", form: Form { values: &[FORMAT], switches: &[], positional: (0, 1) }, run: ids },
    Tool {
        name: "relation-list",
        form: Form { values: &[FORMAT, RELATION], switches: &[APP], positional: (0, 0) },
        run: list,
    },
    Tool {
        name: "relation-get",
        form: Form { values: &[FORMAT, RELATION], switches: &[APP], positional: (0, 2) },
        run: get,
    },
    Tool {
        name: "relation-set",
        form: Form { values: &[RELATION, &["file"]], switches: &[APP], positional: (0, usize::MAX) },
        run: set,
    },
];

fn ids(hands: &mut Hands<'_>) -> Answer {
    let unit = hands.context.unit.clone();
    let model = &hands.state.model;
    let subject = hands.context.subject.as_ref().map(|subject| model.relation_id(&unit, subject.id));
    let name = hands.given.at(0).map(str::to_owned).or_else(|| Some(subject?.split(':').next()?.to_owned()));
    let name = name.ok_or_else(|| Refusal::usage("no endpoint name specified"))?;
    let known = model.unit(&unit).progress.relations.iter().filter(|(_, joined)| joined.is_listed());
    let ids: Vec<_> = known.map(|(id, _)| model.relation_id(&unit, *id)).collect();
    hands.print(&json!(ids.iter().filter(|id| id.split(':').next() == Some(&name)).collect::<Vec<_>>()))
}

/// The relation of `-r`, or the hook's own.
fn relation(hands: &Hands<'_>) -> Result<u32, Refusal> {
    let Some(text) = hands.given.value("relation") else {
        let subject = hands.context.subject.as_ref();
        return subject.map(|subject| subject.id).ok_or_else(|| Refusal::usage("no relation id specified"));
    };
    let wrong = || Refusal::usage(format!("invalid value {text:?} for option -r: relation not found"));
    let id = text.rsplit(':').next().and_then(|number| number.parse().ok()).ok_or_else(wrong)?;
    let model = &hands.state.model;
    let unit = &hands.context.unit;
    let known = if model.is_stand_in(unit) {
        model.relations_of(unit).any(|(one, _)| one == id)
    } else {
        model.unit(unit).progress.relations.contains_key(&id)
    };
    let whole = model.relation_id(unit, id);
    // Juju takes the number alone as well; it is for no charm to rely on.
    if known && whole == text { Ok(id) } else { Err(wrong()) }
}

fn list(hands: &mut Hands<'_>) -> Answer {
    let id = relation(hands)?;
    let unit = &hands.context.unit;
    let model = &hands.state.model;
    if hands.given.has("app") {
        let application = &model.unit(unit).application;
        let opposite = model.relations.get(&id).and_then(|relation| relation.opposite(application));
        return hands.print(&json!(opposite.map(|end| &end.application)));
    }
    let mut members = model.met(unit, id);
    let subject = hands.context.subject.as_ref().filter(|subject| subject.id == id);
    if let Some((subject, remote)) = subject.and_then(|subject| Some((subject, subject.remote_unit.clone()?))) {
        // Before `-joined` and `-departed` the agent changes its list (`contextfactory.go`, `HookContext`).
        if subject.departing.is_some() {
            members.remove(&remote)
        } else {
            members.insert(remote)
        };
    }
    hands.print(&json!(members))
}

fn get(hands: &mut Hands<'_>) -> Answer {
    let id = relation(hands)?;
    let values = whole(hands, id)?;
    match hands.given.at(0) {
        None | Some("-") => hands.print(&json!(values)),
        Some(key) => hands.print(&values.get(key).map_or(Value::Null, |value| json!(value))),
    }
}

/// All data of the unit or application that is asked for.
fn whole(hands: &Hands<'_>, id: u32) -> Result<BTreeMap<String, String>, Refusal> {
    let subject = hands.context.subject.as_ref().filter(|subject| subject.id == id);
    let app = hands.given.has("app");
    let default =
        subject.and_then(|subject| if app { Some(&subject.remote_app) } else { subject.remote_unit.as_ref() });
    let owner = hands.given.at(1).map(str::to_owned).or_else(|| default.cloned());
    let owner = owner.ok_or_else(|| Refusal::usage("no unit or application specified"))?;
    let owner = if app { owner.split('/').next().unwrap_or_default().to_owned() } else { owner };
    let own = owner == hands.context.unit;
    // Juju answers of any unit in the relation; it is for no charm to ask of one that it has not met.
    let met = subject.is_some_and(|subject| subject.remote_unit.as_ref() == Some(&owner))
        || app
        || hands.state.model.met(&hands.context.unit, id).contains(&owner);
    if let Some(pending) = hands.context.pending.get(&(id, owner.clone())) {
        return Ok(pending.clone());
    }
    let relation = hands.state.model.relations.get(&id).ok_or_else(gone)?;
    let bags = if app { &relation.applications } else { &relation.units };
    let bag = bags.get(&owner).filter(|_| own || met);
    match bag {
        Some(bag) => Ok(bag.values.clone()),
        None if own || app => Ok(BTreeMap::new()),
        None => Err(Refusal::failed(format!("cannot read settings for unit {owner:?}: settings not found"))),
    }
}

/// The controller's answer for a relation that was removed by force, which the agent still lists.
fn gone() -> Refusal {
    Refusal::failed("permission denied")
}

fn set(hands: &mut Hands<'_>) -> Answer {
    let id = relation(hands)?;
    hands.state.model.relations.get(&id).ok_or_else(gone)?;
    let unit = hands.context.unit.clone();
    let this = hands.state.model.unit(&unit);
    if hands.given.has("app") && !this.leader {
        return Err(Refusal::failed("cannot write relation settings: not the leader"));
    }
    let owner = if hands.given.has("app") { this.application.clone() } else { unit };
    let pairs = given_pairs(hands)?;
    let relation = hands.state.model.relations.get(&id);
    let bag = relation.and_then(|relation| relation.units.get(&owner).or_else(|| relation.applications.get(&owner)));
    let stored = || bag.map(|bag| bag.values.clone()).unwrap_or_default();
    let pending = hands.context.pending.entry((id, owner)).or_insert_with(stored);
    pending.extend(pairs);
    pending.retain(|_, value| !value.is_empty());
    Ok(String::new())
}
