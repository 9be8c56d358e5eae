//! One file: checked, repaired, and written again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::alerts::{Comparison, reader};
use super::files::unread;
use super::names::Named;
use crate::catalog::{AlertReader, File, Look, rewrite};
use crate::cli::Context;
use crate::cli::neighbours::Said;
use crate::console::{Meaning, Text};
use crate::diagnostic::{Diagnostic, Report, Severity, cut, sort};
use crate::runbook::{CustomSchema, Repair};

/// The signature of UTF-8 that some editors put before a text.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// What is known of a file.
pub(super) struct Checked {
    /// The file.
    pub(super) path: PathBuf,
    /// What was found.
    pub(super) report: Report,
    /// What it is called, if it is a runbook that is found by its name.
    pub(super) named: Option<Named>,
    /// What the runbook is compared with alerting rules by, if that is wanted.
    pub(super) reader: Option<AlertReader>,
    /// The other files that its findings depend on, and how they looked.
    pub(super) others: BTreeMap<PathBuf, Look>,
    /// Its repairs, and the bytes before and after them.
    repaired: Option<(Vec<Repair>, [Vec<u8>; 2])>,
}

/// What a file is checked with.
#[derive(Clone, Copy)]
pub(super) struct With<'a> {
    /// Schemas that runbooks must fit as well.
    pub(super) schemas: &'a [CustomSchema],
    /// Where it is said which sources there are.
    pub(super) sources: &'a Said,
    /// Whether rules of alerts are compared with it.
    pub(super) comparison: Comparison,
}

/// Checks a file; with repairs that are not written yet, if they are wanted.
pub(super) fn check(path: &Path, with: With<'_>, fix: bool) -> Checked {
    let name = path.display().to_string();
    let file = match File::read(path) {
        Ok(file) => file,
        Err(error) => {
            let report = unread(&name, Severity::Error, &error.why);
            return Checked {
                path: path.to_owned(),
                report,
                named: None,
                reader: None,
                others: BTreeMap::new(),
                repaired: None,
            };
        }
    };
    let is_settings = file.is_settings();
    let repaired = fix.then(|| file.repair(&name)).flatten();
    let (source, loaded, others, repairs) = if let Some(repaired) = repaired {
        (repaired.source, repaired.loaded, BTreeMap::new(), repaired.made)
    } else {
        let (source, loaded, others) = file.check_and_tell(&name, with.sources.neighbours());
        (source, loaded, others, Vec::new())
    };
    let mut findings = loaded.findings;
    let schemas = if is_settings { &[] } else { with.schemas };
    for schema in schemas {
        findings.extend(schema.check(&source));
    }
    if !schemas.is_empty() {
        sort(&mut findings);
    }
    let reader = match (&loaded.runbook, with.comparison) {
        (Some(runbook), Comparison::Wanted) => Some(reader(&source, runbook)),
        _ => None,
    };
    let named = loaded.runbook.as_ref().and_then(|runbook| Named::of(path, runbook));
    let repaired = (!repairs.is_empty()).then(|| {
        let mut new = if file.bytes.starts_with(BOM) { BOM.to_vec() } else { Vec::new() };
        new.extend_from_slice(source.text.as_bytes());
        (repairs, [file.bytes, new])
    });
    let report = Report { source, findings };
    Checked { path: path.to_owned(), report, named, reader, others, repaired }
}

/// Writes the repairs of a file, and says what they are. What could not be written is a finding of
/// the file as it is.
pub(super) fn write(checked: Checked, with: With<'_>, context: &Context) -> Checked {
    let Some((repairs, [old, new])) = &checked.repaired else {
        return checked;
    };
    if let Err(error) = rewrite(&checked.path, old, new) {
        let mut now = check(&checked.path, with, false);
        let why = match std::error::Error::source(&error) {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        };
        now.report.findings.insert(0, Diagnostic::error("not-fixed", 0..0, why));
        return now;
    }
    for repair in repairs {
        let (line, column) = repair.place;
        let place = format!("{}:{line}:{column}", checked.report.source.name);
        let text = Text::of(Meaning::Good, "fixed ")
            .add(Meaning::Plain, &place)
            .add(Meaning::Dim, format!(" [{}] ", repair.code))
            .add(Meaning::Plain, cut(&repair.title));
        context.terminal.unbroken(&text);
    }
    checked
}
