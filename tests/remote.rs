//! Commands on hosts, in pods and as other users, run by the real supervisor: over a real sshd on
//! loopback, and with stand-ins for kubectl and sudo that do with their words and streams what these
//! do. What belongs to the machine's own users and clusters is never touched.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests start programs, measure time, and fail by panicking"
)]

#[path = "support/payloads.rs"]
mod payloads;
#[path = "support/sandbox.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod sandbox;
#[path = "support/sshd.rs"]
mod sshd;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use surefoot::effects::{Setting, Supervised};
use surefoot::engine::{Attempt, AttemptId, End, Ended, Keep, LaneId, Role};
use surefoot::plan::{
    BoundCommand, BoundFile, BoundForm, BoundPlace, BoundTarget, DigestKey, command_digest,
};
use surefoot::runbook::{Effect, OnDisconnect};
use surefoot::session::{Executor, Happening};
use surefoot::template::{Held, Shell};
use surefoot::value::{Name, Secret};

use crate::payloads::payloads;
use crate::sandbox::{PROGRAM, Sandbox, eventually};
use crate::sshd::Host;

const LIMIT: Duration = Duration::from_mins(1);

/// A run's folder with an executor, and a folder of programs that it finds first.
struct Bench {
    folder: tempfile::TempDir,
    executor: Option<Supervised>,
    attempts: u32,
    shown: Vec<u8>,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("sf-").tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        for name in ["work", "bin", "run", "kept"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let at = |name: &str| folder.path().join(name);
        let variables = [
            ("PATH", format!("{}:/usr/bin:/bin", at("bin").display())),
            ("XDG_RUNTIME_DIR", at("run").display().to_string()),
            ("KEPT", at("kept").display().to_string()),
        ];
        let variables = variables.map(|(name, value)| (OsString::from(name), value.into()));
        let setting = Setting {
            run: folder.path().file_name().unwrap().to_str().unwrap().to_owned(),
            folder: folder.path().to_owned(),
            work: at("work"),
            environment: BTreeMap::from(variables),
            program: PROGRAM.into(),
            key: DigestKey::new([7; 32]),
            grace: 300,
            cap: Setting::CAP,
        };
        let executor = Some(Supervised::new(setting).unwrap());
        Self { folder, executor, attempts: 0, shown: Vec::new() }
    }

