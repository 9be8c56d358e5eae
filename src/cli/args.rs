//! The command line as typed. What it means together with the environment is `settings`' business.

mod alert;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use alert::{AlertArguments, ListenArguments};

/// Walks responders through versioned runbooks and keeps a record that can be trusted.
#[derive(Debug, Parser)]
#[command(name = "surefoot", version, disable_help_subcommand = true, max_term_width = 100)]
pub(crate) struct Arguments {
    /// What to do; without it, the runbooks are offered to choose from
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

// Only the command that is called is built: the others cost a start more than all it does.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(crate) enum Command {
    /// Walk a runbook
    #[command(after_help = "\
Examples:
  surefoot run runbooks/disk-filling.yaml
  surefoot run disk-filling --env production --set folder=/var/log
  surefoot run checkout-errors --alert - < alert.json
  surefoot run --alert alert.json
  surefoot run nightly --yes change --answers answers.yaml --format jsonl")]
    Run(RunArguments),
    /// Go on with a run: after a break, a crash, or a hand-over
    #[command(after_help = "\
A walk is taken over at a question, while no change is under way and nothing is in doubt. Whoever
walked it is told, and the record says who goes on.

Examples:
  surefoot resume
  surefoot resume k3f9
  surefoot resume k3f9 --take-over")]
    Resume(ResumeArguments),
    /// Rehearse: walk a runbook against a scenario; nothing is run
    #[command(after_help = "\
Without a scenario each command prints the sample that stands beside it in the runbook.

Examples:
  surefoot drill disk-filling
  surefoot drill disk-filling --scenario runbooks/scenarios/log-grows.yaml
  surefoot drill disk-filling --scenario runbooks/scenarios/log-grows.yaml --speed 10")]
    Drill(DrillArguments),
    /// Say what a run would do; nothing is run and nothing is asked
    #[command(after_help = "Example:\n  surefoot plan disk-filling --set folder=/var/log")]
    Plan(PlanArguments),
    /// Say what would be asked before each command, and what decides it
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Show a runbook for reading
    #[command(
        after_help = "Examples:\n  surefoot show disk-filling --why\n  surefoot show disk-filling --html > disk-filling.html\n  surefoot show disk-filling --graph > disk-filling.mmd\n  surefoot show disk-filling@v1.4\n  surefoot show disk-filling --diff HEAD~3\n  surefoot show disk-filling --diff"
    )]
    Show(ShowArguments),
    /// Validate runbooks
    #[command(after_help = "\
Examples:
  surefoot check
  surefoot check runbooks/disk-filling.yaml --format json
  surefoot check --fix
  surefoot check --watch runbooks/disk-filling.yaml
  surefoot check runbooks --alerts monitoring/rules
  surefoot check --schema owners.schema.json --format sarif > findings.sarif")]
    Check(CheckArguments),
    /// Show a run while somebody else walks it, in a second terminal; nothing is changed
    #[command(after_help = "\
It begins with where the run is by now, and ends with the run. Ctrl-C ends only this view.

Examples:
  surefoot follow
  surefoot follow k3f9 --from-start
  surefoot follow k3f9 --format jsonl")]
    Follow(FollowArguments),
    /// Walk scenarios as tests; not one process is started
    #[command(after_help = "\
Examples:
  surefoot test
  surefoot test runbooks/disk-filling.yaml --coverage text
  surefoot test --junit results.xml --min-steps 100 --min-branches 80
  surefoot test --coverage html > coverage.html
  surefoot test --new disk-filling
  surefoot test --watch runbooks/scenarios")]
    Test(TestArguments),
    /// Find the runbooks that answer alerts
    #[command(after_help = "\
Without a file it lists what `surefoot listen` heard of, and offers to walk what answers it. Nothing is
run unasked.

Examples:
  surefoot alert alert.json
  amtool alert query -o json | surefoot alert -
  surefoot alert - --format json < alert.json
  surefoot alert")]
    Alert(AlertArguments),
    /// Listen on this machine for the webhooks of an Alertmanager; nothing is run
    #[command(after_help = "\
