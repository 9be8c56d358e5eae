//! Programs that wait for a person have no terminal in a plain `run`.

use super::commands::{Simple, Word, each, has_flag, place};
use super::{Findings, Rule, Subject};
use crate::diagnostic::Severity;

pub(super) const RULE: Rule = Rule {
    code: "interactive-program",
    severity: Severity::Error,
    title: "an interactive program in a plain `run`",
    explanation: "A command of a plain `run` has no terminal and no keyboard: an editor, a pager or \
        a prompt would wait until the time limit. Use a form of the program that ends by itself, \
        say that the command is `interactive`, or write an instruction with `do`.",
    check,
};

/// Programs that are nothing without a person.
const ALWAYS: &[&str] = &[
    "vi", "vim", "nvim", "nano", "emacs", "pico", "joe", "less", "more", "most", "htop", "btop",
    "atop", "man", "watch", "tmux", "screen", "visudo", "vipw", "vigr", "gdb", "lldb", "ftp",
    "sftp", "telnet", "passwd", "sudoedit", "k9s", "ncdu", "mc", "select", "iotop", "iftop",
    "nmtui", "fzf", "dialog", "whiptail",
];

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    each(subject, |placed| {
        if placed.main_of.is_some_and(|run| run.interactive.is_some()) {
            return;
        }
        let has_input = placed.command.stdin.is_some();
        for simple in &placed.simples {
            if let Some(name) = waits(simple, has_input) {
                let message =
                    format!("`{name}` waits for a person, and a plain `run` has no terminal");
                findings.add(
                    place(simple),
                    message,
                    "use a form that ends by itself, or `interactive: true`",
                );
            }
        }
    });
}

fn waits(simple: &Simple, has_input: bool) -> Option<String> {
    let (name, arguments) = simple.program()?;
    let fed = has_input || !simple.reads.is_empty() || simple.fed_by.is_some();
    let texts: Vec<&str> = arguments.iter().map(|word| word.text.as_str()).collect();
    if matches!(texts.as_slice(), ["--version" | "--help" | "-V" | "-h"]) {
        return None;
    }
    let waits = if ALWAYS.contains(&name) {
        !ends_here(name, simple, fed, &texts)
    } else {
        starts_dialogue(name, arguments, fed, &texts)
    };
    waits.then(|| name.to_owned())
}

/// Whether a program that is interactive by nature is told to end by itself.
fn ends_here(name: &str, simple: &Simple, fed: bool, texts: &[&str]) -> bool {
    let any = |flags: &[&str]| texts.iter().any(|text| flags.contains(text));
    match name {
        "sftp" => any(&["-b"]),
        "gdb" | "lldb" => any(&["--batch", "-batch"]),
        "less" | "more" | "man" => !simple.writes.is_empty(),
        "ftp" | "telnet" => fed,
        "tmux" | "screen" => tmux_ends(texts),
        "watch" => simple.fed_by.is_some(),
        "emacs" => any(&["--batch"]),
        "vi" | "vim" | "nvim" => any(&["-es", "-s", "-e", "--headless"]),
        _ => false,
    }
}

/// Whether a program asks for a person as it is called here.
fn starts_dialogue(name: &str, arguments: &[Word], fed: bool, texts: &[&str]) -> bool {
    let plain = texts.iter().filter(|text| !text.starts_with('-')).count();
    match name {
        "top" => !has_flag(arguments, 'b', "") && !has_flag(arguments, 'l', ""),
        "kubectl" | "oc" => kubectl(texts, arguments),
        "docker" | "podman" | "nerdctl" => {
            let attaches = |text: &&str| matches!(*text, "exec" | "run" | "attach");
            texts.iter().any(attaches) && terminal(arguments)
        }
        "ssh" => !fed && ssh_without_command(texts),
        "systemctl" => texts.contains(&"edit"),
        "crontab" => texts.contains(&"-e"),
        "git" => {
            texts.contains(&"rebase") && has_any(arguments, &["-i", "--interactive"])
                || texts == ["commit"]
                || texts.contains(&"add") && has_any(arguments, &["-i", "-p"])
        }
        "sudo" | "doas" => {
            has_any(arguments, &["-i", "-s", "--login", "--shell"]) && plain == 0
                || texts.contains(&"-e")
        }
        "su" => !fed && !has_any(arguments, &["-c", "--command"]),
        _ => !fed && reads_statements(name, arguments, texts),
    }
}

