//! Results as JUnit XML, for CI. Equal results give equal bytes: no times, no names of machines.

use std::fmt::Write as _;
use std::path::Path;

use super::markup::escaped;
use super::one::{Tested, Verdict};
use crate::cli::failure::Failure;
use crate::cli::output_file;
use crate::console::Text;
use crate::diagnostic::{Colour, render, visible};

/// Writes the results to a file.
pub(super) fn write(path: &Path, tests: &[Tested]) -> Result<(), Failure> {
    output_file::write(path, &document(tests))
}

fn document(tests: &[Tested]) -> String {
    let failures = count(tests, |verdict| matches!(verdict, Verdict::Failed(_)));
    let errors = count(tests, |verdict| matches!(verdict, Verdict::Invalid(_)));
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let counts = format!("tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\"", tests.len());
    let _ = writeln!(out, "<testsuites name=\"surefoot\" {counts}>");
    let _ = writeln!(out, "  <testsuite name=\"scenarios\" {counts}>");
    for test in tests {
        let class = plain(test.runbook.as_deref().unwrap_or("scenarios"));
        let file = plain(&test.path.display().to_string());
        let title = if test.title.is_empty() { &file } else { &plain(&test.title) };
        let open = format!("<testcase classname=\"{class}\" name=\"{title}\" file=\"{file}\"");
        let _ = match &test.verdict {
            Verdict::Passed => writeln!(out, "    {open}/>"),
            Verdict::Failed(why) => {
                let first = why.first().and_then(|it| it.first()).map(Text::bare);
                let first = plain(&first.unwrap_or_default());
                let lines: Vec<String> = why.iter().flatten().map(Text::bare).collect();
                let text = plain(&lines.join("\n"));
                writeln!(
                    out,
                    "    {open}>\n      <failure message=\"{first}\">{text}</failure>\n    </testcase>"
                )
            }
            Verdict::Invalid(report) => {
                let text = render(&report.source, &report.findings, 100, Colour::Plain);
                let first = report.findings.first().map(|found| plain(&found.message));
                let (first, text) = (first.unwrap_or_default(), plain(&text));
                writeln!(
                    out,
                    "    {open}>\n      <error message=\"{first}\">{text}</error>\n    </testcase>"
                )
            }
        };
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

fn count(tests: &[Tested], is: impl Fn(&Verdict) -> bool) -> usize {
    tests.iter().filter(|test| is(&test.verdict)).count()
}

/// XML has no form at all for most control characters, so what is not seen is spelled out first; blanks
/// of an attribute stay as they are.
fn plain(text: &str) -> String {
    let text = escaped(&visible(text)).replace('\n', "&#10;").replace('\t', "&#9;");
    text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearsal::Coverage;

    #[test]
    fn whatever_texts_say_is_text() {
        let failed = Tested {
            path: "a&b.yaml".into(),
            title: "It says \"<hi>\" \u{1b}[31m".to_owned(),
            runbook: Some("book.yaml".to_owned()),
            verdict: Verdict::Failed(vec![vec![Text::plain("a < b"), Text::plain("]]>")]]),
            inventory: None,
            coverage: Coverage::default(),
        };
        let document = document(&[failed]);
        assert!(document.contains("name=\"It says &quot;&lt;hi&gt;&quot;"), "{document}");
        assert!(document.contains("a &lt; b&#10;]]&gt;"), "{document}");
        assert!(document.contains("tests=\"1\" failures=\"1\" errors=\"0\""), "{document}");
        assert!(!document.contains('\u{1b}'), "{document}");
    }
}
