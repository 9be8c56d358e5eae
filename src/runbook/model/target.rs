//! Where commands run, what they need there, and how a place proves what it is.

use std::collections::BTreeMap;

use super::super::command::{Command, User};
use crate::diagnostic::Span;
use crate::template::Template;
use crate::value::Name;

/// Where commands run, as whom, and how that is proved.
#[derive(Clone, Debug)]
pub struct Target {
    /// The place itself.
    pub place: Place,
    /// Who runs them there, if not whoever gets there.
    pub user: Option<User>,
    /// Environment of its commands.
    pub env: BTreeMap<String, Template>,
    /// How it proves what it is.
    pub assertion: Option<Assertion>,
    /// The place of its name.
    pub span: Span,
}

/// A place where commands run.
#[derive(Clone, Debug)]
pub enum Place {
    /// This machine, with a kubeconfig that knows one context only.
    Cluster(Cluster),
    /// This machine.
    Here,
    /// A container of a pod.
    Pod {
        /// The cluster and the namespace in which it is.
        cluster: Cluster,
        /// Its name.
        pod: Template,
        /// Which of its containers; the pod's own default if not given.
        container: Option<Template>,
    },
    /// Wherever these words lead.
    Prefix(Vec<Template>),
    /// A host, over ssh.
    Ssh(Template),
}

impl Place {
    /// Whether a text is a destination that ssh takes for nothing else: `host`, `user@host` or
    /// `ssh://user@host:port`, in letters that mean nothing to any shell.
    pub fn is_destination(text: &str) -> bool {
        let text = text.strip_prefix("ssh://").unwrap_or(text);
        let (user, host) =
            text.split_once('@').map_or((None, text), |(user, host)| (Some(user), host));
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        let word = |text: &str, also: &[u8]| {
            !text.is_empty()
                && !text.starts_with('-')
                && text.bytes().all(|b| plain(b) || also.contains(&b))
        };
        user.is_none_or(|user| word(user, b"")) && word(host, b":%[]")
    }
}

/// A cluster, by the names that the responder's kubeconfig gives.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// The context.
    pub context: Template,
    /// The namespace; the context's own if not given.
    pub namespace: Option<Template>,
}

impl Cluster {
    /// Whether a text can name a context: a line of any letters.
    pub fn is_context(text: &str) -> bool {
        !text.is_empty() && !text.contains(char::is_control)
    }

    /// Whether a text can name an object, perhaps with its kind: `deployment/web`.
    pub fn is_object(text: &str) -> bool {
        text.starts_with(|first: char| first.is_ascii_alphanumeric())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._/-".contains(&b))
    }
}

/// A command whose output must be the expected identity.
#[derive(Clone, Debug)]
pub struct Assertion {
    /// A read command.
    pub command: Command,
    /// What it must print, trimmed.
    pub equals: Template,
}

/// Where a command runs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TargetRef {
    /// This machine.
    Here,
    /// A target of the runbook.
    Named(Name),
}

/// Something that must be there before the run.
#[derive(Clone, Debug)]
pub enum Requirement {
    /// A read command that must succeed.
    Check {
        /// The command.
        command: Command,
        /// What is said if it fails.
        say: Option<String>,
        /// Its place.
        span: Span,
    },
    /// An environment variable.
    Env {
        /// Its name.
        name: String,
        /// Its place.
        span: Span,
    },
    /// A program, perhaps of some version.
    Program {
        /// Its name.
        program: String,
        /// The versions that do, and the command that tells it.
        version: Option<(semver::VersionReq, Command)>,
        /// Its place.
        span: Span,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_ssh_takes_for_a_host_is_a_destination() {
        for good in [
            "web-1",
            "db-1.example.org",
            "dana@web_1",
            "::1",
            "ssh://dana@web-1:2222",
            "fe80::1%eth0",
        ] {
            assert!(Place::is_destination(good), "{good}");
        }
        for bad in [
            "",
            "-oProxyCommand=touch x",
            "dana@-oProxyCommand=x",
            "-l@web-1",
            "@web-1",
            "dana@",
            "ssh://",
            "web 1",
            "web-1\n",
            "web-1;id",
            "$(id)",
            "`id`",
            "a/b",
            "dana@web@1",
            "wéb",
        ] {
            assert!(!Place::is_destination(bad), "{bad}");
        }
    }

    #[test]
    fn names_of_a_cluster_are_no_options() {
        for good in ["checkout-1", "deployment/web", "shop"] {
            assert!(Cluster::is_object(good), "{good}");
        }
        for bad in ["", "--all", "-n", "a b", "a;b", "a\n"] {
            assert!(!Cluster::is_object(bad), "{bad}");
        }
        assert!(Cluster::is_context("arn:aws:eks:eu-1:12:cluster/prod eu"));
        assert!(!Cluster::is_context("prod\neu"));
    }
}