    /// With an ssh that knows this host.
    fn reaching(host: &Host) -> Self {
        let bench = Self::new();
        bench.program("ssh", &host.client());
        bench
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// Where commands at a target of this machine leave something.
    fn kept(&self, name: &str) -> String {
        self.path("kept").join(name).display().to_string()
    }

    fn program(&self, name: &str, text: &str) {
        let path = self.path("bin").join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn executor(&mut self) -> &mut Supervised {
        self.executor.as_mut().unwrap()
    }

    fn start(&mut self, place: &BoundPlace, change: impl FnOnce(&mut Attempt)) -> AttemptId {
        self.attempts += 1;
        let mut attempt = attempt(self.attempts, place.clone());
        change(&mut attempt);
        let key = DigestKey::new([7; 32]);
        attempt.digest = command_digest(&attempt.command, None, &key);
        self.executor().start(&attempt);
        attempt.id
    }

    fn wait(&mut self) -> Ended {
        let until = Instant::now() + LIMIT;
        while Instant::now() < until {
            match self.executor().next(None) {
                Happening::Ended(ended) => return *ended,
                Happening::Output { bytes, .. } => self.shown.extend(bytes),
                _ => {}
            }
        }
        panic!("nothing ended within {LIMIT:?}");
    }

    /// Waits until a command has shown a text.
    fn wait_for(&mut self, text: &str) {
        let until = Instant::now() + LIMIT;
        while !String::from_utf8_lossy(&self.shown).contains(text) {
            assert!(Instant::now() < until, "{text:?} was not shown within {LIMIT:?}");
            match self.executor().next(None) {
                Happening::Output { bytes, .. } => self.shown.extend(bytes),
                Happening::Ended(ended) => panic!("ended before {text:?}: {ended:?}"),
                _ => {}
            }
        }
    }

    fn run(&mut self, place: &BoundPlace, change: impl FnOnce(&mut Attempt)) -> Ended {
        self.start(place, change);
        self.wait()
    }

    fn sh(&mut self, place: &BoundPlace, text: &str) -> Ended {
        self.run(place, |attempt| script(attempt, text))
    }
}

fn attempt(number: u32, place: BoundPlace) -> Attempt {
    Attempt {
        lane: LaneId::MAIN,
        conduct: surefoot::engine::Conduct::Followed,
        evidence: Vec::new(),
        id: AttemptId(number),
        step: None,
        role: Role::Main,
        effect: Effect::Change,
        command: BoundCommand {
            form: BoundForm::List(vec!["true".to_owned()]),
            variables: BTreeMap::new(),
            env: BTreeMap::new(),
            stdin: None,
            files: BTreeMap::new(),
            folder: None,
            cwd: None,
            target: BoundTarget { name: "there".to_owned(), place },
            user: None,
            timeout: 60_000,
            shown: String::new(),
        },
        digest: String::new(),
        identity: None,
        confirmation: None,
        on_disconnect: OnDisconnect::Stop,
        keep: Keep::Output,
    }
}

fn script(attempt: &mut Attempt, text: &str) {
    attempt.command.form = BoundForm::Shell { shell: Shell::Sh, text: text.to_owned() };
}

fn text(ended: &Ended) -> String {
    String::from_utf8(ended.stdout.bytes.clone()).unwrap()
}

fn errors(ended: &Ended) -> String {
    String::from_utf8(ended.stderr.bytes.clone()).unwrap()
}

fn lives(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(" Z"))
}

#[track_caller]
fn gone(pid: &str) {
    eventually(|| (!lives(pid)).then_some(())).unwrap_or_else(|| panic!("{pid} still lives"));
}

/// What a file holds as soon as it holds a line.
fn line_of(path: &str) -> String {
    let line = || fs::read_to_string(path).ok().filter(|text| text.ends_with('\n'));
    eventually(line).unwrap_or_else(|| panic!("nothing was written to {path}"))
}

fn web() -> BoundPlace {
    BoundPlace::Ssh { host: "web-1".to_owned() }
}

/// A kubectl that runs what it is given in place of a pod, and tells of it.
const KUBECTL: &str = r#"#!/bin/sh
printf '%s\n' "$@" >"$KEPT/arguments"
while [ "$1" != -- ]; do shift; done
shift
cd /
env -i PATH=/usr/bin:/bin KEPT="$KEPT" setsid --wait "$@"
status=$?
[ "$status" = 0 ] || echo "command terminated with exit code $status" >&2
exit "$status"
"#;

fn pod() -> BoundPlace {
    BoundPlace::Pod {
        context: "prod-eu".to_owned(),
        namespace: Some("shop".to_owned()),
        pod: "checkout-1".to_owned(),
        container: Some("app".to_owned()),
    }
}

/// The ways to a target, each with a bench that has what it needs; those that this machine lacks are
/// told.
fn ways(host: Option<&Host>) -> Vec<(Bench, BoundPlace)> {
    let mut ways = Vec::new();
    // It does with its words what ssh does: joins them, and has a shell read them.
    let like_ssh = ["sh", "-c", "cd /; exec sh -c \"exec $*\"", "ssh"].map(str::to_owned).to_vec();
    ways.push((Bench::new(), BoundPlace::Prefix(like_ssh)));
    let bench = Bench::new();
    bench.program("kubectl", KUBECTL);
    ways.push((bench, pod()));
    if let Some(host) = host {
        ways.push((Bench::reaching(host), web()));
    }
    ways
}

#[test]
fn everything_a_command_needs_gets_there_and_everything_it_says_comes_back() {
    let host = Host::start();
    for (mut bench, place) in ways(host.as_ref()) {
        let folder = format!("/tmp/{}-files", bench.folder.path().file_name().unwrap().display());
        let ended = bench.run(&place, |attempt| {
            let command = &mut attempt.command;
            command.variables.insert("SF_note".to_owned(), Held::Open("it's\n\"$HOME\"".into()));
            command.env.insert("MODE".to_owned(), Held::Open("fast".to_owned()));
            command.stdin = Some(Held::Open("in\nput".to_owned()));
            command.cwd = Some("/usr".to_owned());
            command.folder = Some(folder.clone());
            let every_byte: Vec<u8> = (0..=255).collect();
            let file = |content: &str, bytes| BoundFile {
                content: Held::Open(content.to_owned()),
                bytes,
                executable: content.starts_with("#!"),
            };
            let files = [
                ("fix", file("#!/bin/sh\necho fixed \"$1\"\n", None)),
                ("raw", file("", Some(every_byte))),
                ("text", file("no newline %s \\n", None)),
            ];
            command.files =
                files.into_iter().map(|(name, file)| (Name::new(name).unwrap(), file)).collect();
            let read = format!(
                "printf '%s|' \"$SF_note\" \"$MODE\" \"$PWD\"; cat; echo; cat {folder}/text; echo
                 {folder}/fix it; od -An -v -tu1 {folder}/raw | tr -s ' \\n' ' '
                 stat -c %a {folder} {folder}/text; echo err >&2; exit 9"
            );
            script(attempt, &read);
        });
        assert_eq!(ended.end, End::Exited { code: 9 }, "{place:?} {}", errors(&ended));
        let every_byte: String =
            (0..=255).map(|byte| format!(" {byte}")).collect::<Vec<_>>().concat();
        let expected = format!(
            "it's\n\"$HOME\"|fast|/usr|in\nput\nno newline %s \\n\nfixed it\n{every_byte} 700\n600\n"
        );
        assert_eq!(text(&ended), expected, "{place:?}");
        assert_eq!(errors(&ended), "err\n", "{place:?}");
        assert!(!Path::new(&folder).exists(), "the files stay: {place:?}");
    }
}

#[test]
fn no_payload_fires_and_all_arrive_over_every_way() {
    let host = Host::start();
    for (mut bench, place) in ways(host.as_ref()) {
        let canary = bench.kept("canary");
        let payloads = payloads();
        let ended = bench.run(&place, |attempt| {
            let command = &mut attempt.command;
            command.env.insert("CANARY".to_owned(), Held::Open(canary.clone()));
            let mut words = String::new();
            for (number, payload) in payloads.iter().enumerate() {
                let name = format!("SF_p{number}");
                let _infallible = write!(words, " \"${{{name}}}\"");
                command.variables.insert(name, Held::Open(payload.clone()));
            }
            script(attempt, &format!("printf '%s\\0'{words}"));
        });
        assert_eq!(ended.end, End::Exited { code: 0 }, "{place:?}");
        let arrived: Vec<&[u8]> = ended.stdout.bytes.split(|byte| *byte == 0).collect();
        for (payload, arrived) in payloads.iter().zip(&arrived) {
            assert!(payload.as_bytes() == *arrived, "{place:?} {payload:.200?}");
        }
        assert_eq!(arrived.len(), payloads.len() + 1);
        // As words and as input, where no variable carries them.
        let short: Vec<String> =
            payloads.into_iter().filter(|payload| payload.len() < 1000).collect();
        let input = short.join("\n--\n");
        let ended = bench.run(&place, |attempt| {
            attempt.command.env.insert("CANARY".to_owned(), Held::Open(canary.clone()));
            attempt.command.stdin = Some(Held::Open(input.clone()));
            let words = ["sh", "-c", "printf '%s\\0' \"$@\"; cat", "sh"].map(str::to_owned);
            let words = words.into_iter().chain(short.iter().cloned());
            attempt.command.form = BoundForm::List(words.collect());
        });
        let expected = format!("{}\0{input}", short.join("\0"));
        assert!(text(&ended) == expected, "{place:?} {}", text(&ended));
        assert!(!Path::new(&canary).exists(), "fired: {place:?}");
    }
}

#[test]
fn every_exit_status_is_exact() {
    let host = Host::start();
    for (mut bench, place) in ways(host.as_ref()) {
        let all = matches!(place, BoundPlace::Prefix(_));
        for code in
            (0..=255).filter(|code| all || [0, 1, 2, 126, 127, 130, 254, 255].contains(code))
        {
            let ended = bench.run(&place, |attempt| {
                attempt.effect = Effect::Read;
                script(attempt, &format!("exit {code}"));
            });
            assert_eq!(ended.end, End::Exited { code }, "{place:?}");
            assert_eq!(errors(&ended), "", "{place:?}");
        }
        let ended = bench.run(&place, |attempt| {
            attempt.command.form = BoundForm::List(vec!["no-such-program".to_owned()]);
        });
        assert_eq!(ended.end, End::Exited { code: 127 }, "{place:?}");
        assert!(errors(&ended).contains("no-such-program"), "{place:?}");
        let ended = bench.sh(&place, "kill -s KILL $$");
        assert_eq!(ended.end, End::Exited { code: 137 }, "{place:?}");
    }
}

#[test]
fn what_cannot_be_prepared_there_is_not_run() {
    let host = Host::start();
    for (mut bench, place) in ways(host.as_ref()) {
        let ran = bench.kept("ran");
        let ended = bench.run(&place, |attempt| {
            attempt.command.cwd = Some("/no/such/folder".to_owned());
            script(attempt, &format!("echo ran >{ran}"));
        });
        assert!(matches!(ended.end, End::CouldNotStart { .. }), "{place:?} {:?}", ended.end);
        assert!(errors(&ended).contains("/no/such/folder"), "{place:?}");
        assert!(!Path::new(&ran).exists());
    }
}

#[test]
fn nothing_runs_before_this_side_knows_that_the_target_is_ready() {
    let mut bench = Bench::new();
    let [heard, ran] = ["heard", "ran"].map(|name| bench.kept(name));
    // What the shell says there does not arrive here.
    let deaf = ["sh", "-c", "exec sh -s >\"$1\"", "deaf", heard.as_str()].map(str::to_owned);
    bench.start(&BoundPlace::Prefix(deaf.to_vec()), |attempt| {
        script(attempt, &format!("echo ran >{ran}"));
    });
    line_of(&heard);
    bench.executor().interrupt(AttemptId(1));
    assert!(matches!(bench.wait().end, End::Interrupted { .. }));
    assert!(!Path::new(&ran).exists());
}

#[test]
fn files_are_not_put_into_a_folder_that_somebody_else_prepared() {
    let mut bench = Bench::new();
    let elsewhere = bench.kept("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let folder = bench.kept("folder");
    std::os::unix::fs::symlink(&elsewhere, &folder).unwrap();
    let ended = bench.run(&BoundPlace::Prefix(vec!["env".to_owned()]), |attempt| {
        let command = &mut attempt.command;
        command.folder = Some(folder.clone());
        let content = Held::Open("x".to_owned());
        let file = BoundFile { content, bytes: None, executable: false };
        command.files.insert(Name::new("a").unwrap(), file);
    });
    assert!(matches!(ended.end, End::CouldNotStart { .. }), "{:?}", ended.end);
    assert!(errors(&ended).contains(&folder));
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);

    // Its own is taken again, with what an attempt before left in it.
    fs::remove_file(&folder).unwrap();
    fs::create_dir(&folder).unwrap();
    fs::write(Path::new(&folder).join("a"), "old").unwrap();
    let ended = bench.run(&BoundPlace::Prefix(vec!["env".to_owned()]), |attempt| {
        let command = &mut attempt.command;
        command.folder = Some(folder.clone());
        let content = Held::Open("new".to_owned());
        let file = BoundFile { content, bytes: None, executable: false };
        command.files.insert(Name::new("a").unwrap(), file);
        script(attempt, &format!("cat {folder}/a"));
    });
    assert_eq!(text(&ended), "new");
}

/// Starts a command that writes down the number of its shell and of a child, and waits.
fn start_waiting(bench: &mut Bench, place: &BoundPlace, before: &str) -> [String; 2] {
    let own = bench.kept("own");
    let child = bench.kept("child");
    let waits = format!(
        "{before}
         sleep 1000 & echo $! >{child}; echo $$ >{own}
         echo up; wait; while :; do sleep 1000; done"
    );
    bench.start(place, |attempt| script(attempt, &waits));
    bench.wait_for("up");
    [line_of(&own), line_of(&child)]
}

#[test]
fn a_stop_reaches_what_runs_there() {
    let host = Host::start();
    for (mut bench, place) in ways(host.as_ref()) {
        let pids = start_waiting(&mut bench, &place, "trap 'echo asked; exit 3' INT");
        bench.executor().interrupt(AttemptId(1));
        let ended = bench.wait();
        assert_eq!(ended.end, End::Interrupted { signal: None }, "{place:?}");
        assert!(text(&ended).contains("asked"), "{place:?}");
        gone(&pids[0]);
    }
}

#[test]
fn a_kill_and_the_end_of_the_time_reach_what_does_not_listen() {
    let host = Host::start();
    for (mut bench, place) in ways(host.as_ref()) {
        let pids = start_waiting(&mut bench, &place, "trap '' INT TERM");
        bench.executor().kill(AttemptId(1));
        assert_eq!(bench.wait().end, End::Interrupted { signal: None }, "{place:?}");
        for pid in &pids {
            gone(pid);
        }

        let own = bench.kept("late");
        bench.start(&place, |attempt| {
            attempt.command.timeout = 400;
            script(attempt, &format!("trap '' INT TERM; echo $$ >{own}; sleep 1000"));
        });
        assert_eq!(bench.wait().end, End::TimedOut { after: 400 }, "{place:?}");
        if Path::new(&own).exists() {
            gone(&line_of(&own));
        }
    }
}

#[test]
fn a_process_that_stays_does_not_hold_the_step() {
    let host = Host::start();
    for (mut bench, place) in ways(host.as_ref()) {
        let pid = bench.kept("daemon");
        let before = Instant::now();
        let ended = bench.run(&place, |attempt| {
            attempt.on_disconnect = OnDisconnect::Finish;
            script(attempt, &format!("sleep 1000 & echo $! >{pid}; echo started; exit 4"));
        });
        assert_eq!(ended.end, End::Exited { code: 4 }, "{place:?}");
        assert_eq!(text(&ended), "started\n", "{place:?}");
        assert!(before.elapsed() < Duration::from_secs(30));
        let pid = line_of(&pid);
        if !matches!(place, BoundPlace::Prefix(_)) {
            assert!(lives(&pid), "{place:?}");
        }
        drop(bench);
        end(&pid);
    }
}

/// Ends a process that a test left at a target.
fn end(pid: &str) {
    let pid = rustix::process::Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
    let _gone = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
}

#[test]
fn no_secret_is_an_argument_of_any_process() {
    let host = Host::start();
    for (mut bench, place) in ways(host.as_ref()) {
        let secret = "correct-horse-battery";
        let held = || Held::Secret(Secret::new(secret.to_owned()));
        let folder = format!("/tmp/{}-secret", bench.folder.path().file_name().unwrap().display());
        bench.executor().hide("token", &Secret::new(secret.to_owned()));
        bench.start(&place, |attempt| {
            let command = &mut attempt.command;
            command.variables.insert("SF_token".to_owned(), held());
            command.stdin = Some(held());
            command.folder = Some(folder.clone());
            let file = BoundFile { content: held(), bytes: None, executable: false };
            command.files.insert(Name::new("key").unwrap(), file);
            script(attempt, &format!("cat {folder}/key; echo; echo up; exec sleep 1000"));
        });
        bench.wait_for("up");
        let mut looked_at = 0;
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let words = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            looked_at += usize::from(!words.is_empty());
            let found = words.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{place:?} {}", String::from_utf8_lossy(&words));
        }
        assert!(looked_at > 2);
        bench.executor().kill(AttemptId(1));
        let ended = bench.wait();
        assert_eq!(ended.end, End::Interrupted { signal: None }, "{place:?}");
        assert!(!Path::new(&folder).exists(), "the secret stays: {place:?}");
        let log = fs::read(bench.path("output/0001.log")).unwrap();
        assert!(!String::from_utf8_lossy(&log).contains(secret));
    }
}

