//! Runbooks as a list: a table where it fits, else two lines for each.

use super::page::{Page, table};
use super::terminal::{Width, columns};
use super::text::{Meaning, Text};

/// What a list tells of a runbook.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Listed {
    /// What it is called on the command line.
    pub reference: String,
    /// Its title.
    pub title: String,
    /// Why it is invalid.
    pub invalid: Option<String>,
    /// When it was last walked with success on this machine, in words.
    pub walked: String,
    /// The team that owns it.
    pub owner: String,
    /// Where it comes from.
    pub from: Text,
}

/// The names of the columns.
const NAMES: [&str; 5] = ["runbook", "title", "walked OK here", "owner", "from"];

/// A list of runbooks, for a page so wide.
pub fn listing(rows: &[Listed], width: Width) -> Page {
    let cells: Vec<Vec<Text>> = rows.iter().map(cells).collect();
    let widest = |column: usize| {
        let cells = cells.iter().map(|row| row[column].width());
        cells.max().unwrap_or(0).max(NAMES[column].len())
    };
    let needed: usize = (0..NAMES.len()).map(widest).sum::<usize>() + 2 * (NAMES.len() - 1);
    if columns(width).is_none_or(|columns| needed <= columns) {
        return table(&NAMES, &cells);
    }
    let mut page = Page::new();
    for row in rows {
        let name = Text::of(Meaning::Heading, &row.reference);
        page.hanging(name.add(Meaning::Plain, "  ").add(Meaning::Plain, &row.title), 4);
        if let Some(why) = &row.invalid {
            page.hanging(Text::plain("    ").join(invalid(why)), 4);
        }
        let mut facts = vec![format!("walked OK on this machine: {}", row.walked)];
        facts.extend((!row.owner.is_empty()).then(|| format!("owner {}", row.owner)));
        let mut text = Text::of(Meaning::Dim, format!("    {}", facts.join(", ")));
        if !row.from.is_empty() {
            text = text.add(Meaning::Dim, ", from ").join(row.from.dimmed());
        }
        page.hanging(text, 4);
    }
    page
}

fn cells(row: &Listed) -> Vec<Text> {
    let mut title = Text::plain(&row.title);
    if let Some(why) = &row.invalid {
        title = title.add(Meaning::Plain, "  ").join(invalid(why));
    }
    let others = [Text::plain(&row.walked), Text::plain(&row.owner), row.from.clone()];
    [Text::of(Meaning::Heading, &row.reference), title].into_iter().chain(others).collect()
}

fn invalid(why: &str) -> Text {
    Text::of(Meaning::Bad, "invalid: ").add(Meaning::Plain, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::Colour;

    fn rows() -> Vec<Listed> {
        let row = |reference: &str, title: &str| Listed {
            reference: reference.to_owned(),
            title: title.to_owned(),
            walked: "never".to_owned(),
            owner: "Storage".to_owned(),
            from: Text::plain("here"),
            ..Listed::default()
        };
        let mut rows = vec![row("shop/disk-full", "The disk is full"), row("a", "\x1b[2Jevil")];
        rows[1].invalid = Some("line 3: no".to_owned());
        rows
    }

    #[test]
    fn a_list_is_a_table_where_it_fits_and_else_two_lines_a_runbook() {
        let page = listing(&rows(), Width::Unlimited).written(Colour::Never, Width::Unlimited);
        assert_eq!(
            page,
            "runbook         title                             walked OK here  owner    from\n\
             shop/disk-full  The disk is full                  never           Storage  here\n\
             a               \\x1b[2Jevil  invalid: line 3: no  never           Storage  here\n"
        );
        let narrow = Width::Columns(40);
        let page = listing(&rows(), narrow).written(Colour::Never, narrow);
        assert_eq!(
            page,
            "shop/disk-full  The disk is full\n    walked OK on this machine: never,\n        \
             owner Storage, from here\na  \\x1b[2Jevil\n    invalid: line 3: no\n    walked OK on this \
             machine: never,\n        owner Storage, from here\n"
        );
    }
}
