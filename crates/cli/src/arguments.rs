//! The command line: one table that the parser, `--help` and the shell completions come from.

pub(crate) mod call;
pub(crate) mod compile;
pub(crate) mod device;
pub(crate) mod doc;
#[cfg(feature = "fabric")]
pub(crate) mod fabric;
pub(crate) mod interface;
pub(crate) mod pkg;
pub(crate) mod repl;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;
use lucarne_host::Weather;
use lucarne_toit::{MachineCode, Optimization};

/// Runs isolated containers that talk only through services.
#[derive(Debug, Parser)]
#[command(
    name = "lucarne",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Examples:
  lucarne hello.toit               run a program; 'lucarne run' has options
  lucarne run server.toit --port 1 run it with arguments of its own
  lucarne run -e 'print 6 * 7'     run the code of the command line; '-' reads a program from a pipe
  lucarne compile hello.toit       make an executable of it, which needs nothing else
  lucarne check .                  look for errors in all files of a folder, run nothing
  lucarne test tests               run the test programs of a folder
  lucarne pkg install morse        use a published package
  lucarne device start             make this machine a device
  lucarne container install hello hello.toit
                                   run a program on the device, whenever it starts
  lucarne --emit=STAGE hello.toit  print the result of a stage of the compiler: tokens,
                                   tree, ir, optimized or bytecode

Exit status: the program's own; 1 after an exception, errors in the program or output that cannot
be written; 2 for a wrong command line or a file that cannot be read; 130 after Ctrl-C, 143 after SIGTERM."
)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Adds the command `run` to a command line that begins with a program: a name that ends in `.toit` or contains a `/`,
/// as no command does. The operating system passes such a name when it starts a script whose first line names lucarne.
pub(crate) fn with_run(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.collect();
    let first = arguments.get(1).map(|first| first.as_encoded_bytes());
    if first
        .is_some_and(|first| !first.starts_with(b"-") && (first.ends_with(b".toit") || first.contains(&b'/')))
    {
        arguments.insert(1, "run".into());
    }
    arguments
}

/// Prints the result of a stage of the compiler for a program.
///
/// This is a command line of its own: if a file could stand in place of a command, every mistyped command would be
/// taken for a file.
#[derive(Debug, Parser)]
#[command(name = "lucarne", max_term_width = 100)]
pub(crate) struct Emit {
    /// The stage
    #[arg(long = "emit", value_name = "STAGE")]
    pub(crate) stage: Stage,
    /// The program
    pub(crate) file: PathBuf,
}

impl Emit {
    /// Returns whether a command line begins with `--emit`.
    pub(crate) fn is_meant(first: Option<&OsStr>) -> bool {
        first.is_some_and(|first| first.as_encoded_bytes().starts_with(b"--emit"))
    }
}

/// A stage of the compiler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stage {
    /// The tokens of the file
    Tokens,
    /// The syntax tree of the file
    Tree,
    /// The resolved module
    Ir,
    /// The code of the functions after the optimizer
    Optimized,
    /// The linked program, libraries included
    Bytecode,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Compile and run a program
    Run(Box<Run>),
    /// Type code and see what it does, line by line
    Repl(repl::Repl),
    /// Run a program, and run it again whenever one of its files changes
    Watch(Watch),
    /// Look for errors in programs, without running them
    Check(Check),
    /// Format source files
    Format(Format),
    /// Make documentation from the comments of programs, packages and libraries
    #[command(subcommand)]
    Doc(doc::DocCommand),
    /// Serve an editor: a language server over standard input and output
    Lsp {
        /// Use standard input and output, which is the only way; editors add this option
        #[arg(long, hide = true)]
        stdio: bool,
    },
    /// Run test programs and report which of them fail
    Test(Test),
    /// Make an executable, or a snapshot, of a program
    Compile(compile::Compile),
    /// Name the functions in the traces of a stripped program
    Decode(compile::Decode),
    /// Install, search and describe packages
    Pkg(Box<pkg::Pkg>),
    /// Make code from the interfaces of services
    #[command(subcommand)]
    Interface(interface::InterfaceCommand),
    /// Build components in C
    #[command(subcommand)]
    C(CCommand),
    /// Start, stop and inspect the device on this machine
    #[command(subcommand)]
    Device(device::DeviceCommand),
    /// Install and manage containers on the device
    #[command(subcommand)]
    Container(device::ContainerCommand),
    /// Give machines their identities, so that each can prove its name to the others
    #[cfg(feature = "fabric")]
    #[command(subcommand)]
    Fabric(fabric::FabricCommand),
    /// List the services on the device: their providers and clients, the rate and duration of calls
    Services(device::Services),
    /// Call a method of a running provider by name
    Call(call::Call),
    /// Show the containers and services of the device, once a second
    Top(device::Top),
    /// Take on the bounds of a container and run its program; the device starts this
    #[command(hide = true)]
    Confine {
        /// The name of the program
        #[arg(long)]
        name: std::ffi::OsString,
        /// The bounds, as JSON
        bounds: device::BoundsArgument,
        /// The program
        program: PathBuf,
        /// The arguments of the program
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<std::ffi::OsString>,
    },
    /// Run a component in this OS process; `lucarne run --component-process` starts this
    #[command(hide = true)]
    ComponentHost {
        /// The component
        library: PathBuf,
        /// The socket that its handlers connect to
        socket: PathBuf,
        /// See `lucarne run`
        #[arg(long)]
        trace_requests: bool,
    },
    /// Print a script that completes this command in a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the pages of the manual into a folder
    #[command(hide = true)]
    Manual {
        /// The folder
        folder: PathBuf,
    },
}