#[test]
fn a_lost_connection_stops_a_read_and_lets_a_change_finish() {
    let Some(host) = Host::start() else { return };
    for policy in [OnDisconnect::Stop, OnDisconnect::Finish] {
        let mut bench = Bench::reaching(&host);
        let [own, go, done] = ["own", "go", "done"].map(|name| bench.kept(name));
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &go,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        bench.start(&web(), |attempt| {
            attempt.on_disconnect = policy;
            // It prints to nobody, more than a pipe holds, before it is done.
            let text = format!(
                "echo $$ >{own}; echo half; cat {go}; head -c 300000 /dev/zero; echo >&2
                 echo finished >{done}"
            );
            script(attempt, &text);
        });
        bench.wait_for("half");
        host.lose_connections(&bench.path("run"));
        let ended = bench.wait();
        assert_eq!(ended.end, End::Disconnected);
        assert_eq!(text(&ended), "half\n");
        let own = line_of(&own);
        match policy {
            OnDisconnect::Stop => gone(&own),
            OnDisconnect::Finish => {
                assert!(lives(&own));
                fs::write(&go, "").unwrap();
                assert_eq!(line_of(&done), "finished\n");
                gone(&own);
            }
        }
    }
}

#[test]
fn commands_share_one_connection_that_ends_with_the_run() {
    let Some(host) = Host::start() else { return };
    let mut bench = Bench::reaching(&host);
    let connection = |bench: &mut Bench| text(&bench.sh(&web(), "echo \"$SSH_CONNECTION\""));
    let first = connection(&mut bench);
    assert_eq!(connection(&mut bench), first);
    let ended = bench.sh(&web(), "exit 1");
    assert_eq!(ended.left_running, []);
    let folder = fs::read_dir(bench.path("run")).unwrap().next().unwrap().unwrap().path();
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    let sockets: Vec<_> = fs::read_dir(&folder).unwrap().flatten().collect();
    assert_eq!(sockets.len(), 1, "{sockets:?}");
    bench.executor = None;
    eventually(|| (!folder.exists()).then_some(())).expect("the folder goes");
    assert_eq!(sshd::masters(&bench.path("run")), Vec::<u32>::new());
}

