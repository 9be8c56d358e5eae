//! A chart as a Mermaid flowchart, in which no title can be anything but text.

use std::fmt::Write as _;

use super::chart::{Chart, Item, Kind, Line, Manner, Node};
use crate::runbook::Effect;

/// The colours of what happens: read, change, destroy, people, and the rest.
const CLASSES: &str = "\
classDef read fill:#e6f2ea,stroke:#2f7d4f,color:#12321f
classDef change fill:#fdf0d5,stroke:#a86400,color:#3d2600
classDef destroy fill:#fbe3e1,stroke:#b3261e,color:#410e0b,stroke-width:3px
classDef person fill:#e7ecfb,stroke:#3f5bb5,color:#15214a
classDef other fill:#f1f1f3,stroke:#6b6b76,color:#24242b
classDef ending fill:#ffffff,stroke:#24242b,color:#24242b,stroke-width:2px
";

/// Writes a chart.
pub(super) fn flowchart(chart: &Chart) -> String {
    let mut out = String::from("flowchart TD\n");
    let _infallible = writeln!(out, "  start([\"{}\"]):::ending", text(&chart.title));
    let mut groups = 0;
    for part in &chart.parts {
        match &part.title {
            None => items(&mut out, &part.items, 1, &mut groups),
            Some(title) => subgraph(&mut out, title, &part.items, 1, &mut groups),
        }
    }
    if let Some(first) = chart.nodes().first() {
        let _infallible = writeln!(out, "  start --> n{}", first.id);
    }
    for line in &chart.lines {
        let _infallible = writeln!(out, "  {}", arrow(line));
    }
    for class in CLASSES.lines() {
        let _infallible = writeln!(out, "  {class}");
    }
    out
}

fn items(out: &mut String, all: &[Item], depth: usize, groups: &mut usize) {
    for item in all {
        match item {
            Item::Group { title, items } => subgraph(out, title, items, depth, groups),
            Item::Node(node) => {
                let _infallible = writeln!(out, "{}{}", "  ".repeat(depth), self::node(node));
            }
        }
    }
}

fn subgraph(out: &mut String, title: &str, inside: &[Item], depth: usize, groups: &mut usize) {
    let indent = "  ".repeat(depth);
    *groups += 1;
    let _infallible = writeln!(out, "{indent}subgraph g{groups}[\"{}\"]", text(title));
    items(out, inside, depth + 1, groups);
    let _infallible = writeln!(out, "{indent}end");
}

fn node(node: &Node) -> String {
    let (open, close) = match node.kind {
        Kind::Ask | Kind::When => ("{{", "}}"),
        Kind::Back | Kind::End(_) => ("([", "])"),
        Kind::Approve | Kind::Do | Kind::Escalate => ("[/", "/]"),
        Kind::Goto => (">", "]"),
        Kind::Open => ("[(", ")]"),
        Kind::Run(Effect::Destroy) => ("[/", "\\]"),
        Kind::Run(_) => ("[", "]"),
        Kind::Use => ("[[", "]]"),
        Kind::Wait => ("(", ")"),
    };
    let number = if node.number.is_empty() { String::new() } else { format!("{} ", node.number) };
    let word = match node.kind {
        Kind::Back | Kind::End(_) => String::new(),
        kind => format!("<br/>{}", kind.word()),
    };
    let class = node.kind.class();
    format!("n{}{open}\"{number}{}{word}\"{close}:::{class}", node.id, text(&node.title))
}

fn arrow(line: &Line) -> String {
    let arrow = match line.manner {
        Manner::Call => "<-->",
        Manner::Go => "-->",
        Manner::Failed | Manner::Skipped => "-.->",
    };
    let label = line.label.as_ref().map_or(String::new(), |label| format!("|\"{}\"|", text(label)));
    format!("n{} {arrow}{label} n{}", line.from, line.to)
}

/// A text between quotes: whatever could mean something to Mermaid, HTML or Markdown is written as
/// the number of its character.
fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_alphanumeric() || " .,?!-_/():".contains(character) {
            out.push(character);
        } else {
            let _infallible = write!(out, "#{};", u32::from(character));
        }
    }
    // An address would become a link.
    out.replace("://", "#58;//").replace("www.", "www#46;")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::chart::Part;
    use super::*;
    use crate::console::filter::shown_line;

    fn unescape(escaped: &str) -> String {
        let mut out = String::new();
        let mut rest = escaped;
        while let Some((before, after)) = rest.split_once('#') {
            let (number, behind) = after.split_once(';').unwrap();
            out.push_str(before);
            out.push(char::from_u32(number.parse().unwrap()).unwrap());
            rest = behind;
        }
        out + rest
    }

    fn drawn(title: &str) -> Chart {
        let node = |id, kind| {
            let title = shown_line(title);
            Item::Node(Node { id, kind, number: "1".to_owned(), title, anchor: None })
        };
        let nodes = vec![node(0, Kind::Run(Effect::Read)), node(1, Kind::Ask)];
        let group = Item::Group { title: shown_line(title), items: nodes };
        let label = Some(shown_line(title));
        Chart {
            title: shown_line(title),
            parts: vec![Part { title: Some(shown_line(title)), items: vec![group] }],
            lines: vec![Line { from: 0, to: 1, label, manner: Manner::Go }],
        }
    }

    /// What a title may be replaced with so that the rest must be what it is for a harmless one.
    fn frame(flowchart: &str, title: &str) -> String {
        flowchart.replace(&text(&shown_line(title)), "T")
    }

    #[test]
    fn no_title_is_more_than_text() {
        let harmless = flowchart(&drawn("T"));
        for title in [
            "\"] --> x; click x \"javascript:alert(1)\"",
            "<img src=x onerror=alert(1)>",
            "%%{init: {\"securityLevel\": \"loose\"}}%%",
            "end",
            "`**bold**`",
            "\"]\nsubgraph x\nend",
            "#quot; #60;script#62;",
            "https://example.com www.example.com",
        ] {
            let made = flowchart(&drawn(title));
            assert_eq!(made.lines().count(), harmless.lines().count(), "{title}");
            for line in made.lines().filter(|line| line.contains('"')) {
                let inside: Vec<&str> = line.split('"').collect();
                assert_eq!(inside.len(), 3, "{title}: {line}");
                assert!(
                    !inside[1].contains(['<', '`', '%', '{', '\\']) || inside[1].contains("<br/>"),
                    "{line}"
                );
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_title_comes_back_and_changes_nothing_around_it(title in "\\PC{1,40}|[\"#;<>&`%{}\\[\\]()|\\\\/:. a-z\n]{1,40}") {
            let escaped = text(&shown_line(&title));
            prop_assert_eq!(unescape(&escaped), shown_line(&title));
            let special = escaped.contains(|c| "\"<>`%{}[]|&\\\n".contains(c));
            prop_assert!(!special, "{}", escaped);
            let made = flowchart(&drawn(&title));
            if escaped.chars().count() > 8 {
                prop_assert_eq!(frame(&made, &title), flowchart(&drawn("T")));
            }
        }
    }
}
