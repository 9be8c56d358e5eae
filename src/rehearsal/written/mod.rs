//! A scenario as the text of its file. Read back, the text is the same scenario: what is walked in
//! memory and what is kept are one.

mod yaml;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use yaml::{below, comment, item, text};
pub(super) use yaml::{list, quoted, scalar, word};

use crate::runbook::{
    Answer, Answers, End, Expected, Fault, Inject, Part, Placed, Results, Scenario, StepId,
    StepResult, Trigger, Undoing,
};
use crate::value::{Duration, Name, Value};

/// What a file says to whoever reads it, beside the scenario.
#[derive(Clone, Debug, Default)]
pub struct Remarks {
    /// Above everything.
    pub head: Vec<String>,
    /// Above the results of steps.
    pub results: BTreeMap<StepId, String>,
    /// What was said after so many milliseconds, and may become an inject.
    pub notes: Vec<(u64, String)>,
}

/// The whole text.
pub fn written(scenario: &Scenario, remarks: &Remarks) -> String {
    let mut lines: Vec<String> = remarks.head.iter().flat_map(|it| comment(it)).collect();
    lines.push("schema: surefoot-scenario/v1".to_owned());
    lines.push(format!("runbook: {}", word(&scenario.runbook)));
    lines.push(format!("title: {}", quoted(&scenario.title)));
    lines.extend(scenario.brief.iter().flat_map(|brief| text("brief", brief)));
    lines.extend(
        scenario.environment.iter().map(|it| format!("environment: {}", word(it.as_str()))),
    );
    lines.extend(values("inputs", &scenario.inputs));
    lines.extend(scenario.now.iter().map(|now| format!("now: {now}")));
    let targets = scenario.targets.iter().flat_map(|(name, said)| text(name.as_str(), said));
    lines.extend(table("targets", targets.collect()));
    if !scenario.missing.is_empty() {
        let missing: Vec<String> = scenario.missing.iter().map(|name| quoted(name)).collect();
        lines.extend(list("missing: [ ", &borrowed(&missing)));
    }
    lines.extend(values("facts", &scenario.facts));
    lines.extend(table("faults", scenario.faults.iter().flat_map(|it| item(fault(it))).collect()));
    let results = scenario.results.iter().flat_map(|(step, results)| {
        let remark = remarks.results.get(step).map(|it| comment(it)).unwrap_or_default();
        remark.into_iter().chain(of_step(step, results))
    });
    lines.extend(table("results", results.collect()));
    lines.extend(table(
        "injects",
        scenario.injects.iter().flat_map(|it| item(inject(it))).collect(),
    ));
    lines.extend(notes(&remarks.notes, &scenario.injects));
    let said = scenario.answers.iter().map(|(step, answers)| format!("{step}: {}", told(answers)));
    lines.extend(table("answers", said.collect()));
    let typed = scenario.values.iter().map(|(name, it)| format!("{name}: {}", answer(it)));
    lines.extend(table("values", typed.collect()));
    if scenario.undo == Undoing::Nothing {
        lines.push("undo: no".to_owned());
    }
    lines.extend(table("expect", expected(&scenario.expect)));
    lines.join("\n") + "\n"
}

fn borrowed(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

/// A key with what is below it, if anything is.
fn table(key: &str, lines: Vec<String>) -> Vec<String> {
    if lines.is_empty() { Vec::new() } else { below(key, lines) }
}

fn values(key: &str, values: &BTreeMap<Name, Value>) -> Vec<String> {
    table(key, values.iter().map(|(name, value)| format!("{name}: {}", scalar(value))).collect())
}

fn of_step(step: &StepId, results: &Results) -> Vec<String> {
    if let Results::EveryTime(only) = results {
        let lines = result(only);
        return if lines.is_empty() {
            vec![format!("{step}: {{}}")]
        } else {
            below(&step.0, lines)
        };
    }
    let items = results.all().iter().flat_map(|it| {
        let lines = result(it);
        if lines.is_empty() { vec!["- {}".to_owned()] } else { item(lines) }
    });
    below(&step.0, items.collect())
}

fn result(result: &StepResult) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(result.when.iter().flat_map(|when| text("when", when.text())));
    lines.extend(part(&result.main));
    let others = [
        ("verify", &result.verify),
        ("recheck", &result.recheck),
        ("undo", &result.undo),
        ("ready", &result.ready),
    ];
    for (key, other) in others {
        let Some(other) = other else { continue };
        let inner = part(other);
        lines.extend(if inner.is_empty() {
            vec![format!("{key}: {{}}")]
        } else {
            below(key, inner)
        });
    }
    lines
}