#[test]
fn a_connection_that_the_responder_shares_is_used_and_outlives_the_run() {
    let Some(host) = Host::start() else { return };
    let mut bench = Bench::reaching(&host);
    let own = tempfile::Builder::new().prefix("own-").tempdir().unwrap();
    host.configure(&format!(
        "ControlMaster auto\n  ControlPath {}/%C\n  ControlPersist 60\n  RemoteCommand echo mine",
        own.path().display()
    ));
    let first = bench.start(&web(), |attempt| script(attempt, "echo up; sleep 1000"));
    bench.wait_for("up");
    assert_eq!(fs::read_dir(bench.path("run")).unwrap().count(), 0, "the run has its own");
    let masters = sshd::masters(own.path());
    assert_eq!(masters.len(), 1);
    bench.executor().kill(first);
    assert_eq!(bench.wait().end, End::Interrupted { signal: None });
    let supervisor = bench.executor().supervisor().unwrap().to_string();
    bench.executor = None;
    gone(&supervisor);
    assert_eq!(sshd::masters(own.path()), masters);
    host.lose_connections(own.path());
}

#[test]
fn a_killed_command_leaves_the_shared_connection_alone() {
    let Some(host) = Host::start() else { return };
    let mut bench = Bench::reaching(&host);
    let first = bench.start(&web(), |attempt| script(attempt, "echo up; sleep 1000"));
    bench.wait_for("up");
    let masters = sshd::masters(&bench.path("run"));
    assert_eq!(masters.len(), 1);
    bench.executor().kill(first);
    assert_eq!(bench.wait().end, End::Interrupted { signal: None });
    assert_eq!(bench.sh(&web(), "exit 6").end, End::Exited { code: 6 });
    assert_eq!(sshd::masters(&bench.path("run")), masters);
}

