//! The alerting rules of Prometheus, as they lie in files: rule files, and `PrometheusRule` resources of
//! Kubernetes. They are read only to be compared with runbooks; whether Prometheus takes them is
//! `promtool`'s business.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::file::File;
use super::walk::walk;
use crate::diagnostic::{Diagnostic, Severity, Source, Span};
use crate::runbook::{Node, decode, parse_tree};

/// The annotations that lead to a runbook.
const RUNBOOK_ANNOTATIONS: [&str; 3] = ["runbook_url", "runbook", "runbook_link"];
/// The annotation that says why an alert needs no runbook.
const NO_RUNBOOK: &str = "no_runbook";

/// A file of rules.
#[derive(Debug)]
pub struct RulesFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Its text.
    pub source: Source,
    /// The alerts that its rules may raise.
    pub alerts: Vec<AlertDefinition>,
    /// What could not be read.
    pub findings: Vec<Diagnostic>,
}

/// A rule that may raise an alert.
#[derive(Clone, Debug)]
pub struct AlertDefinition {
    /// The alert's name.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// The labels that the rule itself sets.
    pub labels: BTreeMap<String, RuleLabel>,
    /// Where its annotations lead to.
    pub runbooks: Vec<(String, Span)>,
    /// Whether a runbook is missed if there is none.
    pub need: RunbookNeed,
    /// The expression that raises it.
    pub expression: String,
}

/// Whether an alert needs a runbook.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RunbookNeed {
    /// It does.
    Needed,
    /// Its author says why not, in an annotation.
    Declined,
}

/// The value of a label that a rule sets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RuleLabel {
    /// Always the same.
    Fixed(String),
    /// A template, which Prometheus fills in.
    Computed,
}

/// Reads the files that are named, and all below the folders. Of a folder those are taken that hold
/// rules; what is named itself must.
pub fn read_rules(paths: &[PathBuf]) -> Vec<RulesFile> {
    let mut files: Vec<RulesFile> = Vec::new();
    for path in paths {
        if path.is_dir() {
            let walked = walk(path);
            files.extend(walked.runbooks.iter().filter_map(|path| {
                let file = read_file(path);
                let meant = !file.alerts.is_empty()
                    || !file.findings.is_empty() && file.source.text.contains("alert:");
                meant.then_some(file)
            }));
            files.extend(walked.unreadable.into_iter().map(|it| {
                let finding = match it.severity {
                    Severity::Error => Diagnostic::error("unreadable", 0..0, it.why),
                    Severity::Warning => Diagnostic::warning("unreadable", 0..0, it.why),
                };
                unread(&it.path, finding)
            }));
        } else {
            let mut file = read_file(path);
            if file.findings.is_empty() && !names_groups(&file.source.text) {
                let message = "it holds no rules of Prometheus: there is no `groups`";
                file.findings.push(Diagnostic::error("rules-file", 0..0, message));
            }
            files.push(file);
        }
    }
    let mut known = std::collections::BTreeSet::new();
    files.retain(|file| known.insert(file.path.clone()));
    files
}

fn names_groups(text: &str) -> bool {
    text.lines().any(|line| line.trim_start().starts_with("groups:"))
}

fn unread(path: &Path, finding: Diagnostic) -> RulesFile {
    let source = Source { name: path.display().to_string(), text: "".into() };
    RulesFile { path: path.to_owned(), source, alerts: Vec::new(), findings: vec![finding] }
}

fn read_file(path: &Path) -> RulesFile {
    match File::read(path) {
        Ok(file) => {
            let (source, findings) = decode(&path.display().to_string(), &file.bytes);
            let mut file =
                RulesFile { path: path.to_owned(), source, alerts: Vec::new(), findings };
            if file.findings.is_empty() {
                read_text(&mut file);
            }
            file
        }
        Err(error) => unread(path, Diagnostic::error("unreadable", 0..0, error.why)),
    }
}

