//! `pipegen render`: checks everything, then writes the environment's folder.

mod folder;
mod summary;

use std::io;
use std::path::Path;
use std::thread;

use anyhow::{Context, anyhow};

use self::folder::Folder;
use self::summary::Summary;
use super::{WrongUse, bootstrap, printer};
use crate::artifact::{self, Bootstrap};
use crate::cli::RenderArgs;
use crate::config::{self, Architecture, Config, Environment, Fault, Source};
use crate::stack::{self, Package, names};

/// The settings file that is taken if none is named.
const SETTINGS_FILE: &str = "pipegen.toml";

/// Renders an environment. Nothing is written before everything is known to be right.
pub fn run(args: &RenderArgs) -> anyhow::Result<()> {
    let config = settings(args)?;
    let folder = Folder::at(&args.out, &config.environment)?;
    let bytes = checked_bootstrap(args.bootstrap.as_deref(), config.settings.architecture)?;
    let zip = packed(&bytes, &folder)?;
    let package = Package { file_name: zip.name.clone(), source_code_hash: zip.source_code_hash.clone() };
    let rendered = stack::build(&config, &package).map_err(|faults| own_mistake(&faults))?;
    let written = folder.write(&zip, &rendered)?;
    let summary = Summary::new(&config, &folder, &package, &zip, &rendered, written);
    let text = if args.json { serde_json::to_string_pretty(&summary)? } else { summary.to_string() };
    printer::data(&text).context("cannot write to standard output")
}

/// The environment's settings, or everything that is wrong with them and with the environment's name.
fn settings(args: &RenderArgs) -> anyhow::Result<Config> {
    let source = source(args.config.as_deref())?;
    let environment = Environment::parse(&args.env).and_then(|environment| {
        names::check(&environment)?;
        Ok(environment)
    });
    let environment = environment.map_err(|problem| Fault::new(None, problem));
    let config = config::load(source.as_ref(), environment)
        .map_err(|faults| WrongUse::report(config::report(&faults, source.as_ref())))?;
    if let Some(meant) = &config.perhaps_meant {
        let own = &config.environment;
        printer::talk(&format!(
            "note: there is no `[environments.{own}]`, so the defaults apply; did you mean `{meant}`?"
        ));
    }
    Ok(config)
}

/// The settings file, if there is one.
fn source(named: Option<&Path>) -> anyhow::Result<Option<Source>> {
    let path = named.unwrap_or(Path::new(SETTINGS_FILE));
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(Source { path: path.display().to_string(), text })),
        Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(WrongUse::new(format!("cannot read the settings file `{}`: {error}", path.display())).into()),
    }
}

/// A bootstrap that runs on Lambda: the one that was named, else one that is built now.
fn checked_bootstrap(named: Option<&Path>, architecture: Architecture) -> anyhow::Result<Vec<u8>> {
    let built = if named.is_none() { Some(bootstrap::build(architecture)?) } else { None };
    let path = named.or(built.as_deref()).unwrap_or(Path::new(""));
    let bytes = std::fs::read(path)
        .map_err(|error| WrongUse::new(format!("cannot read the bootstrap `{}`: {error}", path.display())))?;
    match Bootstrap::check(&bytes, architecture) {
        Ok(_) => Ok(bytes),
        Err(misfits) => {
            let message = |misfit| format!("`{}` cannot be the bootstrap: {misfit}", path.display());
            let faults = misfits.iter().map(|misfit| Fault::new(None, message(misfit)).help(misfit.help()));
            Err(WrongUse::report(config::report(&faults.collect::<Vec<_>>(), None)).into())
        }
    }
}

/// The bootstrap's zip: the one that lies there if it is right, else a new one.
fn packed(bootstrap: &[u8], folder: &Folder) -> anyhow::Result<Zip> {
    let (name, last) = name_beside_last_zip(bootstrap, folder.last_zip()?);
    if let Some(last) = last.filter(|last| last.name == name.as_str()) {
        return Ok(last);
    }
    let present = folder.read(name.as_str())?.filter(|bytes| artifact::holds(bytes, bootstrap));
    let is_new = present.is_none();
    let bytes = present.map_or_else(|| artifact::pack(bootstrap), Ok).context("cannot pack the bootstrap")?;
    if bytes.len() > artifact::LARGEST_ZIP {
        let (size, limit) = (bytes.len() >> 20, artifact::LARGEST_ZIP >> 20);
        let message = format!("the packed bootstrap has {size} MiB; Lambda takes {limit} MiB");
        return Err(WrongUse::new(message).into());
    }
    let source_code_hash = artifact::sha256_base64(&bytes);
    Ok(Zip { name: name.as_str().to_owned(), bytes, source_code_hash, is_new })
}

/// What the bootstrap's zip is called, and the zip that was used last if it holds the bootstrap: mostly the same one. Both
/// read all of the bootstrap, so they do it side by side.
fn name_beside_last_zip(bootstrap: &[u8], last: Option<(String, Vec<u8>)>) -> (artifact::Name, Option<Zip>) {
    let Some((last, bytes)) = last else { return (artifact::Name::of(bootstrap), None) };
    let (name, source_code_hash, is_right) = thread::scope(|scope| {
        let comparison = scope.spawn(|| artifact::holds(&bytes, bootstrap));
        let name = artifact::Name::of(bootstrap);
        (name, artifact::sha256_base64(&bytes), comparison.join().unwrap_or(false))
    });
    (name, is_right.then_some(Zip { name: last, bytes, source_code_hash, is_new: false }))
}

/// The Lambda package.
struct Zip {
    name: String,
    bytes: Vec<u8>,
    source_code_hash: String,
    /// Whether it does not lie in the folder yet.
    is_new: bool,
}

fn own_mistake(faults: &[crate::terraform::Fault]) -> anyhow::Error {
    let list = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    anyhow!("the stack is not consistent, which is a mistake in pipegen itself: {list}")
}