#[test]
fn a_host_that_is_not_there_or_not_known_is_not_reached() {
    let Some(host) = Host::start() else { return };
    let mut bench = Bench::reaching(&host);
    for name in ["nobody-listens", "another-key"] {
        let place = BoundPlace::Ssh { host: name.to_owned() };
        let ended = bench.sh(&place, "echo never");
        let End::CouldNotStart { why } = &ended.end else { panic!("{name}: {:?}", ended.end) };
        assert!(why.contains("status 255"), "{why}");
        assert_ne!(errors(&ended), "", "ssh says why");
    }
}

#[test]
fn what_a_login_shell_says_is_not_the_commands() {
    let Some(host) = Host::start_with("ForceCommand echo welcome; eval \"$SSH_ORIGINAL_COMMAND\"")
    else {
        return;
    };
    let mut bench = Bench::reaching(&host);
    let ended = bench.sh(&web(), "hostname >/dev/null; echo mine");
    assert_eq!(text(&ended), "mine\n");
}

#[test]
fn a_pod_is_named_whole_and_a_dropped_stream_is_no_success() {
    let mut bench = Bench::new();
    bench.program("kubectl", KUBECTL);
    assert_eq!(bench.sh(&pod(), "exit 3").end, End::Exited { code: 3 });
    assert_eq!(
        fs::read_to_string(bench.kept("arguments")).unwrap(),
        "--context=prod-eu\n--namespace=shop\nexec\n--stdin\n--quiet\n--container=app\ncheckout-1\n--\nsh\n-s\n"
    );
    // It ends well though its stream ended early.
    let ready = "surefoot-0123456789abcdef01234567 ready\n".len();
    let dropped = format!(
        "#!/bin/sh\nwhile [ \"$1\" != -- ]; do shift; done; shift\n\"$@\" | dd bs=1 count={} 2>/dev/null\nexit 0\n",
        ready + "half\n".len()
    );
    bench.program("kubectl", &dropped);
    let ended = bench.sh(&pod(), "echo half; echo more");
    assert_eq!(ended.end, End::Disconnected);
    assert_eq!(text(&ended), "half\n");
}

