//! What holds when an executor or a supervisor is gone: commands end or go on as was ordered, their
//! limits are kept, another executor takes them over, and nothing is left that nobody knows of.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests start programs, measure time, and fail by panicking"
)]

#[path = "support/bench.rs"]
#[expect(dead_code, reason = "each test binary uses its own part of the bench")]
mod bench;
#[path = "support/sandbox.rs"]
#[expect(dead_code, reason = "each test binary uses its own part of the sandbox")]
mod sandbox;

use std::fs;
use std::io::{IoSlice, PipeReader, PipeWriter, Write as _, pipe};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bench::{Bench, eventually, kill, script, supervised, wait_for_end};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::process::{Pid, Signal, kill_process};
use sandbox::Sandbox;
use surefoot::engine::{Attempt, AttemptId, Conduct, Containment, End, Ended, Found};
use surefoot::process::{find, read_end};
use surefoot::runbook::OnDisconnect;
use surefoot::session::{Executor as _, Happening};
use surefoot::value::Secret;

/// A script that goes on though nobody is there.
fn lasting(text: &str) -> impl FnOnce(&mut Attempt) {
    let script = script(text);
    move |attempt| {
        script(attempt);
        attempt.on_disconnect = OnDisconnect::Finish;
    }
}

/// Waits until a file is there.
fn await_file(path: &Path) -> String {
    format!("until test -e {}; do sleep 0.02; done", path.display())
}

/// Another executor of the same run.
fn successor(bench: &Bench) -> Bench {
    let (folder, run) = (bench.folder.path().to_owned(), bench.run.clone());
    Bench::with(|setting| {
        setting.folder = folder;
        setting.run = run;
    })
}

/// A command that runs on though its executor is gone. It prints `up`, and `after` when it may go on.
struct Left {
    bench: Bench,
    id: AttemptId,
    /// What lets it go on, once it is there.
    go: PathBuf,
    supervisor: Option<u32>,
}

impl Left {
    fn new() -> Self {
        let mut bench = Bench::new();
        let go = bench.path("go");
        let id = bench.start(lasting(&format!("echo up; {}; echo after; exit 5", await_file(&go))));
        bench.wait_for("up");
        let supervisor = bench.executor().supervisor();
        bench.executor = None;
        Self { bench, id, go, supervisor }
    }

    /// Another executor goes on with it under the same supervisor, and sees its end.
    fn taken_over(&self) -> (Bench, Ended) {
        let mut later = successor(&self.bench);
        later.executor().attach(self.id);
        assert_eq!(later.executor().supervisor(), self.supervisor);
        fs::write(&self.go, "").unwrap();
        later.wait_for("after");
        let ended = later.wait();
        assert_eq!((ended.attempt, &ended.end), (self.id, &End::Exited { code: 5 }));
        (later, ended)
    }
}

#[test]
fn the_time_limit_holds_without_an_executor() {
    let mut bench = Bench::new();
    let id = bench.start(|attempt| {
        lasting("echo up; setsid sleep 1000 & trap '' TERM; sleep 1000; sleep 1000")(attempt);
        attempt.command.timeout = 500;
    });
    bench.wait_for("up");
    bench.executor = None;
    let found = wait_for_end(bench.folder.path(), id);
    let ended = matches!(found, Found::Finished { end: End::TimedOut { after: 500 }, .. });
    assert!(ended, "{found:?}");
    assert_eq!(bench.alive(), Vec::<String>::new());
}

#[test]
fn limits_and_masks_of_output_hold_without_an_executor() {
    let mut bench = Bench::with(|setting| setting.cap = 2_000);
    let secret = "correct-horse-battery";
    bench.executor().hide("token", &Secret::new(secret.to_owned()));
    let go = bench.path("go");
    let id = bench.start(lasting(&format!(
        "echo up; {}; echo is {secret}; head -c 100000 /dev/zero | tr '\\0' x; echo at {secret}",
        await_file(&go)
    )));
    bench.wait_for("up");
    bench.executor = None;
    fs::write(&go, "").unwrap();
    assert!(matches!(wait_for_end(bench.folder.path(), id), Found::Finished { .. }));
    let log = String::from_utf8(bench.log(1)).unwrap();
    assert!(log.starts_with("up\nis ***\nxxx") && log.ends_with("at ***\n"), "{log}");
    assert!(log.len() < 2_100 && log.contains(" bytes are not kept]"), "{}", log.len());
}

