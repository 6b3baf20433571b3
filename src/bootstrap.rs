//! Builds the bootstrap, the same bytes in any folder.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};
use cargo_metadata::{Message, Metadata, MetadataCommand};

use crate::artifact::PROVIDED_GLIBC;
use crate::config::Architecture;

const PACKAGE: &str = "pipegen-lambda";
const BINARY: &str = "bootstrap";

/// The arguments for Cargo that decide about the binary, beside the target.
const BUILD: [&str; 8] = [
    "--profile",
    "bootstrap",
    "--package",
    PACKAGE,
    "--bin",
    BINARY,
    // Never `--workspace`: the other crates' features would change the binary.
    "--locked",
    "--message-format=json-render-diagnostics",
];

/// Builds the bootstrap in the workspace of the current folder and returns its path. Cargo's own messages go to
/// standard error. Does next to nothing if the bootstrap is up to date.
pub fn build(architecture: Architecture) -> anyhow::Result<PathBuf> {
    let here = env::current_dir().context("cannot tell the current folder")?;
    let workspace = workspace(&here).with_context(|| {
        format!(
            "`{}` is not in pipegen's workspace: name a built bootstrap with `--bootstrap`, or start pipegen in its workspace",
            here.display()
        )
    })?;
    let (root, target_folder) = (workspace.workspace_root.as_std_path(), workspace.target_directory.as_std_path());
    let mut command = cargo(architecture)?;
    command.current_dir(root).args(BUILD).arg("--target-dir").arg(target_folder);
    fix_environment(&mut command);
    command.env("CARGO_ENCODED_RUSTFLAGS", remapping(root, target_folder, architecture)?);
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().context("cannot start cargo")?;
    if !output.status.success() {
        bail!("the bootstrap could not be built ({}); see Cargo's messages above", output.status);
    }
    executable(&output.stdout).context("cargo did not say where the bootstrap is")
}

/// Returns the workspace that a folder belongs to, if that is the one with the Lambda's package.
fn workspace(folder: &Path) -> anyhow::Result<Metadata> {
    let workspace = MetadataCommand::new().current_dir(folder).no_deps().exec()?;
    let is_ours = workspace.packages.iter().any(|package| package.name == PACKAGE);
    ensure!(is_ours, "the workspace `{}` has no package `{PACKAGE}`", workspace.workspace_root);
    Ok(workspace)
}

/// Returns `cargo build` if this machine is of that architecture, else `cargo zigbuild`.
fn cargo(architecture: Architecture) -> anyhow::Result<Command> {
    let target = architecture.target();
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    if cfg!(all(target_os = "linux", target_env = "gnu")) && env::consts::ARCH == architecture.rust_name() {
        command.arg("build");
        return Ok(command);
    }
    let found = Command::new("cargo-zigbuild").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !found.is_ok_and(|status| status.success()) {
        bail!(
            "this machine builds no {} Linux programs by itself: install `cargo-zigbuild` (`pip install cargo-zigbuild \
             ziglang`) and the target (`rustup target add {target}`), or name a built bootstrap with `--bootstrap`",
            architecture.as_str()
        );
    }
    command.args(["zigbuild", "--target", &format!("{target}.{PROVIDED_GLIBC}")]);
    Ok(command)
}

/// Removes variables that would change the binary: the user's own flags and profiles, and those that `cargo run` sets
/// for pipegen itself, because of which some build scripts would run again.
fn fix_environment(command: &mut Command) {
    const LEFT_OUT: [&str; 5] = ["CARGO_BIN_", "CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_PROFILE_", "LD_LIBRARY_PATH"];
    for (name, _) in env::vars_os() {
        if LEFT_OUT.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command.env("CARGO_INCREMENTAL", "0");
}

/// Returns compiler flags that replace this machine's folders by fixed ones, and any flags that the user has
/// configured. Of two that match, the compiler takes the later one.
fn remapping(workspace: &Path, target_folder: &Path, architecture: Architecture) -> anyhow::Result<OsString> {
    let (sysroot, commit) = compiler(workspace)?;
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::home_dir().map(|home| home.join(".cargo")));
    let home = home.context("cannot tell cargo's home folder")?;

    let mut folders = vec![
        (workspace.to_path_buf(), "/pipegen".to_owned()),
        (target_folder.to_path_buf(), "/target".to_owned()),
        (home, "/cargo".to_owned()),
    ];
    let registries = registry_folders(workspace, architecture)?;
    folders.extend(registries.into_iter().map(|folder| (folder, "/cargo/registry".to_owned())));
    // Where the standard library's sources are installed, the compiler shows them instead of its own fixed path.
    folders.push((sysroot.join("lib/rustlib/src/rust"), format!("/rustc/{commit}")));

    let mut flags = OsString::new();
    for (folder, fixed) in folders {
        if !flags.is_empty() {
            flags.push("\x1f");
        }
        flags.push("--remap-path-prefix=");
        flags.push(folder);
        flags.push(format!("={fixed}"));
    }
    Ok(flags)
}

