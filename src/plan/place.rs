//! Where a bound command runs, in words for people and for the digest, and where its files are
//! there.

use std::collections::BTreeMap;
use std::convert::Infallible;

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

    /// What it is called by whatever leads there; nothing for this machine.
    pub fn names(&self) -> Vec<&str> {
        match self {
            Self::Here => Vec::new(),
            Self::Cluster { context, namespace } => {
                std::iter::once(context.as_str()).chain(namespace.as_deref()).collect()
            }
            Self::Pod { context, namespace, pod, .. } => {
                [context.as_str(), pod].into_iter().chain(namespace.as_deref()).collect()
            }
            Self::Prefix(words) => words.iter().map(String::as_str).collect(),
            Self::Ssh { host } => vec![host],
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

/// What a part of a place is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Part {
    Container,
    Context,
    Host,
    Namespace,
    Pod,
    Word,
}

impl Part {
    /// Whether a text is one, so that no program takes it for something else.
    fn is(self, text: &str) -> bool {
        match self {
            Self::Container | Self::Namespace | Self::Pod => Cluster::is_object(text),
            Self::Context => Cluster::is_context(text),
            Self::Host => Place::is_destination(text),
            Self::Word => true,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Container => "name of a container",
            Self::Context => "name of a context",
            Self::Host => "host that ssh could be given",
            Self::Namespace => "name of a namespace",
            Self::Pod => "name of a pod",
            Self::Word => "word",
        }
    }
}

/// A place whose templates are filled, each by what it is.
fn filled<E>(
    place: &Place,
    fill: &mut dyn FnMut(&Template, Part) -> Result<String, E>,
) -> Result<BoundPlace, E> {
    Ok(match place {
        Place::Here => BoundPlace::Here,
        Place::Prefix(words) => {
            let words: Result<_, E> = words.iter().map(|word| fill(word, Part::Word)).collect();
            BoundPlace::Prefix(words?)
        }
        Place::Ssh(host) => BoundPlace::Ssh { host: fill(host, Part::Host)? },
        Place::Cluster(Cluster { context, namespace }) => BoundPlace::Cluster {
            context: fill(context, Part::Context)?,
            namespace: namespace.as_ref().map(|it| fill(it, Part::Namespace)).transpose()?,
        },
        Place::Pod { cluster: Cluster { context, namespace }, pod, container } => BoundPlace::Pod {
            context: fill(context, Part::Context)?,
            namespace: namespace.as_ref().map(|it| fill(it, Part::Namespace)).transpose()?,
            pod: fill(pod, Part::Pod)?,
            container: container.as_ref().map(|it| fill(it, Part::Container)).transpose()?,
        },
    })
}

/// Where a target is, in words; nothing for this machine.
pub fn place_words(place: &Place, text: &dyn Fn(&Template) -> String) -> Option<String> {
    let Ok(place) = filled(place, &mut |template, _| Ok::<_, Infallible>(text(template)));
    place.words()
}

/// Binds a target; none is this machine.
pub(super) fn bind_target(
    target: Option<(&Name, &Target)>,
    facts: &dyn Facts,
) -> Result<BoundTarget, BindError> {
    let Some((name, target)) = target else {
        return Ok(BoundTarget { name: "here".to_owned(), place: BoundPlace::Here });
    };
    let mut words = Words::default();
    let mut fill = |template: &Template, part: Part| match part {
        Part::Word => {
            words.template(template, facts)?;
            Ok(words.bound.last().cloned().unwrap_or_default())
        }
        _ => checked(template, facts, part),
    };
    Ok(BoundTarget { name: name.to_string(), place: filled(&target.place, &mut fill)? })
}

/// A text with its values, if it is what it must be.
fn checked(template: &Template, facts: &dyn Facts, part: Part) -> Result<String, BindError> {
    let text = open_text(template, facts)?;
    match template.mentions().into_iter().next() {
        Some(mention) if !part.is(&text) => Err(BindError::Refused {
            reference: mention.reference,
            why: format!("makes `{}`, which is no {}", crate::diagnostic::cut(&text), part.name()),
        }),
        // Where no value stands, it was looked at when the runbook was read.
        _ => Ok(text),
    }
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