What fires is remembered for `surefoot alert` and `surefoot run --alert NAME`, until it is resolved.

Examples:
  surefoot listen
  surefoot listen --address 127.0.0.1:0")]
    Listen(ListenArguments),
    /// List the runbooks that are known on this machine
    #[command(after_help = "\
Examples:
  surefoot list
  surefoot list --service checkout --not-walked-for 90d
  surefoot list --alert DiskFilling
  surefoot list --invalid --format json")]
    List(ListArguments),
    /// Find runbooks by words
    #[command(after_help = "\
Words are looked for in titles, ids, services, owners, tags, alerts, summaries, steps and commands.
A word may be the beginning of one. What is called so comes before what only mentions it.

Examples:
  surefoot find disk full
  surefoot find kubectl rollout --format json")]
    Find(FindArguments),
    /// List past runs
    #[command(
        after_help = "Examples:\n  surefoot history\n  surefoot history --team --format json"
    )]
    History(HistoryArguments),
    /// Say whether this machine is ready for a shift
    #[command(after_help = "\
Nothing is changed and no other machine is asked. What runbooks require is looked for; the commands by
which they tell versions and check things run only if you say --run-checks, and only those of
runbooks that are trusted. Secrets are never read.

Examples:
  surefoot doctor
  surefoot doctor checkout-errors --run-checks
  surefoot doctor --format json")]
    Doctor(DoctorArguments),
    /// Show what happened in a run, line by line
    Log(RunReference),
    /// Deliver finished runs to the team's records, and read those of others
    #[command(subcommand)]
    Records(RecordsCommand),
    /// Write the document of a run, for a review or a ticket
    #[command(after_help = "Example:\n  surefoot report k3f9 > review.md")]
    Report(ReportArguments),
    /// Check that the record of a run was not changed
    #[command(after_help = "\
What it says is as good as the record's anchors, which are agreements and seals: without one,
whoever could write the file could also have written it anew from the start.

Examples:
  surefoot verify k3f9
  surefoot verify k3f9 --head 9f2c41…
  surefoot verify k3f9 --signers allowed_signers")]
    Verify(VerifyArguments),
    /// Sign the head of a finished run's record with your SSH key
    #[command(after_help = "\
Examples:
  surefoot seal k3f9
  surefoot seal k3f9 --key ~/.ssh/id_ed25519")]
    Seal(SealArguments),
    /// Agree to another person's step: look at it, then sign it with your SSH key
    #[command(after_help = "\
The answer goes to standard output: give it to whoever asked. Nothing is run.

Examples:
  surefoot approve surefoot-request:1:eyJmb3JtYXQi…
  surefoot approve 1a2b3c4d.request --output 1a2b3c4d.answer
  surefoot approve - < request.txt")]
    Approve(ApproveArguments),
    /// Say where runbooks come from
    #[command(subcommand)]
    Source(SourceCommand),
    /// Fetch what is new from the repositories that runbooks come from
    #[command(after_help = "\
What was fetched earlier stays until all that is new is there: a sync that fails, or is killed,
loses nothing. Everything else works without a network.

Examples:
  surefoot sync
  surefoot sync payments search
  surefoot sync --format json")]
    Sync(SyncArguments),
    /// Look at a runbook and trust its content
    #[command(after_help = "\
Trust is for content: a runbook that changes, or anything that it uses or brings, is asked about
again, and `d` shows which commands are not what was trusted.

Examples:
  surefoot trust runbooks/disk-filling.yaml
  surefoot trust disk-filling
  surefoot trust --print runbooks/disk-filling.yaml
  surefoot trust --digest 3fa9… runbooks/disk-filling.yaml
  surefoot trust --list
  surefoot trust --remove disk-filling")]
    Trust(TrustArguments),
    /// Print the JSON Schema of runbooks, scenarios or settings files, for editors
    #[command(
        after_help = "Examples:\n  surefoot schema > runbook-v1.schema.json\n  surefoot schema scenario > scenario-v1.schema.json\n  surefoot schema config > config-v1.schema.json"
    )]
    Schema {
        /// Of what
        #[arg(value_enum, default_value_t = SchemaArgument::Runbook)]
        of: SchemaArgument,
    },
    /// Print completions for a shell
    #[command(
        after_help = "Example:\n  surefoot completions bash > ~/.local/share/bash-completion/completions/surefoot"
    )]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Args, Clone, Debug, Default)]
