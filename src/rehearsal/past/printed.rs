//! Texts of a record as they may stand in a scenario: what was masked has a stand-in, the run's own
//! folder is that of every rehearsal, and what is longer than a file can hold is cut.

use crate::diagnostic::Unseen;
use crate::engine::{Answer, Event, Printed, Recorded, RunStarted};
use crate::journal::Record;
use crate::rehearsal::executor::LOOKED_AT;
use crate::rehearsal::trace::neutral;
use crate::rehearsal::walk::made_up;
use crate::value::MASK;

/// What is made of the texts of one record.
pub(super) struct Texts {
    run: String,
    /// What stands in place of a mask; nothing if the run had no secrets.
    stand_in: Option<String>,
    most: usize,
}

/// A text of an output.
#[derive(Debug, Default)]
pub(super) struct Shortened {
    /// What is kept of it.
    pub(super) text: String,
    /// How much it was, if that is more than anything looks at.
    pub(super) flood: Option<u64>,
    /// So many bytes are missing.
    pub(super) cut: u64,
}

impl Texts {
    pub(super) fn of(started: &RunStarted, records: &[Record], most: usize) -> Self {
        let inputs = started.inputs.iter();
        let secret = inputs.filter(|input| matches!(input.value, Recorded::Secret(_)));
        let names: Vec<&str> = secret.map(|input| input.name.as_str()).collect();
        let stand_in = match names.as_slice() {
            // The same text that the input will have.
            [only] => Some(made_up(only)),
            [_, ..] => Some(made_up("secret")),
            [] => records.iter().any(|it| brings_secret(&it.event)).then(|| made_up("secret")),
        };
        Self { run: started.run.clone(), stand_in, most }
    }

    /// A text without masks and without the run's own folder.
    pub(super) fn plain(&self, text: &str) -> String {
        let text = neutral(text, &self.run);
        match &self.stand_in {
            Some(stand_in) => unmasked(&text, stand_in),
            None => text,
        }
    }

    /// One line that a scenario takes.
    pub(super) fn line(&self, text: &str) -> String {
        let clean = |c: char| if Unseen::of(c).is_some() { ' ' } else { c };
        self.plain(text).replace("{{", "{ {").chars().map(clean).collect()
    }

    /// What is kept of an output.
    pub(super) fn shortened(&self, printed: &Printed) -> Shortened {
        let total = printed.bytes.len() as u64 + printed.more;
        let floods = total > LOOKED_AT as u64;
        // Nothing looks at more than that, so that nothing else of it need be read as text.
        let bytes = &printed.bytes[..printed.bytes.len().min(2 * LOOKED_AT)];
        let text = self.plain(&String::from_utf8_lossy(bytes));
        if floods {
            let end = whole_lines(&text, self.most);
            let cut = total.saturating_sub(end as u64);
            return Shortened { text: text[..end].to_owned(), flood: Some(total), cut };
        }
        if text.len() <= self.most {
            return Shortened { text, flood: None, cut: printed.more };
        }
        let head = whole_lines(&text, self.most / 4 * 3);
        let tail = text.ceil_char_boundary(text.len() - self.most / 4);
        let cut = tail - head;
        let text = format!("{}\n[{cut} bytes were cut]\n{}", &text[..head], &text[tail..]);
        Shortened { text, flood: None, cut: cut as u64 }
    }
}

/// Whether a text can stand where a scenario takes plain ones.
pub(super) fn is_plain(text: &str) -> bool {
    !text.contains("{{") && text.chars().all(|c| c == '\n' || Unseen::of(c).is_none())
}

/// Where a text ends that is no longer than this, after a line if there is one.
fn whole_lines(text: &str, most: usize) -> usize {
    let end = text.floor_char_boundary(most);
    text[..end].rfind('\n').map_or(end, |at| at + 1)
}

fn brings_secret(event: &Event) -> bool {
    let secret = |value: &Recorded| matches!(value, Recorded::Secret(_));
    match event {
        Event::Answered { answer: Answer::Value { value }, .. } => secret(value),
        Event::AttemptEnded(ended) => ended.captured.values().any(secret),
        Event::RunbookEntered { inputs, .. } => inputs.values().any(secret),
        _ => false,
    }
}

/// A text whose masks have a stand-in. A row of more stars is none.
fn unmasked(text: &str, stand_in: &str) -> String {
    let mask = str::from_utf8(MASK).unwrap_or("***");
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('*') {
        let (before, stars) = rest.split_at(at);
        let length = stars.len() - stars.trim_start_matches('*').len();
        out.push_str(before);
        out.push_str(if length == mask.len() { stand_in } else { &stars[..length] });
        rest = &stars[length..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(most: usize) -> Texts {
        Texts { run: "2026-shop-abcd".to_owned(), stand_in: Some("made-up".to_owned()), most }
    }

    #[test]
    fn a_mask_has_a_stand_in_and_a_row_of_stars_stays() {
        let plain = texts(10).plain("a=***,b=******* **bold** ***");
        assert_eq!(plain, "a=made-up,b=******* **bold** made-up");
    }

    #[test]
    fn what_is_too_long_is_cut_between_letters_and_says_so() {
        let printed = |bytes: Vec<u8>| Printed { bytes, more: 0 };
        let short = texts(100).shortened(&printed(b"one\n\xff".to_vec()));
        assert_eq!((short.text.as_str(), short.cut), ("one\n\u{fffd}", 0));
        let long = texts(100).shortened(&printed("ä\n".repeat(200).into_bytes()));
        assert!(long.text.len() < 140 && long.text.contains("bytes were cut]\n"), "{}", long.text);
        assert_eq!(long.flood, None);
        let flood = texts(100).shortened(&printed(b"y\n".repeat(LOOKED_AT)));
        assert_eq!(flood.flood, Some(2 * LOOKED_AT as u64));
        assert_eq!(flood.text.len(), 100);
    }
}
