//! `surefoot doctor`: before the shift, whether this machine is ready. It changes nothing.

use serde::Serialize;

use crate::cli::Context;
use crate::cli::args::{DoctorArguments, ListFormat};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::readiness::{Commands, Finding, State, look};
use crate::cli::team::counted;
use crate::console::{Meaning, Page, Text};
use crate::diagnostic::visible_json;

/// All that was found, for programs.
#[derive(Serialize)]
struct Told<'a> {
    ready: bool,
    findings: &'a [Finding],
}

pub(crate) fn run(arguments: &DoctorArguments, context: &Context) -> Result<Exit, Failure> {
    let commands = if arguments.run_checks { Commands::OfTrusted } else { Commands::None };
    let findings = look(arguments.reference.as_deref(), commands, context)?;
    let ready = !findings.iter().any(|finding| finding.state == State::Missing);
    match arguments.format {
        ListFormat::Json => {
            let text = serde_json::to_string_pretty(&Told { ready, findings: &findings });
            let text = visible_json(&text.expect("texts always serialise"));
            context.print(&(text + "\n"))?;
        }
        ListFormat::Text => context.publish(&page(&findings))?,
    }
    Ok(if ready { Exit::Done } else { Exit::Failed })
}

fn page(findings: &[Finding]) -> Page {
    let mut page = Page::new();
    let width = findings.iter().map(|it| it.what.chars().count()).max().unwrap_or(0).min(28);
    let mut area = "";
    for finding in findings {
        if finding.area != area {
            if !area.is_empty() {
                page.blank();
            }
            area = finding.area;
            page.exact(Text::of(Meaning::Heading, area));
        }
        let (word, meaning) = match finding.state {
            State::Ok => ("ok", Meaning::Good),
            State::Warning => ("warning", Meaning::Warning),
            State::Missing => ("missing", Meaning::Bad),
            State::NotRun => ("not run", Meaning::Dim),
        };
        let what = format!("{:width$}  ", finding.what);
        let line = Text::of(meaning, format!("  {word:8}")).add(Meaning::Plain, what);
        page.hanging(line.add(Meaning::Plain, &finding.found), 10 + width);
        if let Some(advice) = &finding.advice {
            let margin = " ".repeat(12 + width);
            let line = Text::plain(margin).add(Meaning::Hint, format!("→ {advice}"));
            page.hanging(line, 2);
        }
    }
    page.blank();
    page.line(verdict(findings));
    page
}

fn verdict(findings: &[Finding]) -> Text {
    let count = |state| findings.iter().filter(|finding| finding.state == state).count();
    let warnings = match count(State::Warning) {
        0 => String::new(),
        some => format!(", with {}", counted(some, "warning", "warnings")),
    };
    match count(State::Missing) {
        0 => Text::of(Meaning::Good, format!("Ready{warnings}.")),
        some => {
            let missing = counted(some, "thing is", "things are");
            Text::of(Meaning::Bad, format!("Not ready: {missing} missing{warnings}."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::{Colour, Width};

    #[test]
    fn what_is_broken_goes_on_below_itself() {
        let finding = Finding {
            area: "Keys",
            what: "key".to_owned(),
            state: State::Warning,
            found: "none in ~/.ssh; no agent answers".to_owned(),
            advice: Some("start an agent with your key, or make one".to_owned()),
        };
        assert_eq!(
            page(&[finding]).written(Colour::Never, Width::Columns(40)).lines().nth(4),
            Some("                 your key, or make one"),
        );
    }
}
