//! A rule fires in a real Prometheus, a real Alertmanager tells `listen` of it, and the responder is
//! offered the runbook with its inputs filled.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "it starts programs, and says what is skipped"
)]

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::alerts::{answering, on_terminal};
use crate::listen::Listening;
use crate::sandbox::{Sandbox, eventually};

const RULES: &str = "groups:
- name: test
  rules:
  - alert: DiskFull
    expr: VALUE > 0
    labels: { severity: page, instance: 'web1:9100' }
    annotations: { summary: '{{ $value }} of the disk is used', folder: /var/log }
";

/// A program of the distribution that serves something, gone with the test.
struct Server {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl Server {
    /// Starts a program, told where to listen. Between the choice of a port and its use somebody else may
    /// take it.
    fn start(sandbox: &Sandbox, program: &Path, words: &[String]) -> Self {
        let log = sandbox.root().join(program.file_name().unwrap()).with_extension("log");
        let server = (0..5).find_map(|_| {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            drop(listener);
            let output = File::create(&log).unwrap();
            let child = Command::new(program)
                .args(words)
                .arg(format!("--web.listen-address={address}"))
                .env_clear()
                .current_dir(sandbox.root())
                .stdin(Stdio::null())
                .stdout(output.try_clone().unwrap())
                .stderr(output)
                .spawn()
                .unwrap();
            let mut server = Self { child, address, log: log.clone() };
            let answers = eventually(|| match TcpStream::connect(address) {
                Ok(_) => Some(true),
                Err(_) => server.child.try_wait().unwrap().map(|_| false),
            });
            (answers == Some(true)).then_some(server)
        });
        server.unwrap_or_else(|| panic!("{}", fs::read_to_string(log).unwrap_or_default()))
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended needs no killing.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

fn program(name: &str) -> Option<PathBuf> {
    let path = Path::new("/usr/bin").join(name);
    let there = path.exists();
    if !there {
        println!("skipped: there is no {} here", path.display());
    }
    there.then_some(path)
}

/// Prometheus with one rule, the Alertmanager that it tells, and `listen` that this one tells.
struct Monitoring {
    prometheus: Server,
    alertmanager: Server,
    listening: Listening,
}

impl Monitoring {
    fn start(sandbox: &Sandbox) -> Option<Self> {
        let prometheus = program("prometheus")?;
        let alertmanager = program("prometheus-alertmanager")?;
        let listening = Listening::start(sandbox);
        let at = |name: &str| sandbox.root().join(name).display().to_string();
        let config = format!(
            "route: {{ receiver: r, group_wait: 0s, group_interval: 1s, repeat_interval: 1h }}\n\
             receivers:\n- name: r\n  webhook_configs:\n\
             \x20 - {{ url: 'http://{}/', send_resolved: true }}\n",
            listening.address
        );
        fs::write(at("alertmanager.yml"), config).unwrap();
        let words = [
            format!("--config.file={}", at("alertmanager.yml")),
            format!("--storage.path={}", at("alertmanager")),
            "--cluster.listen-address=".to_owned(),
        ];
        let alertmanager = Server::start(sandbox, &alertmanager, &words);
        let config = format!(
            "global: {{ evaluation_interval: 1s }}\nrule_files: [ {} ]\nalerting:\n\
             \x20 alertmanagers:\n  - static_configs: [ {{ targets: [ '{}' ] }} ]\n",
            at("rules.yml"),
            alertmanager.address
        );
        fs::write(at("prometheus.yml"), config).unwrap();
        fs::write(at("rules.yml"), RULES.replace("VALUE", "vector(1)")).unwrap();
        let words = [
            format!("--config.file={}", at("prometheus.yml")),
            format!("--storage.tsdb.path={}", at("prometheus")),
            // What fires before the Alertmanager is known is told again at once.
            "--rules.alert.resend-delay=1s".to_owned(),
        ];
        let prometheus = Server::start(sandbox, &prometheus, &words);
        Some(Self { prometheus, alertmanager, listening })
    }

    fn logs(&self) -> String {
        let own = self.listening.started.stream("stderr");
        format!("{own}\n{}\n{}", self.alertmanager.log(), self.prometheus.log())
    }
}

#[test]
fn a_rule_fires_and_the_runbook_is_offered_with_its_inputs() {
    let sandbox = Sandbox::new();
    let inputs = "    inputs:
      host: { from: labels.instance, regex: '^([^:]+)' }
      folder: annotations.folder
inputs:
  host: { type: host }
  folder: { type: path }
";
    let runbook =
        answering("Disk is full", &["alertname=\"DiskFull\"", "severity=~\"page|x\""], inputs);
    sandbox.file("runbooks/disk-full.yaml", runbook);
    sandbox.trust("runbooks/disk-full.yaml");
    let Some(monitoring) = Monitoring::start(&sandbox) else { return };

    // The rule fires, and its webhook arrives.
    let listed = || -> Option<Value> {
        let outcome = sandbox.surefoot(&["alert", "--format", "json"]).run();
        let listed: Value = serde_json::from_str(&outcome.stdout).ok()?;
        (!listed["alerts"].as_array()?.is_empty()).then(|| listed["alerts"][0].clone())
    };
    let alert = eventually(listed).unwrap_or_else(|| panic!("{}", monitoring.logs()));
    assert_eq!(alert["labels"]["alertname"], "DiskFull", "{alert}");
    assert_eq!(alert["annotations"]["summary"], "1 of the disk is used", "{alert}");
    assert_eq!(alert["runbooks"][0]["id"], "disk-full", "{alert}");
    assert_eq!(alert["runbooks"][0]["inputs"]["host"]["value"], "web1", "{alert}");
    assert_eq!(alert["runbooks"][0]["inputs"]["folder"]["value"], "/var/log", "{alert}");

    as_amtool_lists_it(&sandbox, &monitoring, &alert);

    // It is offered on a terminal, and walked with its inputs.
    let mut session = on_terminal(&sandbox, "alert");
    session.wait_for("host = web1");
    session.wait_for("Walk one of them?");
    session.wait_for("A number, or Enter for none: ");
    session.send("1\n");
    session.wait_for("Disk is full");
    session.wait_for("? more");
    session.send("\n");
    session.wait_for("looked");
    assert!(session.wait().success(), "{}", session.screen());
    let started = &sandbox.events_of("run_started")[0];
    assert_eq!(started["alert"]["labels"]["severity"], "page");
    assert!(started["inputs"].to_string().contains("web1"), "{started}");

    // It is resolved, and forgotten.
    let rules = RULES.replace("VALUE", "vector(0)");
    fs::write(sandbox.root().join("rules.yml"), rules).unwrap();
    kill_process(Pid::from_child(&monitoring.prometheus.child), Signal::HUP).unwrap();
    let gone = eventually(|| listed().is_none().then_some(()));
    assert!(gone.is_some(), "{}", monitoring.logs());
    monitoring.listening.signal(Signal::TERM);
    let Monitoring { listening, .. } = monitoring;
    let outcome = listening.started.wait(&sandbox);
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
}

/// What `amtool` prints is read, too, and names the alert as we do.
fn as_amtool_lists_it(sandbox: &Sandbox, monitoring: &Monitoring, alert: &Value) {
    let Some(amtool) = program("amtool") else { return };
    let printed = Command::new(amtool)
        .args(["alert", "query", "-o", "json"])
        .arg(format!("--alertmanager.url=http://{}", monitoring.alertmanager.address))
        .env_clear()
        .env("HOME", sandbox.root())
        .output()
        .unwrap();
    assert!(printed.status.success(), "{printed:?}");
    let theirs: Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert_eq!(theirs[0]["fingerprint"], alert["fingerprint"], "{theirs}");
    let call = sandbox.surefoot(&["alert", "-", "--format", "json"]).stdin(printed.stdout);
    let outcome = call.run();
    let ours: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(ours["alerts"][0]["fingerprint"], alert["fingerprint"]);
    assert_eq!(ours["alerts"][0]["runbooks"][0]["id"], "disk-full", "{ours}");
}
