//! The `surefoot` program: hands the arguments to the library and the status to the system.

fn main() -> std::process::ExitCode {
    surefoot::main()
}
