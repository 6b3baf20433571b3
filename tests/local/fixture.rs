//! A Lambda host with the pretended bootstrap, and helpers of several tests.

use std::fs::{self, Permissions};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use pipegen::lambda_host::credentials::Credentials;
use pipegen::lambda_host::{Function, FunctionPool};
use pipegen::session::Session;
use pipegen::session::console::Console;
use pipegen::session::process::Supervisor;
use tempfile::TempDir;

/// A folder that other users can pass through, as `/tmp` is.
pub(crate) fn open_folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::set_permissions(folder.path(), Permissions::from_mode(0o711)).expect("opened");
    folder
}

/// The pretended bootstrap, compiled once. It stays where the build's own files are: a static is never dropped.
fn compiled() -> &'static Path {
    static COMPILED: OnceLock<PathBuf> = OnceLock::new();
    COMPILED.get_or_init(|| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pretend_bootstrap");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/local/pretend_bootstrap.rs");
        // Renamed when it is whole, since another run may be using the old one.
        let fresh = path.with_extension(std::process::id().to_string());
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let status = Command::new(rustc)
            .env("PIPEGEN_MARKER", pipegen_contract::marker::MARKER)
            .args(["--edition", "2024", "-o"])
            .arg(&fresh)
            .arg(source)
            .status()
            .expect("the tests need rustc");
        assert!(status.success(), "the pretended bootstrap does not compile");
        fs::rename(fresh, &path).expect("renamed");
        path
    })
}

/// A copy of the pretended bootstrap in a folder, so that its processes are known by their path.
pub(crate) fn bootstrap_in(folder: &Path) -> PathBuf {
    let path = folder.join("bootstrap");
    fs::copy(compiled(), &path).expect("copied");
    path
}

/// A session for function pools of the pretended bootstrap.
pub(crate) struct HostFixture {
    pub(crate) folder: TempDir,
    session: Session,
    pub(crate) supervisor: Arc<Supervisor>,
    pub(crate) console: Arc<Console>,
}

impl HostFixture {
    pub(crate) fn new() -> Self {
        let session = Session::open(None).expect("opened");
        session.console.close();
        let (supervisor, console) = (Arc::clone(&session.supervisor), Arc::clone(&session.console));
        Self { folder: open_folder(), session, supervisor, console }
    }

    pub(crate) fn host(&self, handler: &str) -> FunctionPool {
        let function = Function {
            name: format!("lambda-{handler}-test"),
            arn: format!("arn:aws:lambda:us-east-1:000000000000:function:lambda-{handler}-test"),
            handler: handler.to_owned(),
            bootstrap: bootstrap_in(self.folder.path()),
            variables: vec![("A_SETTING".to_owned(), "a value".to_owned())],
            credentials: Credentials::generate(),
            timeout: Duration::from_secs(2),
            memory: 128,
            concurrency: 8,
            writes_batch_lines: handler == "processor",
        };
        FunctionPool::new(function, Arc::clone(&self.supervisor), Arc::clone(&self.console), None).expect("no file")
    }

    /// Stops everything; nothing may be left of it.
    pub(crate) async fn close(self) {
        self.session.close().await.expect("closed");
        assert_eq!(processes_of(self.folder.path()), Vec::<String>::new());
    }
}

/// Living processes whose command line names something in this folder.
pub(crate) fn processes_of(folder: &Path) -> Vec<String> {
    let output = Command::new("ps").args(["-axo", "stat=,args="]).output().expect("the tests need ps");
    let folder = folder.to_str().expect("text");
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    lines.lines().filter(|line| line.contains(folder) && !line.starts_with('Z')).map(str::to_owned).collect()
}

/// One HTTP request on a connection of its own: the answer's status, head and body.
pub(crate) fn http(address: SocketAddr, request: &str, headers: &str, body: &str) -> (u16, String, String) {
    let mut connection = TcpStream::connect(address).expect("connected");
    let length = body.len();
    let head = format!(
        "{request} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n"
    );
    // A server that refuses a large body stops reading it.
    connection.write_all(head.as_bytes()).and_then(|()| connection.write_all(body.as_bytes())).ok();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).ok();
    let answer = String::from_utf8(answer).expect("text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, head.to_owned(), body.to_owned())
}

/// Waits until something holds.
pub(crate) fn eventually(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < deadline, "{what} does not come true");
        std::thread::sleep(Duration::from_millis(20));
    }
}