pub(crate) struct InputArguments {
    /// Give an input a value
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub(crate) set: Vec<String>,
    /// Choose an environment of the runbook
    #[arg(long = "env", value_name = "NAME")]
    pub(crate) environment: Option<String>,
    /// Take inputs from an alert: a file with what Alertmanager sends, `-`, or the name or fingerprint
    /// of an alert that `listen` heard of
    #[arg(long, value_name = "FILE")]
    pub(crate) alert: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct RunArguments {
    /// The runbook: a path, an id, `service/id`, or any unique part, with `@REV` as it was at a git
    /// revision; with `--alert` the one that answers the alert, if none is named
    #[arg(value_name = "REF", required_unless_present = "alert")]
    pub(crate) reference: Option<String>,
    #[command(flatten)]
    pub(crate) inputs: InputArguments,
    /// The change or incident this run belongs to
    #[arg(long, value_name = "REF")]
    pub(crate) change: Option<String>,
    /// What the run is for
    #[arg(long, value_enum, default_value_t = ModeArgument::Incident)]
    pub(crate) mode: ModeArgument,
    /// Start at this step
    #[arg(long, value_name = "STEP")]
    pub(crate) at: Option<String>,
    #[command(flatten)]
    pub(crate) walking: WalkingArguments,
}

#[derive(Args, Clone, Debug, Default)]
pub(crate) struct WalkingArguments {
    /// Let steps with this effect run by themselves, up to the next question
    #[arg(long, value_enum, value_name = "EFFECT")]
    pub(crate) auto: Option<AutoArgument>,
    /// Agree beforehand to steps with this effect; never reaches `destroy` or a protected environment
    #[arg(long, value_enum, value_name = "EFFECT")]
    pub(crate) yes: Option<YesArgument>,
    /// Take answers from a file, by step id; it cannot confirm changes
    #[arg(long, value_name = "FILE")]
    pub(crate) answers: Option<PathBuf>,
    /// Print every event as it happens, a JSON object a line
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<StreamFormat>,
    /// Show what commands print in the colours that they choose
    #[arg(long)]
    pub(crate) output_colour: bool,
}

#[derive(Args, Debug)]
pub(crate) struct ResumeArguments {
    /// The run: any unique part of its id; the latest open one if not given
    #[arg(value_name = "RUN")]
    pub(crate) run: Option<String>,
    /// Take the walk over from whoever walks it in another terminal
    #[arg(long)]
    pub(crate) take_over: bool,
    #[command(flatten)]
    pub(crate) walking: WalkingArguments,
}

#[derive(Args, Debug)]
pub(crate) struct DrillArguments {
    /// The runbook: a path, an id, `service/id`, or any unique part
    #[arg(value_name = "REF")]
    pub(crate) reference: String,
    /// What happens in it; the samples of the runbook if not given
    #[arg(long, value_name = "FILE", conflicts_with_all = ["set", "environment"])]
    pub(crate) scenario: Option<PathBuf>,
    /// How many times faster than the world time runs
    #[arg(long, value_name = "TIMES", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..))]
    pub(crate) speed: u8,
    /// Give an input a value
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub(crate) set: Vec<String>,
    /// Choose an environment of the runbook
    #[arg(long = "env", value_name = "NAME")]
    pub(crate) environment: Option<String>,
    #[command(flatten)]
    pub(crate) walking: WalkingArguments,
}

#[derive(Args, Debug)]
pub(crate) struct PlanArguments {
    /// The runbook
    #[arg(value_name = "REF")]
    pub(crate) reference: String,
    #[command(flatten)]
    pub(crate) inputs: InputArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Say for each step what is asked, and which rule of which file decides it
    #[command(after_help = "\
Nothing is run and nothing is asked. A target that proves to be something else when it is asked may
bring further rules.

Example:
  surefoot policy explain disk-filling --env production")]
    Explain(ExplainArguments),
}

#[derive(Debug, Subcommand)]
pub(crate) enum SourceCommand {
    /// Add a folder, a repository, a file that lists repositories, or a command that does
    #[command(after_help = "\
It is written to the end of your own config.toml; everything else in it stays as it is.

Examples:
  surefoot source add git@git.example:payments/runbooks.git
  surefoot source add https://git.example/search.git --branch main --trust branch
  surefoot source add '/srv/services/*' --runbooks ops/runbooks
  surefoot source add repositories.txt --tag 'v*'
  surefoot source add --command -- gh repo list acme --json sshUrl --jq '.[].sshUrl'")]
    Add(AddSourceArguments),
    /// List where runbooks come from, and how old what was fetched is
    List(FormatArguments),
    /// Take a source out of your own config.toml
    #[command(after_help = "Example:\n  surefoot source remove payments")]
    Remove(RemoveSourceArguments),
}

#[derive(Args, Debug)]
pub(crate) struct AddSourceArguments {
    /// A folder, a URL as git takes it, or a file with a URL a line
    #[arg(value_name = "PLACE", required = true)]
    pub(crate) place: Vec<String>,
    /// It is a program and its arguments, which prints a URL a line
    #[arg(long)]
    pub(crate) command: bool,
    /// What it is called
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The branch; the remote's own if not given
    #[arg(long, value_name = "BRANCH", conflicts_with = "tag")]
    pub(crate) branch: Option<String>,
    /// Follow the highest version among the tags that fit
    #[arg(long, value_name = "PATTERN")]
    pub(crate) tag: Option<String>,
    /// The folder of its runbooks
    #[arg(long, value_name = "PATH")]
    pub(crate) runbooks: Option<String>,
    /// How far it is trusted
    #[arg(long, value_enum)]
    pub(crate) trust: Option<SourceTrustArgument>,
    /// A service that it may speak for
    #[arg(long = "service", value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct RemoveSourceArguments {
    /// The source: its name, or its place as it was added
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

#[derive(Args, Debug)]
pub(crate) struct SyncArguments {
    /// The sources; all if none is given
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// How many are fetched at once
    #[arg(long, value_name = "COUNT", default_value_t = 8,
          value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) jobs: u16,
    /// Give up a source that sends nothing for so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60,
          value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) timeout: u32,
    /// How it is told
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
}

