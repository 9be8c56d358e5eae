//! Findings as JSON, one object each.

use serde_json::{Value, json};

use super::{Diagnostic, Source, visible};

/// The findings in one source, with their places.
pub fn to_json(source: &Source, findings: &[Diagnostic]) -> Vec<Value> {
    let object = |finding: &Diagnostic| {
        let (line, column) = source.line_column(finding.span.start);
        let (end_line, end_column) = source.line_column(finding.span.end);
        json!({
            "code": finding.code,
            "severity": finding.severity,
            "path": source.name,
            "line": line,
            "column": column,
            "end_line": end_line,
            "end_column": end_column,
            "message": visible(&finding.message),
            "help": finding.help.as_deref().map(visible),
        })
    };
    findings.iter().map(object).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_message_reaches_a_program_as_a_control_character() {
        let source = Source { name: "a.yaml".to_owned(), text: "x: y\n".into() };
        let finding = Diagnostic::error("control", 3..4, "no \u{1b} here").help("remove \u{9b}");
        let json = Value::from(to_json(&source, &[finding])).to_string();
        assert!(!json.contains(super::super::is_unsafe), "{json:?}");
        assert!(json.contains(r"\\x1b"), "{json}");
    }
}
