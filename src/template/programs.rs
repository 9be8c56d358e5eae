//! Tables of the programs that take a program, and what to write instead.

/// The language of a text that another program reads.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Language {
    /// `sh -c`, `su -c`, `watch`
    Shell,
    /// `eval`, `trap`, `alias`
    Again,
    /// The words behind the host of `ssh`.
    Remote,
    Awk,
    Sed,
    Jq,
    Perl,
    Python,
    Ruby,
    JavaScript,
    Php,
    Sql,
    Psql,
    /// Make's variables.
    Make,
    /// Any other.
    Other,
}

impl Language {
    /// What to write instead, for a value of the given name.
    pub(super) fn advice(self, name: &str) -> String {
        let slot = format!("{{{{{name}}}}}");
        let short = name.rsplit('.').next().unwrap_or(name);
        match self {
            Self::Shell => format!("pass it as an argument: `sh -c '... \"$1\" ...' _ {slot}`"),
            Self::Again => "write the command out, without `eval` or `trap`; a function can take the value as \"$1\"".to_owned(),
            Self::Remote => format!(
                "give it as input: `printf '%s\\n' {slot} | ssh HOST 'IFS= read -r value; ... \"$value\" ...'`, or run the step on an `ssh` target"
            ),
            Self::Awk => format!("pass it in the environment: `{short}={slot} awk '... ENVIRON[\"{short}\"] ...'`"),
            Self::Sed => format!("use awk, which can take it from the environment: `{short}={slot} awk '... ENVIRON[\"{short}\"] ...'`"),
            Self::Jq => format!("pass it as an argument: `jq --arg {short} {slot} '... ${short} ...'`"),
            Self::Perl => format!("pass it as an argument: `perl -e '... $ARGV[0] ...' -- {slot}`"),
            Self::Python => format!("pass it as an argument: `python3 -c 'import sys; ... sys.argv[1] ...' {slot}`"),
            Self::Ruby => format!("pass it as an argument: `ruby -e '... ARGV[0] ...' -- {slot}`"),
            Self::JavaScript => format!("pass it as an argument: `node -e '... process.argv[1] ...' -- {slot}`"),
            Self::Php => format!("pass it as an argument: `php -r '... $argv[1] ...' -- {slot}`"),
            Self::Psql => format!("pass it as a variable: `psql -v {short}={slot} <<'SQL'` with `:'{short}'` in the text"),
            Self::Sql => "give it a closed type such as integer or name, or a list of choices".to_owned(),
            Self::Make => format!("put it in the environment: `{short}={slot} make ...`, and read it in the recipe as \"$${short}\""),
            Self::Other => "pass it as an argument or in the environment, or give it a closed type such as integer or name".to_owned(),
        }
    }
}

pub(super) const SHELLS: [&str; 8] = ["ash", "bash", "dash", "fish", "ksh", "mksh", "sh", "zsh"];

/// Programs that start another: name, options that take a value, operands before the program.
pub(super) const WRAPPERS: &[(&str, &[&str], usize)] = &[
    ("builtin", &[], 0),
    ("busybox", &[], 0),
    ("caffeinate", &["-t", "-w"], 0),
    ("chroot", &[], 1),
    ("chrt", &["-T", "-P", "-D"], 1),
    ("command", &[], 0),
    ("coproc", &[], 0),
    ("doas", &["-u", "-C"], 0),
    ("env", &["-u", "-C", "--unset", "--chdir"], 0),
    ("exec", &["-a"], 0),
    ("flock", &["-w", "-E", "--timeout"], 1),
    ("gtimeout", &["-k", "-s", "--kill-after", "--signal"], 1),
    ("ionice", &["-c", "-n", "-p", "--class", "--classdata"], 0),
    ("nice", &["-n", "--adjustment"], 0),
    ("nohup", &[], 0),
    ("nsenter", &["-t", "--target", "-S", "-G"], 0),
    ("pkexec", &["--user"], 0),
    ("runuser", &["-u", "-g", "-G", "--user", "--group"], 0),
    ("setpriv", &[], 0),
    ("setsid", &[], 0),
    ("stdbuf", &["-i", "-o", "-e"], 0),
    ("strace", &["-e", "-o", "-p", "-s", "-u"], 0),
    (
        "sudo",
        &[
            "-u", "-g", "-h", "-p", "-C", "-r", "-t", "-T", "-U", "-D", "-R", "--user", "--group",
            "--host", "--prompt", "--chdir",
        ],
        0,
    ),
    (
        "systemd-run",
        &["-p", "-u", "-H", "-M", "--unit", "--property", "--uid", "--gid", "--slice"],
        0,
    ),
    ("taskset", &[], 1),
    ("time", &["-f", "-o"], 0),
    ("timeout", &["-k", "-s", "--kill-after", "--signal"], 1),
    ("unbuffer", &[], 0),
    ("unshare", &["-S", "-G"], 0),
    (
        "xargs",
        &[
            "-I",
            "-n",
            "-P",
            "-L",
            "-d",
            "-a",
            "-E",
            "-s",
            "--replace",
            "--max-args",
            "--max-procs",
            "--delimiter",
            "--arg-file",
        ],
        0,
    ),
];

