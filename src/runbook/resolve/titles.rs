//! The titles of steps whose authors gave none, made from what the steps do.

use super::super::model::{Action, Used};
use super::super::parse::Node;
use super::Resolver;
use crate::template::Template;
use crate::value::Name;

impl Resolver<'_> {
    /// The title of a step whose author gave none.
    pub(super) fn default_title(&self, action: &Action, node: &Node) -> Template {
        const MOST: usize = 60;
        let first_line = |text: &str| {
            let line =
                text.lines().find(|line| !line.trim().is_empty()).unwrap_or("").trim().to_owned();
            if line.chars().count() <= MOST {
                return line;
            }
            let mut cut: String = line.chars().take(MOST - 1).collect();
            // A slot that is cut in the middle is no slot any more.
            if cut.matches("{{").count() > cut.matches("}}").count()
                && let Some(at) = cut.rfind("{{")
            {
                cut.truncate(at);
            }
            cut.push('…');
            cut
        };
        let of = |key: &str| node.get(key).and_then(Node::text).map(first_line).unwrap_or_default();
        let text = match action {
            Action::Approve(approval) => format!("{} must agree", approval.role),
            Action::Ask(_) => of("ask"),
            Action::Do { .. } => of("do"),
            Action::End(_) => format!("End: {}", of("end")),
            Action::Escalate(_) => format!("Ask: {}", of("escalate")),
            Action::Goto(_) => format!("Go to {}", of("goto")),
            Action::Group { steps, .. } => match steps.len() {
                1 => "1 step".to_owned(),
                many => format!("{many} steps"),
            },
            Action::Open(pages) => pages
                .first()
                .map_or_else(String::new, |page| format!("Open {}", first_line(page.source()))),
            Action::Run(_) if node.get("wait").is_some() => format!("Wait {}", of("wait")),
            Action::Run(_) => Self::command_title(node, first_line),
            Action::Use { used, .. } => match used {
                Used::Procedure(name) => self.procedure_title(name),
                // Its title, unless that names values which are not known here.
                Used::Runbook(used) => {
                    let title = used.runbook.as_ref().and_then(|own| own.title.as_constant());
                    title.unwrap_or_else(|| used.place.to_string())
                }
            },
            Action::Wait(_) => format!("Wait {}", of("wait")),
        };
        Template::parse(&text).unwrap_or_else(|_| Template::constant(&text))
    }

    fn command_title(node: &Node, first_line: impl Fn(&str) -> String) -> String {
        let run = node.get("run").map(|run| run.get("run").unwrap_or(run));
        match run.and_then(Node::list) {
            Some(items) => {
                let words: Vec<&str> = items.iter().filter_map(Node::text).collect();
                first_line(&words.join(" "))
            }
            None => run.and_then(Node::text).map(first_line).unwrap_or_default(),
        }
    }

    fn procedure_title(&self, name: &Name) -> String {
        let node = self.root.get("procedures").and_then(|procedures| procedures.get(name.as_str()));
        node.and_then(|node| node.get("title"))
            .and_then(Node::text)
            .map_or_else(|| name.as_str().replace('_', " "), str::to_owned)
    }
}
