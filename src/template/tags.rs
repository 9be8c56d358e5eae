//! Splits a template's source into text and tags, by position.
//!
//! The library's tree loses positions and trims lines that hold only a block, so the text is taken
//! from the source here. What is not a plain tag becomes a problem with a way out.

use std::ops::Range;

use super::problem::TemplateProblem;

/// How to write braces that are not for Surefoot.
pub(super) const ESCAPE_HELP: &str = "braces of another tool are written `\\{{`";

/// A part of a template's source.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Token<'a> {
    /// Text, taken as it stands.
    Text(Range<usize>),
    /// What stands between two pairs of braces, without the blanks around it.
    Tag { inner: &'a str, at: Range<usize> },
}

/// Splits a source. Problems are collected, not only the first.
pub(super) fn split<'a>(source: &'a str, problems: &mut Vec<TemplateProblem>) -> Vec<Token<'a>> {
    let mut tokens = Vec::new();
    let mut from = 0;
    let mut search = 0;
    while let Some(found) = opening(&source[search..]) {
        let open = search + found;
        let braces = run(source, open, b'{');
        let slashes = run_before(source, open, b'\\');
        if slashes > 0 {
            // One backslash makes the braces text; of several, one is taken away.
            text(&mut tokens, from..open - 1);
            from = open;
            if slashes == 1 {
                search = open + braces;
                continue;
            }
        }
        text(&mut tokens, from..open);
        let end = match tag(source, open, braces) {
            Ok((inner, end)) => {
                tokens.push(Token::Tag { inner, at: open..end });
                end
            }
            Err(problem) => {
                let end = problem.at.end.max(open + braces);
                problems.push(problem);
                end
            }
        };
        from = end;
        search = end;
    }
    text(&mut tokens, from..source.len());
    tokens
}

/// Where the first `{{` is. The search for any text in any other costs more than most sources are
/// long.
pub(super) fn opening(source: &str) -> Option<usize> {
    source.as_bytes().windows(2).position(|two| two == b"{{")
}

fn text(tokens: &mut Vec<Token<'_>>, range: Range<usize>) {
    if !range.is_empty() {
        tokens.push(Token::Text(range));
    }
}

fn run(source: &str, from: usize, byte: u8) -> usize {
    source.as_bytes()[from..].iter().take_while(|b| **b == byte).count()
}

fn run_before(source: &str, end: usize, byte: u8) -> usize {
    source.as_bytes()[..end].iter().rev().take_while(|b| **b == byte).count()
}

/// Reads one tag that opens at `open` with `braces` braces.
fn tag(source: &str, open: usize, braces: usize) -> Result<(&str, usize), TemplateProblem> {
    let inside = open + braces;
    let Some(length) = source[inside..].find("}}") else {
        return Err(TemplateProblem::new(open..source.len(), "`{{` is not closed by `}}`")
            .help(format!("close it; {ESCAPE_HELP}")));
    };
    let close = inside + length;
    let end = close + run(source, close, b'}');
    let inner = source[inside..close].trim();
    if braces > 2 || end - close > 2 {
        return Err(third_brace(source, open..end, inner, braces));
    }
    plain(inner, open..end)?;
    Ok((inner, end))
}

fn third_brace(source: &str, at: Range<usize>, inner: &str, braces: usize) -> TemplateProblem {
    if braces >= 4 {
        return TemplateProblem::new(at, "raw blocks are not known").help(ESCAPE_HELP);
    }
    let message = if braces == 3 && source[at.clone()].ends_with("}}}") {
        "`{{{` puts a value in raw, which no template may"
    } else {
        "a third brace stands beside a value"
    };
    TemplateProblem::new(at, message).help(format!(
        "write `{{{{{inner}}}}}`; a brace that is text is set off by a blank: `{{ {{{{{inner}}}}} }}`"
    ))
}

/// Refuses the marks of Handlebars that a runbook does not know.
fn plain(inner: &str, at: Range<usize>) -> Result<(), TemplateProblem> {
    let refuse =
        |message: &str, help: &str| Err(TemplateProblem::new(at.clone(), message).help(help));
    if inner.starts_with('~') || inner.ends_with('~') {
        return refuse(
            "`~` would glue the text around a value together",
            "leave `~` away and put the blanks where they belong",
        );
    }
    match inner.as_bytes().first() {
        Some(b'!') => {
            refuse("comments do not stand in a template", "say it in `why`, or in a YAML comment")
        }
        Some(b'&') => refuse("`{{&` puts a value in raw, which no template may", "leave `&` away"),
        Some(b'>') => refuse("a template cannot include another one", "write the text here"),
        Some(b'*') => refuse("decorators are not known", ESCAPE_HELP),
        Some(b'^') => refuse("`{{^` is not known", "write `{{#unless name}}` or `{{else}}`"),
        _ => Ok(()),
    }
}
