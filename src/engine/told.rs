//! What reaches a walk from outside of it and answers nothing: injects of an exercise, questions to
//! people who are not there and their answers, hints. A fact like any other, so that whoever reads
//! the record knows what the responder knew.

use serde::{Deserialize, Serialize};

/// Something that was said beside the runbook.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Told {
    /// What it is.
    pub kind: ToldKind,
    /// The words; untrusted.
    pub text: String,
    /// Who leads the exercise, if it came from them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Which inject of the scenario it is, from 1, where whoever leads brought one forward. One that only
    /// changes what holds says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inject: Option<usize>,
}

/// What was said.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ToldKind {
    /// An answer to what the responder asked.
    Answer,
    /// The responder asks people who are not there.
    Asked,
    /// The clock of the exercise goes on.
    GoneOn,
    /// The clock of the exercise stands still.
    Held,
    /// A hint that the responder asked for.
    Hint,
    /// News that nobody asked for.
    Inject,
    /// Somebody leads the exercise from now on.
    Joined,
    /// Nobody leads it any more.
    Left,
}

impl ToldKind {
    /// What it is, for documents.
    pub fn words(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Asked => "asked",
            Self::GoneOn => "gone on",
            Self::Held => "held",
            Self::Hint => "hint",
            Self::Inject => "inject",
            Self::Joined => "joined",
            Self::Left => "left",
        }
    }
}

impl Told {
    /// Words of somebody who leads the exercise, or of nobody in particular.
    pub fn new(kind: ToldKind, text: impl Into<String>, by: Option<String>) -> Self {
        Self { kind, text: text.into(), by, inject: None }
    }

    /// News, of a scenario or of nobody in particular.
    pub fn inject(text: String) -> Self {
        Self::new(ToldKind::Inject, text, None)
    }

    /// In a line.
    pub fn line(&self) -> String {
        let who = self.by.as_deref().unwrap_or("nobody");
        let by = self.by.as_ref().map_or_else(String::new, |by| format!(" ({by})"));
        match (self.kind, self.text.as_str()) {
            (ToldKind::GoneOn, _) => format!("the exercise goes on{by}"),
            (ToldKind::Held, "") => format!("the exercise is held{by}"),
            (ToldKind::Held, why) => format!("the exercise is held{by}: {why}"),
            (ToldKind::Inject, "") => format!("inject{by}: what holds was changed"),
            (ToldKind::Joined, _) => format!("{who} leads the exercise"),
            (ToldKind::Left, _) => format!("{who} leads the exercise no more"),
            (kind, text) => format!("{}{by}: {text}", kind.words()),
        }
    }
}