#[test]
fn the_words_for_kubectl_are_words_that_kubectl_takes() {
    let kubectl = Path::new("/usr/bin/kubectl");
    if !kubectl.exists() {
        println!("skipped: there is no kubectl here");
        return;
    }
    let mut bench = Bench::new();
    let config = bench.kept("config");
    // Nobody listens there.
    fs::write(&config, CONFIG.replace("SERVER", "http://127.0.0.1:1")).unwrap();
    let ended = bench.run(&pod(), |attempt| {
        attempt.command.env.insert("KUBECONFIG".to_owned(), Held::Open(config));
        script(attempt, "echo never");
    });
    assert!(matches!(ended.end, End::CouldNotStart { .. }), "{:?}", ended.end);
    assert!(errors(&ended).contains("127.0.0.1:1"), "{}", errors(&ended));
    assert!(!errors(&ended).contains("unknown"), "{}", errors(&ended));
}

/// Two clusters, of which a command may reach one.
const CONFIG: &str = r#"
apiVersion: v1
kind: Config
current-context: staging
clusters:
  - { name: eu, cluster: { server: "SERVER" } }
  - { name: other, cluster: { server: "http://127.0.0.1:2" } }
users:
  - { name: dana, user: { token: a-secret-token-of-dana } }
contexts:
  - { name: prod-eu, context: { cluster: eu, user: dana, namespace: default } }
  - { name: staging, context: { cluster: other, user: dana } }
