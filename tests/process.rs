//! Commands run by the real supervisor, driven through the executor's API.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::format_collect,
    reason = "tests start programs, measure time, and fail by panicking"
)]

#[path = "support/bench.rs"]
mod bench;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use bench::{Bench, LIMIT, digest, eventually, kill, marked, script, supervised, wait_for_end};
use surefoot::effects::Setting;
use surefoot::engine::{Attempt, AttemptId, Conduct, End, Found, Keep, Survey};
use surefoot::expression::Filter;
use surefoot::plan::{BoundFile, BoundForm, BoundPlace};
use surefoot::process::{find, pieces, read_end, stop_supervisor};
use surefoot::runbook::{Effect, OnDisconnect};
use surefoot::session::{Executor, Happening, Stream};
use surefoot::template::{Held, Shell};
use surefoot::value::{Name, Secret};

#[test]
fn all_exit_codes_are_exact() {
    let mut bench = Bench::new();
    for code in 0..=255 {
        let ended = bench.run(|attempt| {
            attempt.effect = Effect::Read;
            script(&format!("exit {code}"))(attempt);
        });
        assert_eq!(ended.end, End::Exited { code });
    }
}

#[test]
fn all_signals_are_exact() {
    let mut bench = Bench::new();
    for signal in 1..=31 {
        let own = format!("ulimit -c 0; kill -{signal} $$; echo lives");
        // What a shell saw a program of its own do: the status is the shell's, and is not guessed at.
        let programs = format!("ulimit -c 0; sh -c 'kill -{signal} $$'; exit $?");
        match signal {
            // Those that nobody minds who does not wait for them.
            17 | 18 | 23 | 28 => {
                assert_eq!(bench.sh(&own).stdout.bytes, b"lives\n", "signal {signal}");
                assert_eq!(bench.sh(&programs).end, End::Exited { code: 0 }, "signal {signal}");
            }
            // Those that stop it: it has not ended, until its time is up. What nobody could continue
            // is not stopped by the three that a terminal sends.
            19 => {
                let ended = bench.run(|attempt| {
                    script(&own)(attempt);
                    attempt.command.timeout = 200;
                });
                assert_eq!(ended.end, End::TimedOut { after: 200 }, "signal {signal}");
                assert_eq!(ended.stdout.bytes, b"", "signal {signal}");
            }
            20..=22 => {}
            _ => {
                assert_eq!(bench.sh(&own).end, End::Signalled { signal }, "signal {signal}");
                // Not every shell goes on after this one of its program.
                if signal != 2 {
                    let code = 128 + signal;
                    assert_eq!(bench.sh(&programs).end, End::Exited { code }, "signal {signal}");
                }
            }
        }
    }
}

#[test]
fn all_exit_codes_are_exact_behind_another_shell() {
    let mut bench = Bench::new();
    for code in (0..=255).step_by(15).chain([1, 2, 126, 127, 128, 129, 137, 143, 254]) {
        let ended = bench.sh(&format!("sh -c 'exit {code}'; exit $?"));
        assert_eq!(ended.end, End::Exited { code });
    }
}

#[test]
fn both_streams_arrive_with_the_output_that_is_kept() {
    let mut bench = Bench::new();
    let ended = bench.sh("echo out; echo err >&2");
    assert_eq!(ended.end, End::Exited { code: 0 });
    assert_eq!(ended.stdout.bytes, b"out\n");
    assert_eq!(ended.stderr.bytes, b"err\n");
    assert_eq!(ended.output.path.as_deref(), Some("output/0001.log"));
    assert_eq!((ended.output.bytes, ended.output.kept), (8, 8));
    assert_eq!(bench.log(1).len(), 8);
    assert_eq!(bench.shown().len(), 8);
    let status = read_end(bench.folder.path(), AttemptId(1)).unwrap();
    assert_eq!(status.end, ended.end);
    assert_eq!(status.kept, ended.output);
}

#[test]
fn a_timeout_ends_everything_however_it_hides() {
    let mut bench = Bench::new();
    let ended = bench.run(|attempt| {
        attempt.command.timeout = 400;
        attempt.command.form = BoundForm::Shell {
            shell: Shell::Bash,
            text: "sleep 1000 & setsid sleep 1001 & nohup sleep 1002 & (setsid sh -c 'sleep 1003 & sleep 1004 &' &); \
                   env -i setsid sleep 1005 & (trap '' TERM INT HUP; sleep 1006) & \
                   trap '' TERM; sleep 1007; sleep 1008"
                .to_owned(),
        };
    });
    assert_eq!(ended.end, End::TimedOut { after: 400 });
    assert_eq!(ended.left_running, []);
    assert_eq!(bench.alive(), Vec::<String>::new());
}

#[test]
fn a_child_that_holds_the_pipe_does_not_hold_the_step() {
    let mut bench = Bench::new();
    let ended = bench.sh("sleep 1000 & echo done");
    assert_eq!(ended.end, End::Exited { code: 0 });
    assert!(ended.took < 5_000, "{} ms", ended.took);
    let commands: Vec<&str> = ended.left_running.iter().map(|left| left.command.as_str()).collect();
    assert_eq!(commands, ["sleep 1000"]);
    assert_eq!(bench.alive().len(), 1);
    bench.executor = None;
    eventually("what was left is killed with the run", || bench.alive().is_empty());
}

