//! Commands that get the terminal: what may be typed into them, and how they reach a target whose
//! prefix must be told to pass a terminal on. Their input is the responder, so nothing travels by
//! it: a script goes as an argument, quoted for those prefixes that hand it to a shell.

use std::ffi::OsString;
use std::path::Path;

use super::launch::{Started, exposed};
use super::remote;
use crate::engine::Attempt;
use crate::plan::BoundCommand;
use crate::template::Held;

/// What a prefix needs to pass a terminal on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Passing {
    /// `-t` behind this word; the words that follow go to a shell there.
    ByShell(usize),
    /// `-t` behind this word; the words that follow are the command's.
    Straight(usize),
}

/// Why an attempt cannot have the terminal, if it cannot.
pub(super) fn refused(attempt: &Attempt, lines: &[Held]) -> Option<String> {
    if attempt.command.stdin.is_some() {
        return Some("an interactive command gets the terminal: it takes no `stdin`".to_owned());
    }
    let place = lines.iter().position(|line| exposed(line).chars().any(char::is_control))?;
    // A newline in a value would press Enter, and what stands behind it would be run.
    Some(format!("line {} of `type_in` holds a control character", place + 1))
}

/// What is started for an interactive command with a prefix; or why it cannot be.
pub(super) fn started(command: &BoundCommand) -> Result<Started, String> {
    let target = &command.target;
    let passing = passing(&target.prefix).ok_or_else(|| {
        format!(
            "an interactive command cannot run on the target {}: only ssh, kubectl exec, \
             docker exec and podman exec are known to pass a terminal on",
            target.name
        )
    })?;
    if !command.files.is_empty() {
        return Err(format!("files cannot be brought to the target {}", target.name));
    }
    let secret = |held: &Held| matches!(held, Held::Secret(_));
    if command.variables.values().chain(command.env.values()).any(secret) {
        return Err(format!(
            "a secret cannot be handed to an interactive command on the target {}: it would be \
             an argument, which every process may read",
            target.name
        ));
    }
    let script = remote::script(command);
    let (behind, words) = match passing {
        Passing::ByShell(behind) => {
            (behind, [format!("sh -c {}", remote::quoted(&script))].to_vec())
        }
        Passing::Straight(behind) => (behind, ["sh".to_owned(), "-c".to_owned(), script].to_vec()),
    };
    let (first, rest) = target.prefix.split_at(behind + 1);
    let all = first.iter().map(String::as_str).chain(["-t"]).chain(rest.iter().map(String::as_str));
    let words = all.chain(words.iter().map(String::as_str)).map(OsString::from).collect();
    Ok(Started { words, stdin: None, sentinel: None })
}

fn passing(prefix: &[String]) -> Option<Passing> {
    let program = Path::new(prefix.first()?).file_name()?.to_str()?;
    match program {
        "ssh" => Some(Passing::ByShell(0)),
        "docker" | "kubectl" | "nerdctl" | "oc" | "podman" => {
            prefix.iter().position(|word| word == "exec").map(Passing::Straight)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{BoundForm, BoundTarget};
    use crate::template::Shell;
    use std::collections::BTreeMap;

    fn words(prefix: &[&str], text: &str) -> Result<Vec<String>, String> {
        let command = BoundCommand {
            form: BoundForm::Shell { shell: Shell::Sh, text: text.to_owned() },
            variables: BTreeMap::from([("SF_db".to_owned(), Held::Open("it's".to_owned()))]),
            env: BTreeMap::new(),
            stdin: None,
            files: BTreeMap::new(),
            cwd: None,
            target: BoundTarget {
                name: "db".to_owned(),
                prefix: prefix.iter().map(|word| (*word).to_owned()).collect(),
            },
            timeout: 1,
            shown: String::new(),
        };
        let started = started(&command)?;
        Ok(started.words.iter().map(|word| word.to_str().unwrap().to_owned()).collect())
    }

    #[test]
    fn ssh_is_given_one_word_for_the_shell_there() {
        let words = words(&["ssh", "db-7"], "psql \"$SF_db\"").unwrap();
        assert_eq!(words[..3], ["ssh", "-t", "db-7"]);
        assert_eq!(words.len(), 4);
        // The shell there reads it back as the script.
        let read = shlex::split(&words[3]).unwrap();
        assert_eq!(read[..2], ["sh", "-c"]);
        assert!(read[2].contains("export SF_db='it'\\''s'"), "{}", read[2]);
    }

    #[test]
    fn exec_gets_a_terminal_and_its_words_as_they_are() {
        let words = words(&["kubectl", "-n", "shop", "exec", "-i", "pod", "--"], "top").unwrap();
        let all = ["kubectl", "-n", "shop", "exec", "-t", "-i", "pod", "--", "sh", "-c"];
        assert_eq!(words[..10], all);
    }

    #[test]
    fn what_cannot_carry_a_terminal_is_refused() {
        let error = words(&["sudo", "-u", "x"], "top").unwrap_err();
        assert!(error.contains("target db"), "{error}");
        words(&["kubectl", "get"], "top").unwrap_err();
    }
}
