//! The checks that look at a whole runbook, one file each, in a table from which the documentation
//! is made.
//!
//! A rule sees a [`Subject`] and adds findings under its own code. Silences (`allow`) are applied
//! here, to every warning wherever it came from.

mod allow;
mod ambient;
mod at_once;
mod commands;
mod credential;
mod cycle;
mod dead_link;
mod finally;
mod game_day;
mod graph;
mod interactive;
mod leftover;
mod literal_name;
mod loop_bounds;
mod missing_value;
mod mutating;
mod ownership;
mod person;
mod pipe_to_shell;
mod plain_http;
mod procedure_end;
mod proof;
mod recursion;
mod repository_file;
mod same_label;
mod secret_from_alert;
mod sigpipe;
mod unreachable;
mod unused;

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::load::Repository;
use super::model::Runbook;
use super::parse::Node;
use super::resolve::{Mentioned, Outline, Resolved};
use crate::diagnostic::{Diagnostic, Severity, Source, Span};
use graph::Graph;

/// A check: what it is called, what it says, and the function that looks.
pub struct Rule {
    /// Its stable name.
    pub code: &'static str,
    /// How bad a finding of it is.
    pub severity: Severity,
    /// What is wrong, one line.
    pub title: &'static str,
    /// Why it matters and what to do.
    pub explanation: &'static str,
    check: fn(&Subject<'_>, &mut Findings<'_>),
}

/// All rules, in the order of their names within errors and warnings.
pub static RULES: &[Rule] = &[
    cycle::RULE,
    finally::RULE,
    game_day::STEADY,
    game_day::UNDO,
    interactive::RULE,
    at_once::RULE,
    loop_bounds::RULE,
    missing_value::NEVER,
    procedure_end::RULE,
    recursion::RULE,
    repository_file::RULE,
    ambient::RULE,
    credential::RULE,
    dead_link::RULE,
    leftover::RULE,
    literal_name::RULE,
    missing_value::MAYBE,
    mutating::RULE,
    ownership::ESCALATION,
    ownership::OWNER,
    person::RULE,
    pipe_to_shell::RULE,
    plain_http::RULE,
    proof::UNDO,
    proof::VERIFY,
    same_label::RULE,
    secret_from_alert::RULE,
    sigpipe::RULE,
    unreachable::RULE,
    unused::RULE,
];

/// What a rule looks at: a runbook of which nothing is missing.
struct Subject<'a> {
    root: &'a Node,
    text: &'a str,
    runbook: &'a Runbook,
    outline: &'a Outline<'a>,
    mentions: &'a [Mentioned],
    graph: &'a Graph,
    commands: &'a [commands::Placed<'a>],
    repository: &'a dyn Repository,
    uses: OnceCell<Vec<missing_value::Use<'a>>>,
}

impl<'a> Subject<'a> {
    /// All places that name values which steps set. Two rules ask for them.
    fn uses(&self) -> &[missing_value::Use<'a>] {
        self.uses.get_or_init(|| missing_value::uses(self))
    }
}

/// Where a rule puts what it finds.
struct Findings<'a> {
    rule: &'static Rule,
    all: &'a mut Vec<Diagnostic>,
}

impl Findings<'_> {
    fn add(
        &mut self,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> &mut Diagnostic {
        let mut found = match self.rule.severity {
            Severity::Error => Diagnostic::error(self.rule.code, span, message),
            Severity::Warning => Diagnostic::warning(self.rule.code, span, message),
        };
        found.help = Some(help.into());
        self.all.push(found);
        self.all.last_mut().expect("a finding was just added")
    }
}

/// The checks that a runbook silences as a whole.
pub fn silenced(source: &Source) -> BTreeSet<String> {
    let root = super::parse::parse(source, &mut Vec::new());
    root.map(|root| allow::at_top(&root)).unwrap_or_default()
}

/// Runs every rule, and then applies the silences.
pub(super) fn check(
    source: &Source,
    root: &Node,
    repository: &dyn Repository,
    resolved: &Resolved<'_>,
    findings: &mut Vec<Diagnostic>,
) {
    // A text that could not be read may have named anything.
    let all_read = !findings.iter().any(|found| found.severity == Severity::Error);
    if let Some(runbook) = &resolved.runbook {
        let outline = &resolved.outline;
        let graph = Graph::of(runbook, outline);
        let commands = commands::all(source, root, runbook, outline);
        let subject = Subject {
            root,
            commands: &commands,
            text: &source.text,
            runbook,
            outline,
            mentions: &resolved.mentions,
            graph: &graph,
            repository,
            uses: OnceCell::new(),
        };
        for rule in RULES.iter().filter(|rule| all_read || rule.code != unused::RULE.code) {
            let mut found = Findings { rule, all: findings };
            (rule.check)(&subject, &mut found);
        }
    }
    allow::apply(root, all_read && resolved.runbook.is_some(), findings);
}