#[test]
fn an_interrupt_is_followed_or_the_command_is_killed_after_its_grace() {
    let mut bench = Bench::new();
    let id = bench
        .start(script("trap 'echo bye; exit 7' INT; echo ready; while :; do sleep 0.01; done"));
    bench.wait_for("ready");
    bench.executor().interrupt(id);
    let ended = bench.wait();
    assert_eq!(ended.end, End::Interrupted { signal: None });
    assert_eq!(ended.stdout.bytes, b"ready\nbye\n");

    let id = bench.start(script("trap '' INT TERM; echo deaf; sleep 1000; sleep 1000"));
    bench.wait_for("deaf");
    bench.executor().interrupt(id);
    let ended = bench.wait();
    assert_eq!(ended.end, End::Interrupted { signal: Some(9) });
    assert_eq!(bench.alive(), Vec::<String>::new());
}

#[test]
fn a_kill_is_done_within_200_milliseconds() {
    let mut bench = Bench::with(|setting| setting.grace = 60_000);
    let mut quickest = LIMIT;
    // The machine may be busy with other tests: one of three has to be in time.
    for number in 1..=3 {
        let id = bench.start(script(&format!(
            "trap '' INT TERM; setsid sleep 1000 & echo up {number}; sleep 1000"
        )));
        bench.wait_for(&format!("up {number}"));
        bench.executor().interrupt(id);
        let before = Instant::now();
        bench.executor().kill(id);
        let ended = bench.wait();
        quickest = quickest.min(before.elapsed());
        assert_eq!(ended.end, End::Interrupted { signal: Some(9) });
        assert_eq!(bench.alive(), Vec::<String>::new());
    }
    assert!(quickest < Duration::from_millis(200), "{quickest:?}");
}

#[test]
fn a_command_with_policy_stop_ends_with_its_executor() {
    let mut bench = Bench::new();
    let id = bench.start(script("setsid sleep 1000 & echo up; sleep 1000"));
    bench.wait_for("up");
    // The pipe just closes, as it does when the executor is killed.
    bench.executor = None;
    let folder = bench.folder.path();
    eventually("its end is written", || read_end(folder, id).is_some());
    let end = read_end(folder, id).unwrap().end;
    assert_eq!(end, End::Interrupted { signal: Some(15) });
    eventually("nothing lives", || bench.alive().is_empty());
    eventually("its supervisor ends", || !supervised(folder));
    assert!(matches!(find(folder, id), Found::Finished { .. }));
}

#[test]
fn a_command_with_policy_finish_outlives_its_executor() {
    let mut bench = Bench::new();
    let go = bench.path("go");
    let id = bench.start(|attempt| {
        attempt.on_disconnect = OnDisconnect::Finish;
        attempt.command.timeout = 20_000;
        script(&format!(
            "echo up; until test -e {}; do sleep 0.01; done; echo after; exit 5",
            go.display()
        ))(attempt);
    });
    bench.wait_for("up");
    bench.executor = None;
    let folder = bench.folder.path();
    assert!(matches!(find(folder, id), Found::Running { .. }));
    fs::write(&go, "").unwrap();
    let found = wait_for_end(folder, id);
    assert!(matches!(found, Found::Finished { end: End::Exited { code: 5 }, .. }), "{found:?}");
    assert_eq!(bench.log(1), b"up\nafter\n");
    eventually("its supervisor ends", || !supervised(folder));
}

#[test]
fn an_endless_printer_that_was_left_running_does_not_stop_the_next_command() {
    let mut bench = Bench::new();
    let ended = bench.sh("yes & echo $! >pid");
    assert_eq!(ended.end, End::Exited { code: 0 });
    assert_eq!(ended.left_running.len(), 1);
    let ended = bench.sh("kill -0 $(cat pid) && echo still there");
    assert_eq!(ended.stdout.bytes, b"still there\n");
    assert_eq!(ended.left_running, []);
}

#[test]
fn a_daemon_that_a_change_started_outlives_the_run() {
    let mut bench = Bench::new();
    let ended = bench.run(|attempt| {
        attempt.on_disconnect = OnDisconnect::Finish;
        script("nohup sleep 1000 >/dev/null 2>&1 &")(attempt);
    });
    assert_eq!(ended.left_running.len(), 1);
    bench.executor = None;
    eventually("its supervisor ends", || !supervised(bench.folder.path()));
    assert_eq!(bench.alive().len(), 1);
    for left in marked(&bench.run) {
        kill(left, "KILL");
    }
}

#[test]
fn nobody_reading_does_not_stall_a_command() {
    let mut bench = Bench::new();
    let id = bench.start(script("head -c 5000000 /dev/zero; echo end >&2"));
    let folder = bench.folder.path().to_owned();
    eventually("it ends though nobody reads", || read_end(&folder, id).is_some());
    let ended = bench.wait();
    assert_eq!(ended.output.bytes, 5_000_004);
    let shown = bench.shown();
    assert!(shown.len() < 2_500_000, "{} bytes waited", shown.len());
    let text = String::from_utf8_lossy(&shown);
    assert!(text.contains(" bytes are not shown]"), "nothing says what is left out");
}

#[test]
fn an_executor_that_is_killed_leaves_what_was_ordered() {
    for (policy, expected) in
        [("stop", End::Interrupted { signal: Some(15) }), ("finish", End::Exited { code: 5 })]
    {
        let folder = tempfile::tempdir().unwrap();
        let mut executor = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "run_until_killed"])
            .env("RUN_UNTIL_KILLED", folder.path())
            .env("POLICY", policy)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        eventually("the command runs", || folder.path().join("up").exists());
        executor.kill().unwrap();
        executor.wait().unwrap();
        fs::write(folder.path().join("go"), "").unwrap();
        let found = wait_for_end(folder.path(), AttemptId(1));
        let Found::Finished { end, .. } = found else {
            panic!("{policy}: {found:?}");
        };
        assert_eq!(end, expected, "{policy}");
        eventually("its supervisor ends", || !supervised(folder.path()));
    }
}

