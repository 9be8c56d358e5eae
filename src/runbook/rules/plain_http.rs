//! Downloads without TLS that are kept, unpacked or run.

use super::commands::{Simple, each, has_flag, place};
use super::{Findings, Rule, Subject};
use crate::diagnostic::Severity;

pub(super) const RULE: Rule = Rule {
    code: "plain-http",
    severity: Severity::Warning,
    title: "a download over plain HTTP",
    explanation: "Whoever stands between can send something else. Use HTTPS for what is kept, \
        unpacked or run.",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    each(subject, |placed| {
        for (index, simple) in placed.simples.iter().enumerate() {
            let readers = placed
                .simples
                .iter()
                .filter(|other| other.fed_by.as_ref().is_some_and(|by| by.contains(&index)));
            if fetches(simple) && (kept(simple) || readers.into_iter().any(takes)) {
                findings.add(
                    place(simple),
                    "this is downloaded over plain HTTP, and kept, unpacked or run",
                    "use https://",
                );
            }
        }
    });
}

fn fetches(simple: &Simple) -> bool {
    let Some(("curl" | "wget", arguments)) = simple.program() else {
        return false;
    };
    arguments.iter().any(|word| {
        let lower = word.text.to_ascii_lowercase();
        lower.strip_prefix("http://").is_some_and(|host| {
            !["localhost", "127.", "[::1]"].iter().any(|own| host.starts_with(own))
        })
    })
}

/// Whether what it fetches is written to a file.
fn kept(simple: &Simple) -> bool {
    let Some((name, arguments)) = simple.program() else {
        return false;
    };
    let output = arguments.iter().enumerate().find_map(|(at, word)| {
        let next = arguments.get(at + 1).map(|word| word.text.as_str());
        match word.text.as_str() {
            "--output" if name == "curl" => next,
            text if name == "curl"
                && text.starts_with('-')
                && !text.starts_with("--")
                && text.ends_with('o') =>
            {
                next
            }
            "-O" | "--output-document" if name == "wget" => next,
            "-qO" | "-qO-" | "-O-" if name == "wget" => {
                Some(word.text.trim_start_matches("-qO").trim_start_matches("-O"))
                    .map(|rest| if rest.is_empty() { next.unwrap_or("-") } else { rest })
            }
            _ => None,
        }
    });
    let redirected = simple
        .writes
        .iter()
        .any(|word| !to_null(&word.text) && word.text != "1" && word.text != "2");
    let saves = match (name, output) {
        (_, Some(path)) => !to_null(path),
        ("wget", None) => !has_flag(arguments, '\0', "--spider"),
        (_, None) => has_flag(arguments, 'O', "--remote-name"),
    };
    saves || redirected
}

fn to_null(text: &str) -> bool {
    text == "/dev/null" || text == "-"
}

/// Whether what comes through a pipe is unpacked, run or written to a file.
fn takes(reader: &Simple) -> bool {
    reader.program().is_some_and(|(name, arguments)| match name {
        "tar" | "gunzip" | "unzip" | "sh" | "bash" | "zcat" | "dpkg" | "python" | "python3"
        | "perl" => !arguments.iter().any(|word| word.text == "-m"),
        "tee" => arguments.iter().any(|word| !word.text.starts_with('-') && !to_null(&word.text)),
        _ => reader
            .writes
            .iter()
            .any(|word| !to_null(&word.text) && !matches!(word.text.as_str(), "1" | "2")),
    })
}
