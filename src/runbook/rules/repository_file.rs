//! Words of commands that name files of the repository, which are not there when the command runs.

use std::collections::BTreeMap;

use super::commands::{Word, each};
use super::{Findings, Rule, Subject};
use crate::diagnostic::Severity;
use crate::value::Name;

pub(super) const RULE: Rule = Rule {
    code: "repository-file",
    severity: Severity::Error,
    title: "a word of a command that names a file of the repository",
    explanation: "A command runs in the run's own folder, and on a target perhaps on another \
        machine; the files of the repository are not there. Bring the file along with `files`: it is \
        frozen with the runbook, and `{{files.name}}` is its path, wherever the command runs.",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    // The same words come again and again, and each look at a file is a call of the system.
    let mut asked = BTreeMap::new();
    let mut holds = |path| *asked.entry(path).or_insert_with(|| subject.repository.holds(path));
    each(subject, |placed| {
        for simple in &placed.simples {
            for word in simple.words.iter().chain(&simple.assignments).chain(&simple.reads) {
                if let Some(path) = named(word, &mut holds) {
                    let name = path
                        .rsplit('/')
                        .next()
                        .and_then(|file| Name::propose(file.split('.').next()?))
                        .unwrap_or_else(|| "file".to_owned());
                    let message = format!(
                        "`{path}` is a file of the repository, and the command runs in the run's own folder, where it is not"
                    );
                    let help = format!(
                        "bring it along: files: {{ {name}: {{ from: {path} }} }}, and write {{{{files.{name}}}}}"
                    );
                    findings.add(word.at.clone(), message, help);
                }
            }
        }
    });
}

/// The file that a word names, as a whole or behind its `=`.
fn named<'a>(word: &'a Word, holds: &mut dyn FnMut(&'a str) -> bool) -> Option<&'a str> {
    let whole = word.text.as_str();
    let behind = whole.split_once('=').map(|(_, behind)| behind);
    [Some(whole), behind, whole.strip_prefix('@')]
        .into_iter()
        .flatten()
        .find(|path| !path.starts_with('/') && !path.contains("{{") && holds(path))
}