/// Returns the folders of the dependencies' sources. Their names contain the registry's address, so a mirror has
/// others. Downloads the sources if need be: the folders must be known before the first file is compiled.
fn registry_folders(workspace: &Path, architecture: Architecture) -> anyhow::Result<BTreeSet<PathBuf>> {
    let mut command = MetadataCommand::new();
    command.current_dir(workspace).verbose(true);
    command.other_options(["--locked", "--filter-platform", &architecture.target()].map(str::to_owned));
    let metadata =
        command.exec().context("cannot find the dependencies of the bootstrap; see Cargo's messages above")?;
    let dependencies = metadata.packages.iter().filter(|package| package.source.is_some());
    let folders = dependencies.filter_map(|package| package.manifest_path.parent()?.parent());
    Ok(folders.map(|folder| folder.as_std_path().to_owned()).collect())
}

/// Returns the compiler's folder and the commit that it was built from.
fn compiler(workspace: &Path) -> anyhow::Result<(PathBuf, String)> {
    let ask = |arguments: &[&str]| {
        let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let output = Command::new(rustc).current_dir(workspace).args(arguments).stderr(Stdio::inherit()).output();
        let output = output.context("cannot start rustc")?;
        String::from_utf8(output.stdout).context("rustc's output is not UTF-8")
    };
    let version = ask(&["--version", "--verbose"])?;
    let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: ")).unwrap_or("unknown");
    Ok((ask(&["--print", "sysroot"])?.trim_end().into(), commit.to_owned()))
}

/// Finds the path of the bootstrap in Cargo's messages.
fn executable(messages: &[u8]) -> Option<PathBuf> {
    Message::parse_stream(messages).find_map(|message| match message {
        Ok(Message::CompilerArtifact(built)) if built.target.name == BINARY => Some(built.executable?.into()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_found_from_below() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(workspace(&root.join("lambda/store/src")).unwrap().workspace_root, root);
        assert!(workspace(Path::new("/")).is_err());
    }

    #[test]
    fn another_workspace_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("Cargo.toml"), "[package]\nname = \"other\"\n").unwrap();
        std::fs::create_dir(folder.path().join("src")).unwrap();
        std::fs::write(folder.path().join("src/lib.rs"), "").unwrap();
        let error = workspace(folder.path()).unwrap_err().to_string();
        assert!(error.contains("has no package `pipegen-lambda`"), "{error}");
    }

    #[test]
    fn the_dependencies_sources_are_found() {
        let folders = registry_folders(Path::new(env!("CARGO_MANIFEST_DIR")), Architecture::X86_64).unwrap();
        let has_runtime = |folder: &PathBuf| {
            let entries = std::fs::read_dir(folder).unwrap().flatten();
            entries.map(|entry| entry.file_name().into_string().unwrap()).any(|name| name.starts_with("lambda_runtime"))
        };
        assert!(folders.iter().any(has_runtime), "{folders:?}");
    }

    #[test]
    fn the_bootstrap_is_found_in_cargos_messages() {
        let artifact = |name: &str, executable: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","package_id":"p","manifest_path":"/p/Cargo.toml","target":{{"kind":["bin"],
                "crate_types":["bin"],"name":"{name}","src_path":"/p/main.rs","edition":"2024","doctest":false,"test":true}},"profile":
                {{"opt_level":"3","debuginfo":0,"debug_assertions":false,"overflow_checks":false,"test":false}},"features":[],
                "filenames":[],"executable":{executable},"fresh":true}}"#
            )
            .replace('\n', "")
        };
        let messages = [
            "cargo says something else".to_owned(),
            artifact("pipegen_lambda", "null"),
            artifact("bootstrap", r#""/target/bootstrap/bootstrap""#),
            r#"{"reason":"build-finished","success":true}"#.to_owned(),
        ];
        assert_eq!(executable(messages.join("\n").as_bytes()), Some(PathBuf::from("/target/bootstrap/bootstrap")));
        assert_eq!(executable(b""), None);
    }
}