fn read_text(file: &mut RulesFile) {
    let text = file.source.text.clone();
    for document in documents(&text) {
        let part = Source { name: file.source.name.clone(), text: text[document.clone()].into() };
        let mut findings = Vec::new();
        let root = parse_tree(&part, &mut findings);
        let mut reading = Reading { at: document.start, file };
        let mut failed = false;
        for found in findings.into_iter().filter(|it| it.severity == Severity::Error) {
            failed = true;
            // What would repair a runbook is no advice for what another program reads.
            let finding = Diagnostic { help: None, fix: None, labels: Vec::new(), ..found };
            let span = reading.span(&finding.span);
            reading.file.findings.push(Diagnostic { span, ..finding });
        }
        if let (Some(root), false) = (root, failed) {
            reading.document(&root);
        }
    }
}

/// The documents of a text: what stands between lines that begin with `---` or `...`, which no value
/// can hold there. Those with nothing but comments are left out.
fn documents(text: &str) -> Vec<Span> {
    let mut documents = Vec::new();
    let (mut start, mut at) = (0, 0);
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        let mark = line.starts_with("---") || line.starts_with("...");
        if mark && line[3..].chars().next().is_none_or(char::is_whitespace) {
            documents.push(start..at);
            start = at + 3;
        }
        at = end;
    }
    documents.push(start..at);
    let says = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    documents.retain(|document| text[document.clone()].lines().any(says));
    documents
}

/// A document of a file, as it is read.
struct Reading<'a> {
    /// Where the document begins.
    at: usize,
    file: &'a mut RulesFile,
}

