//! Commands for a target that is reached by a prefix, such as `ssh host` or `kubectl exec -i pod --`.
//! No environment travels there, and a prefix may hand its words to another shell: so the prefix is
//! followed by the constant words `sh -s`, and everything else goes by standard input, quoted once,
//! here. The shell there first prints a line of its own: without it the command did not arrive.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;

use super::launch::{Started, exposed, shell_words};
use crate::plan::{BoundCommand, BoundForm};

/// What is started for a command with a prefix; or why it cannot be.
pub(super) fn started(command: &BoundCommand) -> Result<Started, String> {
    if !command.files.is_empty() {
        return Err(format!(
            "files cannot be brought to the target {}: it is reached by a prefix",
            command.target.name
        ));
    }
    let prefix = command.target.prefix.iter();
    if let Some(words) = plain_words(command) {
        return Ok(Started {
            words: prefix.chain(words).map(OsString::from).collect(),
            stdin: None,
            sentinel: None,
        });
    }
    let sentinel = format!("surefoot-{}\n", nonce());
    Ok(Started {
        words: prefix.map(OsString::from).chain(["sh".into(), "-s".into()]).collect(),
        stdin: Some(bootstrap(command, &sentinel).into_bytes()),
        sentinel: Some(sentinel.into_bytes()),
    })
}

/// The exit status by which the prefix says that the connection was lost. A command at the other end
/// of ssh that itself exits with 255 cannot be told from it, and nobody should act on either.
pub(super) fn lost_status(command: &BoundCommand) -> Option<i32> {
    let program = Path::new(command.target.prefix.first()?);
    (program.file_name()? == "ssh").then_some(255)
}

/// The words of a command that needs nothing but its words, none of which means anything to any
/// shell.
fn plain_words(command: &BoundCommand) -> Option<&[String]> {
    let plain = |word: &String| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_./:=@%+,-".contains(&byte))
    };
    match &command.form {
        BoundForm::List(words)
            if command.env.is_empty()
                && command.variables.is_empty()
                && command.stdin.is_none()
                && command.cwd.is_none()
                && words.iter().all(plain)
                // A first word with `=` is an assignment to a shell.
                && !words.first().is_some_and(|first| first.contains('=')) =>
        {
            Some(words)
        }
        _ => None,
    }
}

/// One compound command: the shell reads all of it before it runs any, so that nothing of it is
/// taken for the input of the command.
fn bootstrap(command: &BoundCommand, sentinel: &str) -> String {
    let mut text = format!("{{\nprintf '%s\\n' {}\n", quoted(sentinel.trim_end()));
    let run = place_and_run(command, &mut text);
    let line = match &command.stdin {
        None => format!("exec {run} </dev/null\n"),
        Some(stdin) => format!("printf '%s' {} | {run}\n", quoted(exposed(stdin))),
    };
    text.push_str(&line);
    text.push_str("exit $?\n}\n");
    text
}

/// The script of a command that keeps the terminal as its input.
pub(super) fn script(command: &BoundCommand) -> String {
    let mut text = String::new();
    let run = place_and_run(command, &mut text);
    text + "exec " + &run
}

/// Adds the lines that make variables and folder what they should be; returns the command.
fn place_and_run(command: &BoundCommand, text: &mut String) -> String {
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    for (name, value) in command.variables.iter().chain(&command.env) {
        line(format!("export {name}={}", quoted(exposed(value))));
    }
    if let Some(cwd) = &command.cwd {
        line(format!("cd -- {} || exit 1", quoted(cwd)));
    }
    match &command.form {
        BoundForm::List(words) => all_quoted(words.iter().map(String::as_str)),
        BoundForm::Shell { shell, text } => {
            all_quoted(shell_words(*shell).iter().copied().chain([text.as_str()]))
        }
    }
}

fn all_quoted<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.map(quoted).collect::<Vec<_>>().join(" ")
}

/// A word as every POSIX shell reads it back, whatever stands in it.
pub(super) fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// Something that no output of another command begins with.
fn nonce() -> String {
    let mut bytes = [0; 12];
    // Where the system has no random bytes, a constant line is still a line that must arrive.
    let _ = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty());
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes every write");
        text
    })
}
