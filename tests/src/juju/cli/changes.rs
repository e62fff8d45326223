//! What an operator types to change the model, with the words of `juju`: `deploy`, `integrate`, `config`,
//! `attach-resource`.

use crate::juju::charm::Charm;
use crate::juju::controller::Juju;
use crate::juju::model::{Application, Endpoint, Model};
use serde_json::{Value, json};
use std::path::Path;

/// The relation that Juju itself provides for every charm (`charm.Relation`, `IsImplicit`).
const IMPLICIT: &str = "juju-info";

/// An endpoint: its interface, and whether the charm provides it.
type Offer = (Endpoint, String, bool);

impl Juju {
    /// Does it, or says why not; `None` for other words.
    pub(super) fn change_model(&self, folder: &Path, words: &[&str]) -> Option<Result<(), String>> {
        Some(match words {
            ["deploy", charm] => self.deploy_file(&folder.join(charm)),
            ["integrate", one, other] => self.integrate(one, other),
            ["config", application, pair] => self.configure_by_word(folder, application, pair),
            ["attach-resource", application, pair] => pair
                .split_once('=')
                .map(|(name, file)| self.attach(application, name, &folder.join(file)))
                .ok_or_else(|| format!("expected resource=file, got {pair:?}")),
            _ => return None,
        })
    }

    fn deploy_file(&self, path: &Path) -> Result<(), String> {
        if !path.is_file() {
            return Err(format!("no charm was found at {:?}", path.display()));
        }
        let charm = Charm::open(path);
        let name = charm.metadata()["name"].as_str().unwrap_or_default().to_owned();
        self.deploy(&name, &charm);
        Ok(())
    }

    /// Endpoints may be left out where only one relation is possible; one that the charms declare goes before
    /// Juju's own (`state.go`, `InferEndpoints`, `inferEndpoints`).
    fn integrate(&self, one: &str, other: &str) -> Result<(), String> {
        let [ones, others] = self.look(|model| [offers(model, one), offers(model, other)]);
        let fits = |(end, interface, provided): &Offer, (to, wanted, provides): &Offer| {
            (interface == wanted && provided != provides).then(|| [end.clone(), to.clone()])
        };
        let mut fitting: Vec<_> =
            ones.iter().flat_map(|end| others.iter().filter_map(move |to| fits(end, to))).collect();
        let is_declared = |ends: &[Endpoint; 2]| ends.iter().all(|end| end.name != IMPLICIT);
        if fitting.len() > 1 && fitting.iter().any(is_declared) {
            fitting.retain(is_declared);
        }
        let named: Vec<_> =
            fitting.iter().map(|[a, b]| [a, b].map(|end| format!("{}:{}", end.application, end.name))).collect();
        match &named[..] {
            [] => Err(format!("no relations found for {:?}", format!("{one} {other}"))),
            [[a, b]] => {
                let _number = self.relate(a, b);
                Ok(())
            }
            several => {
                let several = several.iter().map(|ends| format!("{:?}", ends.join(" ")));
                let several = several.collect::<Vec<_>>().join("; ");
                Err(format!("ambiguous relation: {:?} could refer to {several}", format!("{one} {other}")))
            }
        }
    }

    /// A value that begins with `@` is a file's content (`cmd/juju/application/config.go`).
    fn configure_by_word(&self, folder: &Path, application: &str, pair: &str) -> Result<(), String> {
        let (key, value) = pair.split_once('=').ok_or_else(|| format!("expected key=value, got {pair:?}"))?;
        let text = match value.strip_prefix('@') {
            Some(file) => std::fs::read_to_string(folder.join(file)).map_err(|error| error.to_string())?,
            None => value.to_owned(),
        };
        let kind = self.look(|model| {
            let charm = model.application(application).charm.as_ref();
            charm.map(|charm| charm.options()[key]["type"].clone()).unwrap_or_default()
        });
        let value = match kind.as_str() {
            Some("string") => json!(text),
            Some(_) => text.parse::<i64>().map_err(|error| error.to_string())?.into(),
            None => return Err(format!("unknown option {key:?}")),
        };
        self.configure(application, key, value);
        Ok(())
    }
}

/// The endpoints that `APPLICATION` or `APPLICATION:ENDPOINT` may mean.
fn offers(model: &Model, word: &str) -> Vec<Offer> {
    let (application, endpoint) = word.split_once(':').map_or((word, None), |(name, end)| (name, Some(end)));
    let Some(known) = model.applications.get(application) else { return Vec::new() };
    let end = |name: &str| Endpoint { application: application.to_owned(), name: name.to_owned() };
    let declared = ["provides", "requires"].into_iter().flat_map(|role| {
        let ends = metadata(known)[role].as_object().cloned().unwrap_or_default();
        ends.into_iter().map(move |(name, it)| {
            (end(&name), it["interface"].as_str().unwrap_or_default().to_owned(), role == "provides")
        })
    });
    let own = (end(IMPLICIT), IMPLICIT.to_owned(), true);
    let all = declared.chain([own]);
    all.filter(|(end, ..)| endpoint.is_none_or(|name| end.name == name)).collect()
}

fn metadata(application: &Application) -> &Value {
    application.charm.as_ref().map_or(&application.metadata, Charm::metadata)
}
