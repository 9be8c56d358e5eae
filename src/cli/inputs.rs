//! Inputs of a run: from `--set`, the alert, the environment, defaults, and a secret's own source.
//! Whatever is wrong or missing is said at once; asking comes last and is the caller's.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

use super::settings::Settings;
use crate::catalog::{Brought, brought};
use crate::plan::{Alert, BoundForm, Given, Origin, bind};
use crate::policy::Trust;
use crate::process::{Tool, capture, keep_from_dumps, program_in_path};
use crate::runbook::{Command, Environment, Form, Input, Presence, Runbook, Secrecy, SecretSource};
use crate::template::{Held, Shell};
use crate::value::{Datum, Facts, Hidden, Name, Reference, Secret, Type, Value};

/// Inputs as far as they can be known without asking.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    /// Those that have a value.
    pub(crate) given: BTreeMap<Name, Given>,
    /// Those that must be asked for.
    pub(crate) unset: Vec<Name>,
    /// What is wrong with the rest.
    pub(crate) problems: Vec<String>,
}

/// Collects the inputs of a runbook.
pub(crate) fn collect(
    runbook: &Runbook,
    set: &[String],
    alert: Option<&Alert>,
    settings: &Settings,
    trust: Trust,
) -> Collected {
    let mut collected = Collected::default();
    let set = parse_set(runbook, set, &mut collected.problems);
    for input in &runbook.inputs {
        let given = Sources { runbook, set: &set, alert, settings, trust };
        let found = given.find(input);
        match found {
            Ok(Some(given)) => {
                collected.given.insert(input.name.clone(), given);
            }
            Ok(None) if input.presence == Presence::Required => {
                collected.unset.push(input.name.clone());
            }
            Ok(None) => {}
            Err(problem) => collected.problems.push(problem),
        }
    }
    collected
}

fn parse_set(
    runbook: &Runbook,
    set: &[String],
    problems: &mut Vec<String>,
) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for text in set {
        let Some((name, value)) = text.split_once('=') else {
            problems.push(format!("`--set {text}` is not NAME=VALUE"));
            continue;
        };
        if values.insert(name.to_owned(), value.to_owned()).is_some() {
            problems.push(format!("input `{name}` is set twice"));
        }
        match runbook.inputs.iter().find(|input| input.name.as_str() == name) {
            None => {
                let names = runbook.inputs.iter().map(|input| input.name.as_str());
                let near = crate::diagnostic::did_you_mean(name, names);
                let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                problems.push(format!("the runbook has no input `{name}`{near}"));
            }
            Some(input) if matches!(input.secrecy, Secrecy::Secret(_)) => problems.push(format!(
                "input `{name}` is a secret, which `--set` would show to every process; it is asked for without echo"
            )),
            Some(_) => {}
        }
    }
    values
}

/// Where inputs come from.
struct Sources<'a> {
    runbook: &'a Runbook,
    set: &'a BTreeMap<String, String>,
    alert: Option<&'a Alert>,
    settings: &'a Settings,
    trust: Trust,
}

impl Sources<'_> {
    /// The strongest source that has a value.
    fn find(&self, input: &Input) -> Result<Option<Given>, String> {
        let name = input.name.as_str();
        if matches!(input.secrecy, Secrecy::Secret(_)) {
            // What an untrusted runbook names is neither read nor run: the secret is asked for.
            return match self.trust {
                Trust::Trusted => secret_of(input, self.settings),
                Trust::Untrusted => Ok(None),
            };
        }
        if let Some(text) = self.set.get(name) {
            return checked(input, text, Origin::Set).map(Some);
        }
        let rules = &self.runbook.alerts;
        let from_alert = self.alert.and_then(|alert| brought(rules, &input.name, alert));
        if let Some(Brought::Text { text, .. }) = from_alert {
            return checked(input, &text, Origin::Alert).map(Some);
        }
        match self.settings.input(name) {
            Some(Ok(text)) => return checked(input, &text, Origin::Environment).map(Some),
            Some(Err(())) => {
                return Err(format!("input `{name}`: its environment variable is not UTF-8"));
            }
            None => {}
        }
        let default = input.default.clone();
        Ok(default.map(|value| Given { datum: Datum::Open(value), origin: Origin::Default }))
    }
}

/// A text as the value of an input.
pub(crate) fn checked(input: &Input, text: &str, origin: Origin) -> Result<Given, String> {
    let name = &input.name;
    if text.is_empty() {
        return Err(format!("input `{name}` is empty"));
    }
    let text = match input.ty {
        // A person at a prompt has one line.
        Type::List if !text.contains('\n') => {
            text.split(',').map(str::trim).collect::<Vec<_>>().join("\n")
        }
        _ => text.to_owned(),
    };
    let value =
        Value::parse(input.ty, &text).map_err(|error| format!("input `{name}`: {error}"))?;
    input.constraints.check(&value).map_err(|why| format!("input `{name}`: {why}"))?;
    Ok(Given { datum: Datum::Open(value), origin })
}

/// A secret from its own source; `None` if it has none and must be asked for.
pub(crate) fn secret_of(input: &Input, settings: &Settings) -> Result<Option<Given>, String> {
    let name = &input.name;
    let Secrecy::Secret(Some(source)) = &input.secrecy else {
        return Ok(None);
    };
    // Where that cannot be had, the system's own limits hold.
    let _ = keep_from_dumps();
    let text = match source {
        SecretSource::Env(variable) => match settings.variable(variable) {
            Some(Ok(text)) => text,
            Some(Err(())) => return Err(format!("input `{name}`: ${variable} is not UTF-8")),
            None => return Err(format!("input `{name}`: ${variable} is not set")),
        },
        SecretSource::File(path) => std::fs::read_to_string(Path::new(path))
            .map_err(|error| format!("input `{name}`: failed to read {path}: {error}"))?,
        SecretSource::Run(command) => {
            output(command, &Nothing, settings).map_err(|why| format!("input `{name}`: {why}"))?
        }
    };
    secret_given(name, &text, Origin::Source).map(Some)
}

