//! Servers, emulated account, function runner and stack of the test.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use pipegen::servers::{ServerPlan, ServerSettings, Servers};
use pipegen::session::Session;
use uuid::Uuid;

use crate::account::{EmulatedAccount, EmulatorSettings};
use crate::functions::InvokeServer;
use crate::local::LocalProcess;
use crate::servers::ServerEndpoints;
use crate::terraform::{Stack, StackOptions};

/// All of it. The session's guard leaves no process and no folder behind, however the test ends.
pub(crate) struct Fixture {
    pub(crate) servers: Servers,
    pub(crate) endpoints: ServerEndpoints,
    pub(crate) account: EmulatedAccount,
    pub(crate) stack: Stack,
    /// The password that RDS would generate for the master login.
    pub(crate) master_password: String,
    _functions: InvokeServer,
    /// The folder of the logs, which is kept after the run.
    pub(crate) logs: PathBuf,
    session: Session,
}

impl Fixture {
    pub(crate) async fn open() -> Result<Self> {
        let session = Session::open(None)?;
        let supervisor = &session.supervisor;
        let logs = logs()?;
        let servers = ServerPlan::make(None, None, None)?.start(&session, &settings()?).await?;
        let endpoints = ServerEndpoints::of(&servers)?;
        let bootstrap = bootstrap()?;
        let functions = InvokeServer::start(bootstrap.clone(), endpoints.authority.clone(), Arc::clone(supervisor))?;
        let master_password = Uuid::new_v4().simple().to_string();
        let settings = EmulatorSettings {
            master_password: &master_password,
            database_host: &endpoints.database_host,
            cache_host: &endpoints.cache_host,
            invoke_url: &functions.url,
        };
        let account = EmulatedAccount::start(settings, &logs, supervisor).await?;
        functions.set_endpoint(&account);
        let root = session.folder.join("render");
        fs::create_dir(&root)?;
        let stack = Stack::new(StackOptions {
            root,
            environment: "proof".to_owned(),
            program: env!("CARGO_BIN_EXE_pipegen").into(),
            bootstrap,
            client: account.client.clone(),
            supervisor: Arc::clone(supervisor),
            logs: &logs,
        })?;
        Ok(Self { servers, endpoints, account, stack, master_password, _functions: functions, logs, session })
    }

    /// Starts `pipegen local` on the applied stack.
    pub(crate) async fn local(&self) -> Result<LocalProcess> {
        let Self { stack, endpoints, account, logs, session, .. } = self;
        LocalProcess::start(&stack.folder, &endpoints.authority, &account.client, logs, &session.supervisor).await
    }

    pub(crate) async fn close(self) -> Result<()> {
        self.session.close().await
    }
}

/// Returns the servers' settings, without users of the cache: those of the applied stack are created from it.
fn settings() -> Result<ServerSettings> {
    let main = serde_json::from_str(include_str!("../golden/staging.main.tf.json"))?;
    Ok(ServerSettings { cache_users: Vec::new(), ..ServerSettings::from_stack(&main)? })
}

/// Returns the folder of the emulator's and Terraform's logs, which are kept after the run.
fn logs() -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("e2e");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Returns the bootstrap that is applied.
pub(crate) fn bootstrap() -> Result<PathBuf> {
    let path = std::env::var_os("PIPEGEN_BOOTSTRAP").context("PIPEGEN_BOOTSTRAP is not set: run scripts/e2e")?;
    fs::canonicalize(&path).with_context(|| format!("there is no bootstrap {}", Path::new(&path).display()))
}