/// The name that stands for no device: programs run here, in the foreground.
pub(crate) const HOST: &str = "host";

/// The heading in `--help` of the options that apply to devices.
const ON_DEVICE: &str = "With --device, when it is not 'host'";

/// The options of `lucarne run`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Run {
    /// Run the program on the device with this name, where it replaces the program of the last such run; 'host' runs
    /// it here, in the foreground
    #[arg(short, long, value_name = "DEVICE", default_value = HOST, hide_default_value = true)]
    #[cfg_attr(feature = "fabric", arg(conflicts_with = fabric::NETWORK))]
    pub(crate) device: String,
    /// The state folder of the device [default: $LUCARNE_STATE, or else the user's own]
    #[arg(long, value_name = "DIR", help_heading = ON_DEVICE)]
    pub(crate) state: Option<PathBuf>,
    #[command(flatten, next_help_heading = ON_DEVICE)]
    pub(crate) on_device: device::RunOptions,
    /// The number of processors to use [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) workers: Option<u16>,
    /// The memory limit of each process, such as 64M, and at least 64K [default: 512M]
    #[arg(long, value_name = "SIZE", value_parser = parse_memory)]
    pub(crate) memory_limit: Option<usize>,
    /// Load a component in C; programs open its handlers by their ids. May be repeated
    #[arg(long, value_name = "LIBRARY", conflicts_with = "simulate")]
    pub(crate) component: Vec<PathBuf>,
    /// Run each component in an OS process of its own, so that a crash ends only the component
    #[arg(long, requires = "component")]
    pub(crate) component_process: bool,
    /// List the requests that components have not answered for a second, with their age
    #[arg(long, requires = "component")]
    pub(crate) trace_requests: bool,
    /// Collect garbage at every allocation; slow, for finding faults in the virtual machine
    #[arg(long, env = "LUCARNE_GC_STRESS", value_parser = clap::builder::FalseyValueParser::new(), hide_env_values = true)]
    pub(crate) gc_stress: bool,
    /// How much the program is optimized: 0 (its functions stay as they are written) or 1
    #[arg(short = 'O', value_name = "LEVEL", default_value = "1", value_parser = clap::value_parser!(u8).range(0..=1))]
    pub(crate) optimization: u8,
    /// Which functions are compiled to machine code: the hot ones, or always each before its first call
    #[arg(long, value_name = "WHEN", env = "LUCARNE_NATIVE", default_value = "hot", hide_env_values = true)]
    pub(crate) native: Native,
    /// Compile the program even if it has not changed since it was compiled last
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Compile nothing to machine code, whatever --native says: interpret everything
    #[arg(long)]
    pub(crate) no_native: bool,
    /// Write a flame graph to FILE (an SVG image) that shows where the time of the program went, when it ends
    #[arg(long, value_name = "FILE", conflicts_with_all = ["simulate", "connect"])]
    pub(crate) profile: Option<PathBuf>,
    /// Run on one thread in virtual time; SEED decides every choice
    #[arg(long, value_name = "SEED")]
    #[cfg_attr(feature = "fabric", arg(conflicts_with = fabric::NETWORK))]
    pub(crate) simulate: Option<u64>,
    /// With --simulate: the weather of the network, one of fair (the default), rain and storm
    #[arg(long, value_name = "WEATHER", requires = "simulate")]
    pub(crate) weather: Option<Weather>,
    /// Let containers of other OS processes connect at the socket PATH, in a folder of your own (mode 700)
    #[arg(long, value_name = "PATH", conflicts_with = "simulate")]
    pub(crate) listen: Option<PathBuf>,
    /// Run the program as a container of the system that listens at the socket PATH, such as a host in Rust. It ends
    /// when that system ends, and cannot spawn processes
    #[arg(long, value_name = "PATH", conflicts_with_all = ["simulate", "listen", "component", "workers"])]
    #[cfg_attr(feature = "fabric", arg(conflicts_with = fabric::NETWORK))]
    pub(crate) connect: Option<PathBuf>,
    #[cfg(feature = "fabric")]
    #[command(flatten)]
    pub(crate) fabric: fabric::Fabric,
    /// End when the parent process ends, for any reason; PID is the parent's
    #[arg(long, value_name = "PID", hide = true)]
    pub(crate) end_with_parent: Option<i32>,
    /// With --simulate: kill a process of the program at this step
    #[arg(long, value_name = "STEP", requires = "simulate")]
    pub(crate) kill_at: Vec<u64>,
    /// Run CODE, the body of a `main` with the parameter `args`; lines with imports come first
    #[arg(short, long, value_name = "CODE", conflicts_with = "device")]
    pub(crate) eval: Option<String>,
    /// The program and the arguments of its `main`; all that follows FILE is passed to the program. The program '-' is
    /// read from standard input. A snapshot of 'lucarne compile' is a program, too
    #[arg(
        required_unless_present = "eval",
        num_args = 1..,
        trailing_var_arg = true,
        value_hint = ValueHint::FilePath,
        value_names = ["FILE", "ARG"]
    )]
    pub(crate) program: Vec<String>,
}