#[derive(Args, Debug)]
pub(crate) struct ExplainArguments {
    /// The runbook
    #[arg(value_name = "REF")]
    pub(crate) reference: String,
    /// Choose an environment of the runbook
    #[arg(long = "env", value_name = "NAME")]
    pub(crate) environment: Option<String>,
    /// Give an input a value
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub(crate) set: Vec<String>,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
}

#[derive(Args, Debug)]
pub(crate) struct ShowArguments {
    /// The runbook
    #[arg(value_name = "REF")]
    pub(crate) reference: String,
    #[command(flatten)]
    pub(crate) form: ShowForm,
    /// With the reasons of each step, and what its output looks like
    #[arg(long)]
    pub(crate) why: bool,
    /// What is otherwise than at a git revision; without one, than in its last run here, or when it was
    /// trusted
    #[arg(long, value_name = "REV", num_args = 0..=1, default_missing_value = "", conflicts_with_all = ["ShowForm", "why"])]
    pub(crate) diff: Option<String>,
}

#[derive(Args, Clone, Copy, Debug)]
#[group(multiple = false)]
pub(crate) struct ShowForm {
    /// As a Mermaid flowchart
    #[arg(long, conflicts_with = "why")]
    pub(crate) graph: bool,
    /// As one HTML page, to print or to send; it loads nothing and runs nothing
    #[arg(long, conflicts_with = "why")]
    pub(crate) html: bool,
    /// As Markdown
    #[arg(long)]
    pub(crate) markdown: bool,
}