#[test]
fn what_was_ordered_by_an_executor_that_is_gone_is_not_started_any_more() {
    // Broken: the order is still in the pipe when another executor finds that nothing runs, and is
    // carried out afterwards.
    let mut bench = Bench::new();
    bench.run(script("true"));
    let supervisor = bench.executor().supervisor().and_then(|pid| i32::try_from(pid).ok());
    let supervisor = supervisor.and_then(Pid::from_raw).unwrap();
    kill_process(supervisor, Signal::STOP).unwrap();
    let late = bench.path("late");
    bench.start(lasting(&format!("touch {}", late.display())));
    bench.executor = None;
    kill_process(supervisor, Signal::CONT).unwrap();
    eventually("its supervisor ends", || !supervised(bench.folder.path()));
    assert!(!late.exists());
}

#[test]
fn a_running_command_is_taken_over_with_its_output_and_its_end() {
    let left = Left::new();
    let (mut later, ended) = left.taken_over();
    // As seen by the supervisor, which was there all the time.
    assert_eq!((ended.stdout.bytes.as_slice(), ended.recovered), (&b"up\nafter\n"[..], false));
    later.executor = None;
    eventually("its supervisor ends", || !supervised(left.bench.folder.path()));
}

/// A program of the same user at the supervisor's socket that is no executor.
struct Stranger {
    orders: PipeWriter,
    /// What it would hear, and where a terminal would be handed over.
    _ends: (PipeReader, UnixStream),
}

impl Stranger {
    /// Calls, and hands over what an executor does.
    fn call(folder: &Path) -> Self {
        let socket = UnixStream::connect(folder.join("executor.socket")).unwrap();
        let ((theirs, orders), (news, told)) = (pipe().unwrap(), pipe().unwrap());
        let (own, other) = UnixStream::pair().unwrap();
        for end in [theirs.as_fd(), told.as_fd(), other.as_fd()] {
            hand_over(&socket, end);
        }
        Self { orders, _ends: (news, own) }
    }

    /// Says something; whether anybody still listens.
    fn say(&mut self, bytes: &[u8]) -> bool {
        self.orders.write_all(bytes).is_ok()
    }
}

fn hand_over(socket: &UnixStream, end: BorrowedFd<'_>) {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let ends = [end];
    assert!(control.push(SendAncillaryMessage::ScmRights(&ends)));
    let sent = sendmsg(socket, &[IoSlice::new(b"d")], &mut control, SendFlags::NOSIGNAL);
    assert_eq!(sent, Ok(1));
}

/// A frame as executors send them.
fn frame(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_le_bytes();
    [&length[..], &[kind], body].concat()
}

/// How many ends are written down.
fn ends_written(bench: &Bench) -> usize {
    let ends = fs::read_to_string(bench.path("ends.jsonl")).unwrap_or_default();
    ends.matches("{\"attempt\":").count()
}

