//! What a drill is walked against: a scenario of a file, or one made of the runbook's samples. Each is
//! the text of a scenario, read by the same reader, and kept as such.

use std::path::Path;
use std::rc::Rc;

use crate::catalog::{File, Folder, sha256};
use crate::cli::Context;
use crate::cli::args::DrillArguments;
use crate::cli::asking::ask_for_inputs;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::inputs;
use crate::cli::open::{Opened, show_findings};
use crate::cli::walk::attendance;
use crate::diagnostic::{Severity, Source};
use crate::engine::Rehearsal;
use crate::policy::{Attendance, Trust};
use crate::rehearsal::{Remarks, sampled, written};
use crate::runbook::{Found, NotFound, Runbook, Scenario, Secrecy, Shelf, decode, load_scenario};
use crate::value::Datum;

/// A scenario, and its text as it is kept with the run.
pub(super) struct Kept {
    pub(super) text: String,
    pub(super) scenario: Rc<Scenario>,
}

impl Kept {
    /// What the record of a drill says of it.
    pub(super) fn rehearsal(&self, speed: u8) -> Rehearsal {
        Rehearsal {
            scenario: sha256(self.text.as_bytes()),
            runbook: self.scenario.runbook.clone(),
            speed,
        }
    }
}

/// Where a scenario finds the runbook that it was made of, whatever it is called.
pub(super) struct Own<'a> {
    pub(super) opened: &'a Opened,
    pub(super) called: &'a str,
}

impl Shelf for Own<'_> {
    fn find(&self, reference: &str) -> Result<Found<'_>, NotFound> {
        let Opened { runbook, folder, .. } = self.opened;
        if reference != self.called {
            return folder.find(reference);
        }
        let repository = Box::new(folder.at(&folder.own_path()));
        Ok(Found { source: runbook.source.clone(), repository })
    }
}

/// Reads the text of a scenario that was made.
pub(super) fn loaded(
    name: &str,
    text: &str,
    shelf: &dyn Shelf,
    context: &Context,
) -> Result<Scenario, Failure> {
    let (source, mut findings) = decode(name, text.as_bytes());
    if findings.is_empty() {
        let loaded = load_scenario(&source, shelf);
        if let Some(scenario) = loaded.scenario {
            return Ok(scenario);
        }
        findings = loaded.findings;
    }
    findings.retain(|found| found.severity == Severity::Error);
    Err(invalid(&source, &findings, context))
}

fn invalid(
    source: &Source,
    findings: &[crate::diagnostic::Diagnostic],
    context: &Context,
) -> Failure {
    show_findings(&context.terminal, source, findings);
    Failure::new(Exit::Invalid, format!("{} is no scenario that can be walked", source.name))
}

/// The scenario of a file, if it is about this runbook.
pub(super) fn read(path: &Path, runbook: &Runbook, context: &Context) -> Result<Kept, Failure> {
    let file = File::read(path).map_err(|error| Failure::from_error(Exit::Usage, &error))?;
    let name = path.display().to_string();
    let (source, findings) = decode(&name, &file.bytes);
    let loaded = findings.is_empty().then(|| load_scenario(&source, &Folder::around(path)));
    let Some(loaded) = loaded else { return Err(invalid(&source, &findings, context)) };
    let Some(scenario) = loaded.scenario else {
        return Err(invalid(&source, &loaded.findings, context));
    };
    match loaded.runbook {
        Some(of) if of.id == runbook.id && of.service == runbook.service => {
            Ok(Kept { text: source.text.to_string(), scenario: Rc::new(scenario) })
        }
        _ => {
            let of = &scenario.runbook;
            let message = format!("{name} is a scenario of `{of}`, not of `{}`", runbook.id);
            Err(Failure::new(Exit::Usage, message))
        }
    }
}

/// The scenario of a runbook's samples, with inputs as they are given. Secrets are made up: nothing
/// of a drill needs a real one.
pub(super) fn from_samples(
    arguments: &DrillArguments,
    opened: &Opened,
    context: &Context,
) -> Result<Kept, Failure> {
    let runbook = &opened.runbook;
    let usage = |problem: String| Failure::new(Exit::Usage, problem);
    let environment =
        inputs::environment(runbook, arguments.environment.as_deref()).map_err(usage)?;
    let trust = Trust::Untrusted;
    let mut collected = inputs::collect(runbook, &arguments.set, None, &context.settings, trust);
    let open = |name: &crate::value::Name| {
        let input = runbook.inputs.iter().find(|input| input.name == *name);
        input.is_some_and(|input| matches!(input.secrecy, Secrecy::Open))
    };
    collected.unset.retain(open);
    if attendance() == Attendance::Unattended {
        let unset = collected.unset.iter();
        collected
            .problems
            .extend(unset.map(|name| format!("input `{name}` is not set: --set {name}=...")));
    }
    if !collected.problems.is_empty() {
        return Err(usage(collected.problems.join("\n")));
    }
    let given = ask_for_inputs(context, runbook, collected, environment.as_ref(), trust)?;
    let values = given.into_iter().filter_map(|(name, given)| match given.datum {
        Datum::Open(value) => Some((name, value)),
        Datum::Secret(_) => None,
    });
    let scenario = sampled(runbook, environment.as_ref(), values.collect());
    let text = written(&scenario, &Remarks::default());
    let own = Own { opened, called: &scenario.runbook };
    let scenario = loaded("the scenario of the samples", &text, &own, context)?;
    Ok(Kept { text, scenario: Rc::new(scenario) })
}
