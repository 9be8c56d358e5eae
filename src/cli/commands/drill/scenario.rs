//! What a drill is walked against: a scenario of a file, or one made of the runbook's samples.

use std::path::Path;

use crate::catalog::{File, Folder};
use crate::cli::Context;
use crate::cli::args::DrillArguments;
use crate::cli::asking::ask_for_inputs;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::inputs;
use crate::cli::open::show_findings;
use crate::cli::walk::attendance;
use crate::policy::{Attendance, Trust};
use crate::rehearsal::sampled;
use crate::runbook::{Runbook, Scenario, Secrecy, load_scenario};
use crate::value::Datum;

/// The scenario of a file, if it is about this runbook.
pub(super) fn read(path: &Path, runbook: &Runbook, context: &Context) -> Result<Scenario, Failure> {
    let file = File::read(path).map_err(|error| Failure::from_error(Exit::Usage, &error))?;
    let name = path.display().to_string();
    let (source, findings) = crate::runbook::decode(&name, &file.bytes);
    let loaded = findings.is_empty().then(|| load_scenario(&source, &Folder::around(path)));
    let invalid = |findings: &[crate::diagnostic::Diagnostic]| {
        show_findings(&context.terminal, &source, findings);
        Failure::new(Exit::Invalid, format!("{name} is no scenario that can be walked"))
    };
    let Some(loaded) = loaded else { return Err(invalid(&findings)) };
    let Some(scenario) = loaded.scenario else { return Err(invalid(&loaded.findings)) };
    match loaded.runbook {
        Some(of) if of.id == runbook.id && of.service == runbook.service => Ok(scenario),
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
    runbook: &Runbook,
    context: &Context,
) -> Result<Scenario, Failure> {
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
    Ok(sampled(runbook, environment.as_ref(), values.collect()))
}
