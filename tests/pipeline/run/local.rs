//! `pipegen local` as a child process.

use std::ffi::OsString;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{fs, thread};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use parking_lot::Mutex;
use tempfile::TempDir;

/// The time for a run: enough to build a bootstrap and to send every record of the data set twice through an
/// unoptimized one.
const TIMEOUT: Duration = Duration::from_mins(20);
/// The time for an interrupted run to stop its processes.
const STOP_TIMEOUT: Duration = Duration::from_mins(1);
/// The interval at which a process is checked for its end.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Settings of the stack that runs. Its peak has four shards with two lanes each, so that batches are processed side by
/// side; by default there would be one lane.
const SETTINGS: &str = "[environments.staging]\npeak_updates_per_minute = 120_000\n";

/// A command that is still to be started, with a folder of its own.
pub(crate) struct LocalCommand {
    folder: TempDir,
    command: Command,
}

/// A running command.
pub(crate) struct LocalProcess {
    folder: TempDir,
    child: Child,
    stdout: Text,
    stderr: Text,
}

/// The output of a process, as far as it was read.
struct Text {
    so_far: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

/// The output of a command that has ended.
pub(crate) struct LocalOutput {
    /// The run's folder, which is removed when this is dropped.
    pub(crate) folder: TempDir,
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl LocalCommand {
    /// `pipegen local --json`, with the bootstrap that `PIPEGEN_BOOTSTRAP` names, or else one that it builds.
    pub(crate) fn new() -> Result<Self> {
        // PostgreSQL may run as another user, who must be able to reach its data folder.
        let folder = tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o755)).tempdir()?;
        let temporary = folder.path().join("tmp");
        fs::create_dir(&temporary)?;
        fs::set_permissions(&temporary, PermissionsExt::from_mode(0o755))?;
        let settings = folder.path().join("pipegen.toml");
        fs::write(&settings, SETTINGS)?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_pipegen"));
        command
            .args(["local", "--json", "--config"])
            .arg(settings)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("TMPDIR", temporary)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A process group of its own, as a shell creates it, so that a Ctrl-C reaches this run and not the tests.
            .process_group(0);
        if let Some(bootstrap) = bootstrap() {
            command.arg("--bootstrap").arg(bootstrap);
        }
        Ok(Self { folder, command })
    }

    /// Runs the stack of the default settings.
    pub(crate) fn default_settings(self) -> Result<Self> {
        fs::write(self.path("pipegen.toml"), "")?;
        Ok(self)
    }

    /// Runs the stack with these settings besides those of every run.
    pub(crate) fn settings(self, more: &str) -> Result<Self> {
        fs::write(self.path("pipegen.toml"), format!("{SETTINGS}{more}"))?;
        Ok(self)
    }

    /// Returns a path in the run's folder, which is removed when the run is dropped.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Adds an option.
    pub(crate) fn option(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.command.arg(name).arg(value.into());
        self
    }

    /// Adds an option without a value.
    pub(crate) fn flag(mut self, name: &str) -> Self {
        self.command.arg(name);
        self
    }

    /// Adds an environment variable.
    pub(crate) fn variable(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.command.env(name, value.into());
        self
    }

    /// Reads the records from a file with these lines.
    pub(crate) fn records(self, lines: &[String]) -> Result<Self> {
        let path = self.path("records.jsonl");
        let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        fs::write(&path, text)?;
        Ok(self.option("--records", path))
    }

    /// Reads the records from standard input, a pipe.
    pub(crate) fn records_from_stdin(mut self) -> Self {
        self.command.stdin(Stdio::piped());
        self.option("--records", "-")
    }

    pub(crate) fn start(mut self) -> Result<LocalProcess> {
        let mut child = self.command.spawn().context("pipegen could not be started")?;
        let (stdout, stderr) = (Text::read(child.stdout.take()), Text::read(child.stderr.take()));
        Ok(LocalProcess { folder: self.folder, child, stdout, stderr })
    }
}

