//! `surefoot policy explain`: what each command of a runbook would ask, and what decides it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::cli::Context;
use crate::cli::args::{ExplainArguments, ListFormat, PolicyCommand};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::governing::{Governing, governing_of};
use crate::cli::inputs;
use crate::cli::open::{Opened, open};
use crate::console::{Meaning, Page, Text};
use crate::diagnostic::visible_json;
use crate::effects::SystemClock;
use crate::engine::Run;
use crate::plan::{Alert, DigestKey, Given, Mode, Plan};
use crate::policy::{
    Approval, Attendance, Authority, Cause, Decision, Level, Policy, Rules, Trust,
};
use crate::runbook::{Action, Effect, Environment, Runbook, StepKey};
use crate::session::Clock as _;
use crate::value::Name;

pub(crate) fn run(command: &PolicyCommand, context: &Context) -> Result<Exit, Failure> {
    let PolicyCommand::Explain(arguments) = command;
    explain(arguments, context)
}

/// How far the reasons of a decision are set in.
const REASON: usize = 4;

/// What one command would ask.
struct Explained<'a> {
    step: StepKey,
    id: &'a str,
    number: &'a str,
    effect: Effect,
    /// On a terminal.
    attended: Decision,
    /// With nobody there, without and with `--yes change`.
    alone: [Level; 2],
    /// The digest of the command, if every run has the same.
    digest: Option<String>,
}

fn explain(arguments: &ExplainArguments, context: &Context) -> Result<Exit, Failure> {
    let opened = open(&arguments.reference, context)?;
    let governing = governing_of(context, &opened)?;
    let Opened { runbook, digest, .. } = opened;
    let runbook = Arc::new(runbook);
    let environment = inputs::environment(&runbook, arguments.environment.as_deref());
    let environment = environment.map_err(|problem| Failure::new(Exit::Usage, problem))?;
    let set = &arguments.set;
    let collected = inputs::collect(&runbook, set, None, &context.settings, Trust::Untrusted);
    if !collected.problems.is_empty() {
        return Err(Failure::new(Exit::Usage, collected.problems.join("\n")));
    }
    let rules = governing.settings.rules(&runbook, &digest, SystemClock::start().now());
    // Two runs that differ in all that is a run's own: what both agree on holds for every run.
    let run = |attendance, agreed, of: &str| {
        let policy = Policy {
            attendance,
            trust: Trust::Trusted,
            protection: runbook.protection(environment.as_ref()),
            agreed,
            rules: rules.clone(),
        };
        plan(&runbook, environment.as_ref(), &collected.given, policy, of)
    };
    let attended = run(Attendance::Attended, BTreeSet::new(), "one");
    let alone = [BTreeSet::new(), BTreeSet::from([Effect::Change])]
        .map(|agreed| run(Attendance::Unattended, agreed, "another"));
    let explained: Vec<Explained<'_>> = (0..runbook.steps.len())
        .filter_map(|place| explained(&runbook, StepKey(place), &attended, &alone))
        .collect();
    match arguments.format {
        ListFormat::Json => {
            let value = as_json(&explained, &runbook, environment.as_ref(), &governing, &rules);
            let text = serde_json::to_string_pretty(&value).expect("texts and numbers");
            context.print(&(visible_json(&text) + "\n"))?;
        }
        ListFormat::Text => {
            let page = page(&explained, &runbook, environment.as_ref(), &governing, &rules);
            context.publish(&page)?;
        }
    }
    Ok(Exit::Done)
}

/// A run that will not take place.
fn plan(
    runbook: &Arc<Runbook>,
    environment: Option<&Environment>,
    inputs: &BTreeMap<Name, Given>,
    policy: Policy,
    of: &str,
) -> Run {
    Run::new(Arc::new(Plan {
        runbook: Arc::clone(runbook),
        run: format!("‹the run's id› {of}"),
        mode: Mode::Incident,
        environment: environment.cloned(),
        inputs: inputs.clone(),
        alert: Alert::default(),
        policy,
        work: format!("‹run-folder› {of}"),
        key: DigestKey::new([u8::try_from(of.len()).unwrap_or(0); 32]),
    }))
}

fn explained<'a>(
    runbook: &'a Runbook,
    key: StepKey,
    attended: &Run,
    alone: &[Run; 2],
) -> Option<Explained<'a>> {
    let step = runbook.step(key);
    let Action::Run(command) = &step.action else {
        return None;
    };
    let level = |run: &Run| run.foreseen(key).map_or(Level::Refuse, |it| it.level);
    let digest = attended.foreseen_digest(key);
    Some(Explained {
        step: key,
        id: &step.id.0,
        number: &step.number,
        effect: command.effect,
        attended: attended.foreseen(key)?,
        alone: [level(&alone[0]), level(&alone[1])],
        digest: digest.filter(|digest| alone[0].foreseen_digest(key).as_ref() == Some(digest)),
    })
}