/// Not a test of its own: the executor that the test above kills.
#[test]
fn run_until_killed() {
    let Some(folder) = std::env::var_os("RUN_UNTIL_KILLED") else {
        return;
    };
    let finish = std::env::var("POLICY").unwrap() == "finish";
    let mut bench = Bench::with(|setting| {
        setting.folder = folder.clone().into();
        setting.work = folder.into();
    });
    bench.run(|attempt| {
        if finish {
            attempt.on_disconnect = OnDisconnect::Finish;
        }
        script("touch up; until test -e go; do sleep 0.01; done; sleep 0.1; exit 5")(attempt);
    });
}

#[test]
fn a_second_supervisor_is_refused_while_the_first_lives_and_starts_nothing() {
    let mut bench = Bench::new();
    bench.start(|attempt| {
        attempt.on_disconnect = OnDisconnect::Finish;
        script("echo up; sleep 1000")(attempt);
    });
    bench.wait_for("up");
    let folder = bench.folder.path().to_owned();
    let mut other = Bench::with(|setting| setting.folder = folder.clone());
    let two = bench.path("two");
    let End::CouldNotStart { why } = other.sh(&format!("touch {}", two.display())).end else {
        panic!("a second supervisor ran a command");
    };
    assert!(why.contains("another supervisor"), "{why}");
    other.executor = None;
    bench.executor = None;
    stop_supervisor(&folder);
    eventually("it is gone", || !supervised(&folder));
    assert!(!two.exists(), "what was refused was run");
}

/// A command that goes on though nobody is there any more; it has printed `up`.
fn left_alone(text: &str) -> (Bench, AttemptId) {
    let mut bench = Bench::new();
    let id = bench.start(|attempt| {
        attempt.on_disconnect = OnDisconnect::Finish;
        script(text)(attempt);
    });
    bench.wait_for("up");
    bench.executor = None;
    (bench, id)
}

#[test]
fn a_supervisor_can_be_stopped_from_outside() {
    let (bench, id) = left_alone("echo up; sleep 1000");
    let folder = bench.folder.path();
    assert!(matches!(find(folder, id), Found::Running { .. }));
    stop_supervisor(folder);
    wait_for_end(folder, id);
    let end = read_end(folder, id).unwrap().end;
    assert_eq!(end, End::Interrupted { signal: Some(15) });
    assert_eq!(bench.alive(), Vec::<String>::new());
}

#[test]
fn a_supervisor_that_is_asked_twice_kills() {
    let mut bench = Bench::new();
    let heard = bench.path("heard");
    let text = format!(
        "trap 'touch {}' TERM; echo up; while :; do sleep 0.05 || :; done",
        heard.display()
    );
    let id = bench.start(|attempt| {
        attempt.on_disconnect = OnDisconnect::Finish;
        script(&text)(attempt);
    });
    bench.wait_for("up");
    bench.executor = None;
    let folder = bench.folder.path();
    stop_supervisor(folder);
    eventually("it is asked", || heard.exists());
    let asked_again = Instant::now();
    stop_supervisor(folder);
    wait_for_end(folder, id);
    assert!(asked_again.elapsed() < Duration::from_secs(1), "it was not killed");
    let end = read_end(folder, id).unwrap().end;
    assert_eq!(end, End::Interrupted { signal: Some(9) });
}

#[test]
fn an_interrupt_reaches_the_command_of_an_earlier_process() {
    let (bench, id) = left_alone("echo up; sleep 1000");
    let folder = bench.folder.path().to_owned();
    let mut later = Bench::with(|setting| setting.folder = folder);
    later.executor().attach(id);
    later.executor().interrupt(id);
    let ended = later.wait();
    assert_eq!(ended.attempt, id);
    assert!(matches!(ended.end, End::Interrupted { .. }), "{:?}", ended.end);
}

#[test]
fn what_a_dead_supervisor_ran_is_watched_and_its_end_unknown() {
    let mut bench = Bench::new();
    let id = bench.start(|attempt| {
        attempt.on_disconnect = OnDisconnect::Finish;
        script("echo up; exec sleep 1000")(attempt);
    });
    bench.wait_for("up");
    let pid = bench.executor().supervisor().unwrap();
    kill(pid, "KILL");
    match bench.happens() {
        Happening::Orphaned { attempt, processes, stays } => {
            assert_eq!((attempt, stays), (id, OnDisconnect::Finish));
            assert_eq!(processes[0].command, "sleep 1000");
        }
        other => panic!("{other:?}"),
    }
    // Its pipes are closed a moment before it is dead.
    eventually("its supervisor is dead", || !supervised(bench.folder.path()));
    let Found::Orphaned { processes } = find(bench.folder.path(), id) else {
        panic!("it lives: {:?}", bench.alive());
    };
    assert_eq!(processes.len(), bench.alive().len());
    assert_eq!(find(bench.folder.path(), AttemptId(id.0 + 1)), Found::Unknown);
    bench.executor().interrupt(id);
    assert_eq!(bench.wait().end, End::Unknown);
    assert_eq!(bench.alive(), Vec::<String>::new());
    assert_eq!(find(bench.folder.path(), id), Found::Unknown);
    // A new one takes over.
    let ended = bench.sh("echo again");
    assert_eq!(ended.stdout.bytes, b"again\n");
}

#[test]
fn a_terminal_cannot_interrupt_the_supervisor() {
    let mut bench = Bench::new();
    bench.start(script("echo up; sleep 1000"));
    bench.wait_for("up");
    let pid = bench.executor().supervisor().unwrap();
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat[stat.rfind(')').unwrap() + 2..].split(' ').collect();
    // Leader of its own group and session, without a terminal.
    assert_eq!(fields[2..5], [pid.to_string().as_str(), &pid.to_string(), "0"]);
}