impl Reading<'_> {
    fn span(&self, span: &Span) -> Span {
        span.start + self.at..span.end + self.at
    }

    fn wrong(&mut self, node: &Node, message: &str) {
        let span = self.span(&node.span);
        self.file.findings.push(Diagnostic::error("rules-file", span, message));
    }

    fn document(&mut self, root: &Node) {
        if root.get("kind").and_then(Node::text) == Some("List") {
            for item in root.get("items").and_then(Node::list).unwrap_or(&[]) {
                self.document(item);
            }
            return;
        }
        let groups = root.get("groups").or_else(|| root.get("spec")?.get("groups"));
        let Some(groups) = groups else { return };
        let Some(list) = groups.list() else {
            return self.wrong(groups, "`groups` is not a list");
        };
        for group in list {
            let rules = group.get("rules");
            let Some(list) = rules.map_or(Some(&[][..]), Node::list) else {
                self.wrong(rules.unwrap_or(group), "`rules` is not a list");
                continue;
            };
            for rule in list {
                self.rule(rule, group.get("labels"));
            }
        }
    }

    fn rule(&mut self, rule: &Node, group_labels: Option<&Node>) {
        let Some(named) = rule.get("alert") else { return };
        let Some(name) = named.text() else {
            return self.wrong(named, "`alert` is not a name");
        };
        let entries = |node: Option<&Node>| {
            node.and_then(Node::map).map_or(Vec::new(), |map| map.entries.clone())
        };
        let mut labels = BTreeMap::new();
        for entry in entries(group_labels).into_iter().chain(entries(rule.get("labels"))) {
            let text = entry.value.text().unwrap_or_default();
            let computed = text.contains("{{");
            let value =
                if computed { RuleLabel::Computed } else { RuleLabel::Fixed(text.to_owned()) };
            labels.insert(entry.key, value);
        }
        let annotations = entries(rule.get("annotations"));
        let text_of = |key: &str| {
            let entry = annotations.iter().find(|entry| entry.key == key)?;
            Some((entry.value.text()?.trim().to_owned(), self.span(&entry.value.span)))
        };
        let runbooks = RUNBOOK_ANNOTATIONS.iter().filter_map(|key| text_of(key)).collect();
        let declined = text_of(NO_RUNBOOK).is_some_and(|(why, _)| !why.is_empty());
        let definition = AlertDefinition {
            name: name.to_owned(),
            span: self.span(&named.span),
            labels,
            runbooks,
            need: if declined { RunbookNeed::Declined } else { RunbookNeed::Needed },
            expression: rule.get("expr").and_then(Node::text).unwrap_or_default().to_owned(),
        };
        self.file.alerts.push(definition);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const RULES: &str = r#"groups:
- name: disks
  labels: { team: storage, severity: ticket }
  rules:
  - record: disk:used
    expr: 1 - free
  - alert: DiskFull
    expr: |
      # a comment
      disk:used{job="node"} > 0.95
    for: 5m
    labels: { severity: page, zone: '{{ $labels.zone }}' }
    annotations:
      summary: "{{ $labels.instance }}: {{ $value }}"
      runbook_url: runbooks/disk.md
  - alert: Watchdog
    expr: vector(1)
    annotations: { no_runbook: it only proves that alerts arrive }
"#;

    pub(in super::super) fn read(text: &str) -> RulesFile {
        let source = Source { name: "rules.yaml".to_owned(), text: text.into() };
        let path = PathBuf::from("rules.yaml");
        let mut file = RulesFile { path, source, alerts: Vec::new(), findings: Vec::new() };
        read_text(&mut file);
        file
    }

    fn names(file: &RulesFile) -> Vec<&str> {
        file.alerts.iter().map(|alert| alert.name.as_str()).collect()
    }

    #[test]
    fn a_rule_file_is_read_with_its_places() {
        let file = read(RULES);
        assert_eq!(file.findings, []);
        assert_eq!(names(&file), ["DiskFull", "Watchdog"]);
        let disk = &file.alerts[0];
        assert_eq!(&file.source.text[disk.span.clone()], "DiskFull");
        assert_eq!(disk.labels["severity"], RuleLabel::Fixed("page".to_owned()));
        assert_eq!(disk.labels["team"], RuleLabel::Fixed("storage".to_owned()));
        assert_eq!(disk.labels["zone"], RuleLabel::Computed);
        assert_eq!(disk.runbooks[0].0, "runbooks/disk.md");
        assert_eq!(&file.source.text[disk.runbooks[0].1.clone()], "runbooks/disk.md");
        assert_eq!(disk.need, RunbookNeed::Needed);
        assert_eq!(file.alerts[1].need, RunbookNeed::Declined);
    }

    #[test]
    fn resources_of_kubernetes_lists_and_several_documents_are_read() {
        let resource = |name: &str| {
            format!(
                "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {{ name: x }}\n\
                 spec:\n  groups:\n  - name: g\n    rules:\n    - alert: {name}\n      expr: up\n"
            )
        };
        let text = format!(
            "# first\n---\n{}--- # and\n{}---\nkind: ConfigMap\ndata: {{ x: '---' }}\n...\n",
            resource("One"),
            resource("Two")
        );
        let file = read(&text);
        assert_eq!(file.findings, []);
        assert_eq!(names(&file), ["One", "Two"]);
        for alert in &file.alerts {
            assert_eq!(file.source.text[alert.span.clone()], alert.name);
        }
        let items = "kind: List\nitems:\n- spec: { groups: [ { name: g, rules: [ { alert: Three } ] } ] }\n";
        assert_eq!(names(&read(items)), ["Three"]);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_place() {
        for (text, place) in [
            ("groups: 3\n", "3"),
            ("groups: [ { rules: x } ]\n", "x"),
            ("groups: [ { rules: [ { alert: [ a ] } ] } ]\n", "[ a ]"),
            ("a: 1\n---\ngroups: 3\n", "3"),
        ] {
            let file = read(text);
            let [found] = &file.findings[..] else { panic!("{text}: {:?}", file.findings) };
            assert_eq!(&text[found.span.clone()], place, "{text}");
        }
        let broken = read("ok: 1\n---\ngroups: [\n");
        assert!(!broken.findings.is_empty());
        assert!(broken.findings.iter().all(|it| it.span.end <= 19 && it.help.is_none()));
        assert!(read("").findings.is_empty());
    }
}
