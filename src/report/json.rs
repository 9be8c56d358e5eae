//! A summary with its timeline as JSON. Names of fields are added, never changed.

use serde::Serialize;

use super::summary::Summary;
use super::timeline::{Entry, timeline};
use crate::diagnostic::visible_json;
use crate::journal::Record;

/// The format of the document.
pub const FORMAT: &str = "surefoot-report/1";

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    #[serde(flatten)]
    summary: &'a Summary,
    timeline: Vec<Entry>,
}

/// The document, indented, with a newline at its end.
pub fn json(summary: &Summary, records: &[Record]) -> String {
    let document = Document { format: FORMAT, summary, timeline: timeline(records) };
    let text = serde_json::to_string_pretty(&document);
    let mut text = visible_json(&text.expect("texts and numbers always serialise"));
    text.push('\n');
    text
}