#[test]
fn a_line_without_an_end_and_bytes_that_are_no_text_are_kept_exactly() {
    let mut bench = Bench::new();
    let ended =
        bench.sh("head -c 5000000 /dev/zero | tr '\\0' x; printf '\\377\\000\\303\\050\\r\\b'");
    assert_eq!(ended.output.bytes, 5_000_006);
    assert_eq!(ended.stdout.bytes.len(), 1 << 20);
    assert_eq!(ended.stdout.more, 5_000_006 - (1 << 20));
    let log = bench.log(1);
    assert_eq!(log.len(), 5_000_006);
    assert!(log[..5_000_000].iter().all(|byte| *byte == b'x'));
    assert_eq!(&log[5_000_000..], b"\xff\0\xc3(\r\x08");
}

#[test]
fn beyond_the_cap_head_and_tail_are_kept_and_all_is_counted() {
    let mut bench = Bench::with(|setting| setting.cap = 2_000);
    let ended = bench.sh("seq 1 100000");
    let all: String = (1..=100_000).map(|number| format!("{number}\n")).collect();
    let all = all.as_bytes();
    let missing = all.len() - 2_000;
    let line = format!("\n[{missing} bytes are not kept]\n");
    let expected = [&all[..1_000], line.as_bytes(), &all[all.len() - 1_000..]].concat();
    assert_eq!(bench.log(1), expected);
    assert_eq!((ended.output.bytes, ended.output.kept), (all.len() as u64, 2_000));
    assert_eq!(ended.stdout.bytes, all);
}

#[test]
fn input_larger_than_all_pipes_comes_back() {
    let mut bench = Bench::new();
    let input: String = (0..400_000).map(|number| format!("{number}\n")).collect();
    let ended = bench.run(|attempt| {
        attempt.command.stdin = Some(Held::Open(input.clone()));
        attempt.command.form = BoundForm::List(vec!["cat".to_owned()]);
    });
    assert_eq!(ended.end, End::Exited { code: 0 });
    assert_eq!(bench.log(1), input.as_bytes());
    let ended = bench.run(|attempt| {
        attempt.command.stdin = Some(Held::Open(input.clone()));
        script("exec <&-; echo unread")(attempt);
    });
    assert_eq!(ended.stdout.bytes, b"unread\n");
}

#[test]
fn without_input_a_command_reads_nothing_and_has_no_terminal() {
    let mut bench = Bench::new();
    let ended = bench.sh("cat; (: </dev/tty) 2>/dev/null || echo none");
    assert_eq!(ended.stdout.bytes, b"none\n");
}

#[test]
fn a_child_is_clean() {
    let mut bench = Bench::with(|setting| {
        let inputs = [("A", "1"), ("SUREFOOT_INPUT_TOKEN", "x"), ("SF_old", "x")];
        for (name, value) in inputs {
            setting.environment.insert(name.into(), value.into());
        }
    });
    let ended = bench.run(|attempt| {
        attempt.command.env.insert("B".to_owned(), Held::Open("two\nlines".to_owned()));
        attempt.command.form = BoundForm::List(vec!["env".to_owned(), "-0".to_owned()]);
    });
    let text = String::from_utf8(ended.stdout.bytes).unwrap();
    let environment: BTreeSet<&str> = text.split_terminator('\0').collect();
    let run = format!("SUREFOOT_RUN={}", bench.run);
    let pwd = format!("PWD={}", bench.path("work").display());
    let askpass = bench.path("askpass").display().to_string();
    let [sudo, ssh] = ["SUDO", "SSH"].map(|program| format!("{program}_ASKPASS={askpass}"));
    let asks = [sudo.as_str(), ssh.as_str(), "SSH_ASKPASS_REQUIRE=force"];
    let mut expected = BTreeSet::from(asks);
    expected.extend(["A=1", "B=two\nlines", "PATH=/usr/bin:/bin", "SUREFOOT_ATTEMPT=1"]);
    expected.extend([run.as_str(), pwd.as_str()]);
    assert_eq!(environment, expected);

    let ended = bench.sh("grep -E '^Sig(Ign|Blk|Cgt)' /proc/self/status; ls /proc/self/fd");
    let text = String::from_utf8(ended.stdout.bytes).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let mask = |line: &str| u64::from_str_radix(&line[8..], 16).unwrap();
    // The C library's own `posix_spawn` ignores its two internal signals, 32 and 33.
    let internal = 0b11 << 31;
    assert_eq!((&lines[0][..7], mask(lines[0])), ("SigBlk:", 0));
    assert_eq!((&lines[1][..7], mask(lines[1]) & !internal), ("SigIgn:", 0));
    // The fourth is the folder that `ls` itself reads.
    assert_eq!(lines[3..], ["0", "1", "2", "3"]);
}

#[test]
fn ignored_signals_and_open_descriptors_of_the_caller_are_not_passed_on() {
    // This test again, in a process whose caller ignored signals and left descriptors open.
    let inner = "a_child_is_clean";
    let own = std::env::current_exe().unwrap();
    let status = Command::new("bash")
        .arg("-c")
        .arg("trap '' HUP INT QUIT TERM TSTP USR1 PIPE; exec 5</dev/null 17</dev/null \"$0\" --exact \"$1\"")
        .arg(&own)
        .arg(inner)
        .output()
        .unwrap();
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stdout));
}

