//! Files that a step brings along for its command: templated texts, or files of the repository.

use std::collections::BTreeMap;

use super::super::model::FileSource;
use super::super::parse::Node;
use super::{Place, Resolver};
use crate::template::Template;
use crate::value::Name;

impl Resolver<'_> {
    /// The files of a step.
    pub(super) fn files(&mut self, node: &Node, place: &Place) -> BTreeMap<Name, FileSource> {
        let mut files = BTreeMap::new();
        for entry in node.get("files").and_then(Node::map).map_or(&[][..], |map| &map.entries) {
            let Ok(name) = Name::new(&entry.key) else {
                continue;
            };
            let source = match (entry.value.get("content"), entry.value.get("from")) {
                (Some(content), _) => self.content(content, place).map(FileSource::Content),
                (None, Some(from)) => self.brought_file(from).map(FileSource::From),
                (None, None) => None,
            };
            if let Some(source) = source {
                files.insert(name, source);
            }
        }
        files
    }

    fn content(&mut self, node: &Node, place: &Place) -> Option<Template> {
        let template = self.template(node, place)?;
        self.refuse_list(node, &template, "a file holds", place);
        Some(template)
    }

    fn brought_file(&mut self, node: &Node) -> Option<usize> {
        let path = self.repository_path(node)?;
        if let Some(index) = self.brought.iter().position(|file| file.path == path) {
            return Some(index);
        }
        match self.repository.read(path) {
            Ok(file) => {
                self.brought.push(file);
                Some(self.brought.len() - 1)
            }
            Err(problem) => {
                self.error("repository-path", node.span.clone(), problem);
                None
            }
        }
    }

    /// A path that counts from the runbook's folder and stays in its repository.
    pub(super) fn repository_path<'n>(&mut self, node: &'n Node) -> Option<&'n str> {
        let path = node.text()?;
        // Whether `..` leaves the repository only the repository knows; it refuses to read it.
        if path.starts_with('/')
            || path.starts_with('~')
            || path.contains("{{")
            || path.contains("://")
            || path.split('/').any(|part| part == ".git")
        {
            let message =
                "a file of the repository has a path that counts from the runbook's folder";
            self.error_help(
                "repository-path",
                node.span.clone(),
                message,
                "write a path such as scripts/fix.sh",
            );
            return None;
        }
        Some(path)
    }

    /// Files of the working directory that are kept.
    pub(super) fn evidence(&mut self, node: &Node, place: &Place) -> Option<Vec<Template>> {
        let items = node.get("evidence").and_then(Node::list).unwrap_or(&[]);
        let mut paths = Vec::new();
        for item in items {
            let template = self.shown(item, place)?;
            self.refuse_list(item, &template, "a path is", place);
            let text = template.source();
            if text.starts_with(['/', '~']) || text.split('/').any(|part| part == "..") {
                self.error_help(
                    "evidence-path",
                    item.span.clone(),
                    "evidence lies in the run's own folder `work/`, and this path leaves it",
                    "copy the file there in the command: its working directory is that folder",
                );
            }
            paths.push(template);
        }
        Some(paths)
    }
}