/// When functions are compiled to machine code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum Native {
    /// When they are hot.
    Hot,
    /// Before their first call.
    Always,
}

impl Run {
    /// Returns how much the program is optimized.
    pub(crate) fn optimization(&self) -> Optimization {
        if self.optimization == 0 { Optimization::None } else { Optimization::Full }
    }

    /// Returns which functions are compiled to machine code.
    pub(crate) fn machine_code(&self) -> MachineCode {
        match self.native {
            _ if self.no_native => MachineCode::Never,
            Native::Hot => MachineCode::Hot,
            Native::Always => MachineCode::Always,
        }
    }

    /// Returns the program's file, or a name for the code of the command line.
    pub(crate) fn file(&self) -> &Path {
        match self.eval {
            Some(_) => Path::new("-e"),
            None => Path::new(self.program.first().map_or("", String::as_str)),
        }
    }

    /// Returns the arguments of `main`.
    pub(crate) fn arguments(&self) -> &[String] {
        match self.eval {
            Some(_) => &self.program,
            None => self.program.get(1..).unwrap_or_default(),
        }
    }
}

/// The options of `lucarne watch`.
#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// Run the program on the device with this name; 'host' runs it here
    #[arg(short, long, value_name = "DEVICE", default_value = HOST, hide_default_value = true)]
    pub(crate) device: String,
    /// The state folder of the device [default: $LUCARNE_STATE, or else the user's own]
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// The program
    pub(crate) file: PathBuf,
    /// The arguments of its `main`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARG")]
    pub(crate) arguments: Vec<String>,
}

