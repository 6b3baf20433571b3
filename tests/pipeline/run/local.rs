//! `pipegen local` as a child process.

use std::ffi::OsString;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{fs, thread};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tempfile::TempDir;

/// How long a run may take: enough to build a bootstrap and to play every record of the data set twice with an unoptimized one.
const LONGEST: Duration = Duration::from_mins(20);
/// How long an interrupted run may take to stop what it started.
const LONGEST_STOP: Duration = Duration::from_mins(1);
/// How often a process is asked whether it has ended.
const LOOK: Duration = Duration::from_millis(20);

/// A run to be started, with a folder of its own.
pub(crate) struct Local {
    folder: TempDir,
    command: Command,
}

/// A run that goes on.
pub(crate) struct Running {
    folder: TempDir,
    child: Child,
    stdout: Option<JoinHandle<String>>,
    stderr: Option<JoinHandle<String>>,
}

/// A run that has ended.
pub(crate) struct Finished {
    /// Where its files are, for as long as this lives.
    pub(crate) folder: TempDir,
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Local {
    /// `pipegen local --json`, with the bootstrap that `PIPEGEN_BOOTSTRAP` names, if it does, else the one that it builds.
    pub(crate) fn new() -> Result<Self> {
        // PostgreSQL may run as another user, who must get through to its own folder.
        let folder = tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o755)).tempdir()?;
        let temporary = folder.path().join("tmp");
        fs::create_dir(&temporary)?;
        fs::set_permissions(&temporary, PermissionsExt::from_mode(0o755))?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_pipegen"));
        command
            .args(["local", "--json"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("TMPDIR", temporary)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // As a shell does it, so that a Ctrl-C reaches this run and not the tests.
            .process_group(0);
        if let Some(bootstrap) = bootstrap() {
            command.arg("--bootstrap").arg(bootstrap);
        }
        Ok(Self { folder, command })
    }

    /// A path in the run's folder, which is gone when the run is dropped.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// With one more option.
    pub(crate) fn option(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.command.arg(name).arg(value.into());
        self
    }

    /// With one more option that has no value.
    pub(crate) fn flag(mut self, name: &str) -> Self {
        self.command.arg(name);
        self
    }

    /// With one more environment variable.
    pub(crate) fn variable(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.command.env(name, value.into());
        self
    }

    /// That reads these lines from a file.
    pub(crate) fn reads(self, lines: &[String]) -> Result<Self> {
        let path = self.path("records.jsonl");
        let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        fs::write(&path, text)?;
        Ok(self.option("--records", path))
    }

    /// That reads what it is given through a pipe.
    pub(crate) fn listens(mut self) -> Self {
        self.command.stdin(Stdio::piped());
        self.option("--records", "-")
    }

    /// Starts it.
    pub(crate) fn start(mut self) -> Result<Running> {
        let mut child = self.command.spawn().context("pipegen could not be started")?;
        let (stdout, stderr) = (child.stdout.take().map(read), child.stderr.take().map(read));
        Ok(Running { folder: self.folder, child, stdout, stderr })
    }
}

impl Running {
    /// Its process.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("a process id fits"))
    }

    /// A path in its folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Its folder for temporary files.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.path("tmp")
    }

    /// The end of the pipe that it listens to.
    pub(crate) fn pipe(&mut self) -> Result<ChildStdin> {
        self.child.stdin.take().context("there is no pipe")
    }

    /// Whether it goes on.
    pub(crate) fn is_alive(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Does what the terminal does on Ctrl-C.
    pub(crate) fn press_ctrl_c(&self) -> Result<()> {
        Ok(killpg(self.pid(), Signal::SIGINT)?)
    }

    /// Waits for its end.
    pub(crate) fn wait(self) -> Result<Finished> {
        self.wait_at_most(LONGEST)
    }

    /// Waits for its end after an interruption.
    pub(crate) fn wait_for_stop(self) -> Result<Finished> {
        self.wait_at_most(LONGEST_STOP)
    }

    fn wait_at_most(mut self, longest: Duration) -> Result<Finished> {
        let Some(status) = ended(&mut self.child, longest)? else {
            bail!("pipegen did not end within {longest:?}");
        };
        let (stdout, stderr) = (text(self.stdout.take()), text(self.stderr.take()));
        let folder = std::mem::replace(&mut self.folder, TempDir::new()?);
        Ok(Finished { folder, status, stdout, stderr })
    }
}

/// A test that fails leaves nothing running: the run gets the chance to stop what it started.
impl Drop for Running {
    #[expect(clippy::print_stderr, reason = "it tells why the test fails, and is captured")]
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            kill(self.pid(), Signal::SIGINT).ok();
            if !matches!(ended(&mut self.child, LONGEST_STOP), Ok(Some(_))) {
                self.child.kill().ok();
                self.child.wait().ok();
            }
            eprintln!("standard error of the run that was given up:\n{}", text(self.stderr.take()));
        }
    }
}

impl Finished {
    /// Refuses anything but success, and says what went wrong.
    pub(crate) fn succeeded(self) -> Result<Self> {
        if !self.status.success() {
            bail!("pipegen ended with {}:\n{}", self.status, self.stderr);
        }
        Ok(self)
    }

    /// A path in the run's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// The bootstrap to use, if one is named.
pub(crate) fn bootstrap() -> Option<PathBuf> {
    std::env::var_os("PIPEGEN_BOOTSTRAP").map(PathBuf::from)
}

/// The name of the bootstrap's program.
pub(crate) fn bootstrap_name() -> OsString {
    let given = bootstrap();
    given.as_deref().and_then(Path::file_name).map_or_else(|| "bootstrap".into(), OsString::from)
}

fn ended(child: &mut Child, longest: Duration) -> Result<Option<ExitStatus>> {
    let deadline = Instant::now() + longest;
    loop {
        let status = child.try_wait()?;
        if status.is_some() || Instant::now() >= deadline {
            return Ok(status);
        }
        thread::sleep(LOOK);
    }
}

fn read(mut pipe: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).ok();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn text(reader: Option<JoinHandle<String>>) -> String {
    reader.and_then(|reader| reader.join().ok()).unwrap_or_default()
}
