//! Commands that print without end: memory stays flat, the command is not held up, and what is not
//! kept is counted.

use std::fs;

use crate::bench::{Bench, RUN};
use crate::sandbox::eventually;

/// No process of a run may need more than this, whatever a command prints.
const MOST_KIBIBYTES: u64 = 64 << 10;

/// The most memory that a process ever had.
fn peak(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Runs a command that prints; what its record says was printed.
fn print(command: &str) -> serde_json::Value {
    let bench = Bench::with(
        1,
        &format!(
            "steps:\n  - {{ id: s1, effect: change, timeout: 60m, run: '{command}', \
             undo: {{ none: a test }} }}\n  - {{ id: s2, effect: change, run: 'echo 1 >> \"$LEDGER\"; \
             until test -e \"$LEDGER.go\"; do sleep 0.01; done', undo: {{ none: a test }} }}\n  \
             - end: done\n"
        ),
    );
    let to = fs::File::options().write(true).open("/dev/null").unwrap();
    let mut started = bench.call(&RUN).stdout(to).start();
    // Ten gigabytes take their time, but the program must end with them.
    while bench.ledger().is_empty() {
        assert!(started.child.try_wait().unwrap().is_none(), "{}", started.stream("stderr"));
        crate::sandbox::pause();
    }
    let program = peak(i32::try_from(started.child.id()).unwrap());
    let supervisor = peak(bench.supervisor().unwrap().as_raw_nonzero().get());
    fs::write(bench.sandbox().root().join("ledger.go"), "").unwrap();
    eventually(|| started.child.try_wait().unwrap()).expect("it ends");
    bench.wait_until_all_are_gone();
    for (who, peak) in [("the program", program), ("the supervisor", supervisor)] {
        assert!(peak < MOST_KIBIBYTES, "{who} needed {peak} KiB for {command}");
    }
    let ended = bench.sandbox().events_of("attempt_ended").swap_remove(0);
    assert_eq!(ended["verdict"]["verdict"], "passed", "{ended}");
    let output = ended["output"].clone();
    let kept = bench.run_folder().unwrap().join(output["path"].as_str().unwrap());
    let [bytes, keeps] = ["bytes", "kept"].map(|key| output[key].as_u64().unwrap());
    let gap = if bytes > keeps { "\n[ bytes are not kept]\n".len() as u64 } else { 0 };
    let digits = if bytes > keeps { (bytes - keeps).to_string().len() as u64 } else { 0 };
    assert_eq!(fs::metadata(kept).unwrap().len(), keeps + gap + digits);
    let verified = bench.sandbox().surefoot(&["verify"]).run();
    assert_eq!(verified.code(), 0, "{}", verified.text());
    output
}

fn check(command: &str, bytes: u64) {
    let output = print(command);
    assert_eq!(output["bytes"], bytes, "{command}: {output}");
    assert_eq!(output["kept"], bytes.min(64 << 20), "{command}: {output}");
}

#[test]
fn memory_does_not_grow_with_the_output() {
    check("(yes || true) | head -c 100000000", 100_000_000);
}

#[test]
fn one_line_without_end_and_bytes_that_are_no_text_are_output_like_any_other() {
    check("head -c 30000000 /dev/zero | tr \"\\\\0\" x; head -c 5000000 /dev/urandom", 35_000_000);
}

#[test]
#[ignore = "long: just reliability"]
fn long_memory_does_not_grow_with_ten_gigabytes() {
    check("(yes || true) | head -c 10000000000", 10_000_000_000);
}

#[test]
#[ignore = "long: just reliability"]
fn long_a_line_of_a_gigabyte_and_noise_are_output_like_any_other() {
    check("head -c 1000000000 /dev/zero | tr \"\\\\0\" x", 1_000_000_000);
    check("head -c 500000000 /dev/urandom", 500_000_000);
}
