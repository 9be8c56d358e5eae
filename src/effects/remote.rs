//! Commands that run elsewhere: on a host over ssh, in a pod, behind a prefix, or here as another
//! user. No environment travels there, and the words of ssh are read by another shell: so the way
//! there is followed by the constant words `sh -s`, and everything else goes by standard input, quoted
//! once, here. How the two sides talk is told in [`Handshake`].

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::launch::{Started, exposed, shell_words};
use crate::engine::Attempt;
use crate::plan::{BoundCommand, BoundForm, BoundPlace};
use crate::process::Handshake;
use crate::runbook::OnDisconnect;
use crate::template::Shell;
use crate::value::hex;

/// Seconds until a silent host is given up.
const CONNECT: u32 = 15;

/// What is started for a command that runs elsewhere.
pub(super) fn started(
    attempt: &Attempt,
    environment: &BTreeMap<OsString, OsString>,
    connections: Option<PathBuf>,
) -> Started {
    let command = &attempt.command;
    let mut words = way(command, environment, connections.as_deref());
    if let Some(plain) = plain_words(command) {
        words.extend_from_slice(plain);
        return Started { words: os(words), ..Started::default() };
    }
    words.extend(["sh", "-s"].map(str::to_owned));
    let handshake = Handshake::new(token());
    Started {
        words: os(words),
        stdin: Some(script(attempt, &handshake).into_bytes()),
        handshake: Some(handshake),
        connections,
    }
}

fn os(words: Vec<String>) -> Vec<OsString> {
    words.into_iter().map(OsString::from).collect()
}

/// The words that lead to the shell which runs a command.
fn way(
    command: &BoundCommand,
    environment: &BTreeMap<OsString, OsString>,
    connections: Option<&Path>,
) -> Vec<String> {
    let has = |name: &str| environment.contains_key(OsStr::new(name));
    let mut words = match &command.target.place {
        BoundPlace::Cluster { .. } | BoundPlace::Here => Vec::new(),
        BoundPlace::Prefix(words) => words.clone(),
        BoundPlace::Ssh { host } => ssh(host, connections, has("SSH_ASKPASS")),
        BoundPlace::Pod { context, namespace, pod, container } => {
            let mut words = vec!["kubectl".to_owned(), format!("--context={context}")];
            words.extend(namespace.iter().map(|it| format!("--namespace={it}")));
            words.extend(["exec", "--stdin", "--quiet"].map(str::to_owned));
            words.extend(container.iter().map(|it| format!("--container={it}")));
            words.extend([pod.clone(), "--".to_owned()]);
            words
        }
    };
    if let Some(user) = &command.user {
        // A program that asks for a password is there only on this machine.
        let here = matches!(command.target.place, BoundPlace::Here) && has("SUDO_ASKPASS");
        let asks = if here { "-A" } else { "-n" };
        words.extend(["sudo", asks, "-H", "-u", user, "--"].map(str::to_owned));
    }
    words
}

/// The words of ssh. It must never wait for a person whom nobody sees, nor for a host that is gone;
/// everything else is for the responder's own configuration to say.
fn ssh(host: &str, connections: Option<&Path>, askpass: bool) -> Vec<String> {
    let mut words = vec!["ssh".to_owned(), "-T".to_owned()];
    let mut option = |text: String| words.extend(["-o".to_owned(), text]);
    if !askpass {
        option("BatchMode=yes".to_owned());
    }
    // The configuration may name a command for the responder's own logins.
    option("RemoteCommand=none".to_owned());
    option(format!("ConnectTimeout={CONNECT}"));
    option("ServerAliveInterval=15".to_owned());
    option("ServerAliveCountMax=3".to_owned());
    if let Some(folder) = connections {
        option("ControlMaster=auto".to_owned());
        // Should nobody be left to close it, it closes by itself.
        option("ControlPersist=10m".to_owned());
        option(format!("ControlPath={}/%C", folder.display()));
    }
    // The login shell there gives way, so that no stop ends it before what it runs.
    words.extend(["--", host, "exec"].map(str::to_owned));
    words
}