/// Whether a shell or a database client would read statements from the keyboard.
fn reads_statements(name: &str, arguments: &[Word], texts: &[&str]) -> bool {
    match name {
        "psql" => {
            let ends = ["-c", "-f", "-l", "--command", "--file", "--list"];
            !has_any(arguments, &ends)
        }
        "mysql" | "mariadb" => !has_any(arguments, &["-e", "--execute"]),
        "redis-cli" => redis_bare(texts),
        "mongo" | "mongosh" => {
            let script = |word: &Word| word.text.rsplit('.').next() == Some("js");
            !has_any(arguments, &["--eval", "-f", "--file"]) && !arguments.iter().any(script)
        }
        "sqlite3" => texts.iter().filter(|text| !text.starts_with('-')).count() < 2,
        "python" | "python2" | "python3" | "node" | "irb" | "php" | "lua" => texts.is_empty(),
        "bash" | "sh" | "zsh" | "dash" | "fish" => matches!(texts, [] | ["-i" | "-l"]),
        _ => false,
    }
}

fn kubectl(texts: &[&str], arguments: &[Word]) -> bool {
    let before = texts.iter().position(|text| *text == "--").unwrap_or(texts.len());
    let own = &arguments[..before];
    texts[..before].contains(&"edit")
        || texts[..before].iter().any(|text| matches!(*text, "exec" | "attach" | "run" | "debug"))
            && terminal(own)
}

fn terminal(arguments: &[Word]) -> bool {
    arguments.iter().any(|word| {
        let text = word.text.as_str();
        matches!(text, "-it" | "-ti" | "-t" | "--tty" | "--tty=true")
    })
}

fn tmux_ends(texts: &[&str]) -> bool {
    texts.iter().any(|text| {
        matches!(
            *text,
            "ls" | "list-sessions"
                | "-ls"
                | "-list"
                | "-d"
                | "-dm"
                | "-dmS"
                | "send-keys"
                | "kill-session"
                | "has-session"
                | "-X"
        )
    })
}

fn redis_bare(texts: &[&str]) -> bool {
    let mut rest = texts.iter();
    while let Some(text) = rest.next() {
        if matches!(*text, "-h" | "-p" | "-a" | "-n" | "-u" | "-s") {
            rest.next();
        } else if !text.starts_with('-')
            || text.starts_with("--scan")
            || text.starts_with("--big")
            || *text == "--eval"
            || *text == "--latency"
        {
            return false;
        }
    }
    true
}

fn ssh_without_command(texts: &[&str]) -> bool {
    let mut plain = 0;
    let mut rest = texts.iter();
    while let Some(text) = rest.next() {
        if matches!(*text, "-N" | "-f" | "-V" | "-O" | "-G" | "-Q")
            || text.starts_with("-fN")
            || text.starts_with("-Nf")
        {
            return false;
        }
        if text.len() == 2 && text.starts_with('-') && "bcDEeFIiJLlmopRSWw".contains(&text[1..]) {
            rest.next();
        } else if !text.starts_with('-') {
            plain += 1;
        }
    }
    plain == 1
}

fn has_any(arguments: &[Word], names: &[&str]) -> bool {
    arguments.iter().any(|word| {
        names.iter().any(|name| {
            let text = word.text.as_str();
            text == *name
                || name.starts_with("--") && text.split('=').next() == Some(name)
                || !name.starts_with("--") && text.starts_with(name)
                || !name.starts_with("--")
                    && text.starts_with('-')
                    && !text.starts_with("--")
                    && text[1..].contains(&name[1..])
        })
    })
}
