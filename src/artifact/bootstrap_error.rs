//! The reasons why a bootstrap does not run on `provided.al2023`, each with its remedy.

use pipegen_contract::marker;
use thiserror::Error;

use super::glibc::{GlibcVersion, PROVIDED_GLIBC};
use super::limits::LARGEST_UNPACKED;
use crate::config::Architecture;

/// A reason why a bootstrap does not run on `provided.al2023`.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum BootstrapError {
    #[error("it is {0}, not an ELF executable")]
    NotElf(&'static str),
    #[error("its ELF cannot be read: {0}")]
    UnreadableElf(String),
    #[error("it is {0}, not an executable")]
    NotExecutable(&'static str),
    #[error("it is for {built_for}, the functions run on {}", .architecture.as_str())]
    Machine { built_for: String, architecture: Architecture },
    #[error("its loader `{0}` is not in `provided.al2023`")]
    Loader(String),
    #[error("the shared library `{0}` is not in `provided.al2023`")]
    Library(String),
    #[error("it needs glibc {version} (in `{library}`), `provided.al2023` has {PROVIDED_GLIBC}")]
    Glibc { version: GlibcVersion, library: String },
    #[error("it has more than {LARGEST_UNPACKED} bytes, the most that Lambda unpacks")]
    Size,
    #[error("it is another program: it lacks the marker of pipegen's bootstrap")]
    Unmarked,
    #[error(
        "it was built for version {version} of the contract between stack and bootstrap; this pipegen renders version {}",
        marker::VERSION
    )]
    Contract { version: String },
}

impl BootstrapError {
    /// Tells the user what to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::NotElf(_) | Self::NotExecutable(_) | Self::UnreadableElf(_) | Self::Unmarked => {
                "leave `--bootstrap` out to have it built, or name the program that \
                 `cargo build --profile bootstrap -p pipegen-lambda --bin bootstrap` made"
                    .into()
            }
            Self::Machine { architecture, .. } => format!(
                "build it with `cargo zigbuild --profile bootstrap -p pipegen-lambda --bin bootstrap --target {}.{PROVIDED_GLIBC}`, \
                 or set `architecture` in pipegen.toml",
                architecture.target()
            ),
            Self::Loader(_) => "build it for `…-unknown-linux-gnu`, on a system whose loader has the usual path".into(),
            Self::Library(_) => "link that library statically, or do without it".into(),
            Self::Glibc { .. } => format!(
                "build it on a system with glibc {PROVIDED_GLIBC} or older, or with `cargo zigbuild --profile bootstrap -p pipegen-lambda \
                 --bin bootstrap --target …-unknown-linux-gnu.{PROVIDED_GLIBC}`"
            ),
            Self::Size => "build it with `--profile bootstrap`, which leaves out debug information".into(),
            Self::Contract { .. } => {
                "build pipegen and its bootstrap from the same sources: leave `--bootstrap` out to have that done"
                    .into()
            }
        }
    }
}