#[test]
fn junk_at_the_socket_ends_no_command_and_keeps_no_executor_out() {
    // Broken: a length is believed before its bytes are there, what is no order ends the supervisor,
    // or whoever says nothing holds the place of the executor that goes on with the run.
    let left = Left::new();
    let folder = left.bench.folder.path().to_owned();
    let noise: Vec<u8> =
        (0..25_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let mut junk: Vec<Vec<u8>> = (0..=255).map(|kind| frame(kind, b"\xff")).collect();
    junk.extend([
        noise,
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        u32::MAX.to_le_bytes().repeat(9),
        frame(1, &[&1_u64.to_le_bytes()[..], b"x", &1_u64.to_le_bytes(), b"/"].concat()),
    ]);
    for bytes in &junk {
        Stranger::call(&folder).say(bytes);
    }
    // These stay where they are, and say no more.
    let mut silent: Vec<Stranger> = Vec::new();
    for bytes in [&b""[..], &[9, 0, 0], &(1_u32 << 29).to_le_bytes()] {
        let mut stranger = Stranger::call(&folder);
        stranger.say(bytes);
        silent.push(stranger);
    }
    let halfway = UnixStream::connect(folder.join("executor.socket")).unwrap();
    let (theirs, _orders) = pipe().unwrap();
    hand_over(&halfway, theirs.as_fd());

    let (mut later, _) = left.taken_over();
    assert_eq!(ends_written(&left.bench), 1);
    later.executor = None;
    eventually("its supervisor ends", || !supervised(&folder));
    drop(silent);
}

#[test]
fn whoever_floods_the_socket_stops_neither_a_command_nor_its_record() {
    // Broken: orders are read as long as there are some, and nobody sees the end of a command.
    let mut bench = Bench::new();
    let go = bench.path("go");
    let id = bench.start(lasting(&format!("echo up; {}; exit 5", await_file(&go))));
    bench.wait_for("up");
    bench.executor = None;
    let folder = bench.folder.path().to_owned();
    let over = Arc::new(AtomicBool::new(false));
    let flood = std::thread::spawn({
        let (folder, over) = (folder.clone(), Arc::clone(&over));
        move || {
            // It asks for what there is not, and reads no answer.
            let questions = frame(10, &77_u64.to_le_bytes()).repeat(5_000);
            let mut stranger = Stranger::call(&folder);
            while stranger.say(&questions) && !over.load(Ordering::SeqCst) {}
        }
    });
    fs::write(&go, "").unwrap();
    let found = wait_for_end(&folder, id);
    assert!(matches!(found, Found::Finished { end: End::Exited { code: 5 }, .. }), "{found:?}");
    assert_eq!(ends_written(&bench), 1);
    over.store(true, Ordering::SeqCst);
    flood.join().unwrap();
    eventually("its supervisor ends", || !supervised(&folder));
}

#[test]
fn of_two_executors_one_is_let_in_and_the_command_ends_once() {
    let Left { bench, id, go, .. } = Left::new();
    let (mut one, mut other) = (successor(&bench), successor(&bench));
    one.executor().attach(id);
    other.executor().attach(id);
    fs::write(&go, "").unwrap();
    for executor in [&mut one, &mut other] {
        let ended = executor.wait();
        assert_eq!((ended.attempt, &ended.end), (id, &End::Exited { code: 5 }));
    }
    assert_eq!(ends_written(&bench), 1);
}

#[test]
fn an_attempt_that_was_started_is_not_started_again() {
    // Broken: a second command under the number of the first, and two ends of one attempt.
    let mut bench = Bench::new();
    let (go, twice) = (bench.path("go"), bench.path("twice"));
    let id = bench.start(lasting(&format!("echo up; {}; exit 5", await_file(&go))));
    bench.wait_for("up");
    bench.executor = None;
    let mut later = successor(&bench);
    later.executor().attach(id);
    later.start(lasting(&format!("touch {}", twice.display())));
    fs::write(&go, "").unwrap();
    let found = wait_for_end(bench.folder.path(), id);
    assert!(matches!(found, Found::Finished { end: End::Exited { code: 5 }, .. }), "{found:?}");
    assert_eq!((ends_written(&bench), twice.exists()), (1, false));
}

#[test]
fn beside_a_command_that_was_taken_over_others_can_be_started_and_stopped() {
    let mut bench = Bench::new();
    let [first, second] = [1, 2].map(|number| {
        let id = bench.start(lasting(&format!("echo up {number}; exec sleep 1000")));
        bench.wait_for(&format!("up {number}"));
        id
    });
    bench.executor = None;
    let mut later = successor(&bench);
    later.attempts = 2;
    later.executor().attach(first);
    later.executor().attach(second);
    let third = later.start(script("echo third"));
    let ended = later.wait();
    assert_eq!((ended.attempt, ended.stdout.bytes.as_slice()), (third, &b"third\n"[..]));
    // One is stopped, and the other is not.
    later.executor().interrupt(first);
    let ended = later.wait();
    assert_eq!(ended.attempt, first);
    assert!(matches!(ended.end, End::Interrupted { .. }), "{:?}", ended.end);
    assert_eq!(bench.alive().len(), 1, "{:?}", bench.alive());
    later.executor().kill(second);
    assert_eq!(later.wait().end, End::Interrupted { signal: Some(9) });
}

#[test]
fn a_background_command_that_got_ready_unseen_is_ready() {
    let mut bench = Bench::new();
    let go = bench.path("go");
    let id = bench.start(|attempt| {
        lasting(&format!("echo up; {}; echo ready; exec sleep 1000", await_file(&go)))(attempt);
        attempt.conduct = Conduct::Background { ready: Some("ready".to_owned()) };
    });
    eventually("it runs", || {
        fs::read(bench.path("output/0001.log")).is_ok_and(|it| !it.is_empty())
    });
    bench.executor = None;
    fs::write(&go, "").unwrap();
    eventually("it is ready", || bench.log(1).ends_with(b"ready\n"));
    let mut later = successor(&bench);
    later.executor().attach(id);
    match later.happens() {
        Happening::Ready { attempt } => assert_eq!(attempt, id),
        other => panic!("{other:?}"),
    }
    later.executor().kill(id);
    later.wait();
}

#[test]
fn an_end_between_two_executors_is_found() {
    let mut bench = Bench::new();
    let go = bench.path("go");
    let lasts = bench.start(lasting("echo up; exec sleep 1000"));
    bench.wait_for("up");
    let ends = bench.start(lasting(&format!("echo second; {}; exit 3", await_file(&go))));
    bench.wait_for("second");
    bench.executor = None;
    fs::write(&go, "").unwrap();
    eventually("it ends", || read_end(bench.folder.path(), ends).is_some());
    // Its supervisor runs the other, and serves whoever comes.
    let mut later = successor(&bench);
    later.executor().attach(lasts);
    later.executor().attach(ends);
    let ended = later.wait();
    assert_eq!((ended.attempt, &ended.end), (ends, &End::Exited { code: 3 }));
    assert!(ended.recovered);
    later.executor().kill(lasts);
    later.wait();
}

#[test]
fn what_was_not_to_go_on_is_ended_when_its_supervisor_dies() {
    let mut bench = Bench::new();
    let id =
        bench.start(script("echo up; setsid sleep 1000 & trap '' TERM; sleep 1001; sleep 1002"));
    bench.wait_for("up");
    kill(bench.executor().supervisor().unwrap(), "KILL");
    match bench.happens() {
        Happening::Orphaned { attempt, processes, stays } => {
            assert_eq!((attempt, stays), (id, OnDisconnect::Stop));
            assert!(processes.iter().any(|it| it.command == "sleep 1000"), "{processes:?}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(bench.wait().end, End::Unknown);
    assert_eq!(bench.alive(), Vec::<String>::new());
}

/// Whether control groups can be made here, as the supervisor itself finds out.
fn has_groups() -> bool {
    let mut bench = Bench::new();
    let ended = bench.run(|attempt| {
        script("exec sleep 1000")(attempt);
        attempt.command.timeout = 1;
    });
    let containment = ended.containment.expect("a stopped command says how");
    if containment == Containment::Marks {
        println!("skipped: no control group can be made here");
    }
    containment == Containment::Group
}

/// The control groups of a run that there are.
fn groups(run: &str) -> Vec<PathBuf> {
    fn visit(folder: &Path, name: &str, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                if entry.file_name().to_str().is_some_and(|it| it.contains(name)) {
                    found.push(entry.path());
                }
                visit(&entry.path(), name, found);
            }
        }
    }
    let mut found = Vec::new();
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    for mount in mounts.lines().filter(|line| line.split(' ').nth(2) == Some("cgroup2")) {
        visit(Path::new(mount.split(' ').nth(1).unwrap()), run, &mut found);
    }
    found
}

/// Processes that run `sleep` for so long.
fn sleepers(seconds: &str) -> usize {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let words = |entry: fs::DirEntry| fs::read(entry.path().join("cmdline")).unwrap_or_default();
    let wanted = format!("sleep\0{seconds}\0");
    processes.map(words).filter(|words| words == wanted.as_bytes()).count()
}

#[test]
fn in_a_group_no_disguise_helps_and_neighbours_are_spared() {
    if !has_groups() {
        return;
    }
    let mut bench = Bench::new();
    // An orphan without a mark, in a session of its own, while two commands run: only where it was
    // born tells whose it is.
    let pid = std::process::id();
    let hidden = |tenth: u32| {
        format!(
            "(env -i setsid sh -c 'sleep {pid}.{tenth} & sleep 0.1' &); echo up {tenth}; sleep 1000"
        )
    };
    let [first, second] = [1, 2].map(|tenth| {
        let id = bench.start(script(&hidden(tenth)));
        bench.wait_for(&format!("up {tenth}"));
        eventually("it hides", || sleepers(&format!("{pid}.{tenth}")) == 1);
        id
    });
    bench.executor().kill(first);
    let ended = bench.wait();
    assert_eq!((ended.attempt, ended.containment), (first, Some(Containment::Group)));
    assert_eq!(ended.left_running, []);
    assert_eq!([1, 2].map(|it| sleepers(&format!("{pid}.{it}"))), [0, 1]);
    bench.executor().kill(second);
    assert_eq!(bench.wait().left_running, []);
    assert_eq!(sleepers(&format!("{pid}.2")), 0);
    bench.executor = None;
    eventually("the groups are removed", || groups(&bench.run).is_empty());
}

#[test]
fn whatever_forks_without_end_is_killed_in_one_stroke() {
    if !has_groups() {
        return;
    }
    let mut bench = Bench::new();
    // Each lives for a moment and starts the next two or none: never more than some, never the same.
    let id = bench.start(script(
        "f() { (sleep 0.01; f) & }; f; f; f; echo up; trap '' TERM INT; while :; do sleep 0.01; done",
    ));
    bench.wait_for("up");
    bench.executor().kill(id);
    let ended = bench.wait();
    assert_eq!(ended.end, End::Interrupted { signal: Some(9) });
    assert_eq!((ended.left_running, bench.alive()), (Vec::new(), Vec::new()));
}

#[test]
fn a_group_that_was_left_empty_is_used_again_and_a_daemon_keeps_its_own() {
    if !has_groups() {
        return;
    }
    let mut bench = Bench::new();
    for _ in 0..3 {
        assert_eq!(bench.sh("true").end, End::Exited { code: 0 });
    }
    assert_eq!(groups(&bench.run).len(), 1);
    let ended = bench.run(lasting("sleep 1000 >/dev/null 2>&1 &"));
    assert_eq!(ended.left_running.len(), 1);
    // Stopping a later command does not reach it.
    bench.run(|attempt| {
        script("exec sleep 1001")(attempt);
        attempt.command.timeout = 1;
    });
    assert_eq!(bench.alive().len(), 1, "{:?}", bench.alive());
    bench.executor = None;
    eventually("its supervisor ends", || !supervised(bench.folder.path()));
    assert_eq!((bench.alive().len(), groups(&bench.run).len()), (1, 1));
    kill(ended.left_running[0].pid.unsigned_abs(), "KILL");
    for group in groups(&bench.run) {
        eventually("it can be removed", || fs::remove_dir(&group).is_ok());
    }
}

/// What a user who is not root may not signal: the name of a program that becomes root in earnest.
const BECOME: &str = "SUREFOOT_TEST_BECOME";

/// Not a test of its own: the inner half of the next two, in a process of another user.
#[test]
fn leave_what_cannot_be_killed() {
    let Some(program) = std::env::var_os(BECOME) else {
        return;
    };
    let program = program.to_str().unwrap().to_owned();
    let mut bench = Bench::new();
    // `grep` by itself takes each word between zeros for a line: it would find `sleep` too early.
    let id = bench.start(script(&format!(
        "{program} --reuid 0 sleep 54321.5 & \
         until tr '\\0' ' ' < /proc/$!/cmdline | grep -q '^sleep'; do sleep 0.02; done; echo up; sleep 1000"
    )));
    bench.wait_for("up");
    bench.executor().kill(id);
    let ended = bench.wait();
    let left: Vec<&str> = ended.left_running.iter().map(|left| left.command.as_str()).collect();
    println!("containment {:?}, left {left:?}.", ended.containment.unwrap());
    for left in &ended.left_running {
        println!("pid={}", left.pid);
    }
    // The supervisor wrote the same down.
    assert_eq!(read_end(bench.folder.path(), id).unwrap().left_running, ended.left_running);
}

/// What becomes of a process that its starter may not signal; none where that cannot be tried.
/// `group` is a control group that is the starter's own.
fn unkillable(group: Option<&Path>) -> Option<String> {
    use std::os::unix::fs::PermissionsExt as _;
    use std::process::Command;
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root can play another user");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("become");
    if fs::copy("/usr/bin/setpriv", &program).is_err() {
        println!("skipped: there is no setpriv here");
        return None;
    }
    fs::set_permissions(&program, fs::Permissions::from_mode(0o4755)).unwrap();
    let other = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    let own = std::env::current_exe().unwrap();
    let can = format!(
        "'{}' --reuid 0 id -ru && test -x '{}' && test -x '{}'",
        program.display(),
        own.display(),
        sandbox::PROGRAM
    );
    let tried = Command::new("setpriv").args(other).args(["sh", "-c", &can]).output().unwrap();
    if !tried.status.success() || tried.stdout != b"0\n" {
        println!("skipped: another user cannot become root, or not reach this test, here");
        return None;
    }
    let enter = group
        .map_or_else(String::new, |group| format!("echo 0 > '{}/cgroup.procs'; ", group.display()));
    let inner = Command::new("sh")
        .args(["-c", &format!("{enter}exec setpriv \"$@\""), "sh"])
        .args(other)
        .arg(own)
        .args(["--exact", "leave_what_cannot_be_killed", "--nocapture"])
        .env(BECOME, &program)
        .env_remove("TMPDIR")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&inner.stdout).into_owned();
    assert!(inner.status.success(), "{said}\n{}", String::from_utf8_lossy(&inner.stderr));
    Some(said)
}

#[test]
fn what_cannot_be_killed_is_listed_and_recorded_unless_a_group_holds_it() {
    if let Some(said) = unkillable(None) {
        assert!(said.contains("containment Marks, left [\"sleep 54321.5\"]."), "{said}");
        let pid = said.lines().find_map(|line| line.strip_prefix("pid=")).unwrap();
        kill(pid.parse().unwrap(), "KILL");
    }
    if !has_groups() {
        return;
    }
    // A group that root gives to the user, as `systemd` delegates one.
    let Some(group) = delegated() else {
        println!("skipped: no control group can be given to another user here");
        return;
    };
    if let Some(said) = unkillable(Some(&group)) {
        assert!(said.contains("containment Group, left []."), "{said}");
    }
    eventually("it can be removed", || fs::remove_dir(&group).is_ok());
}

/// A new control group below this process's own, which belongs to nobody.
fn delegated() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    let mount = mounts.lines().find(|line| line.split(' ').nth(2) == Some("cgroup2"))?;
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap();
    let own = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let name = format!("surefoot-test-{}", std::process::id());
    let group = Path::new(mount.split(' ').nth(1)?).join(own).join(name);
    fs::create_dir(&group).ok()?;
    for file in ["", "cgroup.procs", "cgroup.subtree_control"] {
        std::os::unix::fs::chown(group.join(file), Some(65534), Some(65534)).ok()?;
    }
    Some(group)
}