#[test]
fn a_secret_is_hidden_wherever_the_writes_are_cut() {
    let mut bench = Bench::new();
    let secret = "correct-horse-battery";
    bench.executor().hide("token", &Secret::new(secret.to_owned()));
    let ended = bench.run(|attempt| {
        attempt
            .command
            .variables
            .insert("SF_token".to_owned(), Held::Secret(Secret::new(secret.to_owned())));
        script(
            "printf %s \"$SF_token\" | base64; for i in 1 2 3 4 5 6 7 8 9; do \
             printf %s \"$SF_token\" | head -c $i; sleep 0.01; \
             printf %s \"$SF_token\" | tail -c +$((i + 1)); echo; done; \
             printf '%s' corr",
        )(attempt);
    });
    // Captures need the true bytes; they stay in memory.
    assert!(String::from_utf8_lossy(&ended.stdout.bytes).contains(secret));
    let log = String::from_utf8(bench.log(1)).unwrap();
    assert_eq!(log, format!("{}corr", "***\n".repeat(10)));
    assert_eq!(bench.shown(), bench.log(1));
    assert_nowhere(bench.folder.path(), secret);
}

fn assert_nowhere(folder: &Path, secret: &str) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        if kind.is_dir() {
            assert_nowhere(&path, secret);
        } else if kind.is_file() {
            let bytes = fs::read(&path).unwrap();
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{} holds the secret", path.display());
        }
    }
}

#[test]
fn a_secret_capture_is_neither_shown_nor_kept() {
    let mut bench = Bench::new();
    let ended = bench.run(|attempt| {
        attempt.keep = Keep::Nothing;
        script("echo correct-horse-battery")(attempt);
    });
    assert_eq!(ended.stdout.bytes, b"correct-horse-battery\n");
    assert_eq!(ended.output, surefoot::engine::Kept::default());
    assert_eq!(bench.shown(), b"");
    assert_nowhere(bench.folder.path(), "correct-horse-battery");
    assert!(read_end(bench.folder.path(), AttemptId(1)).is_some());
}

#[test]
fn files_are_made_and_those_with_secrets_do_not_stay() {
    let mut bench = Bench::new();
    let ended = bench.run(|attempt| {
        let file = |content, executable| BoundFile { content, bytes: None, executable };
        let secret = Held::Secret(Secret::new("hunter22".to_owned()));
        let files = &mut attempt.command.files;
        files.insert(name("key"), file(secret, false));
        let open = Held::Open("#!/bin/sh\necho ran\n".to_owned());
        files.insert(name("fix"), file(open, true));
        script("stat -c %a files/key files/fix; cat files/key; files/fix")(attempt);
    });
    assert_eq!(ended.stdout.bytes, b"600\n700\nhunter22ran\n");
    assert!(!bench.path("work/files/key").exists());
    assert!(bench.path("work/files/fix").exists());
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

#[test]
fn a_command_that_was_changed_after_it_was_agreed_to_does_not_start() {
    let mut bench = Bench::new();
    let ended = bench.run(|attempt| {
        script("echo agreed")(attempt);
        attempt.digest = digest(attempt);
        script("touch changed")(attempt);
    });
    let End::CouldNotStart { why } = ended.end else {
        panic!("{:?}", ended.end);
    };
    assert!(why.contains("digest"), "{why}");
    assert!(!bench.path("work/changed").exists());
}

#[test]
fn what_cannot_start_says_why() {
    fn check(change: impl FnOnce(&mut Attempt), expected: &str) {
        let mut bench = Bench::new();
        let ended = bench.run(change);
        let End::CouldNotStart { why } = ended.end else {
            panic!("{:?}", ended.end);
        };
        assert!(why.contains(expected), "{why}");
    }
    fn list(words: &[&str]) -> impl FnOnce(&mut Attempt) {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        |attempt| attempt.command.form = BoundForm::List(words)
    }
    check(list(&["no-such-program"]), "no program \"no-such-program\"");
    check(list(&["/no/such/program"]), "/no/such/program does not exist");
    check(list(&["/etc/passwd"]), "/etc/passwd is not executable");
    check(list(&["/etc/"]), "folder");
    check(
        |attempt| attempt.command.cwd = Some("/no/such/folder".to_owned()),
        "working directory /no/such/folder",
    );
    check(script(&"x".repeat(200_000)), "longer than the system allows");
}

#[test]
fn files_of_a_run_are_private_under_any_umask() {
    for umask in ["000", "777"] {
        let folder = tempfile::tempdir().unwrap();
        let status = Command::new("sh")
            .arg("-c")
            .arg(format!("umask {umask}; exec \"$0\" --exact leave_a_run"))
            .arg(std::env::current_exe().unwrap())
            .env("LEAVE_A_RUN", folder.path())
            .output()
            .unwrap();
        assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stdout));
        let mode = |below: &str| {
            let path = folder.path().join(below);
            fs::metadata(path).unwrap().permissions().mode() & 0o777
        };
        assert_eq!(mode("output"), 0o700);
        for file in ["output/0001.log", "output/0001.timing", "ends.jsonl", "supervisor.json"] {
            assert_eq!(mode(file), 0o600, "{file}");
        }
        assert_eq!(
            fs::read(folder.path().join("output/0001.log")).unwrap(),
            format!("0{umask}\n").as_bytes()
        );
    }
}

/// Not a test of its own: the inner half of the one above, in a process with another umask.
#[test]
fn leave_a_run() {
    let Some(folder) = std::env::var_os("LEAVE_A_RUN") else {
        return;
    };
    let mut bench = Bench::with(|setting| {
        setting.folder = folder.clone().into();
        setting.work = folder.into();
    });
    let ended = bench.sh("umask");
    assert_eq!(ended.end, End::Exited { code: 0 });
}

#[test]
fn several_commands_run_at_once_and_are_told_apart() {
    let mut bench = Bench::new();
    for number in 1..=8 {
        bench.start(script(&format!("echo {number}; sleep 0.05; echo {number} >&2")));
    }
    let mut seen = BTreeSet::new();
    for _ in 0..8 {
        let ended = bench.wait();
        let text = format!("{}\n", ended.attempt);
        assert_eq!(ended.stdout.bytes, text.as_bytes());
        assert_eq!(ended.stderr.bytes, text.as_bytes());
        assert_eq!(ended.left_running, []);
        seen.insert(ended.attempt);
    }
    assert_eq!(seen.len(), 8);
}

