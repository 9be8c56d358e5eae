//! What the responder sees of a command: text that, in a fresh shell, makes the same calls with the
//! same arguments. The environment and the folder that its author gave it stand before it, its
//! input behind it as a comment.

use crate::runbook::{Command, Stdin};
use crate::template::{Fragment, Shell, Template, Unset, quoted};
use crate::value::{Facts, Reference};

/// So many lines of an input are shown.
const MOST_LINES: usize = 10;

/// A command with all that decides what it does.
pub(super) fn shown(command: &Command, script: &str, facts: &dyn Facts) -> Result<String, Unset> {
    let shell = command.form.shell().unwrap_or(Shell::Bash);
    let word = |template: &Template| Ok(quoted(&template.fill(facts)?, shell));
    let mut lines = Vec::new();
    for (name, value) in &command.env {
        lines.push(format!("export {name}={}", word(value)?));
    }
    if let Some(cwd) = &command.cwd {
        lines.push(format!("cd -- {}", word(cwd)?));
    }
    lines.push(script.to_owned());
    match &command.stdin {
        None => {}
        Some(Stdin::Lines(name)) => {
            lines.push(format!(
                "# input: a line for each item of {}",
                Reference::Value(name.clone())
            ));
        }
        Some(Stdin::Text(template)) => lines.extend(input(&template.render(facts)?)),
    }
    Ok(lines.join("\n"))
}

/// An input as a comment.
fn input(text: &str) -> Vec<String> {
    let mut lines = vec!["# input:".to_owned()];
    lines.extend(text.lines().take(MOST_LINES).map(|line| format!("#   {line}")));
    let more = text.lines().count().saturating_sub(MOST_LINES);
    if more > 0 {
        lines.push(format!("#   … {more} more lines"));
    }
    lines
}

/// Words as a shell reads them back.
pub(super) fn shown_words(words: &[String]) -> String {
    let word = |word: &String| quoted(&[Fragment::Text(word.clone())], Shell::Bash);
    words.iter().map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::Source;
    use crate::plan::bind;
    use crate::runbook::{Action, NoRepository, load};
    use crate::value::{Datum, Facts, Reference, Secret, Value};

    struct Given;

    impl Facts for Given {
        fn get(&self, reference: &Reference) -> Option<Datum> {
            match reference.to_string().as_str() {
                "folder" => Some(Datum::Open(Value::Text("/a b".to_owned()))),
                "token" => Some(Datum::Secret(Secret::new("hunter2hunter2".to_owned()))),
                _ => None,
            }
        }
    }

    fn check(keys: &str, expected: &str) {
        let text = format!(
            "schema: surefoot/v1\ntitle: T\ninputs:\n  folder: {{ type: path }}\n  token: {{ type: string, secret: true }}\nsteps:\n  - id: s\n    effect: read\n{keys}  - end: done\n"
        );
        let source = Source { name: "t.yaml".to_owned(), text: text.into() };
        let loaded = load(&source, &NoRepository);
        let runbook = loaded.runbook.unwrap_or_else(|| panic!("{:?}", loaded.findings));
        let Action::Run(run) = &runbook.steps[0].action else { panic!("no command") };
        let bound = bind(&runbook, &run.command, &Given).unwrap();
        assert_eq!(bound.shown, expected);
    }

    #[test]
    fn what_decides_a_command_is_seen_with_it_and_secrets_are_not() {
        check(
            "    run: make\n    env: { DIR: '{{folder}}', AUTH: 'Bearer \"{{token}}\"' }\n",
            "export AUTH=\"Bearer \\\"${SF_token}\\\"\"\nexport DIR='/a b'\nmake",
        );
        check("    run: ls\n    cwd: '{{folder}}'\n", "cd -- '/a b'\nls");
        check(
            "    run: [cat, '-']\n    stdin: \"one\\n{{token}}\\n\"\n",
            "cat -\n# input:\n#   one\n#   ${SF_token}",
        );
    }
}