fn part(part: &Part) -> Vec<String> {
    let mut lines = Vec::new();
    match &part.end {
        End::Exit(0) => {}
        End::Exit(code) => lines.push(format!("exit: {code}")),
        End::Disconnects => lines.push("disconnects: true".to_owned()),
        End::Hangs => lines.push("hangs: true".to_owned()),
        End::Signal(name) => lines.push(format!("signal: {name}")),
    }
    for (key, printed) in [("stdout", &part.stdout), ("stderr", &part.stderr)] {
        if !printed.is_empty() {
            lines.extend(text(key, printed));
        }
    }
    lines.extend(part.flood.map(|bytes| format!("flood: {bytes}")));
    lines.extend(part.takes.iter().map(|takes| format!("takes: {}", takes.written)));
    lines.extend(values("sets", &part.sets));
    lines
}

fn fault(fault: &Fault) -> Vec<String> {
    let mut lines = vec![format!("target: {}", word(fault.target.as_str()))];
    lines.extend(fault.when.iter().flat_map(|when| text("when", when.text())));
    lines.extend(part(&fault.gives));
    lines
}

fn inject(inject: &Inject) -> Vec<String> {
    let mut lines = vec![match &inject.at {
        Trigger::After(after) => format!("after: {}", after.written),
        Trigger::Enters(step) => format!("enters: {step}"),
        Trigger::Leaves(step) => format!("leaves: {step}"),
        Trigger::Starts(step) => format!("starts: {step}"),
    }];
    lines.extend(inject.say.iter().flat_map(|say| text("say", say)));
    lines.extend(values("sets", &inject.sets));
    lines
}

/// Notes as injects that do not happen yet.
fn notes(notes: &[(u64, String)], injects: &[Inject]) -> Vec<String> {
    if notes.is_empty() {
        return Vec::new();
    }
    let mut lines = comment("Notes of that run. Without the first sign, each is an inject.");
    if injects.is_empty() {
        lines.push("# injects:".to_owned());
    }
    lines.extend(notes.iter().map(|(after, note)| {
        let after = Duration::from_millis(*after).written;
        format!("#   - {{ after: {after}, say: {} }}", quoted(note))
    }));
    lines
}

fn told(answers: &Answers) -> String {
    match answers {
        Answers::EveryTime(only) => answer(only),
        Answers::Each(several) => {
            let several: Vec<String> = several.iter().map(answer).collect();
            format!("[ {} ]", several.join(", "))
        }
    }
}

fn answer(answer: &Answer) -> String {
    match answer {
        Answer::One(text) => word(text),
        Answer::Many(texts) => {
            let texts: Vec<String> = texts.iter().map(|text| word(text)).collect();
            format!("[ {} ]", texts.join(", "))
        }
    }
}

fn expected(expect: &Expected) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(expect.outcome.iter().map(|it| format!("outcome: {}", it.value.name())));
    if let Some(visited) = &expect.visited {
        let steps: Vec<&str> = visited.value.iter().map(|step| step.value.0.as_str()).collect();
        lines.extend(if steps.is_empty() {
            vec!["visited: []".to_owned()]
        } else {
            list("visited: [ ", &steps)
        });
    }
    let commands = expect.commands.iter().flat_map(|(step, commands)| match commands.as_slice() {
        [only] => text(&step.0, &only.value),
        several => below(&step.0, several.iter().flat_map(unkeyed).collect()),
    });
    lines.extend(table("commands", commands.collect()));
    lines.extend(table("findings", expect.findings.iter().flat_map(unkeyed).collect()));
    lines
}

/// A text as an item of its own.
fn unkeyed(text: &Placed<String>) -> Vec<String> {
    vec![format!("- {}", quoted(&text.value))]
}