#[derive(Args, Debug)]
pub(crate) struct CheckArguments {
    /// Runbooks, settings, or folders of runbooks; `runbooks/` if not given
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// How findings are printed
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub(crate) format: CheckFormat,
    /// Repair what can be repaired without changing what a runbook does
    #[arg(long)]
    pub(crate) fix: bool,
    /// Compare the runbooks with alerting rules of Prometheus, too: files, or folders of them
    #[arg(long, value_name = "RULES", num_args = 1..)]
    pub(crate) alerts: Vec<PathBuf>,
    /// Check again whenever something changes, until Ctrl-C
    #[arg(long, conflicts_with_all = ["alerts", "fix"])]
    pub(crate) watch: bool,
    /// Check every runbook against a JSON Schema of your own, too
    #[arg(long, value_name = "FILE")]
    pub(crate) schema: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct TestArguments {
    /// Scenarios, runbooks, or folders of them; `runbooks/` if not given
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// How results are printed
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
    /// Say which steps, options and branches were reached
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) coverage: Option<CoverageFormat>,
    /// Fail if fewer of all steps were reached, in hundredths
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) min_steps: Option<u8>,
    /// Fail if fewer of all branches were reached, in hundredths
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) min_branches: Option<u8>,
    /// Write the results as JUnit XML to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Write scenarios that reach every branch of this runbook, beside it in `scenarios/`
    #[arg(
        long,
        value_name = "REF",
        conflicts_with_all = ["paths", "format", "coverage", "min_steps", "min_branches", "junit", "watch"]
    )]
    pub(crate) new: Option<String>,
    /// Walk them again whenever something changes, until Ctrl-C
    #[arg(long, conflicts_with = "junit")]
    pub(crate) watch: bool,
}

#[derive(Args, Debug)]
pub(crate) struct ListArguments {
    /// Only those of this service
    #[arg(long, value_name = "SERVICE")]
    pub(crate) service: Option<String>,
    /// Only those with this tag
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Option<String>,
    /// Only those that this team owns
    #[arg(long, value_name = "TEAM")]
    pub(crate) owner: Option<String>,
    /// Only those that may answer the alert with this name
    #[arg(long, value_name = "NAME")]
    pub(crate) alert: Option<String>,
    /// Only those that were not walked with success on this machine for so long, such as 90d
    #[arg(long, value_name = "DURATION")]
    pub(crate) not_walked_for: Option<String>,
    /// Only those that are invalid
    #[arg(long)]
    pub(crate) invalid: bool,
    /// All of them, also on a terminal that they do not fit on
    #[arg(long)]
    pub(crate) all: bool,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
}

#[derive(Args, Debug)]
pub(crate) struct FindArguments {
    /// Words
    #[arg(value_name = "WORD", required = true)]
    pub(crate) words: Vec<String>,
    /// At most so many
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    pub(crate) most: usize,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
}

#[derive(Args, Debug)]
pub(crate) struct FormatArguments {
    /// How it is printed
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
}

#[derive(Args, Debug)]
pub(crate) struct HistoryArguments {
    /// Those of the whole team, as they were read last
    #[arg(long)]
    pub(crate) team: bool,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
}

#[derive(Args, Debug)]
pub(crate) struct FollowArguments {
    /// The run: any unique part of its id; the latest if not given
    #[arg(value_name = "RUN")]
    pub(crate) run: Option<String>,
    /// Show all that happened before, too, with the last lines of each output
    #[arg(long)]
    pub(crate) from_start: bool,
    /// End when the run is left, too, with status 4
    #[arg(long)]
    pub(crate) once: bool,
    /// Print every record from the first on, a JSON object a line
    #[arg(long, value_enum, value_name = "FORMAT", conflicts_with = "from_start")]
    pub(crate) format: Option<StreamFormat>,
}

