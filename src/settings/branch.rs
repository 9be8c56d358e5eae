//! Names of branches, as git takes them (`git check-ref-format --branch`). What git would read as
//! another commit of a branch, or as an option, names none.

/// Why a text names no branch, if it does not.
pub(super) fn unusable(name: &str) -> Option<&'static str> {
    let part = |part: &str| part.starts_with('.') || part.strip_suffix(".lock").is_some();
    let odd = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    if name.is_empty() {
        Some("it is empty")
    } else if name.starts_with('-') {
        Some("it begins like an option")
    } else if matches!(name, "@" | "HEAD") {
        Some("that is whatever is checked out, no branch")
    } else if name.contains("@{") {
        Some("`@{` asks for another commit than its latest")
    } else if name.contains("..") {
        Some("`..` asks for a range of commits")
    } else if name.contains(odd) {
        Some("it has a character that no branch can have, such as a space, `~`, `^` or `:`")
    } else if name.split('/').any(str::is_empty) {
        Some("a part of it between two `/` is empty")
    } else if name.split('/').any(part) {
        Some("a part of it begins with a dot or ends in `.lock`")
    } else if name.ends_with('.') {
        Some("it ends in a dot")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_has_a_name_and_nothing_else() {
        // Broken: `main~1` takes a list that somebody has been struck from since.
        for name in ["main", "release/2026.1", "a@b", "täglich", "x-1_y", "@b", "a.b"] {
            assert_eq!(unusable(name), None, "{name}");
        }
        let none = [
            "",
            "-",
            "--upload-pack=x",
            "-main",
            "@",
            "HEAD",
            "main~1",
            "main^",
            "main@{1}",
            "@{-1}",
            "main:file",
            "a..b",
            "a b",
            "a\tb",
            "a\u{7f}b",
            "a?",
            "a*",
            "a[b",
            "a\\b",
            "/main",
            "main/",
            "a//b",
            ".main",
            "a/.b",
            "main.lock",
            "a.lock/b",
            "main.",
        ];
        for name in none {
            assert!(unusable(name).is_some(), "{name:?}");
        }
    }
}
