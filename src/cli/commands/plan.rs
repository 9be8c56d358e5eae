//! `surefoot plan`: what a run would do. Nothing is run and nothing is asked.

use std::sync::Arc;

use crate::cli::Context;
use crate::cli::alerts::alert_for;
use crate::cli::args::PlanArguments;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::inputs;
use crate::cli::open::open;
use crate::console::{Detail, plan};
use crate::engine::Run;
use crate::plan::{DigestKey, Mode, Plan};
use crate::policy::{Attendance, Policy, Trust};

pub(crate) fn run(arguments: &PlanArguments, context: &Context) -> Result<Exit, Failure> {
    let opened = open(&arguments.reference, context)?;
    let runbook = Arc::new(opened.runbook);
    let alert = alert_for(arguments.inputs.alert.as_ref(), &runbook, context)?;
    let environment = inputs::environment(&runbook, arguments.inputs.environment.as_deref());
    let environment = environment.map_err(|problem| Failure::new(Exit::Usage, problem))?;
    // A plan runs nothing: the sources of secrets are left alone, as if the content was untrusted.
    let set = &arguments.inputs.set;
    let collected =
        inputs::collect(&runbook, set, alert.as_ref(), &context.settings, Trust::Untrusted);
    if !collected.problems.is_empty() {
        return Err(Failure::new(Exit::Usage, collected.problems.join("\n")));
    }
    let policy = Policy {
        attendance: Attendance::Unattended,
        trust: Trust::Untrusted,
        protection: runbook.protection(environment.as_ref()),
        agreed: std::collections::BTreeSet::new(),
        rules: crate::policy::Rules::default(),
    };
    let plan_of_run = Plan {
        runbook: Arc::clone(&runbook),
        run: "‹the run's id›".to_owned(),
        mode: Mode::Incident,
        environment,
        inputs: collected.given,
        alert: alert.unwrap_or_default(),
        policy,
        work: "‹run-folder›".to_owned(),
        key: DigestKey::new([0; 32]),
    };
    let run = Run::new(Arc::new(plan_of_run));
    context.publish(&plan(&runbook, &*run.facts(), Detail::Folded).page())?;
    Ok(Exit::Done)
}
