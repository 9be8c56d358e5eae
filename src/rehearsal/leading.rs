//! What whoever leads a drill and the drill say to each other. Who sends it makes JSON of it; what
//! comes in is untrusted, and is bounded here.

use serde::{Deserialize, Serialize};

use super::truth::Truth;
use crate::engine::ToldKind;

/// More of a text is none that somebody typed at a terminal.
const LONGEST_TEXT: usize = 4096;

/// What whoever leads a drill wants of it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "wish")]
pub enum Wish {
    /// To agree as the second person.
    Agree,
    /// To answer for people who are not there.
    Answer {
        /// Their words.
        text: String,
    },
    /// To end the drill.
    End,
    /// That the clock goes on.
    GoOn,
    /// That the clock stands still.
    Hold {
        /// What the responder is told.
        why: String,
    },
    /// That an inject of the scenario happens now.
    Inject {
        /// Its number, from 1.
        number: usize,
    },
    /// To lead it; the first word of everybody.
    Lead {
        /// Who.
        by: String,
    },
    /// To see what holds now.
    Look,
    /// To tell the responder something.
    Tell {
        /// What.
        text: String,
    },
}

impl Wish {
    /// What was sent; nothing if it is none that this program sends.
    pub fn read(sent: &[u8]) -> Option<Self> {
        let wish: Self = serde_json::from_slice(sent).ok()?;
        let text = match &wish {
            Self::Answer { text } | Self::Tell { text } | Self::Lead { by: text } => text,
            Self::Hold { why } => why,
            Self::Agree | Self::End | Self::GoOn | Self::Inject { .. } | Self::Look => {
                return Some(wish);
            }
        };
        let needed = !matches!(wish, Self::Hold { .. });
        let fits = text.len() <= LONGEST_TEXT && !(needed && text.trim().is_empty());
        fits.then_some(wish)
    }
}

/// What a drill tells whoever leads it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "news")]
pub enum News {
    /// Something was recorded.
    Happened {
        /// What, in words.
        line: String,
        /// What was said, if something was.
        told: Option<ToldKind>,
        /// What holds now.
        truth: Box<Truth>,
    },
    /// What was wished cannot be.
    NotDone {
        /// Why not.
        why: String,
    },
    /// The drill is over, and what it came to.
    Over {
        /// The debrief as it is shown.
        debrief: Vec<Row>,
    },
    /// Somebody else leads it.
    Refused {
        /// Why.
        why: String,
    },
    /// What holds now: the answer to [`Wish::Lead`] and [`Wish::Look`].
    Stands {
        /// That.
        truth: Box<Truth>,
    },
}

/// A line of a debrief.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Row {
    /// A fact with its name.
    Fact {
        /// What it is about.
        name: String,
        /// The fact.
        text: String,
    },
    /// A step, as it was expected and as it was walked.
    Step {
        /// On the expected path.
        expected: Option<String>,
        /// On the one that was walked.
        walked: Option<String>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_this_program_does_not_send_is_no_wish() {
        let long = "x".repeat(LONGEST_TEXT + 1);
        for sent in [
            "",
            "{}",
            "null",
            "{\"wish\":\"run\",\"command\":\"id\"}",
            "{\"wish\":\"tell\",\"text\":\" \"}",
            "{\"wish\":\"inject\",\"number\":-1}",
            &format!("{{\"wish\":\"answer\",\"text\":\"{long}\"}}"),
        ] {
            assert_eq!(Wish::read(sent.as_bytes()), None, "{sent}");
        }
        assert_eq!(Wish::read(b"\xff\xfe"), None);
        assert_eq!(Wish::read(b"{\"wish\":\"look\"}"), Some(Wish::Look));
    }
}
