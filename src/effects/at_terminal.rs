//! Commands that get the terminal: what may be typed into them, and how they reach a target whose
//! prefix must be told to pass a terminal on. Their input is the responder, so nothing travels by
//! it: a script goes as an argument, quoted for those prefixes that hand it to a shell.

use std::ffi::OsString;
use std::path::Path;

use super::launch::{Started, exposed};
use super::remote;
use crate::engine::Attempt;
use crate::plan::{BoundCommand, BoundPlace};
use crate::template::Held;

/// What becomes of the words behind those that lead to a place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Passing {
    /// A shell there reads them.
    ByShell,
    /// They are the command's.
    Straight,
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

/// What is started for an interactive command elsewhere, or of another user; or why it cannot be.
pub(super) fn started(command: &BoundCommand) -> Result<Started, String> {
    let target = &command.target;
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
    let (mut words, passing) = way(&target.place).ok_or_else(|| {
        format!(
            "an interactive command cannot run on the target {}: only ssh, kubectl exec, \
             docker exec and podman exec are known to pass a terminal on",
            target.name
        )
    })?;
    if let Some(user) = &command.user {
        // It has the terminal, so that sudo can ask there by itself.
        words.extend(["sudo", "-H", "-u", user, "--"].map(str::to_owned));
    }
    let script = remote::at_terminal(command);
    match passing {
        Passing::ByShell => words.push(format!("sh -c {}", remote::quoted(&script))),
        Passing::Straight => words.extend(["sh".to_owned(), "-c".to_owned(), script]),
    }
    let words = words.into_iter().map(OsString::from).collect();
    Ok(Started { words, ..Started::default() })
}

/// The words that lead to a place and pass a terminal on; nothing leads to this machine.
fn way(place: &BoundPlace) -> Option<(Vec<String>, Passing)> {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    Some(match place {
        BoundPlace::Cluster { .. } | BoundPlace::Here => (Vec::new(), Passing::Straight),
        BoundPlace::Ssh { host } => (owned(&["ssh", "-t", "--", host]), Passing::ByShell),
        BoundPlace::Pod { context, namespace, pod, container } => {
            let mut words = owned(&["kubectl", &format!("--context={context}")]);
            words.extend(namespace.iter().map(|it| format!("--namespace={it}")));
            words.extend(owned(&["exec", "--stdin", "--tty"]));
            words.extend(container.iter().map(|it| format!("--container={it}")));
            words.extend(owned(&[pod, "--"]));
            (words, Passing::Straight)
        }
        BoundPlace::Prefix(prefix) => {
            let (behind, passing) = known(prefix)?;
            let mut words = prefix.clone();
            words.insert(behind + 1, "-t".to_owned());
            (words, passing)
        }
    })
}

/// The word of a prefix behind which it is told to pass a terminal on.
fn known(prefix: &[String]) -> Option<(usize, Passing)> {
    let program = Path::new(prefix.first()?).file_name()?.to_str()?;
    match program {
        "ssh" => Some((0, Passing::ByShell)),
        "docker" | "kubectl" | "nerdctl" | "oc" | "podman" => {
            let exec = prefix.iter().position(|word| word == "exec")?;
            Some((exec, Passing::Straight))
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
            user: None,
            folder: None,
            target: BoundTarget {
                name: "db".to_owned(),
                place: BoundPlace::Prefix(prefix.iter().map(|word| (*word).to_owned()).collect()),
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
