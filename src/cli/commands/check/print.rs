//! What is found, in the form that is wanted.

use crate::catalog::ALERT_CHECKS;
use crate::cli::Context;
use crate::cli::args::CheckFormat;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::open::colour;
use crate::diagnostic::{self, Description, Diagnostic, Report, Severity};
use crate::runbook::RULES;

/// How many errors, and how many warnings, GitHub shows of one step.
const ANNOTATIONS: usize = 10;

/// Prints the findings of file after file.
pub(super) struct Printer<'a> {
    format: CheckFormat,
    context: &'a Context,
    tally: Tally,
    /// What is printed at the end, for forms that are one document.
    kept: Vec<Report>,
}

impl<'a> Printer<'a> {
    pub(super) fn new(format: CheckFormat, context: &'a Context) -> Self {
        Self { format, context, tally: Tally::default(), kept: Vec::new() }
    }

    /// Takes the findings of a file.
    pub(super) fn file(&mut self, report: Report) -> Result<(), Failure> {
        let Report { source, findings } = &report;
        self.tally.count(findings);
        if findings.is_empty() {
            return Ok(());
        }
        match self.format {
            CheckFormat::Json | CheckFormat::Sarif => {
                self.kept.push(report);
                Ok(())
            }
            CheckFormat::Github => self.context.print(&diagnostic::to_github(source, findings)),
            CheckFormat::Text => {
                let terminal = &self.context.terminal;
                let text = diagnostic::render(source, findings, terminal.page(), colour(terminal));
                self.context.print(&text)
            }
        }
    }

    /// Ends the document, and says what it comes to.
    pub(super) fn finish(self, files: usize, alerts: Option<usize>) -> Result<Exit, Failure> {
        let document = |value: &serde_json::Value| {
            let text = serde_json::to_string_pretty(value);
            diagnostic::visible_json(&text.expect("findings are texts and numbers")) + "\n"
        };
        let text = match self.format {
            CheckFormat::Text => self.tally.summary(files, alerts),
            CheckFormat::Github => self.tally.summary(files, alerts) + &self.tally.shown(),
            CheckFormat::Json => {
                let kept = self.kept.iter();
                document(
                    &kept.flat_map(|it| diagnostic::to_json(&it.source, &it.findings)).collect(),
                )
            }
            CheckFormat::Sarif => {
                let version = env!("CARGO_PKG_VERSION");
                document(&diagnostic::to_sarif(&self.kept, version, description))
            }
        };
        self.context.print(&text)?;
        Ok(self.tally.exit())
    }
}

/// What the documentation says of a check.
fn description(code: &str) -> Option<Description<'static>> {
    if let Some(rule) = RULES.iter().find(|rule| rule.code == code) {
        return Some(Description { title: rule.title, explanation: rule.explanation });
    }
    let check = ALERT_CHECKS.iter().find(|check| check.code == code)?;
    Some(Description { title: check.title, explanation: check.explanation })
}

/// How many findings there were.
#[derive(Default)]
struct Tally {
    errors: usize,
    warnings: usize,
}

impl Tally {
    fn count(&mut self, findings: &[Diagnostic]) {
        for finding in findings {
            match finding.severity {
                Severity::Error => self.errors += 1,
                Severity::Warning => self.warnings += 1,
            }
        }
    }

    fn summary(&self, files: usize, alerts: Option<usize>) -> String {
        let counted = |count: usize, one: &str| match count {
            1 => format!("1 {one}"),
            many => format!("{many} {one}s"),
        };
        let alerts = alerts.map(|alerts| format!(" and {}", counted(alerts, "alert")));
        let files = counted(files, "runbook") + &alerts.unwrap_or_default();
        match (self.errors, self.warnings) {
            (0, 0) => format!("{files}, no findings\n"),
            (errors, warnings) => {
                format!("{files}, {}, {}\n", counted(errors, "error"), counted(warnings, "warning"))
            }
        }
    }

    /// What of it GitHub does not show beside the code.
    fn shown(&self) -> String {
        if self.errors.max(self.warnings) <= ANNOTATIONS {
            return String::new();
        }
        format!(
            "GitHub annotates at most {ANNOTATIONS} errors and {ANNOTATIONS} warnings of a step; \
             all of them are in this log\n"
        )
    }

    fn exit(&self) -> Exit {
        if self.errors > 0 { Exit::Invalid } else { Exit::Done }
    }
}
