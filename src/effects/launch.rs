//! Turns a bound command into what the supervisor starts: program, arguments, environment, input,
//! files. Values and secrets go by environment or input, never into an argument.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::executor::Setting;
use super::sharing::Sharing;
use super::{at_terminal, cluster, remote};
use crate::engine::{Attempt, Conduct};
use crate::plan::{BoundCommand, BoundFile, BoundForm, BoundPlace};
use crate::process::{
    Durability, Handshake, Launch, Lifetime, MadeFile, askpass_program, program_in_path,
};
use crate::runbook::Effect;
use crate::template::{Held, Shell};
use crate::value::Name;

/// What is started, and what it reads.
#[derive(Default)]
pub(super) struct Started {
    pub(super) words: Vec<OsString>,
    pub(super) stdin: Option<Vec<u8>>,
    pub(super) handshake: Option<Handshake>,
    pub(super) connections: Option<PathBuf>,
}

/// What the supervisor shall start for an attempt; or why it cannot be started.
pub(super) fn launch(
    setting: &Setting,
    sharing: &mut Sharing,
    attempt: &Attempt,
) -> Result<Launch, String> {
    let command = &attempt.command;
    if let Conduct::Interactive { type_in } = &attempt.conduct
        && let Some(why) = at_terminal::refused(attempt, type_in)
    {
        return Err(why);
    }
    let mut environment = base_environment(setting);
    if !matches!(attempt.conduct, Conduct::Interactive { .. }) {
        ask_here(setting, &mut environment);
    }
    let mut made = Vec::new();
    if let BoundPlace::Cluster { .. } | BoundPlace::Pod { .. } = &command.target.place {
        made.extend(reach_cluster(setting, attempt, &mut environment)?);
    }
    let (started, cwd) = if command.is_far() {
        // What is there has its own environment, folders and files.
        (far(setting, sharing, attempt, &environment)?, setting.work.clone())
    } else {
        for (name, value) in command.variables.iter().chain(&command.env) {
            if made.is_empty() || name != KUBECONFIG {
                environment.insert(name.into(), exposed(value).into());
            }
        }
        made.extend(files(&command.files, &setting.work));
        let cwd =
            command.cwd.as_ref().map_or_else(|| setting.work.clone(), |cwd| setting.work.join(cwd));
        (here(command), cwd)
    };
    environment.insert("PWD".into(), cwd.clone().into());
    let (program, args) = split(&started.words, &environment, &cwd)?;
    Ok(Launch {
        attempt: attempt.id.0,
        program,
        args,
        env: environment.into_iter().collect(),
        cwd,
        stdin: started.stdin,
        files: made,
        handshake: started.handshake,
        connections: started.connections,
        timeout: match attempt.conduct {
            // It ends with its group, however long that takes.
            Conduct::Background { .. } => u64::MAX,
            Conduct::Followed | Conduct::Interactive { .. } => command.timeout,
        },
        grace: setting.grace,
        on_disconnect: attempt.on_disconnect,
        keep: attempt.keep,
        durability: match attempt.effect {
            Effect::Read => Durability::Plain,
            Effect::Change | Effect::Destroy => Durability::Synced,
        },
        cap: setting.cap,
        conduct: attempt.conduct.clone(),
        evidence: if attempt.command.is_far() { Vec::new() } else { attempt.evidence.clone() },
    })
}

/// What reaches the target of a command.
fn far(
    setting: &Setting,
    sharing: &mut Sharing,
    attempt: &Attempt,
    environment: &BTreeMap<OsString, OsString>,
) -> Result<Started, String> {
    let target = &attempt.command.target;
    match attempt.conduct {
        Conduct::Interactive { .. } => at_terminal::started(&attempt.command),
        Conduct::Background { .. } | Conduct::Followed => {
            let connections = match &target.place {
                BoundPlace::Ssh { host } => sharing.folder(setting, environment, host),
                _ => None,
            };
            Ok(remote::started(attempt, environment, connections))
        }
    }
}

/// The variable that names the files in which kubectl looks.
const KUBECONFIG: &str = "KUBECONFIG";