/// How an executor goes.
#[derive(Clone, Copy, Debug)]
enum Departure {
    Dies,
    HangsUp,
    IsTerminated,
}

/// One unattended run whose command was told what to do without an executor, which then goes.
fn departed(departure: Departure, policy: &str) {
    let runbook = format!(
        "schema: surefoot/v1\ntitle: Depart\nsteps:\n  - id: alter\n    title: Alter it\n    \
         on_disconnect: {policy}\n    undo: {{ none: a test }}\n    run: |\n      \
         setsid sleep 1000 >/dev/null 2>&1 &\n      echo up > \"$HOME/up\"\n      \
         until test -e \"$HOME/go\"; do sleep 0.02; done\n      kill $!\n      \
         echo altered >> \"$HOME/ledger\"\n      exit 5\n  - end: done\n"
    );
    let sandbox = Sandbox::trusting(&runbook);
    let home = sandbox.root().join("home");
    let started = sandbox.surefoot(&["run", "runbook.yaml", "--yes", "change"]).start();
    eventually("the command runs", || home.join("up").exists());
    let signal = match departure {
        Departure::Dies => Signal::KILL,
        Departure::HangsUp => Signal::HUP,
        Departure::IsTerminated => Signal::TERM,
    };
    kill_process(Pid::from_child(&started.child), signal).unwrap();
    let outcome = started.wait(&sandbox);
    let story = format!("{departure:?}, {policy}: {}", outcome.text());
    match departure {
        Departure::Dies => assert_eq!(outcome.status.code(), None, "{story}"),
        Departure::HangsUp | Departure::IsTerminated => {
            // The walk is paused, and says so in its record.
            assert_eq!((outcome.code(), sandbox.events_of("paused").len()), (4, 1), "{story}");
        }
    }
    let run = sandbox.run();
    if policy == "finish" {
        let found = find(&run, AttemptId(1));
        assert!(matches!(found, Found::Running { .. }), "{found:?}, {story}");
        fs::write(home.join("go"), "").unwrap();
    }
    let found = wait_for_end(&run, AttemptId(1));
    let Found::Finished { end, .. } = found else {
        panic!("{found:?}, {story}");
    };
    let ledger = fs::read_to_string(home.join("ledger")).unwrap_or_default();
    let seen = (end, ledger.as_str());
    if policy == "finish" {
        assert_eq!(seen, (End::Exited { code: 5 }, "altered\n"), "{story}");
    } else {
        assert_eq!(seen, (End::Interrupted { signal: Some(15) }, ""), "{story}");
    }
    eventually("its supervisor ends", || !supervised(&run));
    let mark = format!("HOME={}", home.display());
    let left = fs::read_dir("/proc").unwrap().flatten().filter(|entry| {
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes())
    });
    let left: Vec<_> = left.map(|entry| entry.path()).collect();
    assert!(left.is_empty(), "{left:?}, {story}");
}

fn all_departures(times: u32) {
    for policy in ["stop", "finish"] {
        for departure in [Departure::Dies, Departure::HangsUp, Departure::IsTerminated] {
            for _ in 0..times {
                departed(departure, policy);
            }
            println!("{departure:?}, {policy}: {times} of {times}");
        }
    }
}

#[test]
fn a_command_ends_or_goes_on_as_was_ordered_however_its_executor_goes() {
    all_departures(1);
}

#[test]
#[ignore = "long: just reliability"]
fn long_a_command_ends_or_goes_on_as_was_ordered_a_hundred_times_each() {
    all_departures(100);
}
