//! Several programs that want the same run at once.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

use crate::bench::{Bench, RESUME, RUN, long};
use crate::judge::{judge_the_past, judge_verification, said};
use crate::sandbox::{eventually, wait};

const RIVALS: usize = 6;

fn contested() -> Bench {
    let hold = "echo 2 >> \"$LEDGER\"; until test -e \"$LEDGER.go\"; do sleep 0.01; done";
    let change = |step: usize, command: &str| {
        format!(
            "  - {{ id: s{step}, effect: change, run: '{command}', undo: {{ none: a test }} }}\n"
        )
    };
    let steps = change(1, "echo 1 >> \"$LEDGER\"")
        + &change(2, hold)
        + &change(3, "echo 3 >> \"$LEDGER\"; sleep 0.05");
    Bench::with(3, &format!("steps:\n{steps}  - end: done\n"))
}

fn compete(rounds: u64) {
    let bench = contested();
    let go = bench.sandbox().root().join("ledger.go");
    for round in 0..rounds {
        let mut holder = bench.call(&RUN).start();
        eventually(|| (bench.ledger().len() == 2).then_some(())).expect("it gets so far");
        let all: Vec<_> = (0..RIVALS).map(|_| bench.call(&RESUME).start()).collect();
        for rival in all {
            let outcome = rival.wait(bench.sandbox());
            assert_eq!(outcome.code(), 9, "round {round}: {}", outcome.text());
            let who = format!("process {}", holder.child.id());
            assert!(outcome.stderr.contains(&who), "{}", outcome.stderr);
        }
        // The lock dies with its holder, though the supervisor and the command live on.
        kill_process(Pid::from_child(&holder.child), Signal::KILL).unwrap();
        wait(&mut holder.child).unwrap();
        fs::write(&go, "").unwrap();
        bench.wait_until_all_are_gone();
        let all: Vec<_> = (0..RIVALS).map(|_| bench.call(&RESUME).start()).collect();
        let mut walked = 0;
        for rival in all {
            let outcome = rival.wait(bench.sandbox());
            match outcome.code() {
                0 => walked += 1,
                // Held, or over by then.
                2 | 9 => {}
                _ => panic!("round {round}: {}", outcome.text()),
            }
        }
        assert_eq!(walked, 1, "round {round}: {:?}", said(&bench));
        bench.wait_until_all_are_gone();
        let story = format!("round {round}");
        assert!(judge_the_past(&bench, &story).finished, "{story}");
        assert_eq!(bench.ledger(), [1, 2, 3], "{story}");
        judge_verification(&bench, &story);
        fs::remove_file(&go).unwrap();
        bench.clear();
    }
}

#[test]
fn of_many_that_want_a_run_one_gets_it() {
    compete(3);
}

#[test]
#[ignore = "long: just reliability"]
fn long_of_many_that_want_a_run_one_gets_it() {
    compete(long(100));
}
