//! The operator's command line, as far as actions and commands go: what it takes, what it prints, how it
//! exits (3.x and 4.0: `cmd/juju/action/run.go`, `exec.go`, `common.go`; 2.9: `cmd/juju/action/runaction.go`,
//! `cmd/juju/commands/exec.go`).

mod changes;

use super::action::ActionRun;
use super::controller::{Juju, lock};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::time::{Duration, Instant};

/// Whose client it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "named by their numbers")]
pub enum Release {
    V2_9,
    V3,
    V4,
}

/// What was printed, and the exit status.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// Standard output.
    pub out: String,
    /// Standard error, without the progress.
    pub err: String,
    /// The exit status.
    pub code: i32,
}

/// One command line, read.
#[derive(Debug, Default)]
struct Line {
    units: Vec<String>,
    action: String,
    parameters: Value,
    json: bool,
    /// How long the client waits for all results; as long as it takes by `--wait` of 2.9.
    wait: Option<Duration>,
    background: bool,
}

/// One task: its unit, its number, and what came of it, or why there is none.
type Task = (String, u32, Result<ActionRun, String>);

/// The first task's number; the operation has the one before.
const FIRST: u32 = 2;

impl Juju {
    /// Types `juju WORDS`: `run UNIT... ACTION [KEY=VALUE...]`, `exec --unit UNIT|--application NAME -- COMMAND`, and
    /// for 2.9 `run-action UNIT... ACTION [--wait]` and `run --unit UNIT COMMAND`; with `--format json` and
    /// `--string-args`, `--wait=TIME`, `--background` (then `show-task ID`). For `deploy`, `integrate`, `config` and `attach-resource` see [`Juju::cli_in`].
    #[must_use]
    pub fn cli(&self, release: Release, words: &[&str]) -> Said {
        self.cli_in(Path::new("/"), release, words)
    }

    /// Types it in a directory, from which files are named.
    #[must_use]
    pub fn cli_in(&self, folder: &Path, release: Release, words: &[&str]) -> Said {
        let done = match (release, words) {
            (Release::V2_9, ["run", "--unit", unit, rest @ ..]) => Ok(self.old_exec(unit, rest)),
            (Release::V3 | Release::V4, ["exec", "--unit", unit, rest @ ..]) => {
                Ok(self.new_exec(&[(*unit).to_owned()], rest))
            }
            (Release::V3 | Release::V4, ["exec", "--application", name, rest @ ..]) => {
                Ok(self.new_exec(&self.units_of(name), rest))
            }
            (Release::V2_9, ["run-action", rest @ ..]) => Line::of(rest).map(|line| self.run_action(&line)),
            (Release::V3 | Release::V4, ["run", rest @ ..]) => {
                Line::of(rest).map(|line| self.run_and_wait(release, &line))
            }
            (Release::V3 | Release::V4, ["show-task", id, "--format", "json"]) => self.show_task(id),
            (Release::V3 | Release::V4, words) => match self.change_model(folder, words) {
                Some(done) => done.map(|()| Said::default()),
                None => Err(format!("unrecognized command: juju {}", words.first().unwrap_or(&""))),
            },
            (Release::V2_9, _) => Err(format!("unrecognized command: juju {}", words.first().unwrap_or(&""))),
        };
        done.unwrap_or_else(|why| Said { err: format!("ERROR {why}\n"), code: 1, ..Said::default() })
    }

    fn units_of(&self, application: &str) -> Vec<String> {
        self.look(|model| {
            let units = model.units.iter().filter(|(_, unit)| unit.application == application);
            units.map(|(name, _)| name.clone()).collect()
        })
    }

    fn tasks(&self, line: &Line) -> Vec<Task> {
        let tasks = line.units.iter().zip(FIRST..);
        tasks.map(|(unit, id)| (unit.clone(), id, self.action(unit, &line.action, &line.parameters))).collect()
    }

