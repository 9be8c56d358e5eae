//! Where a bound command runs, in words for people and for the digest, and where its files are
//! there.

use std::collections::BTreeMap;

use serde::Serialize;

use super::command::{BoundFile, Words, open_text};
use super::digest::sha256;
use crate::runbook::{Cluster, Place, Target};
use crate::template::{BindError, Held, Template};
use crate::value::{Datum, Facts, Name, Reference, Value};

/// Where a command runs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BoundTarget {
    /// The target's name; `here` for this machine.
    pub name: String,
    /// The place itself.
    pub place: BoundPlace,
}

/// A place, with the values of a run.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BoundPlace {
    /// This machine, with a kubeconfig that knows this context only.
    Cluster {
        /// The context.
        context: String,
        /// The namespace, if it is not the context's own.
        namespace: Option<String>,
    },
    /// This machine.
    Here,
    /// A container of a pod.
    Pod {
        /// The context.
        context: String,
        /// The namespace, if it is not the context's own.
        namespace: Option<String>,
        /// The pod.
        pod: String,
        /// The container, if it is not the pod's default.
        container: Option<String>,
    },
    /// Wherever these words lead.
    Prefix(Vec<String>),
    /// A host, over ssh.
    Ssh {
        /// The host, as ssh takes it.
        host: String,
    },
}

impl BoundPlace {
    /// Whether a shell elsewhere runs the command.
    pub(super) fn is_far(&self) -> bool {
        match self {
            Self::Cluster { .. } | Self::Here => false,
            Self::Pod { .. } | Self::Prefix(_) | Self::Ssh { .. } => true,
        }
    }

    /// The place in words; nothing for this machine.
    pub(super) fn words(&self) -> Option<String> {
        let within = |namespace: &Option<String>| {
            namespace.as_ref().map_or_else(String::new, |namespace| format!("/{namespace}"))
        };
        match self {
            Self::Here => None,
            Self::Cluster { context, namespace } => {
                Some(format!("cluster {context}{}", within(namespace)))
            }
            Self::Pod { context, namespace, pod, container } => {
                let container = container.as_ref().map(|name| format!(" ({name})"));
                let place = format!("{context}{}", within(namespace));
                Some(format!("pod {pod}{} of {place}", container.unwrap_or_default()))
            }
            Self::Prefix(words) => Some(super::shown::shown_words(words)),
            Self::Ssh { host } => Some(format!("ssh {host}")),
        }
    }
}

/// Binds a target; none is this machine.
pub(super) fn bind_target(
    target: Option<(&Name, &Target)>,
    facts: &dyn Facts,
) -> Result<BoundTarget, BindError> {
    let Some((name, target)) = target else {
        return Ok(BoundTarget { name: "here".to_owned(), place: BoundPlace::Here });
    };
    let place = match &target.place {
        Place::Here => BoundPlace::Here,
        Place::Prefix(words) => {
            let mut prefix = Words::default();
            for word in words {
                prefix.template(word, facts)?;
            }
            BoundPlace::Prefix(prefix.bound)
        }
        Place::Ssh(host) => {
            let why = "is no host that ssh could be given";
            BoundPlace::Ssh { host: checked(host, facts, Place::is_destination, why)? }
        }
        Place::Cluster(cluster) => {
            let (context, namespace) = bind_cluster(cluster, facts)?;
            BoundPlace::Cluster { context, namespace }
        }
        Place::Pod { cluster, pod, container } => {
            let (context, namespace) = bind_cluster(cluster, facts)?;
            let container = container.as_ref();
            BoundPlace::Pod {
                context,
                namespace,
                pod: checked(pod, facts, is_object, "is no name of a pod")?,
                container: container
                    .map(|it| checked(it, facts, is_object, "is no name of a container"))
                    .transpose()?,
            }
        }
    };
    Ok(BoundTarget { name: name.to_string(), place })
}

fn bind_cluster(
    cluster: &Cluster,
    facts: &dyn Facts,
) -> Result<(String, Option<String>), BindError> {
    let line = |text: &str| !text.is_empty() && !text.contains(char::is_control);
    let context = checked(&cluster.context, facts, line, "is no name of a context")?;
    let namespace = cluster.namespace.as_ref();
    let namespace =
        namespace.map(|it| checked(it, facts, is_object, "is no name of a namespace")).transpose()?;
    Ok((context, namespace))
}

/// Whether a text names an object of a cluster, perhaps with its kind: `deployment/web`.
fn is_object(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphanumeric())
        && bytes.all(|b| b.is_ascii_alphanumeric() || b"._/-".contains(&b))
}

/// A text with its values, if it is what it must be.
fn checked(
    template: &Template,
    facts: &dyn Facts,
    holds: impl Fn(&str) -> bool,
    why: &str,
) -> Result<String, BindError> {
    let text = open_text(template, facts)?;
    if holds(&text) {
        return Ok(text);
    }
    // Without a value the runbook was refused before.
    let reference = template.mentions().into_iter().next().map(|mention| mention.reference);
    let reference = reference.unwrap_or(Reference::RunId);
    let cut = crate::diagnostic::cut(&text);
    Err(BindError::Refused { reference, why: format!("makes `{cut}`, which {why}") })
}

/// The folder of a command's files at a target. The path must be known before anything is there, for
/// values carry it; so it is told by the run and by what the files hold, and commands that run at the
/// same time have folders of their own.
pub(super) fn files_folder(
    files: &BTreeMap<Name, BoundFile>,
    facts: &dyn Facts,
) -> Result<String, BindError> {
    let run = match facts.get(&Reference::RunId) {
        Some(Datum::Open(run)) => run.written(),
        _ => return Err(BindError::Unset(Reference::RunId)),
    };
    let mut told = run.into_bytes();
    for (name, file) in files {
        told.extend_from_slice(name.as_str().as_bytes());
        told.push(0);
        match (&file.bytes, &file.content) {
            (Some(bytes), _) => told.extend_from_slice(bytes),
            (None, Held::Open(text)) => told.extend_from_slice(text.as_bytes()),
            // The path is seen by everybody.
            (None, Held::Secret(_)) => {}
        }
        told.push(0);
    }
    Ok(format!("/tmp/surefoot-{}", &sha256(&told)[..16]))
}

/// What is known, with the paths that files have at a target.
pub(super) struct FarFiles<'a> {
    pub(super) facts: &'a dyn Facts,
    pub(super) folder: &'a str,
}

impl Facts for FarFiles<'_> {
    fn get(&self, reference: &Reference) -> Option<Datum> {
        match reference {
            Reference::File(name) => {
                Some(Datum::Open(Value::Text(format!("{}/{name}", self.folder))))
            }
            other => self.facts.get(other),
        }
    }
}
