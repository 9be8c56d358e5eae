//! Findings as GitHub's workflow commands, which become annotations of the changed lines.
//!
//! A line begins a command wherever it stands in a log, so nothing of a message, a name or a path
//! may bring a line break or a sign that the form itself uses.

use super::{Diagnostic, Severity, Source, visible};

/// The findings in one source, a line each.
pub fn to_github(source: &Source, findings: &[Diagnostic]) -> String {
    findings.iter().map(|finding| line(source, finding)).collect()
}

fn line(source: &Source, finding: &Diagnostic) -> String {
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let (line, column) = source.line_column(finding.span.start);
    let (end_line, end_column) = source.line_column(finding.span.end);
    // Columns are taken only where they lie on one line.
    let columns = if end_line == line {
        format!(",col={column},endColumn={end_column}")
    } else {
        String::new()
    };
    let mut message = finding.message.clone();
    if let Some(help) = &finding.help {
        message.push_str("\nhelp: ");
        message.push_str(help);
    }
    format!(
        "::{command} file={},line={line}{columns},endLine={end_line},title={}::{}\n",
        property(&source.name),
        property(finding.code),
        data(&message)
    )
}

/// The text behind the second pair of colons.
fn data(text: &str) -> String {
    visible(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property, which also ends at a comma and at a colon.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str, text: &str, finding: Diagnostic) -> String {
        to_github(&Source { name: name.to_owned(), text: text.into() }, &[finding])
    }

    #[test]
    fn a_finding_is_one_line_with_its_place() {
        let finding = Diagnostic::warning("no-owner", 3..4, "100 % wrong").help("do\nthis: now");
        assert_eq!(
            told("a.yaml", "x: y\n", finding),
            "::warning file=a.yaml,line=1,col=4,endColumn=5,endLine=1,title=no-owner::\
             100 %25 wrong%0Ahelp: do%0Athis: now\n"
        );
    }

    #[test]
    fn a_place_of_many_lines_has_no_columns() {
        let told = told("a.yaml", "a\nb\nc\n", Diagnostic::error("x", 0..3, "m"));
        assert_eq!(told, "::error file=a.yaml,line=1,endLine=2,title=x::m\n");
    }

    #[test]
    fn nothing_in_a_name_or_a_message_begins_another_command() {
        let name = "a,line=9::b\r\n::stop-commands::x%.yaml";
        let finding = Diagnostic::error("x", 0..1, "m\n::set-output name=a::b\u{1b}[2J");
        let told = told(name, "a\n", finding);
        assert_eq!(told.lines().count(), 1, "{told}");
        assert_eq!(
            told.matches("::").count(),
            2 + 2,
            "the form's own, and two in the message: {told}"
        );
        assert!(told.contains("file=a%2Cline=9%3A%3Ab"), "{told}");
        assert!(told.ends_with("::m%0A::set-output name=a::b\\x1b[2J\n"), "{told}");
        assert!(!told.contains(super::super::is_unsafe), "{told:?}");
    }
}