#[test]
fn stopping_one_command_leaves_the_others_alone() {
    let mut bench = Bench::new();
    let first = bench.start(script("setsid sleep 1000 & echo first; sleep 1000"));
    let second = bench.start(script("setsid sleep 2000 & echo second; sleep 0.3; kill $!; exit 4"));
    bench.wait_for("first");
    bench.wait_for("second");
    bench.executor().kill(first);
    let mut ends = BTreeMap::new();
    for _ in 0..2 {
        let ended = bench.wait();
        ends.insert(ended.attempt, ended.end);
    }
    assert_eq!(ends[&first], End::Interrupted { signal: Some(9) });
    assert_eq!(ends[&second], End::Exited { code: 4 });
    assert_eq!(bench.alive(), Vec::<String>::new());
}

#[test]
fn what_is_missing_is_named() {
    let mut bench = Bench::with(|setting| {
        setting.environment.insert("HERE".into(), "".into());
    });
    let missing = bench.executor().survey(&Survey {
        programs: vec!["sh".to_owned(), "no-such-program".to_owned()],
        variables: vec!["HERE".to_owned(), "NOT_HERE".to_owned()],
    });
    assert_eq!(missing, ["program no-such-program", "variable NOT_HERE"]);
}

#[test]
fn scriptreplay_plays_the_record() {
    if Command::new("scriptreplay").arg("--version").output().is_err() {
        println!("skipped: there is no scriptreplay here");
        return;
    }
    let mut bench = Bench::new();
    bench.sh("echo one; sleep 0.02; echo two >&2; sleep 0.02; printf three");
    // It takes the first line of a log for the header of script(1), which a byte-exact log lacks.
    let played = Command::new("bash")
        .arg("-c")
        .arg("scriptreplay --timing 0001.timing --log-out <(echo; cat 0001.log)")
        .current_dir(bench.path("output"))
        .output()
        .unwrap();
    assert!(played.status.success(), "{}", String::from_utf8_lossy(&played.stderr));
    let text = String::from_utf8_lossy(&played.stdout);
    assert!(text.contains("one\ntwo\nthree"), "{text:?}");
    let timing = fs::read_to_string(bench.path("output/0001.timing")).unwrap();
    let streams: Vec<Stream> = pieces(&timing).iter().map(|piece| piece.stream).collect();
    assert_eq!(streams, [Stream::Stdout, Stream::Stderr, Stream::Stdout]);
}

/// A prefix that does with its words what ssh does: joins them, and has a shell read them.
fn like_ssh() -> Vec<String> {
    ["sh", "-c", "cd /; unset A SF_x; exec sh -c \"$*\"", "ssh"].map(str::to_owned).to_vec()
}

#[test]
fn a_target_behind_a_prefix_gets_values_and_input_intact() {
    let hostile = "a'b\"c$(touch /tmp/fired)`id`\\ \n;&|*é";
    for prefix in [like_ssh(), vec!["env".to_owned(), "-i".to_owned()]] {
        let mut bench = Bench::new();
        let ended = bench.run(|attempt| {
            let command = &mut attempt.command;
            command.target.place = BoundPlace::Prefix(prefix.clone());
            command.variables.insert("SF_x".to_owned(), Held::Open(hostile.to_owned()));
            command.stdin = Some(Held::Open("in\nput".to_owned()));
            command.cwd = Some("/tmp".to_owned());
            command.form = BoundForm::Shell {
                shell: Shell::Bash,
                text: "printf '%s|' \"$SF_x\" \"$PWD\"; cat; exit 9".to_owned(),
            };
        });
        assert_eq!(ended.end, End::Exited { code: 9 });
        let text = String::from_utf8(ended.stdout.bytes).unwrap();
        assert_eq!(text, format!("{hostile}|/tmp|in\nput"));
        assert!(!Path::new("/tmp/fired").exists());

        let ended = bench.run(|attempt| {
            attempt.command.target.place = BoundPlace::Prefix(prefix.clone());
            attempt.command.form =
                BoundForm::List(vec!["printf".to_owned(), "%s|".to_owned(), hostile.to_owned()]);
        });
        assert_eq!(String::from_utf8(ended.stdout.bytes).unwrap(), format!("{hostile}|"));
    }
}

#[test]
fn a_prefix_that_keeps_the_input_to_itself_is_no_success() {
    let mut bench = Bench::new();
    let ended = bench.run(|attempt| {
        let words = ["sh", "-c", "exec \"$@\" </dev/null", "kubectl"];
        attempt.command.target.place = BoundPlace::Prefix(words.map(str::to_owned).to_vec());
        script("echo never")(attempt);
    });
    let End::CouldNotStart { why } = ended.end else {
        panic!("{:?}", ended.end);
    };
    assert!(why.contains("nothing was run"), "{why}");
}

#[test]
fn an_end_that_the_target_did_not_tell_is_in_doubt() {
    let mut bench = Bench::new();
    let ended = bench.run(|attempt| {
        attempt.command.target.place = BoundPlace::Prefix(vec!["env".to_owned()]);
        // Nothing of the target is left that could tell.
        script("kill -s KILL 0")(attempt);
    });
    assert_eq!(ended.end, End::Disconnected);
}

#[test]
fn a_connection_that_ends_before_the_command_began_has_done_nothing() {
    let mut bench = Bench::new();
    let program = bench.path("connect");
    fs::write(&program, "#!/bin/sh\nhead -c 1 >/dev/null\necho half a connection >&2\nexit 255\n")
        .unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    let ended = bench.run(|attempt| {
        let words = vec![program.to_str().unwrap().to_owned()];
        attempt.command.target.place = BoundPlace::Prefix(words);
        script("echo never")(attempt);
    });
    assert!(matches!(ended.end, End::CouldNotStart { .. }), "{:?}", ended.end);
    assert_eq!(ended.stderr.bytes, b"half a connection\n");
}

