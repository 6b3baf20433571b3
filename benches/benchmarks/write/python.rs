//! The alternative in Python: its environment, and the function.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use pipegen::lambda_host::Function;
use sqlx::PgConnection;

use super::deployed::Deployed;
use super::expected::Expected;
use crate::report::target_folder;

/// The handler's name, which is also the label of its processes.
pub(super) const HANDLER: &str = "python";

const REQUIREMENTS: &str = include_str!("../../python/requirements.txt");

/// Starts Lambda's runtime client on the handler, as the image of Python's runtime does.
const BOOTSTRAP: &str = "#!/bin/sh\nexec \"$PYTHON\" -m awslambdaric handler.handler\n";

/// An installed environment with a bootstrap.
pub(super) struct Python {
    interpreter: PathBuf,
    bootstrap: PathBuf,
}

impl Python {
    /// Installs the pinned packages, unless an earlier run did.
    pub(super) fn install() -> Result<Self> {
        let folder = target_folder().join("bench").join("python");
        let interpreter = folder.join("bin/python");
        let installed = folder.join("installed.txt");
        if fs::read_to_string(&installed).ok().as_deref() != Some(REQUIREMENTS) {
            run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
            let requirements = folder.join("requirements.txt");
            fs::write(&requirements, REQUIREMENTS)?;
            let mut install = Command::new(&interpreter);
            install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
            run(install.arg(&requirements))?;
            // Last, so that an installation that was cut off is begun anew.
            fs::write(&installed, REQUIREMENTS)?;
        }
        let bootstrap = folder.join("bootstrap");
        fs::write(&bootstrap, BOOTSTRAP)?;
        fs::set_permissions(&bootstrap, fs::Permissions::from_mode(0o755))?;
        Ok(Self { interpreter, bootstrap })
    }

    /// Returns the function, with the limits of the stack's processor.
    pub(super) fn function(&self, deployed: &Deployed, concurrency: usize) -> Result<Function> {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/python");
        let sources = sources.display().to_string();
        let variables = [
            ("PYTHON", self.interpreter.display().to_string()),
            // No folder of the sources gets compiled files.
            ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
            ("PYTHONPATH", sources.clone()),
            ("LAMBDA_TASK_ROOT", sources),
            ("DATABASE", deployed.over_tls_for_libpq()),
            ("CACHE_URL", deployed.cache_url()),
            ("CACHE_AUTHORITY", deployed.authority().display().to_string()),
        ];
        Ok(Function {
            handler: HANDLER.to_owned(),
            bootstrap: self.bootstrap.clone(),
            variables: variables.map(|(name, value)| (name.to_owned(), value)).into(),
            writes_batch_lines: false,
            ..deployed.processor(concurrency)?
        })
    }
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}

/// Checks that its tables have a row for everything that it reads. It also takes some events that the processor refuses.
pub(super) async fn verify(connection: &mut PgConnection, expected: &Expected) -> Result<()> {
    let Expected { simple, rejected, .. } = expected;
    let tables = [("product", simple.products), ("stock", simple.stock), ("price", simple.prices)];
    for (table, least) in tables {
        let count: i64 =
            sqlx::query_scalar(&format!("select count(*) from python.{table}")).fetch_one(&mut *connection).await?;
        let rows = usize::try_from(count)?;
        ensure!((least..=least + rejected).contains(&rows), "python.{table} has {rows} rows instead of {least}");
    }
    Ok(())
}
