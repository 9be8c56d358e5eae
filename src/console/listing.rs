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
    /// When it was last walked with success, in words.
    pub walked: String,
    /// What follows these where there is room: who did so, and where.
    pub by: Option<String>,
    /// The team that owns it.
    pub owner: String,
    /// Where it comes from.
    pub from: Text,
}

/// Whose walks a list tells of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Whose {
    /// Those of this machine.
    Machine,
    /// Those of the whole team.
    Team,
}

impl Whose {
    /// In words, behind `walked OK`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Machine => "on this machine",
            Self::Team => "by the team",
        }
    }

    /// The names of the columns.
    fn columns(self) -> [&'static str; 5] {
        let walked = match self {
            Self::Machine => "walked OK here",
            Self::Team => "walked OK by the team",
        };
        ["runbook", "title", walked, "owner", "from"]
    }
}

/// A list of runbooks, for a page so wide: a table that says who walked them, else one that does not,
/// else no table.
pub fn listing(rows: &[Listed], whose: Whose, width: Width) -> Page {
    let names = whose.columns();
    let fits = |cells: &[Vec<Text>]| {
        let widest = |column: usize| {
            let cells = cells.iter().map(|row| row[column].width());
            cells.max().unwrap_or(0).max(names[column].len())
        };
        let needed: usize = (0..names.len()).map(widest).sum::<usize>() + 2 * (names.len() - 1);
        columns(width).is_none_or(|columns| needed <= columns)
    };
    for told in [By::Told, By::Omitted] {
        let cells: Vec<Vec<Text>> = rows.iter().map(|row| cells(row, told)).collect();
        if fits(&cells) {
            return table(&names, &cells, width);
        }
    }
    let mut page = Page::new();
    for row in rows {
        let name = Text::of(Meaning::Heading, &row.reference);
        page.hanging(name.add(Meaning::Plain, "  ").add(Meaning::Plain, &row.title), 4);
        if let Some(why) = &row.invalid {
            page.hanging(Text::plain("    ").join(invalid(why)), 4);
        }
        let by = row.by.as_deref().unwrap_or_default();
        let mut facts = vec![format!("walked OK {}: {}{by}", whose.words(), row.walked)];
        facts.extend((!row.owner.is_empty()).then(|| format!("owner {}", row.owner)));
        let mut text = Text::of(Meaning::Dim, format!("    {}", facts.join(", ")));
        if !row.from.is_empty() {
            text = text.add(Meaning::Dim, ", from ").join(row.from.dimmed());
        }
        page.hanging(text, 4);
    }
    page
}

/// Whether it is told who walked it.
#[derive(Clone, Copy, Eq, PartialEq)]
enum By {
    Told,
    Omitted,
}

fn cells(row: &Listed, by: By) -> Vec<Text> {
    let mut title = Text::plain(&row.title);
    if let Some(why) = &row.invalid {
        title = title.add(Meaning::Plain, "  ").join(invalid(why));
    }
    let by = row.by.as_deref().filter(|_| by == By::Told).unwrap_or_default();
    let walked = format!("{}{by}", row.walked);
    let others = [Text::plain(walked), Text::plain(&row.owner), row.from.clone()];
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
        let page = listing(&rows(), Whose::Machine, Width::Unlimited)
            .written(Colour::Never, Width::Unlimited);
        assert_eq!(
            page,
            "runbook         title                             walked OK here  owner    from\n\
             shop/disk-full  The disk is full                  never           Storage  here\n\
             a               \\x1b[2Jevil  invalid: line 3: no  never           Storage  here\n"
        );
        let narrow = Width::Columns(40);
        let page = listing(&rows(), Whose::Machine, narrow).written(Colour::Never, narrow);
        assert_eq!(
            page,
            "shop/disk-full  The disk is full\n    walked OK on this machine: never,\n        \
             owner Storage, from here\na  \\x1b[2Jevil\n    invalid: line 3: no\n    walked OK on this \
             machine: never,\n        owner Storage, from here\n"
        );
    }

    #[test]
    fn who_walked_it_is_told_where_there_is_room() {
        let mut rows = rows();
        rows.truncate(1);
        rows[0].walked = "3 days ago".to_owned();
        rows[0].by = Some(" by dana on laptop".to_owned());
        let shown = |columns| {
            let width = Width::Columns(columns);
            listing(&rows, Whose::Team, width).written(Colour::Never, width)
        };
        let head = "runbook         title             walked OK by the team";
        assert_eq!(
            shown(90),
            format!(
                "{head}         owner    from\nshop/disk-full  The disk is full  3 days ago by dana \
                 on laptop  Storage  here\n"
            )
        );
        assert_eq!(
            shown(75),
            format!(
                "{head}  owner    from\nshop/disk-full  The disk is full  3 days ago             \
                 Storage  here\n"
            )
        );
        assert_eq!(
            shown(60),
            "shop/disk-full  The disk is full\n    walked OK by the team: 3 days ago by dana on \
             laptop,\n        owner Storage, from here\n"
        );
    }
}