#[derive(Args, Debug)]
pub(crate) struct DoctorArguments {
    /// One runbook; those of the services that are on call, or of this repository, if not given
    #[arg(value_name = "REF")]
    pub(crate) reference: Option<String>,
    /// Run the commands by which trusted runbooks tell versions and check what they require
    #[arg(long)]
    pub(crate) run_checks: bool,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RecordsCommand {
    /// Say what waits to be delivered, and how old is what is known of others
    Status {
        /// How it is printed
        #[arg(long, value_enum, default_value_t = ListFormat::Text)]
        format: ListFormat,
    },
    /// Deliver what waits, and read what others delivered
    #[command(after_help = "\
The place stands in the settings, in the table [records]. It may be tried at any time and as often
as you like: nothing is lost, and nothing is delivered twice.

Example:
  surefoot records sync")]
    Sync,
}

#[derive(Args, Debug)]
pub(crate) struct RunReference {
    /// The run: any unique part of its id; the latest if not given
    #[arg(value_name = "RUN")]
    pub(crate) run: Option<String>,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
}

#[derive(Args, Debug)]
pub(crate) struct VerifyArguments {
    #[command(flatten)]
    pub(crate) run: RunReference,
    /// A head that was kept elsewhere: some record must have it
    #[arg(long, value_name = "DIGEST")]
    pub(crate) head: Option<String>,
    /// The list of those who may sign, as in `allowed_signers`
    #[arg(long, value_name = "FILE")]
    pub(crate) signers: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct SealArguments {
    /// The run: any unique part of its id; the latest if not given
    #[arg(value_name = "RUN")]
    pub(crate) run: Option<String>,
    /// The SSH key to sign with; the agent's if not given
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct ApproveArguments {
    /// The request: the line itself, a file that holds it, or `-`
    #[arg(value_name = "REQUEST")]
    pub(crate) request: String,
    /// The SSH key to sign with; the agent's if not given
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// Write the answer to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct ReportArguments {
    /// The run: any unique part of its id; the latest if not given
    #[arg(value_name = "RUN")]
    pub(crate) run: Option<String>,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = ReportFormat::Markdown)]
    pub(crate) format: ReportFormat,
}

#[derive(Args, Debug)]
pub(crate) struct TrustArguments {
    /// Runbooks: paths, ids, or any unique parts of them
    #[arg(value_name = "REF", required_unless_present = "list")]
    pub(crate) references: Vec<String>,
    /// Only print the digest
    #[arg(long, conflicts_with = "digest")]
    pub(crate) print: bool,
    /// List what is trusted on this machine
    #[arg(long, conflicts_with_all = ["references", "print", "digest", "remove"])]
    pub(crate) list: bool,
    /// Trust them no more; a digest, or the beginning of one, names one content alone
    #[arg(long, conflicts_with_all = ["print", "digest"])]
    pub(crate) remove: bool,
    /// How the list is printed
    #[arg(long, value_enum, default_value_t = ListFormat::Text, requires = "list")]
    pub(crate) format: ListFormat,
    /// Trust exactly this content, without asking
    #[arg(long, value_name = "DIGEST")]
    pub(crate) digest: Option<String>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum ModeArgument {
    Change,
    Incident,
    Training,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum SourceTrustArgument {
    /// Each content is asked about, once
    Ask,
    /// What stands on the branch
    Branch,
    /// What stands on the branch in signed commits
    Signed,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum SchemaArgument {
    Config,
    Runbook,
    Scenario,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum AutoArgument {
    Read,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum YesArgument {
    Change,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum StreamFormat {
    Jsonl,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// For people
    Text,
    /// A list of objects
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub's workflows
    Github,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum CoverageFormat {
    /// A table, and what was not reached
    Text,
    /// One object
    Json,
    /// One page; it loads nothing and runs nothing
    Html,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum ListFormat {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum ReportFormat {
    Markdown,
    Json,
}
