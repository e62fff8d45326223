//! Every hook does the same: it reads the state, derives the desired one and applies the difference.
//! Juju runs hooks in many orders, and repeats failed ones; a hook that relies on no other hook is
//! right in any order.

use crate::apply::{self, Changes};
use crate::desired::Desired;
use crate::endpoint::{self, Plan};
use crate::environment::Environment;
use crate::error::Error;
use crate::host::Host;
use crate::observed::{Observed, Relations};
use crate::paths::UnitPaths;
use crate::published::Published;
use crate::record::Record;
use crate::settings::Settings;
use crate::status::Status;
use crate::validation::Validation;
use crate::{embedded, hook_tools, resource, tree, users};
use std::path::Path;

/// Runs the hook of this name.
///
/// # Errors
/// The machine or Juju does not work as it should: Juju runs the hook again.
pub fn run(host: &mut dyn Host, name: &str) -> Result<(), Error> {
    let environment = Environment::read(host, name)?;
    let mut changes = Changes::new();
    let relations = Relations::read(host, &environment)?;
    let leaving = relations.is_leaving(&environment);
    let obstacle = tree::obstacle(host)?;
    if !leaving && obstacle.is_none() {
        changes.extend(users::create(host)?);
        changes.extend(embedded::try_all(host, &environment)?);
        changes.extend(resource::install(host, &environment)?);
    }
    let observed = Observed::read(host, environment, &relations)?;
    let desired = Desired::from(&observed);
    changes.extend(apply::orphans(host, &observed)?);
    changes.extend(match obstacle {
        _ if leaving => remove_unit(host, &observed, &desired)?,
        Some(path) => step_aside(host, &observed, path)?,
        None => configure_unit(host, &observed, &desired)?,
    });
    if changes.is_empty() {
        return Ok(());
    }
    changes.extend(desired.notes);
    hook_tools::juju_log(host, &format!("{name}: {}", changes.join(", ")))
}

fn configure_unit(host: &mut dyn Host, observed: &Observed, desired: &Desired) -> Result<Changes, Error> {
    let unit = UnitPaths(&observed.environment.unit);
    let mut changes = apply::machine(host, observed, desired)?;
    let validation = Validation::run(host, unit, desired.files.first(), observed.monitored(), &observed.options)?;
    changes.extend(remove_stale_record(host, unit, desired)?);
    let plan = Plan::of(host, observed, desired, &validation)?;
    let record = Record::of_last_run(host, unit);
    let map_path = |path: &Path| host.map_path(path);
    let published = Published::for_staying_unit(observed, desired, &validation, &plan, record.as_ref(), &map_path);
    // A command that goes needs no room, and is not kept by what does.
    changes.extend(apply::monitoring(host, observed, &published)?);
    changes.extend(apply::settings(host, &published)?);
    changes.extend(apply::relations(host, &published)?);
    let (done, problem) = plan.apply(host, unit)?;
    changes.extend(done);
    if let Some(version) = &desired.version
        && (observed.environment.updates_agent() || !changes.is_empty())
    {
        hook_tools::application_version_set(host, version.as_str())?;
    }
    Status::of(published.statuses.into_iter().chain(problem).collect()).set(host)?;
    Ok(changes)
}

/// Where something of others is in the place of a directory that the charm needs, what NRPE has stays, so that Nagios says
/// that nothing is checked. It goes with the relation.
fn step_aside(host: &mut dyn Host, observed: &Observed, obstacle: &Path) -> Result<Changes, Error> {
    let mut changes = Changes::new();
    if !observed.monitored() {
        let published = Published::unmonitored(observed);
        changes.extend(apply::monitoring(host, observed, &published)?);
        changes.extend(apply::relations(host, &published)?);
    }
    changes.extend(apply::reload(host, false)?);
    let text = format!("{} is not a directory: move it away, the charm needs its own there", obstacle.display());
    Status::blocked(text).set(host)?;
    Ok(changes)
}

/// The last result must be of the file in use. If the new path cannot be used, the result stays,
/// because Nagios goes on with the old file.
fn remove_stale_record(host: &mut dyn Host, unit: UnitPaths<'_>, desired: &Desired) -> Result<Changes, Error> {
    let file = desired.files.first().map(|file| file.path.as_deref());
    let before = Settings::read(host, unit).and_then(|settings| settings.file);
    let same = match file {
        None => before.is_none(),
        Some(Ok(file)) => before.as_deref() == Some(file),
        Some(Err(_)) => true,
    };
    let forgotten = if same { None } else { tree::clear(host, &unit.record())? };
    Ok(forgotten.into_iter().collect())
}

/// NRPE and the endpoint first: they must not run a program that is already removed.
fn remove_unit(host: &mut dyn Host, observed: &Observed, desired: &Desired) -> Result<Changes, Error> {
    let published = Published::for_leaving_unit(observed);
    let mut changes = apply::monitoring(host, observed, &published)?;
    if observed.serving.is_there {
        changes.extend(endpoint::stop(host, UnitPaths(&observed.environment.unit))?);
    }
    changes.extend(apply::relations(host, &published)?);
    changes.extend(apply::machine(host, observed, desired)?);
    Status::of(published.statuses).set(host)?;
    Ok(changes)
}