#[test]
fn no_secret_stands_in_an_argument_or_in_the_environment_of_the_supervisor() {
    let mut bench = Bench::new();
    let secret = "correct-horse-battery";
    bench.executor().hide("token", &Secret::new(secret.to_owned()));
    bench.start(|attempt| {
        let command = &mut attempt.command;
        command.target.place = BoundPlace::Prefix(like_ssh());
        command.env.insert("TOKEN".to_owned(), Held::Secret(Secret::new(secret.to_owned())));
        command.stdin = Some(Held::Secret(Secret::new(secret.to_owned())));
        script("echo up; cat >/dev/null; sleep 1000")(attempt);
    });
    bench.wait_for("up");
    let supervisor = bench.executor().supervisor().unwrap();
    let mut looked_at = 0;
    for pid in marked(&bench.run).into_iter().chain([supervisor]) {
        for file in ["cmdline", "environ"] {
            let commands_own = file == "environ" && pid != supervisor;
            let bytes = fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
            looked_at += usize::from(!bytes.is_empty());
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found || commands_own, "{file} of {pid}");
        }
    }
    assert!(looked_at > 2);
}

#[test]
#[ignore = "takes seconds and a gibibyte of disk; meaningful in a release build"]
fn a_gibibyte_goes_through_at_half_the_speed_of_tee_or_better_in_little_memory() {
    let command = "head -c 1073741824 /dev/zero | tr '\\0' 'x'";
    let folder = tempfile::tempdir().unwrap();
    let before = Instant::now();
    let tee = format!("{command} | tee {} >/dev/null", folder.path().join("copy").display());
    assert!(Command::new("sh").arg("-c").arg(tee).status().unwrap().success());
    let tee = before.elapsed();
    drop(folder);
    for (cap, secrets) in [(Setting::CAP, 0), (2 << 30, 0), (Setting::CAP, 20)] {
        let mut bench = Bench::with(|setting| setting.cap = cap);
        for number in 0..secrets {
            let secret = Secret::new(format!("tokén-{number}/a longer secret, \"{number}\""));
            bench.executor().hide("token", &secret);
        }
        let before = Instant::now();
        bench.start(script(command));
        let until = Instant::now() + 10 * LIMIT;
        let ended = loop {
            assert!(Instant::now() < until);
            if let Happening::Ended(ended) = bench.executor().next(None) {
                break ended;
            }
        };
        let took = before.elapsed();
        let pid = bench.executor().supervisor().unwrap();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
        println!("cap {cap}, {secrets} secrets: {took:?}, tee {tee:?}, {peak}");
        assert_eq!(ended.output.bytes, 1 << 30);
        let kilobytes: u64 = peak.split_whitespace().nth(1).unwrap().parse().unwrap();
        assert!(kilobytes < 64 * 1024, "{peak}");
        assert!(took < 2 * tee, "{took:?} against {tee:?} of tee");
    }
}

#[test]
fn a_filter_that_needs_more_than_there_is_fails_alone() {
    let grows = [
        "[range(1000000000)]",
        "\"x\" * 1000000000",
        "reduce range(100) as $x (2; . * .)",
        "reduce range(100000000) as $x ([]; [.])",
    ];
    let endless = "first(range(1000000000000) | select(. < 0))";
    let texts = [&[".[0]"], &grows[..], &[endless, ".[1]"]].concat();
    let filters: Vec<Filter> = texts.iter().map(|text| Filter::compile(text).unwrap()).collect();
    let mut bench = Bench::new();
    let found = bench.executor().filter(&filters, "[7, 8]");
    assert_eq!(found[".[0]"].as_ref().unwrap()[0].text, "7");
    assert_eq!(found[".[1]"].as_ref().unwrap()[0].text, "8");
    for text in grows {
        let why = found[text].as_ref().unwrap_err();
        let bounded = why.contains("256 MiB of memory") || why.contains("1 s of computing");
        assert!(bounded, "{text}: {why}");
    }
    let why = found[endless].as_ref().unwrap_err();
    assert!(why.contains("1 s of computing"), "{why}");
}

fn background(text: &str, ready: Option<&str>) -> impl FnOnce(&mut Attempt) {
    let script = script(text);
    let ready = ready.map(str::to_owned);
    move |attempt| {
        script(attempt);
        attempt.conduct = Conduct::Background { ready };
    }
}

#[test]
fn a_background_command_is_ready_when_its_output_says_so() {
    let mut bench = Bench::new();
    let id = bench.start(background(
        "echo starting; echo 'Listening on 80' >&2; echo 'Listening on 81'; exec sleep 1000",
        Some("^Listening on [0-9]+"),
    ));
    match bench.happens() {
        Happening::Ready { attempt } => assert_eq!(attempt, id),
        other => panic!("{other:?}"),
    }
    bench.executor().interrupt(id);
    // Ready is told once, although the other stream matches too.
    assert_eq!(bench.wait().end, End::Interrupted { signal: Some(2) });
    // What it printed is in its file, and was never in front of anything else.
    assert_eq!(bench.shown(), b"");
    let log = String::from_utf8(bench.log(1)).unwrap();
    assert!(log.contains("starting\n") && log.contains("Listening on 81\n"), "{log}");
}