impl LocalProcess {
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("a process id fits"))
    }

    /// Returns a path in the run's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Returns the run's folder for temporary files.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.path("tmp")
    }

    /// Returns the end of the pipe to standard input.
    pub(crate) fn pipe(&mut self) -> Result<ChildStdin> {
        self.child.stdin.take().context("there is no pipe")
    }

    /// Makes a request to Lambda's Invoke API that the run has announced; it returns the answer of the function.
    pub(crate) fn invocation(&self, function: &str) -> Result<impl FnOnce() -> Result<String> + Send + 'static> {
        let said = self.stderr.so_far();
        let value = |name: &str| {
            let value = said.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
            value.map(str::to_owned).with_context(|| format!("the run has not said {name}"))
        };
        let url = format!("{}/2015-03-31/functions/{function}/invocations", value("AWS_ENDPOINT_URL_LAMBDA")?);
        let key = format!("AWS4-HMAC-SHA256 Credential={}/", value("AWS_ACCESS_KEY_ID")?);
        Ok(move || {
            let mut response = ureq::post(&url).header("authorization", key).send("{}")?;
            let answer = response.body_mut().read_to_string()?;
            ensure!(!response.headers().contains_key("x-amz-function-error"), "{answer}");
            Ok(answer)
        })
    }

    pub(crate) fn is_alive(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Sends the signal that a terminal sends on Ctrl-C.
    pub(crate) fn press_ctrl_c(&self) -> Result<()> {
        Ok(killpg(self.pid(), Signal::SIGINT)?)
    }

    pub(crate) fn wait(self) -> Result<LocalOutput> {
        self.wait_at_most(TIMEOUT)
    }

    /// Waits for the end after an interruption.
    pub(crate) fn wait_for_stop(self) -> Result<LocalOutput> {
        self.wait_at_most(STOP_TIMEOUT)
    }

    fn wait_at_most(mut self, timeout: Duration) -> Result<LocalOutput> {
        let Some(status) = ended(&mut self.child, timeout)? else {
            bail!("pipegen did not end within {timeout:?}");
        };
        let (stdout, stderr) = (self.stdout.whole(), self.stderr.whole());
        let folder = std::mem::replace(&mut self.folder, TempDir::new()?);
        Ok(LocalOutput { folder, status, stdout, stderr })
    }
}

/// Stops the run if a test fails, so that the run can stop its processes.
impl Drop for LocalProcess {
    #[expect(clippy::print_stderr, reason = "shows why the test failed, and is captured")]
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            kill(self.pid(), Signal::SIGINT).ok();
            if !matches!(ended(&mut self.child, STOP_TIMEOUT), Ok(Some(_))) {
                self.child.kill().ok();
                self.child.wait().ok();
            }
            eprintln!("standard error of the stopped run:\n{}", self.stderr.whole());
        }
    }
}

impl LocalOutput {
    /// Returns an error with the standard error unless the run succeeded.
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

/// Returns the bootstrap that `PIPEGEN_BOOTSTRAP` names, if any.
pub(crate) fn bootstrap() -> Option<PathBuf> {
    std::env::var_os("PIPEGEN_BOOTSTRAP").map(PathBuf::from)
}

/// Returns the file name of the bootstrap.
pub(crate) fn bootstrap_name() -> OsString {
    let given = bootstrap();
    given.as_deref().and_then(Path::file_name).map_or_else(|| "bootstrap".into(), OsString::from)
}

fn ended(child: &mut Child, timeout: Duration) -> Result<Option<ExitStatus>> {
    let deadline = Instant::now() + timeout;
    loop {
        let status = child.try_wait()?;
        if status.is_some() || Instant::now() >= deadline {
            return Ok(status);
        }
        thread::sleep(POLL_INTERVAL);
    }
}

impl Text {
    /// Reads a pipe to its end, beside everything else.
    fn read(pipe: Option<impl Read + Send + 'static>) -> Self {
        let so_far = Arc::new(Mutex::new(Vec::new()));
        let read = Arc::clone(&so_far);
        let reader = pipe.map(|mut pipe| {
            thread::spawn(move || {
                let mut bytes = [0; 4096];
                while let Ok(count @ 1..) = pipe.read(&mut bytes) {
                    read.lock().extend_from_slice(&bytes[..count]);
                }
            })
        });
        Self { so_far, reader }
    }

    fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.so_far.lock()).into_owned()
    }

    /// Returns all of it, once the process has ended.
    fn whole(&mut self) -> String {
        self.reader.take().map(JoinHandle::join);
        self.so_far()
    }
}