fn page(
    explained: &[Explained<'_>],
    runbook: &Runbook,
    environment: Option<&Environment>,
    governing: &Governing,
    rules: &Rules,
) -> Page {
    let mut page = Page::new();
    let environment = environment.map_or("no environment", |it| it.name.as_str());
    page.line(Text::of(Meaning::Heading, format!("{}, {environment}", runbook.id)));
    page.blank();
    for one in explained {
        told(one, &mut page);
    }
    page.blank();
    for standard in &rules.standard {
        let text = format!("Standard change {} ({}).", standard.template, standard.origin);
        page.line(Text::plain(text));
    }
    if governing.files.is_empty() {
        page.line(Text::of(Meaning::Dim, "There are no settings files: the built-in table holds."));
    }
    for (authority, file) in &governing.files {
        page.line(Text::of(Meaning::Dim, format!("{file} ({})", whose(*authority))));
    }
    page
}

/// A line that says what is asked, and one for each thing that decides it.
fn told(explained: &Explained<'_>, page: &mut Page) {
    let decision = &explained.attended;
    let meaning = match decision.level {
        Level::Auto | Level::Key => Meaning::Good,
        Level::Confirm | Level::Typed => Meaning::Warning,
        Level::Approve | Level::Refuse => Meaning::Bad,
    };
    let step = format!("{:>2}  {}", explained.number, explained.id);
    let line = Text::of(Meaning::Heading, step)
        .add(Meaning::Plain, "  ")
        .add(Meaning::Effect(explained.effect), effect(explained.effect))
        .add(Meaning::Plain, " asks for ")
        .add(meaning, decision.level.name())
        .add(Meaning::Dim, format!("; nobody there: {}", alone(explained.alone)));
    page.hanging(line, REASON);
    let causes = decision.causes.iter().map(Cause::to_string);
    let approvals = decision.approvals.iter().map(|approval| {
        let Approval { role, count, origin, .. } = approval;
        let people = if *count == 1 { String::new() } else { format!("{count} people: ") };
        format!("{people}{role} must agree ({origin})")
    });
    for reason in causes.chain(approvals) {
        page.hanging(Text::plain(format!("{:REASON$}{reason}", "")), REASON + 2);
    }
}

fn alone(levels: [Level; 2]) -> &'static str {
    match levels {
        [Level::Auto, _] => "runs",
        [_, Level::Auto] => "with --yes change",
        _ => "refused",
    }
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Read => "read",
        Effect::Change => "change",
        Effect::Destroy => "destroy",
    }
}

fn whose(authority: Authority) -> &'static str {
    match authority {
        Authority::Organisation => "the organisation's",
        Authority::User => "your own",
        Authority::Repository => "the repository's",
    }
}

fn as_json(
    explained: &[Explained<'_>],
    runbook: &Runbook,
    environment: Option<&Environment>,
    governing: &Governing,
    rules: &Rules,
) -> Value {
    let steps = explained.iter().map(|it| {
        let approvals = it.attended.approvals.iter().map(|approval| {
            json!({
                "role": approval.role,
                "count": approval.count,
                "why": approval.why,
                "origin": approval.origin,
            })
        });
        let causes = it.attended.causes.iter().map(|cause| match cause {
            Cause::Rule { why, origin } => json!({ "why": why, "origin": origin }),
            other => json!({ "why": other.to_string() }),
        });
        json!({
            "step": it.id,
            "line": runbook.own(it.step).0.source.line_column(runbook.step(it.step).span.start).0,
            "effect": it.effect,
            "level": it.attended.level,
            "digest": it.digest,
            "causes": causes.collect::<Vec<_>>(),
            "approvals": approvals.collect::<Vec<_>>(),
            "unattended": { "level": it.alone[0], "with_yes_change": it.alone[1] },
        })
    });
    let files = governing
        .files
        .iter()
        .map(|(authority, file)| json!({ "authority": authority, "file": file }));
    json!({
        "runbook": runbook.id,
        "service": runbook.service,
        "environment": environment.map(|it| it.name.as_str()),
        "steps": steps.collect::<Vec<_>>(),
        "standard_changes": rules.standard,
        "files": files.collect::<Vec<_>>(),
    })
}
