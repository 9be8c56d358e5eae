//! Under `pipefail`, a program whose reader leaves early dies of SIGPIPE, and the step fails.

use super::commands::{Simple, Word, each, has_flag, place};
use super::{Findings, Rule, Subject};
use crate::diagnostic::Severity;
use crate::template::Failure;

pub(super) const RULE: Rule = Rule {
    code: "early-pipe-end",
    severity: Severity::Warning,
    title: "`| head` or `| grep -q` under `pipefail`",
    explanation: "`head` and `grep -q` stop reading as soon as they know enough. The program before \
        the pipe may then die of SIGPIPE (status 141), and under `pipefail` the whole step fails \
        although all is well. Say with `expect` which statuses are right, or use a form that reads \
        to the end, such as `sed -n 1p` or `grep ... >/dev/null`.",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    each(subject, |placed| {
        let expected = placed.main_of.is_some_and(|run| run.expect_given);
        if expected || !placed.pipefail() {
            return;
        }
        for simple in &placed.simples {
            if simple.fed_by.is_some() && simple.failure == Failure::Counts && leaves_early(simple)
            {
                let program = simple.program().map_or("", |(name, _)| name).to_owned();
                let message = format!(
                    "`{program}` leaves early, and under pipefail the program before the pipe may fail for it"
                );
                findings.add(
                    place(simple),
                    message,
                    "say what is right with `expect`, or use `sed -n 1p` or `grep ... >/dev/null`",
                );
            }
        }
    });
}

fn leaves_early(simple: &Simple) -> bool {
    let Some((name, arguments)) = simple.program() else {
        return false;
    };
    let from_file = |options: usize| {
        arguments.iter().filter(|word| !word.text.starts_with('-')).count() > options
    };
    match name {
        "head" => {
            let counts = arguments
                .iter()
                .any(|word| matches!(word.text.as_str(), "-n" | "-c" | "--lines" | "--bytes"));
            !from_file(usize::from(counts))
        }
        "grep" | "egrep" | "fgrep" | "zgrep" | "rg" => quiet(arguments),
        _ => false,
    }
}

/// Whether `grep` is told to be quiet; what follows `-e` is a pattern.
fn quiet(arguments: &[Word]) -> bool {
    let mut rest = arguments;
    while let Some((first, others)) = rest.split_first() {
        let takes = matches!(first.text.as_str(), "-e" | "-f" | "-m" | "-A" | "-B" | "-C");
        let own = std::slice::from_ref(first);
        if has_flag(own, 'q', "--quiet") || has_flag(own, 'q', "--silent") {
            return true;
        }
        rest = others.get(usize::from(takes)..).unwrap_or(&[]);
    }
    false
}
