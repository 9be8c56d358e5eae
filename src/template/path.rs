//! The path between the braces: which names a template may use, and what to say about the others.

use super::tags::ESCAPE_HELP;
use crate::value::{Name, Reference};

/// Why a text between braces names nothing, and what to do about it.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct NotAPath {
    pub(super) message: String,
    pub(super) help: String,
}

impl NotAPath {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

/// Reads the path of a value.
pub(super) fn reference(text: &str) -> Result<Reference, NotAPath> {
    let parts: Vec<&str> = text.split('.').collect();
    match parts.as_slice() {
        ["run", "id"] => Ok(Reference::RunId),
        ["run", field] => Err(NotAPath::new(
            format!("of `run` a text may name only the id, not `{field}`"),
            "write `{{run.id}}`",
        )),
        ["environment", key] => name(key, "a key of an environment is").map(Reference::Environment),
        ["files", key] => name(key, "a file's name is").map(Reference::File),
        ["alert", "labels", key] => label(key).map(Reference::AlertLabel),
        ["alert", "annotations", key] => label(key).map(Reference::AlertAnnotation),
        ["alert", ..] => Err(NotAPath::new(
            format!("`{text}` names nothing: an alert has labels and annotations"),
            "write `{{alert.labels.name}}` or `{{alert.annotations.name}}`",
        )),
        [only] => single(only),
        ["inputs" | "input" | "values" | "vars", rest] if Name::new(rest).is_ok() => {
            Err(NotAPath::new(
                format!("`{text}` names nothing: values stand without a prefix"),
                format!("write `{{{{{rest}}}}}`"),
            ))
        }
        ["env", rest] => Err(NotAPath::new(
            format!("`{text}` names nothing: a template does not read the caller's environment"),
            format!("a value of the environment that was chosen is `{{{{environment.{rest}}}}}`"),
        )),
        ["steps", ..] => Err(NotAPath::new(
            "a text cannot name the results of steps",
            "capture what the step found out and name the capture",
        )),
        ["", ..] => Err(NotAPath::new(
            format!("`{{{{{text}}}}}` looks like another tool's template"),
            ESCAPE_HELP,
        )),
        [first, ..] if Name::new(first).is_ok() => Err(NotAPath::new(
            format!("`{first}` has no parts"),
            format!("a value stands whole: `{{{{{first}}}}}`; {ESCAPE_HELP}"),
        )),
        _ => Err(strange(text)),
    }
}

fn single(text: &str) -> Result<Reference, NotAPath> {
    match text {
        "exit" | "stdout" | "stderr" | "took" => Err(NotAPath::new(
            format!("a text cannot name `{text}`"),
            "take what you need out of the output with `capture` and name the capture",
        )),
        "now" => {
            Err(NotAPath::new("a text cannot name `now`", "`now` is for logic, such as `when`"))
        }
        "environment" => Err(mapping(text, "environment.key")),
        "files" => Err(mapping(text, "files.name")),
        "alert" => Err(mapping(text, "alert.labels.name")),
        "run" => Err(mapping(text, "run.id")),
        "steps" => Err(NotAPath::new(
            "`steps` is a mapping and no text",
            "capture what the step found out and name the capture",
        )),
        "if" | "unless" | "each" | "with" | "lookup" | "log" | "else" | "this" => {
            Err(NotAPath::new(
                format!("`{text}` is a word of the template language and no value"),
                "only `{{name}}`, `{{#if name}}`, `{{#unless name}}` and `{{else}}` are known",
            ))
        }
        _ => Name::new(text).map(Reference::Value).map_err(|_| strange(text)),
    }
}

fn mapping(text: &str, part: &str) -> NotAPath {
    NotAPath::new(
        format!("`{text}` is a mapping and no text"),
        format!("name one of its parts: `{{{{{part}}}}}`"),
    )
}

fn name(text: &str, what: &str) -> Result<Name, NotAPath> {
    Name::new(text).map_err(|_| {
        NotAPath::new(
            format!("`{text}` cannot stand here: {what} [a-z][a-z0-9_]*"),
            "see how it is spelled where it is declared",
        )
    })
}

/// Names of labels as Prometheus has them.
fn label(text: &str) -> Result<String, NotAPath> {
    let mut bytes = text.bytes();
    let starts = bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_');
    if starts && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        Ok(text.to_owned())
    } else {
        Err(NotAPath::new(
            format!("`{text}` is not the name of a label: names are [a-zA-Z_][a-zA-Z0-9_]*"),
            "see how the alert spells it",
        ))
    }
}

fn strange(text: &str) -> NotAPath {
    if text.is_empty() {
        return NotAPath::new("the braces are empty", "write the name of a value in them");
    }
    let plain = text.to_ascii_lowercase().replace('-', "_");
    if Name::new(&plain).is_ok() {
        return NotAPath::new(
            format!("`{text}` is not a name: names are [a-z][a-z0-9_]*"),
            format!("did you mean `{{{{{plain}}}}}`?"),
        );
    }
    if text.contains(|c: char| c.is_whitespace() || "()=|?<>+*\"'".contains(c)) {
        return NotAPath::new(
            format!(
                "`{{{{{text}}}}}` is not the name of a value: a template neither calls nor computes"
            ),
            format!("logic belongs into `when`, defaults belong to the input; {ESCAPE_HELP}"),
        );
    }
    NotAPath::new(
        format!("`{{{{{text}}}}}` is not the name of a value"),
        format!("names are [a-z][a-z0-9_]*; {ESCAPE_HELP}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_what_the_language_lists() {
        for path in [
            "host",
            "namespace",
            "elsewhere",
            "environment.name",
            "environment.if",
            "alert.labels.instance",
            "alert.labels.Pod_Name",
            "alert.annotations.summary",
            "files.job",
            "run.id",
        ] {
            assert_eq!(reference(path).unwrap().to_string(), path);
        }
    }

    #[test]
    fn everything_else_is_refused_with_a_way_out() {
        for path in [
            "",
            ".Names",
            "run",
            "run.mode",
            "exit",
            "stdout",
            "now",
            "took",
            "this",
            "else",
            "environment",
            "environment.Region",
            "environment.a.b",
            "files",
            "files.a-b",
            "alert",
            "alert.labels",
            "alert.labels.a-b",
            "alert.label.x",
            "steps.a.exit",
            "host.name",
            "Host",
            "a-b",
            "1",
            "\"x\"",
            "a b",
            "f(x)",
            "../x",
            "@root",
            "env.HOME",
        ] {
            let refused = reference(path).unwrap_err();
            assert!(!refused.help.is_empty(), "{path}");
        }
        assert!(reference(".Names").unwrap_err().help.contains("\\{{"));
        assert!(reference("Host").unwrap_err().help.contains("{{host}}"));
        assert!(reference("inputs.host").unwrap_err().help.contains("{{host}}"));
    }
}