/// A secret text without its line end, unless it is too weak to be hidden in output.
pub(crate) fn secret_given(name: &Name, text: &str, origin: Origin) -> Result<Given, String> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        return Err(format!("input `{name}` is empty"));
    }
    let secret = Secret::new(text.to_owned());
    Hidden::new(&secret).map_err(|why| format!("input `{name}`: {why}"))?;
    Ok(Given { datum: Datum::Secret(secret), origin })
}

/// The command of a secret can name nothing: it runs before anything else is known.
struct Nothing;

impl Facts for Nothing {
    fn get(&self, _: &Reference) -> Option<Datum> {
        None
    }
}

/// What a command prints that runs before the run begins.
pub(crate) fn output(
    command: &Command,
    facts: &dyn Facts,
    settings: &Settings,
) -> Result<String, String> {
    let Form::Shell(script) = &command.form else {
        return Err("write the command as text, not as a list".to_owned());
    };
    let bound = script.bind(facts).map_err(|error| error.to_string())?;
    let (program, mut args) = match script.shell() {
        Shell::Bash => ("bash", vec!["-euo", "pipefail", "-c"]),
        Shell::Sh => ("sh", vec!["-eu", "-c"]),
    };
    args.push(&bound.text);
    let path = settings.environment.get(OsStr::new("PATH")).cloned().unwrap_or_default();
    let program = program_in_path(program, &path).ok_or(format!("{program} is not there"))?;
    let mut environment = settings.environment.clone();
    for (name, value) in &bound.variables {
        let text = match value {
            Held::Open(text) => text,
            Held::Secret(secret) => secret.expose(),
        };
        environment.insert(name.into(), text.into());
    }
    let tool = Tool {
        program,
        args: args.into_iter().map(Into::into).collect(),
        environment,
        folder: settings.here.clone(),
        stdin: Vec::new(),
        timeout: std::time::Duration::from_millis(command.timeout.millis),
    };
    let captured = capture(&tool).map_err(|error| error.to_string())?;
    if !captured.status.success() {
        return Err(format!("the command that tells it failed: {}", captured.status));
    }
    String::from_utf8(captured.stdout).map_err(|_| "it is not UTF-8".to_owned())
}

/// What a command of a runbook prints that names no value, or why it failed; `Err` where it cannot be
/// run by itself, on this machine, before a run.
pub(crate) fn output_of(
    runbook: &Runbook,
    command: &Command,
    settings: &Settings,
) -> Result<Result<String, String>, String> {
    let needs_values = |_| "it needs values that only a run has".to_owned();
    let bound = bind(runbook, command, &Nothing).map_err(needs_values)?;
    if bound.is_far() || bound.user.is_some() {
        return Err("it runs elsewhere, or as somebody else".to_owned());
    }
    if !bound.files.is_empty() || bound.cwd.is_some() {
        return Err("it needs the folder of a run".to_owned());
    }
    let words: Vec<String> = match &bound.form {
        BoundForm::List(words) => words.clone(),
        BoundForm::Shell { shell, text } => {
            let shell: &[&str] = match shell {
                Shell::Bash => &["bash", "-euo", "pipefail", "-c"],
                Shell::Sh => &["sh", "-eu", "-c"],
            };
            shell.iter().map(|word| (*word).to_owned()).chain([text.clone()]).collect()
        }
    };
    let (first, args) = words.split_first().ok_or("it is empty")?;
    let Some(program) = program_in_path(first, &settings.search_path()) else {
        return Ok(Err(format!("{first} is not there")));
    };
    let held = |value: &Held| match value {
        Held::Open(text) => text.clone(),
        Held::Secret(secret) => secret.expose().to_owned(),
    };
    let mut environment = settings.environment.clone();
    for (name, value) in bound.variables.iter().chain(&bound.env) {
        environment.insert(name.into(), held(value).into());
    }
    let said = capture(&Tool {
        program,
        args: args.iter().map(Into::into).collect(),
        environment,
        folder: settings.emergency.clone(),
        stdin: bound.stdin.as_ref().map(held).unwrap_or_default().into_bytes(),
        timeout: std::time::Duration::from_millis(command.timeout.millis),
    });
    Ok(match said {
        Err(error) => Err(error.to_string()),
        Ok(said) if !said.status.success() => Err(said.status.to_string()),
        Ok(said) => Ok(String::from_utf8_lossy(&said.stdout).into_owned()),
    })
}

/// The environment that was chosen, or what is wrong with the choice.
pub(crate) fn environment(
    runbook: &Runbook,
    chosen: Option<&str>,
) -> Result<Option<Environment>, String> {
    let names = || {
        let names: Vec<_> = runbook.environments.iter().map(|it| it.name.to_string()).collect();
        names.join(", ")
    };
    match (chosen, runbook.environments.as_slice()) {
        (None, []) => Ok(None),
        (None, [only]) => Ok(Some(only.clone())),
        (None, _) => Err(format!("choose an environment with --env: {}", names())),
        (Some(name), []) => Err(format!("the runbook has no environments, so not `{name}`")),
        (Some(name), all) => {
            let found = all.iter().find(|environment| environment.name.as_str() == name);
            let missing = || format!("there is no environment `{name}`; there are: {}", names());
            found.cloned().map(Some).ok_or_else(missing)
        }
    }
}
