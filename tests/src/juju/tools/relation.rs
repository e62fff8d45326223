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
    let known = model.unit(&unit).progress.relations.keys();
    // One that is created just now is known already; one that is broken, no more.
    let created = hands.context.subject.as_ref().map(|subject| &subject.id);
    let mut ids: Vec<_> = known.chain(created).filter(|id| Some(**id) != hands.context.broken()).collect();
    ids.sort_unstable();
    ids.dedup();
    let ids: Vec<_> = ids.into_iter().map(|id| model.relation_id(&unit, *id)).collect();
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
    let known = model.relations_of(&hands.context.unit).any(|(one, _)| one == id);
    let whole = model.relation_id(&hands.context.unit, id);
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
    if Some(id) == hands.context.broken() {
        return hands.print(&json!([]));
    }
    let departed = hands.context.subject.as_ref().filter(|subject| subject.id == id && subject.departing.is_some());
    let departed = departed.and_then(|subject| subject.remote_unit.clone());
    let members = model.members(unit, id);
    hands.print(&json!(members.into_iter().filter(|member| Some(member) != departed.as_ref()).collect::<Vec<_>>()))
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
    if let Some(pending) = hands.context.pending.get(&(id, owner.clone())) {
        return Ok(pending.clone());
    }
    let relation = hands.state.model.relations.get(&id);
    let relation = relation.ok_or_else(|| Refusal::failed("relation not found"))?;
    let bags = if app { &relation.applications } else { &relation.units };
    let bag = bags.get(&owner).filter(|_| own || Some(id) != hands.context.broken());
    match bag {
        Some(bag) => Ok(bag.values.clone()),
        None if own || app => Ok(BTreeMap::new()),
        None => Err(Refusal::failed(format!("cannot read settings for unit {owner:?}: settings not found"))),
    }
}

fn set(hands: &mut Hands<'_>) -> Answer {
    let id = relation(hands)?;
    let unit = hands.context.unit.clone();
    let this = hands.state.model.unit(&unit);
    if hands.given.has("app") && !this.leader {
        return Err(Refusal::failed("cannot write relation settings: not the leader"));
    }
    let owner = if hands.given.has("app") { this.application.clone() } else { unit };
    let pairs = given_pairs(hands)?;
    if Some(id) == hands.context.broken() {
        return Ok(String::new());
    }
    let relation = hands.state.model.relations.get(&id);
    let bag = relation.and_then(|relation| relation.units.get(&owner).or_else(|| relation.applications.get(&owner)));
    let stored = || bag.map(|bag| bag.values.clone()).unwrap_or_default();
    let pending = hands.context.pending.entry((id, owner)).or_insert_with(stored);
    pending.extend(pairs);
    pending.retain(|_, value| !value.is_empty());
    Ok(String::new())
}