/// Programs whose first operand is a program: name, options that take a value, options that take
/// two, options that give the program, options that name its file, its language.
pub(super) struct First {
    pub(super) name: &'static str,
    pub(super) values: &'static [&'static str],
    pub(super) pairs: &'static [&'static str],
    pub(super) given: &'static [&'static str],
    pub(super) files: &'static [&'static str],
    pub(super) language: Language,
}

pub(super) const AWK: First = First {
    name: "awk",
    values: &["-F", "-v", "--assign", "--field-separator"],
    pairs: &[],
    given: &["-e", "--source"],
    files: &["-f", "--file"],
    language: Language::Awk,
};

pub(super) const JQ: First = First {
    name: "jq",
    values: &["-L", "--indent"],
    pairs: &["--arg", "--argjson", "--slurpfile", "--rawfile"],
    given: &[],
    files: &["-f", "--from-file"],
    language: Language::Jq,
};

pub(super) const FIRST: &[First] = &[
    AWK,
    First { name: "gawk", ..AWK },
    First { name: "mawk", ..AWK },
    First { name: "nawk", ..AWK },
    First {
        name: "sed",
        values: &["-l", "--line-length"],
        pairs: &[],
        given: &["-e", "--expression"],
        files: &["-f", "--file"],
        language: Language::Sed,
    },
    JQ,
    First { name: "gojq", ..JQ },
    First { name: "jaq", ..JQ },
    First {
        name: "yq",
        values: &["-p", "-o", "-I"],
        files: &["--from-file"],
        language: Language::Other,
        ..JQ
    },
    First {
        name: "watch",
        values: &["-n", "--interval", "-q", "--equexit"],
        pairs: &[],
        given: &[],
        files: &[],
        language: Language::Shell,
    },
    First {
        name: "parallel",
        values: &["-j", "--jobs", "-S", "--sshlogin", "-a"],
        pairs: &[],
        given: &[],
        files: &[],
        language: Language::Shell,
    },
];

/// Programs that take a program behind an option: names, options, language, and whether they read
/// one from their input when none is given.
pub(super) const FLAGGED: &[(&[&str], &[&str], Language, bool)] = &[
    (&["perl"], &["-e", "-E"], Language::Perl, true),
    (&["python", "python2", "python3"], &["-c"], Language::Python, true),
    (&["ruby"], &["-e"], Language::Ruby, true),
    (
        &["node", "nodejs", "bun", "deno"],
        &["-e", "-p", "-pe", "--eval", "--print"],
        Language::JavaScript,
        true,
    ),
    (&["php"], &["-r", "-B", "-R", "-E"], Language::Php, true),
    (&["psql"], &["-c", "--command"], Language::Psql, true),
    (&["mysql", "mariadb"], &["-e", "--execute"], Language::Sql, true),
    (&["clickhouse-client", "clickhouse"], &["-q", "--query"], Language::Sql, true),
    (&["cqlsh"], &["-e", "--execute"], Language::Sql, true),
    (&["mongosh", "mongo"], &["--eval"], Language::JavaScript, true),
    (&["lua", "luajit"], &["-e"], Language::Other, true),
    (&["osascript"], &["-e"], Language::Other, true),
    (&["Rscript"], &["-e"], Language::Other, false),
    (&["gdb"], &["-ex", "--eval-command"], Language::Other, false),
    (&["su", "runuser", "script"], &["-c", "--command"], Language::Shell, false),
    (&["crontab", "at", "batch"], &[], Language::Shell, true),
];

/// Programs that hand the words behind some of their own to a program elsewhere.
pub(super) const CARRIERS: [&str; 8] =
    ["crictl", "docker", "kubectl", "lxc", "nerdctl", "oc", "podman", "vagrant"];

pub(super) const SSH_VALUES: &[&str] = &[
    "-B", "-b", "-c", "-D", "-E", "-e", "-F", "-I", "-i", "-J", "-L", "-l", "-m", "-O", "-o", "-p",
    "-Q", "-R", "-S", "-W", "-w",
];
