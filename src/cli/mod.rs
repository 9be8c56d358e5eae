//! The command line: arguments as typed, settings resolved, one file per command, exit codes.

mod ages;
mod agreement;
mod alerts;
mod answering;
mod args;
mod asking;
mod background;
mod backstage;
mod catalogue;
mod choices;
mod commands;
mod exchange;
mod exit;
mod failure;
mod frozen;
mod governing;
mod inputs;
mod leading;
mod login;
mod many;
mod neighbours;
mod open;
mod output_file;
mod paced;
mod past;
mod practised;
mod provenance;
mod readiness;
mod runs;
mod settings;
mod signing_key;
mod sourced;
mod sources;
mod taking_over;
mod team;
mod trusted;
mod walk;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser as _;

use args::{Arguments, Command};
use exit::Exit;
use failure::Failure;
use settings::Settings;

use crate::console::{Meaning, Page, Terminal, Text};
use crate::journal::Store;
use crate::process;

/// What every command is given.
pub(crate) struct Context {
    pub(crate) settings: Settings,
    pub(crate) terminal: Terminal,
}

impl Context {
    /// The folder of all state.
    pub(crate) fn state(&self) -> Result<&Path, Failure> {
        let missing = || {
            let message = "there is no place for records: neither XDG_STATE_HOME nor HOME is set";
            Failure::new(Exit::Unrecorded, message)
        };
        self.settings.state.as_deref().ok_or_else(missing)
    }

    /// The runs on this machine.
    pub(crate) fn store(&self) -> Result<Store, Failure> {
        Ok(Store::new(self.state()?.to_owned()))
    }

    /// Writes a page to standard output.
    pub(crate) fn publish(&self, page: &Page) -> Result<(), Failure> {
        let written = self.terminal.publish(page, self.settings.colour, self.settings.width);
        written.map_err(|error| unwritten(&error))
    }

    /// Writes data to standard output. Nobody listening is an error status, and no more than that.
    pub(crate) fn print(&self, text: &str) -> Result<(), Failure> {
        let written = self.terminal.data(text);
        written.map_err(|error| unwritten(&error))
    }
}

fn unwritten(error: &std::io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("failed to write to standard output: {error}"))
}

/// How much a rehearsal may hold in its memory: some times what any needs.
const MEMORY: u64 = 4 << 30;

/// Runs the program.
pub fn main() -> ExitCode {
    let mut words = std::env::args_os();
    if let Some(folder) = process::asks_for(words.next().as_deref()) {
        return process::ask_password(&folder, words);
    }
    let first = words.next().and_then(|first| first.into_string().ok());
    // With these the program starts itself.
    match first.as_deref() {
        Some(process::FILTER) => return process::filter_main(),
        Some(process::SUPERVISE) => return process::supervisor::main(),
        Some(process::TERMINAL) => return process::become_program(words),
        _ => {}
    }
    // Where it cannot be had, such a limit ends the program: what is on the disk is whole.
    let _ = process::outlive_file_limits();
    if matches!(first.as_deref(), Some("--version" | "-V")) && words.len() == 0 {
        return version();
    }
    let alone = first.as_deref() == Some(process::SYNC_ALONE);
    if alone {
        process::stand_alone();
    }
    let settings = Settings::read();
    let context = Context { terminal: Terminal::new(settings.console), settings };
    if alone {
        return commands::sync::alone(&context).unwrap_or_else(|failure| failure.exit).into();
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error, &context.terminal),
    };
    let exit = match dispatch(arguments.command, &context) {
        Ok(exit) => exit,
        Err(failure) => {
            tell(&context.terminal, &failure);
            failure.exit
        }
    };
    exit.into()
}

/// Tells the version, before anything is built that only other calls need.
fn version() -> ExitCode {
    match Terminal::say(concat!("surefoot ", env!("CARGO_PKG_VERSION"), "\n")) {
        Ok(()) => Exit::Done.into(),
        Err(_) => Exit::Failed.into(),
    }
}

/// Help is data; what makes no sense is an error.
fn usage(error: &clap::Error, terminal: &Terminal) -> ExitCode {
    if error.use_stderr() {
        // It repeats what was typed, whatever that holds.
        let text = error.render().to_string();
        terminal.rendered(&Text::new().add_lines(Meaning::Plain, text).bare());
        return Exit::Usage.into();
    }
    match error.print() {
        Ok(()) => Exit::Done.into(),
        Err(_) => Exit::Failed.into(),
    }
}

fn dispatch(command: Option<Command>, context: &Context) -> Result<Exit, Failure> {
    let Some(command) = command else {
        return commands::pick::run(context);
    };
    if matches!(command, Command::Drill(_) | Command::Test(_)) {
        // Filters run in this process there. Where no limit can be set, there is none.
        let _ = process::bound_memory(MEMORY);
    }
    match command {
        Command::Alert(arguments) => commands::alert::run(&arguments, context),
        Command::Approve(arguments) => commands::approve::run(&arguments, context),
        Command::Check(arguments) => commands::check::run(&arguments, context),
        Command::Completions { shell } => commands::completions::run(shell, context),
        Command::Follow(arguments) => commands::follow::run(&arguments, context),
        Command::Doctor(arguments) => commands::doctor::run(&arguments, context),
        Command::Drill(arguments) => commands::drill::run(&arguments, context),
        Command::Find(arguments) => commands::find::run(&arguments, context),
        Command::History(arguments) => commands::history::run(&arguments, context),
        Command::Insights(command) => commands::insights::run(&command, context),
        Command::List(arguments) => commands::list::run(&arguments, context),
        Command::Listen(arguments) => commands::listen::run(&arguments, context),
        Command::Log(arguments) => commands::log::run(&arguments, context),
        Command::Plan(arguments) => commands::plan::run(&arguments, context),
        Command::Policy(command) => commands::policy::run(&command, context),
        Command::Records(command) => commands::records::run(&command, context),
        Command::Report(arguments) => commands::report::run(&arguments, context),
        Command::Resume(arguments) => commands::resume::run(&arguments, context),
        Command::Run(arguments) => commands::run::run(&arguments, context),
        Command::Seal(arguments) => commands::seal::run(&arguments, context),
        Command::Schema { of } => commands::schema::run(of, context),
        Command::Show(arguments) => commands::show::run(&arguments, context),
        Command::Source(command) => commands::source::run(&command, context),
        Command::Sync(arguments) => commands::sync::run(&arguments, context),
        Command::Test(arguments) => commands::test::run(&arguments, context),
        Command::Trust(arguments) => commands::trust::run(&arguments, context),
        Command::Verify(arguments) => commands::verify::run(&arguments, context),
    }
}

/// Says why a command did not do its work: the only place that does.
fn tell(terminal: &Terminal, failure: &Failure) {
    let Some(message) = &failure.message else {
        return;
    };
    // Unbroken: scripts search in it, and people copy paths and commands from it.
    terminal.unbroken(&Text::of(Meaning::Bad, "error: ").add_lines(Meaning::Plain, message));
    for hint in &failure.hints {
        terminal.unbroken(&Text::of(Meaning::Hint, "hint: ").add_lines(Meaning::Plain, hint));
    }
}