/// The words of a command behind a prefix that needs nothing but its words, none of which means
/// anything to any shell: they are run as they are, where there may be no shell.
fn plain_words(command: &BoundCommand) -> Option<&[String]> {
    let plain = |word: &String| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_./:=@%+,-".contains(&byte))
    };
    let BoundPlace::Prefix(prefix) = &command.target.place else {
        return None;
    };
    // Behind ssh there is a shell, which can tell a lost connection from an exit status.
    let ssh = Path::new(prefix.first()?).file_name()? == "ssh";
    match &command.form {
        BoundForm::List(words)
            if !ssh
                && command.user.is_none()
                && command.env.is_empty()
                && command.variables.is_empty()
                && command.files.is_empty()
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

/// What the shell at the target reads: one compound command, so that it has read all of it before it
/// runs any.
fn script(attempt: &Attempt, handshake: &Handshake) -> String {
    let command = &attempt.command;
    let mut text = String::from("{\n");
    let mut add = |part: &str| {
        text.push_str(part.trim_end_matches('\n'));
        text.push('\n');
    };
    add(OPENING);
    add("surefoot_environment() {\n:");
    for (name, value) in command.variables.iter().chain(&command.env) {
        add(&format!("export {name}={}", quoted(exposed(value))));
    }
    add("}");
    if let Some(cwd) = &command.cwd {
        add(&format!("CDPATH= cd -- {} || exit 1", quoted(cwd)));
    } else if command.user.is_some() {
        // Where sudo starts, its user may not be allowed to be.
        add("cd -- \"$HOME\" 2>/dev/null || cd /");
    }
    let remove = match &command.folder {
        None => ":".to_owned(),
        Some(folder) => {
            add(&files(command, folder));
            format!("rm -rf -- {}", quoted(folder))
        }
    };
    add(&format!("surefoot_remove() {{ {remove}; }}"));
    add(&format!("surefoot_ready={}", quoted(&handshake.ready())));
    add(&format!("surefoot_ended={}", quoted(&handshake.ended())));
    add(&format!("surefoot_go={}", quoted(Handshake::GO)));
    add(match attempt.on_disconnect {
        OnDisconnect::Finish => "surefoot_stop() { :; }",
        OnDisconnect::Stop => STOP,
    });
    add(WATCH);
    let run = format!("( surefoot_environment; exec {} ) 2>&6 4>&- 5>&- 6>&-", run(command));
    add(RUN_BEGIN);
    add(&match &command.stdin {
        None => run,
        Some(stdin) => format!("printf '%s' {} | {run}", quoted(exposed(stdin))),
    });
    add(RUN_END);
    text
}

/// Nothing of this may wait for a person, and nothing secret may become an argument.
const OPENING: &str = r"
exec 3<&0 4>&1 5>&2 </dev/null
case $(command -v printf) in
  */*) echo 'surefoot: the shell of this target has no printf of its own' >&2; exit 1 ;;
esac
";

/// Without anybody at the other end, the command is asked to end, and is killed if it does not.
const STOP: &str = "surefoot_stop() { kill -s TERM 0; sleep 5; surefoot_remove; kill -s KILL 0; }";

/// The shell says that it is ready and waits for the word. From then on a watch takes orders and
/// notices when nobody is there any more. The shell itself outlives a signal to its process group.
const WATCH: &str = r#"
trap : HUP INT TERM
printf '%s\n' "$surefoot_ready"
IFS= read -r surefoot_word <&3 && [ "$surefoot_word" = "$surefoot_go" ] || {
  surefoot_remove
  exit 1
}
exec 2>/dev/null
{
  trap '' HUP INT TERM
  while IFS= read -r surefoot_word; do
    case $surefoot_word in
      INT | TERM) kill -s "$surefoot_word" 0 ;;
      KILL) surefoot_remove; kill -s KILL 0 ;;
    esac
  done
  surefoot_stop
} <&3 >/dev/null 3<&- 4>&- 5>&- &
surefoot_watch=$!
exec 3<&-
surefoot_pass() { trap '' HUP INT TERM; cat; cat >/dev/null; }
"#;

/// The command's streams go through a `cat` each: when the connection is lost, it is these that a
/// signal ends, and what the command still prints is read and dropped. The word of the end follows
/// the output on its own way, so that it comes behind it.
const RUN_BEGIN: &str = "{\n{\n{\ntrap : HUP INT TERM";

const RUN_END: &str = r#"
surefoot_status=$?
surefoot_remove
printf '%s %s\n' "$surefoot_ended" "$surefoot_status"
} | surefoot_pass >&4
} 6>&1 | surefoot_pass >&5
}
kill -s KILL "$surefoot_watch"
exit 0
}
"#;

/// The words of the command itself.
fn run(command: &BoundCommand) -> String {
    match &command.form {
        BoundForm::List(words) => all_quoted(words.iter().map(String::as_str)),
        BoundForm::Shell { shell, text } => {
            let (program, options) = shell_words(*shell).split_first().expect("a shell has a name");
            // Below sshd bash would read its rc file, which `-eu` does not suit.
            let quiet = (*shell == Shell::Bash).then_some("--norc");
            let words = [*program].into_iter().chain(quiet).chain(options.iter().copied());
            all_quoted(words.chain([text.as_str()]))
        }
    }
}

/// The script of a command that keeps the terminal as its input.
pub(super) fn at_terminal(command: &BoundCommand) -> String {
    let mut text = String::new();
    for (name, value) in command.variables.iter().chain(&command.env) {
        let _infallible = writeln!(text, "export {name}={}", quoted(exposed(value)));
    }
    if let Some(cwd) = &command.cwd {
        let _infallible = writeln!(text, "CDPATH= cd -- {} || exit 1", quoted(cwd));
    }
    text + "exec " + &run(command)
}

/// Makes the files of a command in a folder that nobody else can enter. One that is there already
/// must be the user's own: an attempt before this one may have left it.
fn files(command: &BoundCommand, folder: &str) -> String {
    let at = quoted(folder);
    let mut text = format!(
        "(\numask 077\nmkdir -- {at} 2>/dev/null || {{ [ -d {at} ] && [ ! -L {at} ] && [ -O {at} ] && chmod 700 {at}; }} || exit 1\n"
    );
    for (name, file) in &command.files {
        let path = quoted(&format!("{folder}/{name}"));
        let _infallible = writeln!(text, "rm -f -- {path} && : >{path} || exit 1");
        match &file.bytes {
            None => {
                let content = quoted(exposed(&file.content));
                let _infallible = writeln!(text, "printf '%s' {content} >{path} || exit 1");
            }
            Some(bytes) => {
                for part in bytes.chunks(4096) {
                    let _infallible = writeln!(text, "printf '{}' >>{path} || exit 1", octal(part));
                }
            }
        }
        if file.executable {
            let _infallible = writeln!(text, "chmod 700 {path} || exit 1");
        }
    }
    let said = quoted(&format!("surefoot: the files cannot be made in {folder}"));
    let _infallible = writeln!(text, ") || {{ printf '%s\\n' {said} >&2; exit 1; }}");
    text
}

/// Bytes as the format of a `printf`: only letters and digits stand for themselves.
fn octal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || *byte == b'\n' || *byte == b' ' {
            text.push(char::from(*byte));
        } else {
            let _infallible = write!(text, "\\{byte:03o}");
        }
        text
    })
}

fn all_quoted<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.map(quoted).collect::<Vec<_>>().join(" ")
}

/// A word as every POSIX shell reads it back, whatever stands in it.
pub(super) fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// Something that no output of another command holds.
fn token() -> String {
    let mut bytes = [0; 12];
    // Where the system has no random bytes, constant words are still words that must arrive.
    let _ = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty());
    hex(bytes)
}
