//! Everything that a run needs: real servers, the emulated account, and what runs functions.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use pipegen::servers::{ServerPlan, ServerSettings, Servers};
use pipegen::session::Session;
use uuid::Uuid;

use crate::account::{Account, Parts};
use crate::functions::Functions;
use crate::local::Local;
use crate::servers::Reach;
use crate::terraform::{Parts as StackParts, Stack};

/// All of it. Whatever becomes of the test, the guard leaves no process and no folder behind.
pub(crate) struct World {
    pub(crate) servers: Servers,
    pub(crate) reach: Reach,
    pub(crate) account: Account,
    pub(crate) stack: Stack,
    /// The password that RDS would make for the master login.
    pub(crate) master_password: String,
    _functions: Functions,
    /// The folder with what everything says, which stays after the run.
    pub(crate) logs: PathBuf,
    session: Session,
}

impl World {
    pub(crate) async fn open() -> Result<Self> {
        let session = Session::open(None)?;
        let supervisor = &session.supervisor;
        let logs = logs()?;
        let servers = ServerPlan::make(None, None, None)?.start(&session, &settings()?).await?;
        let reach = Reach::of(&servers)?;
        let bootstrap = bootstrap()?;
        let functions = Functions::serve(bootstrap.clone(), reach.authority.clone(), Arc::clone(supervisor)).await?;
        let master_password = Uuid::new_v4().simple().to_string();
        let parts = Parts {
            master_password: &master_password,
            database_host: &reach.database_host,
            cache_host: &reach.cache_host,
            invoke_url: &functions.url,
        };
        let account = Account::start(parts, &logs, supervisor).await?;
        functions.lead_to(&account);
        let root = session.folder.join("render");
        fs::create_dir(&root)?;
        let stack = Stack::new(StackParts {
            root,
            environment: "proof".to_owned(),
            program: env!("CARGO_BIN_EXE_pipegen").into(),
            bootstrap,
            client: account.client.clone(),
            supervisor: Arc::clone(supervisor),
            logs: &logs,
        })?;
        let world = Self { servers, reach, account, stack, master_password, _functions: functions, logs, session };
        Ok(world)
    }

    /// Runs the applied stack.
    pub(crate) async fn local(&self) -> Result<Local> {
        let Self { stack, reach, account, logs, session, .. } = self;
        Local::start(&stack.folder, &reach.authority, &account.client, logs, &session.supervisor).await
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

/// Where the emulator's and Terraform's words are kept after the run.
fn logs() -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("e2e");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The bootstrap that is applied.
pub(crate) fn bootstrap() -> Result<PathBuf> {
    let path =
        std::env::var_os("PIPEGEN_BOOTSTRAP").context("PIPEGEN_BOOTSTRAP names no bootstrap: run scripts/e2e")?;
    fs::canonicalize(&path).with_context(|| format!("there is no bootstrap {}", Path::new(&path).display()))
}