"#;

#[test]
fn a_command_on_a_cluster_knows_that_cluster_only() {
    if !Path::new("/usr/bin/kubectl").exists() {
        println!("skipped: there is no kubectl here");
        return;
    }
    let mut bench = Bench::new();
    let config = bench.kept("config");
    fs::write(&config, CONFIG.replace("SERVER", "http://127.0.0.1:1")).unwrap();
    let cluster = |context: &str| BoundPlace::Cluster {
        context: context.to_owned(),
        namespace: Some("shop".to_owned()),
    };
    let on = |context: &str, bench: &mut Bench, line: &str| {
        bench.run(&cluster(context), |attempt| {
            attempt.command.env.insert("KUBECONFIG".to_owned(), Held::Open(config.clone()));
            script(attempt, line);
        })
    };
    let ended = on(
        "prod-eu",
        &mut bench,
        "kubectl config get-contexts --no-headers | tr -s ' '; stat -c %a \"$KUBECONFIG\"; echo \"$KUBECONFIG\"
         kubectl --context staging get pods 2>&1 || exit 5",
    );
    assert_eq!(ended.end, End::Exited { code: 5 });
    let printed = text(&ended);
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines[..2], ["* prod-eu eu dana shop", "600"], "{printed}");
    assert!(lines[3].contains("staging"), "{printed}");
    assert!(lines[2].starts_with(bench.path("kube").to_str().unwrap()), "{printed}");
    assert!(!Path::new(lines[2]).exists(), "the kubeconfig stays");

    let ended = on("prod-us", &mut bench, "echo never");
    let End::CouldNotStart { why } = ended.end else { panic!("{:?}", ended.end) };
    assert!(why.contains("\"prod-us\""), "{why}");
}

