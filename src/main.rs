//! The `ringback` program: reads the command line and hands over to [`ringback::app`].

fn main() -> std::process::ExitCode {
    ringback::app::main()
}
