//! Commands that reach whichever cluster or account happens to be set on this machine.

use super::commands::{Simple, Word, assertion, each, place, sets_one_of};
use super::{Findings, Rule, Subject};
use crate::diagnostic::Severity;
use crate::runbook::{Command, Place, TargetRef};

pub(super) const RULE: Rule = Rule {
    code: "ambient-context",
    severity: Severity::Warning,
    title: "`kubectl`, `helm` or `aws` without context or profile",
    explanation: "Without a context or profile the command reaches whatever was used last on this \
        machine, which at night is the wrong one. Name it in the command, in its `env`, or by a \
        target whose `assert` reads it.",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    each(subject, |placed| {
        let exported: Vec<&Word> = placed.simples.iter().flat_map(exports).collect();
        for simple in &placed.simples {
            let Some((program, arguments)) = simple.program() else {
                continue;
            };
            let Some(kind) = Kind::of(program) else {
                continue;
            };
            let sets = |words: &[&Word]| {
                words.iter().any(|word| {
                    kind.variables().iter().any(|name| {
                        word.text.strip_prefix(name).is_some_and(|rest| rest.starts_with('='))
                    })
                })
            };
            let own: Vec<&Word> = simple.assignments.iter().chain(&simple.words).collect();
            let named = names_it(&kind, arguments)
                || kind.needs_none(arguments)
                || sets_one_of(placed.command, kind.variables())
                || kind.is_given_by(subject, placed.command)
                || sets(&own)
                || sets(&exported)
                || assertion(subject, placed.command)
                    .is_some_and(|simples| reads_it(&kind, simples));
            if !named {
                let message = format!(
                    "`{program}` reaches whichever {} happens to be set on this machine",
                    kind.what()
                );
                findings.add(place(simple), message, kind.help());
            }
        }
    });
}

/// Assignments that hold for what comes after them.
fn exports(simple: &Simple) -> Vec<&Word> {
    let export = simple.words.first().is_some_and(|word| word.text == "export");
    if export {
        simple.words[1..].iter().collect()
    } else if simple.words.is_empty() {
        simple.assignments.iter().collect()
    } else {
        Vec::new()
    }
}

enum Kind {
    Aws,
    Helm,
    Kubectl,
}

impl Kind {
    fn of(program: &str) -> Option<Self> {
        match program {
            "aws" => Some(Self::Aws),
            "helm" => Some(Self::Helm),
            "kubectl" => Some(Self::Kubectl),
            _ => None,
        }
    }

    /// Whether the target names the cluster.
    fn is_given_by(&self, subject: &Subject<'_>, command: &Command) -> bool {
        let TargetRef::Named(name) = &command.target else {
            return false;
        };
        let target = subject.runbook.targets.get(name).map(|target| &target.place);
        let cluster = matches!(target, Some(Place::Cluster(_) | Place::Pod { .. }));
        cluster && !matches!(self, Self::Aws)
    }

    fn what(&self) -> &'static str {
        match self {
            Self::Aws => "account",
            Self::Helm | Self::Kubectl => "cluster",
        }
    }

    fn help(&self) -> &'static str {
        match self {
            Self::Aws => {
                "write --profile, set AWS_PROFILE, or use a target whose `assert` reads it"
            }
            Self::Helm => {
                "write --kube-context, set HELM_KUBECONTEXT or KUBECONFIG, or use a target whose `assert` reads it"
            }
            Self::Kubectl => {
                "write --context, set KUBECONFIG, or use a `kubectl` target or one whose `assert` reads it"
            }
        }
    }

    fn variables(&self) -> &'static [&'static str] {
        match self {
            Self::Aws => &["AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_PROFILE"],
            Self::Helm => &["HELM_KUBECONTEXT", "KUBECONFIG"],
            Self::Kubectl => &["KUBECONFIG"],
        }
    }

    fn flags(&self) -> &'static [&'static str] {
        match self {
            Self::Aws => &["--profile"],
            Self::Helm => &["--kube-context", "--kubeconfig"],
            Self::Kubectl => &["--context", "--kubeconfig"],
        }
    }

    /// Whether the command reaches nothing.
    fn needs_none(&self, arguments: &[Word]) -> bool {
        let texts: Vec<&str> = arguments.iter().map(|word| word.text.as_str()).collect();
        let first = texts.iter().find(|text| !text.starts_with('-')).copied().unwrap_or("");
        let informs =
            texts.iter().any(|text| matches!(*text, "--help" | "--version")) || first.is_empty();
        informs
            || match self {
                Self::Aws => matches!(first, "help" | "configure"),
                Self::Helm => matches!(
                    first,
                    "version"
                        | "repo"
                        | "template"
                        | "lint"
                        | "search"
                        | "pull"
                        | "show"
                        | "completion"
                        | "package"
                        | "dependency"
                        | "plugin"
                        | "help"
                        | "env"
                ),
                Self::Kubectl => match first {
                    "config" | "completion" | "kustomize" | "plugin" | "help" | "options" => true,
                    "version" => texts.iter().any(|text| text.starts_with("--client")),
                    _ => false,
                },
            }
    }
}

fn names_it(kind: &Kind, arguments: &[Word]) -> bool {
    let own = arguments.iter().take_while(|word| word.text != "--");
    own.into_iter().any(|word| {
        let name = word.text.split('=').next().unwrap_or("");
        kind.flags().contains(&name)
    })
}

/// Whether a target's assertion reads the context or account itself.
fn reads_it<'a>(kind: &Kind, mut simples: impl Iterator<Item = &'a Simple>) -> bool {
    simples.any(|simple| {
        let Some((program, arguments)) = simple.program() else {
            return false;
        };
        let has = |text: &str| arguments.iter().any(|word| word.text == text);
        match kind {
            Kind::Aws => {
                program == "aws" && (has("get-caller-identity") || has("list-account-aliases"))
            }
            Kind::Helm | Kind::Kubectl => {
                program == "kubectl" && (has("current-context") || !has("config"))
            }
        }
    })
}