/// Lets kubectl find what the command's own environment names. A command that runs here is given a
/// kubeconfig of its own, which knows its context only.
fn reach_cluster(
    setting: &Setting,
    attempt: &Attempt,
    environment: &mut BTreeMap<OsString, OsString>,
) -> Result<Option<MadeFile>, String> {
    let command = &attempt.command;
    if let Some(named) = command.env.get(KUBECONFIG) {
        environment.insert(KUBECONFIG.into(), exposed(named).into());
    }
    cluster::confine(environment);
    let BoundPlace::Cluster { context, namespace } = &command.target.place else {
        return Ok(None);
    };
    let bytes = cluster::kubeconfig(setting, environment, context, namespace.as_deref())?;
    let path = setting.folder.join("kube").join(attempt.id.0.to_string());
    environment.insert(KUBECONFIG.into(), path.clone().into());
    Ok(Some(MadeFile { path, bytes, executable: false, lifetime: Lifetime::Attempt }))
}

/// The responder's environment without what is meant for this program alone: inputs, which may be
/// secrets, and values of another run.
fn base_environment(setting: &Setting) -> BTreeMap<OsString, OsString> {
    let ours = |name: &OsStr| {
        let name = name.as_encoded_bytes();
        name.starts_with(b"SUREFOOT_INPUT_") || name.starts_with(b"SF_") || name == b"OLDPWD"
    };
    setting
        .environment
        .iter()
        .filter(|(name, _)| !ours(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Programs that want a password ask on the run's terminal.
fn ask_here(setting: &Setting, environment: &mut BTreeMap<OsString, OsString>) {
    let program = askpass_program(&setting.folder);
    environment.insert("SUDO_ASKPASS".into(), program.clone().into());
    environment.insert("SSH_ASKPASS".into(), program.into());
    environment.insert("SSH_ASKPASS_REQUIRE".into(), "force".into());
}

fn here(command: &BoundCommand) -> Started {
    let words = match &command.form {
        BoundForm::List(words) => words.iter().map(OsString::from).collect(),
        BoundForm::Shell { shell, text } => shell_words(*shell)
            .iter()
            .map(|word| OsString::from(*word))
            .chain([text.into()])
            .collect(),
    };
    Started {
        words,
        stdin: command.stdin.as_ref().map(|stdin| exposed(stdin).as_bytes().to_vec()),
        ..Started::default()
    }
}

/// The words that run a script, which follows them.
pub(super) fn shell_words(shell: Shell) -> &'static [&'static str] {
    match shell {
        Shell::Bash => &["bash", "-euo", "pipefail", "-c"],
        Shell::Sh => &["sh", "-eu", "-c"],
    }
}

/// The text itself, on its way to a command.
pub(super) fn exposed(held: &Held) -> &str {
    match held {
        Held::Open(text) => text,
        Held::Secret(secret) => secret.expose(),
    }
}

/// The program by its absolute path, and its arguments.
fn split(
    words: &[OsString],
    environment: &BTreeMap<OsString, OsString>,
    cwd: &Path,
) -> Result<(PathBuf, Vec<OsString>), String> {
    let (name, args) = words.split_first().ok_or("the command is empty")?;
    let name = name.to_str().ok_or("the program's name is not text")?;
    let program = if name.contains('/') {
        // Whether it exists is told by the attempt to start it.
        cwd.join(name)
    } else {
        let path = environment.get(OsStr::new("PATH")).cloned().unwrap_or_default();
        program_in_path(name, &path)
            .ok_or_else(|| format!("there is no program {name:?} in the folders of PATH"))?
    };
    Ok((program, args.to_vec()))
}

fn files(files: &BTreeMap<Name, BoundFile>, work: &Path) -> Vec<MadeFile> {
    let folder = work.join("files");
    files
        .iter()
        .map(|(name, file)| MadeFile {
            path: folder.join(name.as_str()),
            bytes: file.bytes.clone().unwrap_or_else(|| exposed(&file.content).as_bytes().to_vec()),
            executable: file.executable,
            lifetime: match file.content {
                Held::Secret(_) => Lifetime::Attempt,
                Held::Open(_) => Lifetime::Run,
            },
        })
        .collect()
}
