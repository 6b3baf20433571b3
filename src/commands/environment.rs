//! An environment's settings and stack, for every command that is about one.

use std::io;
use std::path::Path;

use anyhow::anyhow;

use super::usage_error::UsageError;
use crate::cli::EnvironmentArgs;
use crate::config::{self, Config, Environment, Fault, SettingsFile};
use crate::printer;
use crate::stack::{self, Package, Rendered, names};

/// The settings file if none is named.
const SETTINGS_FILE: &str = "pipegen.toml";

/// Returns the environment's settings, or an error with everything that is wrong with them and with the environment's
/// name.
pub(super) fn settings(args: &EnvironmentArgs) -> anyhow::Result<Config> {
    let source = source(args.config.as_deref())?;
    let environment = checked(&args.env).map_err(|problem| Fault::new(None, problem));
    let config = config::load(source.as_ref(), environment)
        .map_err(|faults| UsageError::Report(config::report(&faults, source.as_ref())))?;
    if let Some(meant) = &config.perhaps_meant {
        let own = &config.environment;
        printer::talk(&format!(
            "note: there is no `[environments.{own}]`, so the defaults apply; did you mean `{meant}`?"
        ));
    }
    Ok(config)
}

/// Returns the environment with this name, for commands that need none of its settings.
pub(super) fn named(name: &str) -> anyhow::Result<Environment> {
    checked(name).map_err(|problem| UsageError::Message(problem).into())
}

/// Checks the name of an environment; the error proposes the nearest name that would do.
fn checked(name: &str) -> Result<Environment, String> {
    let environment = Environment::parse(name).and_then(|environment| {
        names::check(&environment)?;
        Ok(environment)
    });
    environment.map_err(|problem| match names::nearest(name) {
        Some(nearest) => format!("{problem}; `{nearest}` would do"),
        None => problem,
    })
}

/// Reads the settings file, if there is one.
fn source(named: Option<&Path>) -> anyhow::Result<Option<SettingsFile>> {
    let path = named.unwrap_or(Path::new(SETTINGS_FILE));
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(SettingsFile { path: path.display().to_string(), text })),
        Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            Err(UsageError::Message(format!("cannot read the settings file `{}`: {error}", path.display())).into())
        }
    }
}

/// Renders the stack.
pub(super) fn stack(config: &Config, package: &Package) -> anyhow::Result<Rendered> {
    stack::build(config, package).map_err(|faults| {
        let list = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        anyhow!("the stack is not consistent, which is a mistake in pipegen itself: {list}")
    })
}

/// Renders the stack with a placeholder for the package, for commands that only read the stack.
pub(super) fn stack_without_package(config: &Config) -> anyhow::Result<Rendered> {
    stack(config, &Package { file_name: "bootstrap.zip".to_owned(), source_code_hash: String::new() })
}