#[test]
fn a_background_command_has_no_limit_in_time_and_ends_with_all_it_started() {
    let mut bench = Bench::new();
    let started = background("setsid sleep 1000 & sleep 1001 & echo up; sleep 1002", Some("up"));
    let id = bench.start(|attempt| {
        started(attempt);
        attempt.command.timeout = 1;
    });
    assert!(matches!(bench.happens(), Happening::Ready { .. }));
    // A command in front comes and goes beside it.
    assert_eq!(bench.sh("sleep 0.05; echo front").stdout.bytes, b"front\n");
    assert_eq!(bench.shown(), b"front\n");
    bench.executor().interrupt(id);
    let ended = bench.wait();
    assert!(matches!(ended.end, End::Interrupted { .. }), "{:?}", ended.end);
    assert_eq!(ended.left_running, []);
    assert_eq!(bench.alive(), Vec::<String>::new());
}

#[test]
fn what_happens_beside_a_question_wakes_and_is_never_waited_for() {
    let mut bench = Bench::new();
    assert!(bench.executor().wakes().is_none(), "nothing runs yet");
    let gate = bench.path("gate");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &gate, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let id = bench.start(background(&format!("read line < '{}'", gate.display()), None));
    assert!(bench.executor().glance().is_none());
    fs::write(&gate, "on\n").unwrap();
    {
        let wakes = bench.executor().wakes().unwrap();
        let mut fds =
            [rustix::event::PollFd::from_borrowed_fd(wakes, rustix::event::PollFlags::IN)];
        let limit = rustix::event::Timespec { tv_sec: 20, tv_nsec: 0 };
        assert_eq!(rustix::event::poll(&mut fds, Some(&limit)), Ok(1), "nothing wakes");
    }
    let mut glanced = None;
    eventually("its end is seen at a glance", || {
        glanced = bench.executor().glance();
        glanced.is_some()
    });
    match glanced {
        Some(Happening::Ended(ended)) => assert_eq!(ended.attempt, id),
        other => panic!("{other:?}"),
    }
}

#[test]
fn evidence_is_kept_of_a_command_that_failed_too() {
    let mut bench = Bench::new();
    let ended = bench.run(|attempt| {
        script("echo trace > dump.txt; exit 3")(attempt);
        attempt.evidence = vec!["dump.txt".to_owned(), "nowhere".to_owned()];
    });
    assert_eq!(ended.end, End::Exited { code: 3 });
    let [dump, nowhere] = ended.evidence.as_slice() else {
        panic!("{:?}", ended.evidence);
    };
    let kept = fs::read(bench.path(dump.path.as_deref().unwrap())).unwrap();
    assert_eq!((kept.as_slice(), dump.bytes), (&b"trace\n"[..], 6));
    assert_eq!((&nowhere.path, nowhere.note.as_deref()), (&None, Some("it is not there")));
    // Whoever takes the run over finds it in the supervisor's record.
    assert_eq!(read_end(bench.folder.path(), AttemptId(1)).unwrap().evidence, ended.evidence);
}

const ASKS: &str =
    "p=$(\"$SUDO_ASKPASS\" '[sudo] password for dana: ') || exit 9; echo \"it is $p\"";

#[test]
fn a_program_that_wants_a_password_is_given_it_and_it_is_seen_nowhere() {
    let mut bench = Bench::new();
    let id = bench.start(script(&format!("{ASKS}; [ \"$p\" = 'horse battery' ] && echo right")));
    let request = bench.password_wanted(id, "[sudo] password for dana: ");
    bench.executor().give_password(request, Some(Secret::new("horse battery".to_owned())));
    let ended = bench.wait();
    // Not even where captures look: the run could not tell that it is a secret.
    assert_eq!(ended.stdout.bytes, b"it is ***\nright\n");
    assert_eq!(bench.shown(), b"it is ***\nright\n");
    assert_eq!(bench.log(1), b"it is ***\nright\n");
}

#[test]
fn ssh_asks_in_the_same_way() {
    let mut bench = Bench::new();
    let asks =
        "[ \"$SSH_ASKPASS_REQUIRE\" = force ] && exec \"$SSH_ASKPASS\" \"dana@db's password: \"";
    let id = bench.start(script(asks));
    let request = bench.password_wanted(id, "dana@db's password: ");
    bench.executor().give_password(request, Some(Secret::new("short".to_owned())));
    assert_eq!(bench.wait().stdout.bytes, b"short\n");
}

#[test]
fn a_password_that_is_not_given_fails_at_once() {
    let mut bench = Bench::new();
    let id = bench.start(script(ASKS));
    let request = bench.password_wanted(id, "[sudo] password for dana: ");
    bench.executor().give_password(request, None);
    assert_eq!(bench.wait().end, End::Exited { code: 9 });

    // Nor does anything wait when the one who could be asked is gone.
    let id = bench.start(|attempt| {
        script(&format!("trap '' TERM; {ASKS}"))(attempt);
        attempt.on_disconnect = OnDisconnect::Finish;
    });
    bench.password_wanted(id, "[sudo] password for dana: ");
    bench.executor = None;
    assert!(matches!(
        wait_for_end(bench.folder.path(), id),
        Found::Finished { end: End::Exited { code: 9 }, .. }
    ));
}

#[test]
fn only_a_command_of_the_run_may_ask() {
    let mut bench = Bench::new();
    let id = bench.start(script("echo up; exec sleep 1000"));
    bench.wait_for("up");
    let mut stranger = Command::new(bench.path("askpass"))
        .arg("Password: ")
        .env_clear()
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut answered = None;
    eventually("the stranger is turned away", || {
        let happening = bench.executor().glance();
        assert!(happening.is_none(), "somebody was asked: {happening:?}");
        answered = stranger.try_wait().unwrap();
        answered.is_some()
    });
    assert_eq!(answered.unwrap().code(), Some(1));
    bench.executor().kill(id);
    assert!(matches!(bench.happens(), Happening::Ended(_)));
}
