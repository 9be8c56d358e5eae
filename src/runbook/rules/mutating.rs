//! Commands that call themselves reads and plainly change something.

use super::commands::{Purpose, Word, each, place};
use super::{Findings, Rule, Subject};
use crate::diagnostic::Severity;

pub(super) const RULE: Rule = Rule {
    code: "read-mutates",
    severity: Severity::Warning,
    title: "a command declared `read` that plainly changes something",
    explanation: "A `read` runs without asking. What changes something says `effect: change` or \
        `destroy`, so that the responder sees it before. This finding cannot be silenced.",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    each(subject, |placed| {
        if placed.purpose != Purpose::Read {
            return;
        }
        for simple in &placed.simples {
            let found = simple.programs().find_map(|(name, arguments)| changes(name, arguments));
            if let Some(what) = found {
                let message = format!("`{what}` changes something, and this command only reads");
                findings.add(
                    place(simple),
                    message,
                    "declare `effect: change`, or use a command that looks",
                );
            }
        }
    });
}

/// Programs that do nothing but change.
const ALWAYS: &[&str] = &[
    "rm",
    "rmdir",
    "mv",
    "dd",
    "mkfs",
    "shred",
    "truncate",
    "chmod",
    "chown",
    "chgrp",
    "kill",
    "pkill",
    "killall",
    "reboot",
    "shutdown",
    "halt",
    "poweroff",
    "useradd",
    "userdel",
    "usermod",
    "groupadd",
    "fdisk",
    "parted",
    "wipefs",
    "swapoff",
    "swapon",
    "insmod",
    "rmmod",
    "modprobe",
    "umount",
    "unlink",
    "dropdb",
    "createdb",
    "logrotate",
];

/// Verbs that change, by program; the first word that is no option is looked at, and the one after.
const VERBS: &[(&str, &[&str])] = &[
    (
        "kubectl",
        &[
            "delete",
            "apply",
            "create",
            "patch",
            "replace",
            "scale",
            "drain",
            "cordon",
            "uncordon",
            "edit",
            "label",
            "annotate",
            "taint",
            "expose",
            "autoscale",
            "set",
            "evict",
        ],
    ),
    (
        "oc",
        &[
            "delete", "apply", "create", "patch", "replace", "scale", "edit", "label", "annotate",
            "set",
        ],
    ),
    ("helm", &["install", "upgrade", "uninstall", "rollback", "delete"]),
    (
        "systemctl",
        &[
            "start",
            "stop",
            "restart",
            "reload",
            "try-restart",
            "reload-or-restart",
            "enable",
            "disable",
            "mask",
            "unmask",
            "kill",
            "daemon-reload",
            "isolate",
            "reset-failed",
            "set-property",
            "reboot",
            "poweroff",
            "halt",
        ],
    ),
    (
        "docker",
        &[
            "rm", "rmi", "stop", "start", "restart", "kill", "run", "create", "push", "pull",
            "pause", "unpause", "update", "rename", "prune", "build",
        ],
    ),
    (
        "podman",
        &[
            "rm", "rmi", "stop", "start", "restart", "kill", "run", "create", "push", "pull",
            "pause",
        ],
    ),
    ("terraform", &["apply", "destroy", "import", "taint", "untaint"]),
    ("tofu", &["apply", "destroy", "import"]),
    (
        "git",
        &["push", "commit", "reset", "merge", "rebase", "clean", "revert", "cherry-pick", "am"],
    ),
    ("apt", &["install", "remove", "purge", "upgrade", "full-upgrade", "autoremove"]),
    ("apt-get", &["install", "remove", "purge", "upgrade", "dist-upgrade", "autoremove"]),
    ("yum", &["install", "remove", "erase", "update", "upgrade"]),
    ("dnf", &["install", "remove", "erase", "update", "upgrade"]),
    ("etcdctl", &["put", "del"]),
    ("flux", &["suspend", "resume", "reconcile", "delete", "create"]),
    ("nomad", &["stop"]),
    ("vault", &["write", "delete", "revoke"]),
    ("rabbitmqctl", &["purge_queue", "delete_queue", "stop_app", "reset", "delete_vhost", "stop"]),
    ("redis-cli", &["set", "del", "flushall", "flushdb", "expire", "unlink", "rename", "config"]),
    ("supervisorctl", &["start", "stop", "restart", "update", "reload"]),
];

fn changes(name: &str, arguments: &[Word]) -> Option<String> {
    let texts: Vec<&str> = arguments.iter().map(|word| word.text.as_str()).collect();
    if texts.iter().any(|text| {
        text.starts_with("--dry-run") && *text != "--dry-run=none"
            || matches!(*text, "--help" | "--version")
    }) {
        return None;
    }
    if ALWAYS.contains(&name) {
        let looks = match name {
            "kill" => matches!(texts.first(), Some(&("-0" | "-l"))),
            "swapon" => matches!(texts.first(), None | Some(&("--show" | "-s" | "--summary"))),
            _ => false,
        };
        return (!looks).then(|| name.to_owned());
    }
    let words = verbs(name, &texts);
    let first = words.first().copied().unwrap_or("");
    let second = words.get(1).copied().unwrap_or("");
    let verb = VERBS
        .iter()
        .find(|(program, _)| *program == name)
        .and_then(|(_, verbs)| verbs.iter().find(|verb| first.eq_ignore_ascii_case(verb)));
    if let Some(verb) = verb {
        let config_get =
            name == "redis-cli" && *verb == "config" && !second.eq_ignore_ascii_case("set");
        return (!config_get).then(|| format!("{name} {verb}"));
    }
    let alone = matches!(name, "curl" | "psql" | "mysql" | "mariadb" | "sed" | "find" | "tee");
    if alone {
        return by_arguments(name, &texts, &words).then(|| name.to_owned());
    }
    by_words(name, &words, &texts).then(|| format!("{name} {first} {second}").trim().to_owned())
}

