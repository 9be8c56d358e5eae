//! Runbooks: any bytes give findings or a runbook, twice the same, and what is told of them moves
//! no cursor.

use surefoot::diagnostic::{Colour, Severity, render};
use surefoot::runbook::{Loaded, NoRepository, decode, load, repair};

use super::{files, has_controls};

/// Longer texts are only slower.
const LONGEST: usize = 16 * 1024;

pub(super) fn run(data: &[u8]) {
    let data = &data[..data.len().min(LONGEST)];
    let (source, unreadable) = decode("a.yaml", data);
    if unreadable.iter().any(|found| found.severity == Severity::Error) {
        assert!(!has_controls(&render(&source, &unreadable, 80, Colour::Plain)));
        return;
    }
    let told = |loaded: &Loaded| render(&source, &loaded.findings, 80, Colour::Plain);
    let loaded = load(&source, &NoRepository);
    let text = told(&loaded);
    assert!(!has_controls(&text), "{text:?}");
    assert_eq!(text, told(&load(&source, &NoRepository)));
    let errors = loaded.findings.iter().filter(|found| found.severity == Severity::Error);
    assert_eq!(loaded.runbook.is_none(), errors.count() > 0);
    for found in &loaded.findings {
        assert!(source.text.get(found.span.clone()).is_some(), "{}: {:?}", found.code, found.span);
    }
    // A repair makes nothing worse that can be repaired, and ends.
    let repaired = repair(&source, &NoRepository);
    let again = repair(&repaired.source, &NoRepository);
    assert_eq!(again.source.text, repaired.source.text);
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = files("runbooks", "yaml");
    seeds.extend(files("tests/runbooks", "yaml"));
    seeds
}
