//! Repairs that a machine may make: edits of a text, each repair applied whole or not at all.

use super::Span;

/// A change of a text: what stands at a place, and what shall stand there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Edit {
    /// Where, in bytes of the text before any edit.
    pub span: Span,
    /// The new text.
    pub text: String,
}

/// A repair of one finding.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fix {
    /// What it does, a phrase such as *put it in quotes*.
    pub title: String,
    /// Its edits; they belong together.
    pub edits: Vec<Edit>,
}

impl Fix {
    /// A repair at one place.
    pub fn replace(title: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        Self { title: title.into(), edits: vec![Edit { span, text: text.into() }] }
    }
}

/// What became of a text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Applied {
    /// The new text.
    pub text: String,
    /// Which of the repairs are in it, by their index.
    pub made: Vec<usize>,
}

/// Applies repairs, from the end to the start. One that touches what an earlier one of the list
/// changes is left out, as it was made for another text.
pub fn apply<'a>(text: &str, fixes: impl IntoIterator<Item = &'a Fix>) -> Applied {
    let mut taken: Vec<&Edit> = Vec::new();
    let mut made = Vec::new();
    for (index, fix) in fixes.into_iter().enumerate() {
        let fits = |edit: &Edit| text.get(edit.span.clone()).is_some();
        let apart = |edit: &Edit| taken.iter().all(|other| !touch(&edit.span, &other.span));
        let own_apart =
            fix.edits.iter().enumerate().all(|(at, edit)| {
                fix.edits[..at].iter().all(|other| !touch(&edit.span, &other.span))
            });
        if own_apart && fix.edits.iter().all(|edit| fits(edit) && apart(edit)) {
            taken.extend(&fix.edits);
            made.push(index);
        }
    }
    taken.sort_by_key(|edit| edit.span.start);
    let mut text = text.to_owned();
    for edit in taken.into_iter().rev() {
        text.replace_range(edit.span.clone(), &edit.text);
    }
    Applied { text, made }
}

fn touch(one: &Span, other: &Span) -> bool {
    one.start <= other.end && other.start <= one.end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_applied_from_the_end() {
        let fixes = [Fix::replace("", 0..1, "long"), Fix::replace("", 4..5, "")];
        let applied = apply("a: b c\n", &fixes);
        assert_eq!(applied, Applied { text: "long: bc\n".to_owned(), made: vec![0, 1] });
    }

    #[test]
    fn a_repair_that_touches_another_waits_as_a_whole() {
        let edit = |span: Span, text: &str| Edit { span, text: text.to_owned() };
        let fixes = [
            Fix::replace("", 2..4, "x"),
            Fix { title: String::new(), edits: vec![edit(0..1, "y"), edit(3..5, "y")] },
            Fix::replace("", 6..7, "z"),
        ];
        assert_eq!(apply("0123456", &fixes).text, "01x45z");
        assert_eq!(apply("0123456", &fixes).made, [0, 2]);
    }

    #[test]
    fn places_that_are_not_in_the_text_change_nothing() {
        let fixes = [Fix::replace("", 1..2, "x"), Fix::replace("", 0..9, "x")];
        assert_eq!(apply("ä", &fixes).made, Vec::<usize>::new());
    }
}
