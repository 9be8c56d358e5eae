//! Sources added to a settings file and taken out of it, as a person would do it in an editor: every
//! other byte stays as it is.

use super::load::load;
use super::model::{Place, SettingsFile, Source};
use crate::diagnostic::Source as Text;

/// A source that is to be written down.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct NewSource {
    /// Its keys in order, each with a text.
    pub texts: Vec<(&'static str, String)>,
    /// Its keys with several texts.
    pub lists: Vec<(&'static str, Vec<String>)>,
}

impl NewSource {
    /// The table as it is written.
    pub fn table(&self) -> String {
        let mut table = "[[source]]\n".to_owned();
        for (key, text) in &self.texts {
            table = format!("{table}{key} = {}\n", quoted(text));
        }
        for (key, texts) in &self.lists {
            let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
            table = format!("{table}{key} = [{}]\n", texts.join(", "));
        }
        table
    }

    /// A file with this at its end.
    pub fn added(&self, text: &str) -> String {
        let gap = match text {
            "" => "schema = \"surefoot-config/v1\"\n\n",
            text if text.ends_with("\n\n") => "",
            text if text.ends_with('\n') => "\n",
            _ => "\n\n",
        };
        format!("{text}{gap}{}", self.table())
    }
}

/// What JSON makes of a text is a text of TOML, too.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a text is JSON")
}

/// A file without the source whose table begins on a line. Nothing if it cannot be cut out by itself.
pub fn without_source(text: &str, line: usize, place: &Place) -> Option<String> {
    let before = read(text, place)?;
    let starts: Vec<usize> = line_starts(text);
    let start = *starts.get(line.checked_sub(1)?)?;
    let header = |at: &&usize| {
        let line = text[**at..].trim_start_matches([' ', '\t']);
        line.starts_with('[') && !line.starts_with("[source.")
    };
    let ends = starts[line..].iter().filter(header).map(|at| with_comments(text, *at, start));
    ends.chain([text.len()]).find_map(|end| {
        let (head, tail) = (&text[..start], &text[end..]);
        let cut = match tail {
            "" if head.trim().is_empty() => String::new(),
            "" => format!("{}\n", head.trim_end()),
            tail => format!("{head}{tail}"),
        };
        // A bracket at the beginning of a line need not be a table: what is left must be all the rest.
        is_without(&read(&cut, place)?, &before, line).then_some(cut)
    })
}

/// Where each line begins.
fn line_starts(text: &str) -> Vec<usize> {
    let after = text.match_indices('\n').map(|(at, _)| at + 1);
    std::iter::once(0).chain(after).filter(|at| *at < text.len()).collect()
}

/// The beginning of the comments that stand right above a table: they are about it.
fn with_comments(text: &str, mut at: usize, least: usize) -> usize {
    while let Some(line) = text[least..at].trim_end_matches('\n').rsplit('\n').next()
        && line.trim_start().starts_with('#')
        && text[..at].ends_with('\n')
        && !text[..at].ends_with("\n\n")
    {
        at -= line.len() + 1;
    }
    at
}

fn read(text: &str, place: &Place) -> Option<SettingsFile> {
    let name = "config.toml".to_owned();
    load(&Text { name, text: text.into() }, place).file
}

/// Whether one file is the other without the source on a line.
fn is_without(one: &SettingsFile, other: &SettingsFile, line: usize) -> bool {
    let plain = |source: &Source| {
        let mut source = source.clone();
        source.origin.line = 0;
        source
    };
    let left: Vec<Source> = one.sources.iter().map(plain).collect();
    let rest = other.sources.iter().filter(|source| source.origin.line != line);
    let counts = |file: &SettingsFile| {
        let demands = (file.demands.len(), file.yes.len(), file.break_glass.len());
        (demands, file.standard.len(), file.schemas.len(), file.allowed_signers.clone())
    };
    left == rest.map(plain).collect::<Vec<_>>()
        && one.sources.len() + 1 == other.sources.len()
        && counts(one) == counts(other)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::policy::Authority;

    fn place() -> Place {
        Place { authority: Authority::User, folder: PathBuf::from("/srv/conf"), home: None }
    }

    fn new(url: &str) -> NewSource {
        NewSource {
            texts: vec![("git", url.to_owned())],
            lists: vec![("services", vec!["a\"b".to_owned(), "c".to_owned()])],
        }
    }

    #[test]
    fn what_was_added_is_taken_out_again_and_all_else_stays() {
        for text in [
            "schema = \"surefoot-config/v1\"\n",
            "schema = \"surefoot-config/v1\"\n# mine\n\n[[source]] # books\npath = \"books\"\n",
            "# odd\n   schema='surefoot-config/v1'\n[check]\nschemas = [\n\"a.json\"\n]\n",
        ] {
            let mut source = new("https://git.example.org/a");
            source.lists.clear();
            let added = source.added(text);
            assert!(added.starts_with(text), "{added}");
            assert!(read(&added, &place()).is_some(), "{added}");
            let line = added[..added.rfind("[[source]]").unwrap()].matches('\n').count() + 1;
            assert_eq!(without_source(&added, line, &place()).as_deref(), Some(text));
        }
        assert!(new("x").table().contains(r#"services = ["a\"b", "c"]"#));
        assert!(read(&NewSource { lists: vec![], ..new("/x") }.added(""), &place()).is_some());
    }

    #[test]
    fn exactly_one_table_is_cut() {
        let text = "\
schema = \"surefoot-config/v1\"
# the first
[[source]]
command = [
  \"list\",
[]
]
[[source]]
git = \"/a\"
# whose signatures
[source.allowed_signers]
repository = \"/keys\"
branch = \"main\"
file = \"signers\"

# about policies
[[policy]]
effect = \"change\"
level = \"typed\"
why = \"[[source]]\"
";
        // An empty list is no text; without it the file is good.
        let text = text.replace("[]\n", "");
        let cut = without_source(&text, 7, &place()).unwrap();
        let (head, _) = text.split_once("[[source]]\ngit").unwrap();
        let (_, tail) = text.split_once("# about").unwrap();
        assert_eq!(cut, format!("{head}# about{tail}"));
        let first = without_source(&text, 3, &place()).unwrap();
        assert!(first.contains("# the first\n[[source]]\ngit = \"/a\""), "{first}");
        for line in [0, 1, 2, 8, 99] {
            assert_eq!(without_source(&text, line, &place()), None, "{line}");
        }
    }
}