    /// `juju run`: it waits, and fails for exit statuses only: an action that failed by `action-fail` and ended
    /// with 0 is a success (`waitForTasks`).
    fn run_and_wait(&self, release: Release, line: &Line) -> Said {
        let (mut all, mut err) = (Map::new(), String::new());
        let began = Instant::now();
        let tasks = self.tasks(line);
        if line.background {
            return self.leave_alone(&tasks);
        }
        // Here the client hears of it only when the action has ended; what it says is the same.
        if began.elapsed() > line.wait.unwrap_or(WAIT) {
            return timed_out(&tasks);
        }
        for (unit, id, done) in &tasks {
            match done {
                Ok(run) => drop(all.insert(unit.clone(), task(unit, *id, run, run.results.clone()))),
                // Before 4.0 a unit whose parameters are refused is missing, with a word on standard error.
                Err(why) if release == Release::V3 => err += &format!("Some actions could not be scheduled:\n{why}\n"),
                Err(why) => {
                    let refused = json!({"id": id.to_string(), "status": "error", "message": why, "unit": unit});
                    all.insert(unit.clone(), refused);
                }
            }
        }
        let runs: Vec<_> = tasks.iter().filter_map(|(_, id, done)| Some((*id, done.as_ref().ok()?))).collect();
        let (failed, code) = failures(&runs);
        let code = if release == Release::V4 && runs.is_empty() { 1 } else { code };
        let out = if line.json { format!("{}\n", Value::Object(all)) } else { plain(&all) };
        Said { out: if line.json || !runs.is_empty() { out } else { String::new() }, err: err + &failed, code }
    }

    /// `--background`: the client names the tasks, in a form of its own only where there are several, and goes.
    fn leave_alone(&self, tasks: &[Task]) -> Said {
        let mut names = String::new();
        for (unit, id, done) in tasks {
            if let Ok(run) = done {
                names += &format!("  {unit}: \"{id}\"\n");
                let mut shown = task(unit, *id, run, run.results.clone());
                shown["unit"] = json!(unit);
                lock(&self.shared).tasks.insert(*id, shown);
            }
        }
        let several = tasks.len() > 1;
        let (what, next) = if several {
            (format!("{} tasks", tasks.len()), "Check task status with 'juju show-task <id>'".to_owned())
        } else {
            (format!("task {FIRST}"), format!("Check task status with 'juju show-task {FIRST}'"))
        };
        let operation = FIRST - 1;
        let err = format!(
            "Scheduled operation {operation} with {what}\nCheck operation status with 'juju show-operation \
             {operation}'\n{next}\n"
        );
        Said { out: if several { format!("tasks:\n{names}") } else { String::new() }, err, code: 0 }
    }

    /// `juju show-task ID --format json`, of the last that were left alone.
    fn show_task(&self, id: &str) -> Result<Said, String> {
        let known = id.parse().ok().and_then(|id: u32| lock(&self.shared).tasks.get(&id).cloned());
        let shown = known.ok_or_else(|| format!("task {id:?} not found"))?;
        Ok(Said { out: format!("{shown}\n"), ..Said::default() })
    }

    /// `juju run-action` of 2.9: always 0.
    fn run_action(&self, line: &Line) -> Said {
        let tasks = self.tasks(line);
        let tag = |unit: &str| format!("unit-{}", unit.replace('/', "-"));
        if line.wait.is_none() {
            let queued = tasks.iter().map(|(unit, id, _)| (tag(unit), json!({"id": id.to_string(), "unit": unit})));
            return Said { out: format!("{}\n", Value::Object(queued.collect())), ..Said::default() };
        }
        let mut all = Map::new();
        for (unit, id, done) in &tasks {
            let Ok(run) = done else { continue };
            let mut results = run.results.clone();
            results.extend(output(run, ["Stdout", "Stderr"]));
            results.extend((run.code != 0).then(|| ("ReturnCode".to_owned(), json!(run.code))));
            let mut one = task(unit, *id, run, Map::new());
            one["results"] = json!(results);
            one["UnitId"] = one["unit"].take();
            one.as_object_mut().into_iter().for_each(|one| drop(one.remove("unit")));
            all.insert(tag(unit), one);
        }
        Said { out: if line.json { format!("{}\n", Value::Object(all)) } else { plain(&all) }, ..Said::default() }
    }

