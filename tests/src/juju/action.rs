//! Actions, in each of the three ways that one of ours can be run (juju.md 2.6; juju/juju `runner.go`,
//! `core/actions`).

use super::context::{Context, Deed};
use super::controller::Juju;
use super::environment::Run;
use serde_json::{Map, Value, json};
use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;

/// What came of an action or a command.
#[derive(Clone, Debug)]
pub struct ActionRun {
    /// `completed`, `failed`, or `aborted` by the operator.
    pub status: &'static str,
    /// Why it failed.
    pub message: String,
    /// What it has set by `action-set`.
    pub results: Map<String, Value>,
    /// Its exit status; -1 after a signal.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
    /// What it said by `action-log`.
    pub log: Vec<String>,
    /// The tools it called, with their exit statuses.
    pub calls: Vec<(String, i32)>,
}

#[expect(clippy::must_use_candidate, reason = "what is done matters; what comes of it, not always")]
impl Juju {
    /// `juju run UNIT NAME KEY=VALUE...`: a real action.
    ///
    /// # Errors
    /// What Juju says of parameters that the schema does not allow, or of an action that is not there.
    pub fn action(&self, unit: &str, name: &str, parameters: &Value) -> Result<ActionRun, String> {
        let parameters = self.parameters(unit, name, parameters)?;
        let folder = self.machine().charm(unit);
        let handlers = [folder.join("dispatch"), folder.join("actions").join(name)];
        let program = handlers.into_iter().find(|path| path.exists());
        let program = program.ok_or_else(|| format!("action not implemented on unit {unit:?}"))?;
        Ok(self.perform(unit, &Run::Action(name), Some(parameters), &[program.into()], "").judged())
    }

    /// `juju run` and then, `when` it is so, `juju cancel-task`: Juju kills the action's process and nothing
    /// else; what that has started goes on (`runner.go`, `runCharmProcessOnLocal`).
    ///
    /// # Errors
    /// As for [`Juju::action`].
    pub fn cancelled(
        &self,
        unit: &str,
        name: &str,
        parameters: &Value,
        when: impl Fn() -> bool,
    ) -> Result<ActionRun, String> {
        let parameters = self.parameters(unit, name, parameters)?;
        let program = self.machine().charm(unit).join("actions").join(name);
        let deed = Deed { parameters, results: Map::new(), failed: None, log: Vec::new() };
        let context = Context { unit: unit.to_owned(), deed: Some(deed), ..Context::default() };
        let (output, context) = self.kill_at(context, &Run::Action(name), &program, &when);
        let run = ran(&output, context);
        // One that has ended before is what it would have been.
        Ok(match output.status.signal() {
            Some(_) => ActionRun { status: "aborted", message: "terminated".to_owned(), ..run },
            None => run.judged(),
        })
    }

    /// `juju exec --unit UNIT -- SCRIPT`: an action of Juju's own, in the charm directory. Its exit status
    /// is no failure.
    pub fn exec(&self, unit: &str, script: &str) -> ActionRun {
        self.perform(unit, &Run::Exec, Some(json!({})), &shell(), script)
    }

    /// `juju-exec UNIT SCRIPT` on the machine: a hook's context, and no action.
    pub fn exec_on_machine(&self, unit: &str, script: &str) -> ActionRun {
        self.perform(unit, &Run::MachineExec, None, &shell(), script)
    }

    /// `juju-exec --no-context UNIT SCRIPT`, or a shell on the machine: nothing of Juju's.
    ///
    /// # Panics
    /// When there is no shell.
    pub fn exec_without_context(&self, unit: &str, script: &str) -> ActionRun {
        let folder = self.machine().charm(unit);
        let mut command = self.machine().command(&folder, &["/bin/bash", "-c", script]);
        command.env("PATH", crate::packages::SEARCH_PATH).env("LANG", "C.UTF-8");
        let output = command.output().unwrap_or_else(|error| panic!("cannot run a shell: {error}"));
        ran(&output, Context::default())
    }

    fn perform(
        &self,
        unit: &str,
        run: &Run<'_>,
        parameters: Option<Value>,
        arguments: &[OsString],
        input: &str,
    ) -> ActionRun {
        let deed = parameters.map(|parameters| Deed { parameters, results: Map::new(), failed: None, log: Vec::new() });
        let context = Context { unit: unit.to_owned(), deed, ..Context::default() };
        let folder = self.machine().charm(unit);
        let (output, context) = self.carry_out(context, run, &folder, arguments, input);
        ran(&output, context)
    }

    /// The parameters with the schema's defaults, if the schema allows them.
    fn parameters(&self, unit: &str, name: &str, given: &Value) -> Result<Value, String> {
        let action = self.look(|model| {
            let application = model.application(&model.unit(unit).application);
            application.charm.as_ref().map(|charm| charm.actions()[name].clone()).unwrap_or_default()
        });
        if !action.is_object() {
            return Err(format!("action {name:?} not defined on unit {unit:?}"));
        }
        let schema = schema(&action);
        let validator = jsonschema::draft4::new(&schema).map_err(|error| format!("bad schema of {name}: {error}"))?;
        let wrong: Vec<_> = validator.iter_errors(given).map(|error| error.to_string()).collect();
        if !wrong.is_empty() {
            return Err(format!("validation failed: {}", wrong.join("; ")));
        }
        let mut whole = given.clone();
        for (key, parameter) in action["params"].as_object().into_iter().flatten() {
            if let (Some(default), true) = (parameter.get("default"), whole[key].is_null()) {
                whole[key] = default.clone();
            }
        }
        Ok(whole)
    }
}

/// What Juju makes of an action's YAML: everything but its own keys is the schema's.
#[must_use]
pub fn schema(action: &Value) -> Value {
    let own = ["description", "title", "parallel", "execution-group", "params"];
    let mut schema = action.as_object().cloned().unwrap_or_default();
    own.iter().for_each(|key| drop(schema.remove(*key)));
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("properties".to_owned(), action.get("params").cloned().unwrap_or_else(|| json!({})));
    Value::Object(schema)
}

impl ActionRun {
    /// An exit status is a failure, and its message goes before that of `action-fail` (`finalizeAction`).
    fn judged(mut self) -> Self {
        if self.code != 0 {
            (self.status, self.message) = ("failed", format!("exit status {}", self.code));
        }
        self
    }
}

fn shell() -> [OsString; 2] {
    [Path::new("/bin/bash").into(), "-s".into()]
}

fn ran(output: &std::process::Output, context: Context) -> ActionRun {
    let deed = context.deed;
    let failed = deed.as_ref().and_then(|deed| deed.failed.clone());
    ActionRun {
        status: if failed.is_some() { "failed" } else { "completed" },
        message: failed.unwrap_or_default(),
        results: deed.as_ref().map(|deed| deed.results.clone()).unwrap_or_default(),
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
        log: deed.map(|deed| deed.log).unwrap_or_default(),
        calls: context.calls.into_iter().map(|call| (call.tool, call.code)).collect(),
    }
}