/// A sudo that does what it is asked without asking, and clears the environment as it does.
const SUDO: &str = r#"#!/bin/sh
printf '%s\n' "$@" >"$KEPT/arguments"
while [ "$1" != -- ]; do shift; done
shift
exec env -i PATH=/usr/bin:/bin HOME=/var "$@"
"#;

#[test]
fn another_user_gets_everything_by_the_same_way() {
    let mut bench = Bench::new();
    bench.program("sudo", SUDO);
    let folder = format!("/tmp/{}-as", bench.folder.path().file_name().unwrap().display());
    let ended = bench.run(&BoundPlace::Here, |attempt| {
        let command = &mut attempt.command;
        command.user = Some("postgres".to_owned());
        command.variables.insert("SF_note".to_owned(), Held::Open("it's".to_owned()));
        command.stdin = Some(Held::Open("input".to_owned()));
        command.folder = Some(folder.clone());
        let file =
            BoundFile { content: Held::Open("a file".to_owned()), bytes: None, executable: false };
        command.files.insert(Name::new("a").unwrap(), file);
        script(
            attempt,
            &format!("printf '%s|' \"$SF_note\" \"$PWD\"; cat; cat {folder}/a; exit 3"),
        );
    });
    assert_eq!(ended.end, End::Exited { code: 3 });
    assert_eq!(text(&ended), "it's|/var|inputa file");
    assert_eq!(
        fs::read_to_string(bench.kept("arguments")).unwrap(),
        "-A\n-H\n-u\npostgres\n--\nsh\n-s\n"
    );
    bench.program("sudo", "#!/bin/sh\necho 'sudo: a password is required' >&2\nexit 1\n");
    let ended = bench.run(&BoundPlace::Here, |attempt| {
        attempt.command.user = Some("postgres".to_owned());
        script(attempt, "echo never");
    });
    assert!(matches!(ended.end, End::CouldNotStart { .. }), "{:?}", ended.end);
    assert!(errors(&ended).contains("password"));
}

const RUNBOOK: &str = r#"
schema: surefoot/v1
title: A note on {{box}}
service: shop
owner: { team: payments }
escalation: [ { role: secondary, how: page the rota } ]
inputs:
  box: { type: string }
  note: { type: string }
targets:
  box: { ssh: "{{box}}", assert: echo web-1.example, equals: web-1.example }
target: box
steps:
  - id: write
    title: Write the note
    effect: change
    run: sh {{files.write}} {{note}} "$SSH_CONNECTION"
    files: { write: { content: 'printf "%s\n" "$1" "${2:+there}"' } }
    undo: { none: it only prints }
    capture: said
  - title: Say it again
    effect: read
    run: printf %s {{said}}
  - end: done
"#;

#[test]
fn a_runbook_walks_on_a_host_and_the_record_says_where() {
    let Some(host) = Host::start() else { return };
    let sandbox = Sandbox::trusting(RUNBOOK);
    fs::create_dir(sandbox.root().join("bin")).unwrap();
    let ssh = sandbox.root().join("bin/ssh");
    fs::write(&ssh, host.client()).unwrap();
    fs::set_permissions(&ssh, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", sandbox.root().join("bin").display());
    let run = |name: &str, note: &str| {
        let [name, note] = [format!("box={name}"), format!("note={note}")];
        let words = ["run", "runbook.yaml", "--yes", "change", "--set", &name, "--set", &note];
        sandbox.surefoot(&words).env("PATH", &path).run()
    };
    let outcome = run("web-1", "it's $(touch canary)");
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    let started = sandbox.events_of("attempt_started");
    assert_eq!(started.len(), 4, "two proofs and two commands");
    for attempt in &started {
        assert_eq!(attempt["target"], "box");
        assert_eq!(attempt["place"], "ssh web-1");
    }
    let log = fs::read_to_string(sandbox.run().join("output/0003.log")).unwrap();
    assert_eq!(log, "it's $(touch canary)\nthere\n");

    let outcome = run("-oProxyCommand=touch canary", "x");
    assert_ne!(outcome.code(), 0, "{}", outcome.text());
    let outcome = run("web-1;touch canary", "x");
    assert_eq!(outcome.code(), 4, "{}", outcome.text());
    assert_eq!(sandbox.runs().len(), 2);
    assert!(!sandbox.path("canary").exists());
}