    /// What several units print stands below their names (`cmd/juju/action/exec.go`).
    fn new_exec(&self, units: &[String], rest: &[&str]) -> Said {
        let (json, script) = command(rest);
        let runs: Vec<_> = units.iter().zip(FIRST..).map(|(unit, id)| (unit, id, self.exec(unit, &script))).collect();
        let (err, code) = failures(&runs.iter().map(|(_, id, run)| (*id, run)).collect::<Vec<_>>());
        let all = runs.iter().map(|(unit, id, run)| ((*unit).clone(), task(unit, *id, run, Map::new())));
        if json {
            return Said { out: format!("{}\n", Value::Object(all.collect())), err, code };
        }
        let heading = |unit: &String| if runs.len() > 1 { format!("{unit}:\n") } else { String::new() };
        let out = runs.iter().map(|(unit, _, run)| heading(unit) + &run.out).collect();
        Said { out, err: runs.iter().map(|(.., run)| run.err.as_str()).collect::<String>() + &err, code }
    }

    /// `juju run` of 2.9: a list, and 0; without a format what the command printed, and its own exit status.
    fn old_exec(&self, unit: &str, rest: &[&str]) -> Said {
        let (json, script) = command(rest);
        let run = self.exec(unit, &script);
        if !json {
            return Said { out: run.out, err: run.err, code: run.code };
        }
        let mut one = Map::from_iter([("UnitId".to_owned(), json!(unit)), ("Stdout".to_owned(), json!(run.out))]);
        one.extend(output(&run, ["Stdout", "Stderr"]));
        one.extend((run.code != 0).then(|| ("ReturnCode".to_owned(), json!(run.code))));
        Said { out: format!("{}\n", json!([one])), ..Said::default() }
    }
}

impl Line {
    fn of(words: &[&str]) -> Result<Self, String> {
        let mut line = Self { parameters: json!({}), ..Self::default() };
        let strings = words.contains(&"--string-args");
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--string-args" => {}
                "--format" => line.json = words.next() == Some(&"json"),
                "--format=json" => line.json = true,
                "--wait" => line.wait = Some(Duration::MAX),
                "--background" => line.background = true,
                wait if wait.starts_with("--wait=") => line.wait = Some(duration(&wait["--wait=".len()..])?),
                flag if flag.starts_with("--") => return Err(format!("option provided but not defined: {flag}")),
                unit if line.action.is_empty() && unit.contains('/') => line.units.push(unit.to_owned()),
                action if line.action.is_empty() => action.clone_into(&mut line.action),
                pair => {
                    let (key, text) = pair
                        .split_once('=')
                        .ok_or_else(|| format!("argument {pair:?} must be of the form key.key.key...=value"))?;
                    let value = if strings { json!(text) } else { yaml(text)? };
                    put(&mut line.parameters, key, value);
                }
            }
        }
        Ok(line)
    }
}

/// As `juju run` waits of itself (`cmd/juju/action/run.go`).
const WAIT: Duration = Duration::from_secs(60);

/// A time as Go's `time.ParseDuration` takes it, of one unit.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("invalid value {text:?} for option --wait: time: invalid duration {text:?}");
    let split = text.find(|one: char| one.is_ascii_alphabetic()).ok_or_else(wrong)?;
    let number: f64 = text[..split].parse().map_err(|_| wrong())?;
    let unit =
        [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)].into_iter().find(|(name, _)| *name == &text[split..]);
    Ok(Duration::from_secs_f64(number * unit.ok_or_else(wrong)?.1))
}

/// No result of any unit is printed when one is missing. The actions go on.
fn timed_out(tasks: &[Task]) -> Said {
    let units: Vec<_> = tasks.iter().map(|(unit, ..)| format!("unit {unit}")).collect();
    let err = format!("ERROR timed out waiting for results from: {}\n", units.join(", "));
    Said { err, code: 1, ..Said::default() }
}

fn put(map: &mut Value, key: &str, value: Value) {
    match key.split_once('.') {
        Some((first, rest)) => put(&mut map[first], rest, value),
        None => map[key] = value,
    }
}

