//! One file: a scenario is walked, a runbook is looked at for what can be reached.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use super::failure::{Place, broken, mismatch, problem};
use super::runbooks::{Named, Runbooks};
use crate::catalog::{File, Folder};
use crate::console::Text;
use crate::diagnostic::{Diagnostic, Report, Severity, Source};
use crate::rehearsal::{Coverage, Inventory, compare, walk};
use crate::runbook::{decode, is_scenario, load};

/// What a file turned out to be.
pub(super) enum Looked {
    /// Neither a scenario nor a valid runbook, which `check` tells.
    Nothing,
    /// A runbook.
    Runbook(Arc<Inventory>),
    /// A scenario, walked.
    Scenario(Box<Tested>),
}

/// What came of a scenario.
#[derive(Debug)]
pub(super) struct Tested {
    pub(super) path: PathBuf,
    pub(super) title: String,
    /// The file of its runbook.
    pub(super) runbook: Option<String>,
    pub(super) verdict: Verdict,
    pub(super) inventory: Option<Arc<Inventory>>,
    pub(super) coverage: Coverage,
}

/// Whether a scenario passed.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It went as it should.
    Passed,
    /// It did not, and why: each reason in lines.
    Failed(Vec<Vec<Text>>),
    /// It could not be walked.
    Invalid(Box<Report>),
}

impl PartialEq for Verdict {
    fn eq(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Passed, Self::Passed))
    }
}

/// Looks at a file, and walks it if it is a scenario.
pub(super) fn look(path: &Path, runbooks: &Runbooks, here: &Path) -> Looked {
    let name = path.display().to_string();
    let file = match File::read(path) {
        Ok(file) => file,
        Err(error) => {
            let source = Source { name: name.clone(), text: "".into() };
            let findings = vec![Diagnostic::error("unreadable", 0..0, error.why)];
            return Looked::Scenario(Box::new(invalid(path, Report { source, findings })));
        }
    };
    let (source, findings) = decode(&name, &file.bytes);
    if !findings.is_empty() {
        // What cannot be read may be a scenario, which must not be passed over.
        return Looked::Scenario(Box::new(invalid(path, Report { source, findings })));
    }
    if !is_scenario(&source.text) {
        let folder = Folder::around(path);
        return match load(&source, &folder).runbook {
            Some(runbook) => {
                let name = shown(path, here);
                Looked::Runbook(Arc::new(Inventory { name, ..Inventory::of(&runbook) }))
            }
            None => Looked::Nothing,
        };
    }
    Looked::Scenario(Box::new(tested(path, source, runbooks, here)))
}

/// A file as a person knows it from where they stand.
pub(super) fn shown(path: &Path, here: &Path) -> String {
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let here = std::fs::canonicalize(here).unwrap_or_else(|_| here.to_owned());
    real.strip_prefix(&here).unwrap_or(&real).display().to_string()
}

fn invalid(path: &Path, report: Report) -> Tested {
    Tested {
        path: path.to_owned(),
        title: String::new(),
        runbook: None,
        verdict: Verdict::Invalid(Box::new(report)),
        inventory: None,
        coverage: Coverage::default(),
    }
}

fn tested(path: &Path, source: Source, runbooks: &Runbooks, here: &Path) -> Tested {
    let loaded = runbooks.loader().load(&source, &Folder::around(path));
    let mut findings = loaded.findings;
    findings.retain(|found| found.severity == Severity::Error);
    let Some(scenario) = loaded.scenario else {
        return invalid(path, Report { source, findings });
    };
    let Some(runbook) = loaded.runbook else {
        let message = "the runbook has errors: surefoot check says which";
        findings.push(Diagnostic::error("runbook-invalid", 0..0, message));
        return invalid(path, Report { source, findings });
    };
    let Named { runbook, inventory, .. } = runbooks.named(&runbook, here);
    let scenario = Rc::new(scenario);
    let place = Place { scenario: &source, runbook: &runbook };
    let mut tested = Tested {
        path: path.to_owned(),
        title: scenario.title.clone(),
        runbook: Some(runbook.source.name.clone()),
        verdict: Verdict::Passed,
        inventory: Some(inventory),
        coverage: Coverage::default(),
    };
    let why = match walk(&runbook, &scenario) {
        Ok(walked) => {
            let mut why: Vec<Vec<Text>> =
                walked.problems.iter().map(|it| problem(it, &place)).collect();
            if let (Some(reason), true) = (&walked.broken, why.is_empty()) {
                why.push(broken(reason));
            }
            why.extend(compare(&scenario, &walked).iter().map(|it| mismatch(it, &place)));
            tested.coverage = walked.trace.coverage;
            why
        }
        Err(unwalkable) => vec![broken(&unwalkable.to_string())],
    };
    if !why.is_empty() {
        tested.verdict = Verdict::Failed(why);
    }
    tested
}