/// Programs of which an argument tells that they change something.
fn by_arguments(name: &str, texts: &[&str], words: &[&str]) -> bool {
    match name {
        "sed" => texts.iter().any(|text| text.starts_with("-i") || text.starts_with("--in-place")),
        "curl" => curl(texts),
        "find" => texts.contains(&"-delete"),
        "tee" => words.iter().any(|path| path.starts_with('/') && !path.starts_with("/dev/")),
        _ => texts.iter().any(|text| sql(text)),
    }
}

/// Programs of which a verb tells it, behind another word.
fn by_words(name: &str, words: &[&str], texts: &[&str]) -> bool {
    let first = words.first().copied().unwrap_or("");
    let second = words.get(1).copied().unwrap_or("");
    let any = |verbs: &[&str]| texts.iter().any(|text| verbs.contains(text));
    match name {
        "kubectl" | "oc" => {
            first == "rollout" && ["undo", "restart", "pause", "resume"].contains(&second)
        }
        "docker" | "podman" => {
            ["container", "image", "volume", "system", "network", "compose"].contains(&first)
                && ["rm", "prune", "stop", "start", "restart", "kill", "up", "down", "create"]
                    .contains(&second)
        }
        "service" => ["start", "stop", "restart", "reload"].contains(&second),
        "aws" => aws(first, second),
        "gcloud" | "az" => any(&["delete", "create", "update", "stop", "start", "reset", "resize"]),
        "crontab" => any(&["-r"]),
        "consul" => first == "kv" && ["put", "delete"].contains(&second),
        "iptables" | "nft" => any(&["-A", "-D", "-I", "-F", "-X", "add", "delete", "flush"]),
        "git" => {
            first == "branch" && any(&["-d", "-D", "--delete"])
                || first == "stash" && ["pop", "drop"].contains(&second)
        }
        "ansible-playbook" => !any(&["-C", "--check", "--list-tasks", "--syntax-check"]),
        _ => false,
    }
}

/// The words that are no options and no options' values.
fn verbs<'a>(name: &str, texts: &[&'a str]) -> Vec<&'a str> {
    let taking: &[&str] = match name {
        "kubectl" | "oc" => &[
            "-n",
            "--namespace",
            "--context",
            "--kubeconfig",
            "--cluster",
            "--user",
            "-s",
            "--server",
            "-o",
            "-l",
            "--as",
            "--request-timeout",
        ],
        "helm" => &["-n", "--namespace", "--kube-context", "--kubeconfig"],
        "aws" => &["--profile", "--region", "--output", "--query", "--endpoint-url"],
        "docker" | "podman" => &["-H", "--host", "--context", "-c", "-l", "--log-level"],
        "git" => &["-C", "-c", "--git-dir", "--work-tree"],
        "systemctl" => &["-H", "-M", "-p", "-t", "-n", "-o"],
        "redis-cli" => &["-h", "-p", "-a", "-n", "-u", "-s"],
        _ => &[],
    };
    let mut words = Vec::new();
    let mut rest = texts.iter();
    while let Some(text) = rest.next() {
        if taking.contains(text) {
            rest.next();
        } else if !text.starts_with('-') {
            words.push(*text);
        }
    }
    words
}

fn aws(service: &str, verb: &str) -> bool {
    if service == "s3" {
        return matches!(verb, "rm" | "mv" | "rb" | "mb" | "sync" | "cp");
    }
    [
        "delete-",
        "terminate-",
        "create-",
        "put-",
        "update-",
        "stop-",
        "start-",
        "reboot-",
        "modify-",
        "run-",
        "detach-",
        "attach-",
        "disable-",
        "enable-",
        "set-",
        "failover-",
        "purge-",
        "revoke-",
        "authorize-",
        "deregister-",
        "register-",
    ]
    .iter()
    .any(|start| verb.starts_with(start))
        && !verb.starts_with("start-query")
}

fn curl(texts: &[&str]) -> bool {
    let posts = |method: &str| {
        matches!(method.to_ascii_uppercase().as_str(), "POST" | "PUT" | "DELETE" | "PATCH")
    };
    texts.iter().enumerate().any(|(at, text)| {
        let next = texts.get(at + 1).copied().unwrap_or("");
        match *text {
            "-X" | "--request" => posts(next),
            other if other.starts_with("-X") => posts(&other[2..]),
            other if other.starts_with("--request=") => posts(&other[10..]),
            "-T" | "--upload-file" => true,
            _ => false,
        }
    })
}

/// Whether a text is a statement that changes a database.
fn sql(text: &str) -> bool {
    text.split(';').any(|statement| {
        let word: String =
            statement.trim_start().chars().take_while(char::is_ascii_alphabetic).collect();
        matches!(
            word.to_ascii_uppercase().as_str(),
            "DELETE"
                | "UPDATE"
                | "INSERT"
                | "DROP"
                | "TRUNCATE"
                | "ALTER"
                | "CREATE"
                | "GRANT"
                | "REVOKE"
                | "VACUUM"
                | "REINDEX"
        ) && statement.trim().contains(' ')
    })
}
