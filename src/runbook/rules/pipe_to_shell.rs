//! What a server sends is run as it comes.

use std::ops::Range;

use super::commands::{Simple, Word, each, place};
use super::{Findings, Rule, Subject};
use crate::diagnostic::Severity;

pub(super) const RULE: Rule = Rule {
    code: "pipe-to-shell",
    severity: Severity::Warning,
    title: "`curl | sh`",
    explanation: "Whatever the server sends at that moment is run, whole or cut in the middle. \
        Download it, compare its checksum, then run it; or bring it along under `files`.",
    check,
};

const SHELLS: &[&str] = &[
    "sh", "bash", "zsh", "dash", "ksh", "fish", "perl", "python", "python2", "python3", "ruby",
    "node", "php",
];

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    each(subject, |placed| {
        let simples = &placed.simples;
        for simple in simples {
            let piped = runs_input(simple)
                && simple.fed_by.iter().any(|range| any_downloads(simples, range));
            let inside = runs_text(simple)
                && simple.substitutions.iter().any(|range| any_downloads(simples, range));
            if piped || inside {
                findings.add(place(simple), "this runs whatever a server sends", "download it, compare its checksum, then run it; or bring it along under `files`");
            }
        }
    });
}

fn any_downloads(simples: &[Simple], range: &Range<usize>) -> bool {
    simples[range.clone()].iter().any(downloads)
}

fn downloads(simple: &Simple) -> bool {
    matches!(simple.program(), Some(("curl" | "wget" | "fetch" | "http", _)))
}

fn runs_input(simple: &Simple) -> bool {
    let Some((name, arguments)) = simple.program() else {
        return false;
    };
    SHELLS.contains(&name)
        && arguments.first().is_none_or(|first: &Word| {
            first.text == "-"
                || first.text == "-s"
                || first.text.starts_with('-')
                    && !matches!(
                        first.text.as_str(),
                        "-c" | "-m" | "-e" | "-n" | "-ne" | "-pe" | "-lane"
                    )
        })
}

fn runs_text(simple: &Simple) -> bool {
    match simple.program() {
        Some(("eval" | "source" | ".", _)) => true,
        Some((name, _)) => SHELLS.contains(&name),
        None => false,
    }
}