/// A value is YAML 1.1, by Go's library: `on` is true.
fn yaml(text: &str) -> Result<Value, String> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => return Ok(json!(true)),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => return Ok(json!(false)),
        _ => {}
    }
    serde_yaml_ng::from_str(text).map_err(|error| {
        let why = error.to_string();
        format!("yaml: {}", why.split(" at line").next().unwrap_or_default())
    })
}

/// The command behind the flags, and whether JSON is wanted.
fn command(words: &[&str]) -> (bool, String) {
    let flags = ["--format", "json", "--format=json", "--"];
    let begin = words.iter().position(|word| !flags.contains(word)).unwrap_or(words.len());
    (words[..begin].iter().any(|word| word.contains("json")), words[begin..].join(" "))
}

fn task(unit: &str, id: u32, run: &ActionRun, mut results: Map<String, Value>) -> Value {
    results.insert("return-code".to_owned(), json!(run.code));
    results.extend(output(run, ["stdout", "stderr"]));
    let at = "2026-11-27 09:14:00 +0000 UTC";
    let timing = json!({"enqueued": at, "started": at, "completed": at});
    let mut one =
        json!({"id": id.to_string(), "status": run.status, "unit": unit, "results": results, "timing": timing});
    if !run.message.is_empty() {
        one["message"] = json!(run.message);
    }
    if !run.log.is_empty() {
        one["log"] = json!(run.log);
    }
    one
}

/// What was printed, where anything was.
fn output(run: &ActionRun, names: [&str; 2]) -> impl Iterator<Item = (String, Value)> {
    let both = names.map(str::to_owned).into_iter().zip([run.out.clone(), run.err.clone()]);
    both.filter(|(_, text)| !text.is_empty()).map(|(name, text)| (name, json!(text)))
}

/// What the client says of tasks with an exit status, and its own.
fn failures(runs: &[(u32, &ActionRun)]) -> (String, i32) {
    let failed: Vec<_> = runs.iter().filter(|(_, run)| run.code >= 1).collect();
    let lines = failed.iter().map(|(id, run)| format!(" - id \"{id}\" with return code {}\n", run.code));
    let lines = lines.collect::<String>();
    match failed.len() {
        0 => (String::new(), 0),
        1 => (format!("ERROR the following task failed:\n{lines}\nuse 'juju show-task' to inspect the failure\n"), 1),
        _ => (format!("ERROR the following tasks failed:\n{lines}\nuse 'juju show-task' to inspect the failures\n"), 1),
    }
}

/// `printPlainOutput`: the results of one unit as YAML, then what it printed; of several without that.
fn plain(all: &Map<String, Value>) -> String {
    let yaml = |value: &Value| serde_yaml_ng::to_string(value).unwrap_or_default();
    let results = |one: &Value| {
        let hidden = ["return-code", "returncode", "stdout", "stderr"];
        let mut results = one["results"].as_object().cloned().unwrap_or_default();
        results.retain(|key, _| !hidden.contains(&key.to_lowercase().as_str()));
        if results.is_empty() { String::new() } else { yaml(&Value::Object(results)) }
    };
    let several = |(unit, one): (&String, &Value)| {
        let mut shown = json!({"id": one["id"], "output": results(one), "status": one["status"]});
        if let Some(message) = one.get("message") {
            shown["message"] = message.clone();
        }
        (unit.clone(), shown)
    };
    let Some(one) = all.values().next().filter(|_| all.len() == 1) else {
        return yaml(&Value::Object(all.iter().map(several).collect()));
    };
    let failed = match (one["status"].as_str(), one["message"].as_str()) {
        (Some("failed"), message) => {
            format!("Action id {} failed: {}\n", one["id"].as_str().unwrap_or_default(), message.unwrap_or_default())
        }
        _ => String::new(),
    };
    let printed =
        ["stdout", "stderr", "Stdout", "Stderr"].map(|name| one["results"][name].as_str().unwrap_or_default());
    let printed = printed.iter().filter(|text| !text.is_empty()).map(|text| format!("{}\n", text.trim_matches('\n')));
    format!("{failed}{}\n{}", results(one), printed.collect::<String>())
}