/// The commands of `lucarne c`.
#[derive(Debug, Subcommand)]
pub(crate) enum CCommand {
    /// Print the include folder of toit/toit.h
    IncludeDir,
    /// Build a component from a folder, for `lucarne run --component`
    Build {
        /// A folder with a CMakeLists.txt that calls idf_component_register
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// The shared library to make [default: the folder's name with .so, in the current folder]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// The options of `lucarne check`.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Print only errors
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Fail on warnings, too
    #[arg(long, conflicts_with = "quiet")]
    pub(crate) deny_warnings: bool,
    /// Print the diagnostics as one JSON array, for editors
    #[arg(long)]
    pub(crate) json: bool,
    /// Check again whenever a file changes, until Ctrl-C
    #[arg(short, long)]
    pub(crate) watch: bool,
    /// Programs, libraries, or folders
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

/// The options of `lucarne format`.
#[derive(Debug, Args)]
pub(crate) struct Format {
    /// Write nothing, list the files that would change, and fail if there are any
    #[arg(long)]
    pub(crate) check: bool,
    /// Write nothing, and print what would change
    #[arg(long)]
    pub(crate) diff: bool,
    /// The number of characters that a line should not exceed
    #[arg(
        long,
        value_name = "N",
        default_value_t = lucarne_format::LINE_LENGTH as u16,
        value_parser = clap::value_parser!(u16).range(40..=1000)
    )]
    pub(crate) line_length: u16,
    /// Print no summary
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Files, folders, or `-` for standard input and output
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

impl Format {
    /// Returns whether no file is written.
    pub(crate) fn is_dry(&self) -> bool {
        self.check || self.diff
    }
}

/// The options of `lucarne test`.
#[derive(Debug, Args)]
pub(crate) struct Test {
    /// The number of tests that run at a time [default: the number of processors]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,
    /// The number of seconds after which a test fails
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) timeout: u32,
    /// Run only tests whose path contains TEXT; may be repeated
    #[arg(short, long, value_name = "TEXT")]
    pub(crate) filter: Vec<String>,
    /// Print one JSON object for each test and one for the summary
    #[arg(long)]
    pub(crate) json: bool,
    /// Also write a report in JUnit's XML format
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Print only failures and the last line
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Run the tests again whose files change, until Ctrl-C
    #[arg(short, long, conflicts_with = "junit")]
    pub(crate) watch: bool,
    /// Run only tests whose own file, or a file that they import, differs from the last commit (of git)
    #[arg(long)]
    pub(crate) changed: bool,
    /// Tests, or folders to search for files named *-test.toit
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// The arguments of each test
    #[arg(last = true, value_name = "ARG")]
    pub(crate) arguments: Vec<String>,
}

/// The smallest memory limit, in bytes: about what a process needs to start and to report an exception.
const MEMORY_MIN: usize = 64 << 10;

/// The largest memory limit, in bytes: messages carry signed integers.
const MEMORY_MAX: usize = i64::MAX as usize;

/// Reads a memory limit.
pub(crate) fn parse_memory(text: &str) -> Result<usize, String> {
    match parse_size(text)? {
        bytes if bytes < MEMORY_MIN => Err(format!("a memory limit is at least {}K", MEMORY_MIN >> 10)),
        bytes if bytes > MEMORY_MAX => Err("too large".to_owned()),
        bytes => Ok(bytes),
    }
}

/// Reads a number of bytes; the suffixes K, M and G multiply by powers of 1,024.
fn parse_size(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(['k', 'K', 'm', 'M', 'g', 'G']);
    let unit = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => return Err("more than one unit".to_string()),
    };
    let number: usize = digits.parse().map_err(|_| "not a number of bytes, such as 64M".to_string())?;
    number.checked_mul(unit).ok_or_else(|| "too large".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_table_is_consistent() {
        CommandLine::command().debug_assert();
        Emit::command().debug_assert();
    }

    #[test]
    fn a_program_alone_is_run() {
        let line = |text: &str| {
            let arguments = with_run(text.split(' ').map(OsString::from));
            arguments.join(" ".as_ref()).into_string().expect("it is text")
        };
        assert_eq!(line("lucarne a.toit run"), "lucarne run a.toit run");
        assert_eq!(line("lucarne ./script -x"), "lucarne run ./script -x");
        assert_eq!(line("lucarne check a.toit"), "lucarne check a.toit");
        assert_eq!(line("lucarne --emit=ir a.toit"), "lucarne --emit=ir a.toit");
    }

    #[test]
    fn sizes() {
        assert_eq!(parse_size("64M"), Ok(64 << 20));
        assert_eq!(parse_size("1024"), Ok(1024));
        assert!(parse_size("").is_err());
        assert!(parse_size("12X").is_err());
        assert!(parse_size("1KM").is_err());
        assert!(parse_size("99999999999999999999").is_err());
    }

    #[test]
    fn memory_limits() {
        assert_eq!(parse_memory("64K"), Ok(64 << 10));
        for small in ["0", "1", "1K", "65535"] {
            assert_eq!(parse_memory(small), Err("a memory limit is at least 64K".to_owned()));
        }
        assert_eq!(parse_memory("17179869183G"), Err("too large".to_owned()));
        assert_eq!(parse_memory("8589934591G"), Ok(8_589_934_591 << 30));
        assert!(parse_memory("-1M").is_err());
    }

    #[test]
    fn arguments_after_the_file_belong_to_the_program() {
        let line = CommandLine::try_parse_from(["lucarne", "run", "-d", "host", "a.toit", "--workers", "-x"]);
        let Ok(CommandLine { command: Command::Run(run) }) = line else { panic!("{line:?}") };
        assert_eq!(run.file(), Path::new("a.toit"));
        assert_eq!(run.arguments(), ["--workers", "-x"]);
        assert_eq!(run.workers, None);
    }
}
