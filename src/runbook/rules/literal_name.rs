//! Names of pods and machines that will be others tomorrow.

use super::commands::{Simple, Word, each};
use super::{Findings, Rule, Subject};
use crate::diagnostic::{Severity, cut};
use crate::runbook::parse::Node;
use crate::runbook::span_map::SpanMap;

pub(super) const RULE: Rule = Rule {
    code: "literal-name",
    severity: Severity::Warning,
    title: "the name of a pod or a machine in a command or an instruction",
    explanation: "Pods get new names with every deploy, and machines are replaced. Select by label, \
        or take the name as an input.",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    each(subject, |placed| {
        for simple in &placed.simples {
            if let Some(word) = numbered_pod(simple) {
                let message = format!("`{}` is the name of one pod", cut(&word.text));
                findings.add(word.at.clone(), message, "select by label, or make it an input");
            }
            for word in simple.words.iter().skip(1) {
                for part in word.text.split(['/', '=', ':', ',', '@']) {
                    if pod(part)
                        || !word.text.contains("://")
                            && (host(part) || !word.text.contains('/') && address(part))
                    {
                        let message = format!("`{}` is the name of one pod or machine", cut(part));
                        findings.add(
                            word.at.clone(),
                            message,
                            "select by label, or make it an input",
                        );
                        break;
                    }
                }
            }
        }
    });
    for sketch in &subject.outline.steps {
        let checklist = sketch.node.get("checklist").and_then(Node::list).unwrap_or(&[]);
        for node in sketch.node.get("do").into_iter().chain(checklist) {
            instruction(subject, node, findings);
        }
    }
}

fn instruction(subject: &Subject<'_>, node: &Node, findings: &mut Findings<'_>) {
    let mut at = 0;
    for word in node.text().unwrap_or("").split_inclusive(char::is_whitespace) {
        let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let address = word.contains("://") || word.contains("](");
        if !address && (bare.split(['/', '@', ':']).any(pod) || host(bare)) {
            let message = format!("`{}` is the name of one pod or machine", cut(bare));
            let start = at + word.find(bare).unwrap_or(0);
            let place = SpanMap::of(subject.text, node).place(&(start..start + bare.len()));
            findings.add(place, message, "select by label, or make it an input");
        }
        at += word.len();
    }
}

/// The pod of a stateful set, such as `db-0`, where `kubectl` asks for a pod.
fn numbered_pod(simple: &Simple) -> Option<&Word> {
    let ("kubectl", arguments) = simple.program()? else {
        return None;
    };
    let numbered = |text: &str| {
        text.rsplit_once('-').is_some_and(|(name, number)| {
            !name.is_empty()
                && !number.is_empty()
                && number.len() < 3
                && number.bytes().all(|b| b.is_ascii_digit())
        })
    };
    let verb = |text: &str| matches!(text, "logs" | "exec" | "pod" | "pods" | "attach" | "debug");
    let at = arguments.iter().position(|word| verb(&word.text));
    let named =
        at.and_then(|at| arguments[at + 1..].iter().find(|word| !word.text.starts_with('-')));
    let by_kind =
        arguments.iter().find(|word| word.text.strip_prefix("pod/").is_some_and(numbered));
    named.filter(|word| numbered(&word.text)).or(by_kind)
}

/// An address of one machine, other than this one.
fn address(word: &str) -> bool {
    let parts: Vec<Option<u8>> = word.split('.').map(|part| part.parse().ok()).collect();
    match parts.as_slice() {
        [Some(first), Some(_), Some(_), Some(_)] => !matches!(first, 0 | 127 | 255),
        _ => false,
    }
}

/// `name-<replica set>-<pod>`, as Kubernetes makes them: without vowels, so that no word is one.
fn pod(word: &str) -> bool {
    let made = |part: &str| part.bytes().all(|b| b"bcdfghjklmnpqrstvwxz2456789".contains(&b));
    let mut parts = word.rsplitn(3, '-');
    let (Some(last), Some(set), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    !name.is_empty()
        && last.len() == 5
        && made(last)
        && (8..=10).contains(&set.len())
        && set.bytes().all(|b| {
            b.is_ascii_hexdigit() && !b.is_ascii_uppercase() || made(&char::from(b).to_string())
        })
        && set.bytes().any(|b| b.is_ascii_digit())
}

/// Last parts of names of machines.
const DOMAINS: &[&str] = &[
    "com", "net", "org", "internal", "local", "lan", "corp", "io", "dev", "cloud", "example",
    "test", "eu", "de", "uk",
];

/// A host with its domain: several parts, the last of letters, one of them numbered or `internal`.
fn host(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    let label = |part: &&str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    parts.len() >= 3
        && parts.iter().all(label)
        && DOMAINS.contains(parts.last().unwrap_or(&""))
        && parts[0].bytes().any(|b| b.is_ascii_digit())
}
