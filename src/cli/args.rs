//! The command line as typed. What it means together with the environment is `settings`' business.

mod alert;
mod finding;
mod insights;
mod rehearsing;
mod sources;
mod walking;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use alert::{AlertArguments, ListenArguments};
pub(crate) use finding::{FindArguments, ListArguments};
pub(crate) use insights::{InsightsCommand, ReadinessArguments};
pub(crate) use rehearsing::{CoverageFormat, DrillArguments, TestArguments};
pub(crate) use sources::{
    AddSourceArguments, RecordsCommand, RemoveSourceArguments, SourceCommand, SourceTrustArgument,
    SyncArguments,
};
pub(crate) use walking::{
    AutoArgument, InputArguments, ModeArgument, PlanArguments, ResumeArguments, RunArguments,
    StreamFormat, WalkingArguments, YesArgument,
};

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
  surefoot drill disk-filling --learn
  surefoot drill disk-filling --scenario runbooks/scenarios/disk-filling-1.yaml
  surefoot drill disk-filling --scenario runbooks/scenarios/disk-filling-1.yaml --speed 10
  surefoot drill --from k3f9
  surefoot drill --from k3f9 --save runbooks/scenarios/first-night.yaml
  surefoot drill --facilitate")]
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
  surefoot follow k3f9 --learn
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
    /// Say what the runs say: who has practised what
    #[command(subcommand)]
    Insights(InsightsCommand),
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
    /// Learn: why each step exists, and what you expect before a command's output is shown
    #[arg(long, conflicts_with = "format")]
    pub(crate) learn: bool,
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
pub(crate) enum SchemaArgument {
    Config,
    Runbook,
    Scenario,
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
pub(crate) enum ListFormat {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum ReportFormat {
    Markdown,
    Json,
}
