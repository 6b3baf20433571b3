//! Why a bootstrap does not run on `provided.al2023`, and what to do about it.

use std::fmt;

use pipegen_contract::marker;

use super::elf::{GLIBC, LARGEST_UNPACKED, Version};
use crate::config::Architecture;

/// Why a bootstrap does not run on `provided.al2023`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// No ELF at all, but this.
    Format(&'static str),
    /// An ELF that cannot be read: what is wrong with it.
    Broken(String),
    /// An ELF, but no program: what it is.
    Kind(&'static str),
    /// A program for another machine: what it is for and what it should be for.
    Machine(String, Architecture),
    /// Its loader is not there.
    Loader(String),
    /// A shared library that is not there.
    Library(String),
    /// It asks for a newer glibc: which one, and in which library.
    Glibc(Version, String),
    /// It is larger than Lambda unpacks.
    Size,
    /// Without the marker: a program, but not this bootstrap.
    Unmarked,
    /// Built for this version of the contract, which is not the one that is rendered.
    Contract(String),
}

impl fmt::Display for Misfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format(what) => write!(formatter, "it is {what}, not an ELF executable"),
            Self::Broken(problem) => write!(formatter, "its ELF cannot be read: {problem}"),
            Self::Kind(what) => write!(formatter, "it is {what}, not an executable"),
            Self::Machine(machine, architecture) => {
                write!(formatter, "it is for {machine}, the functions run on {}", architecture.as_str())
            }
            Self::Loader(loader) => write!(formatter, "its loader `{loader}` is not in `provided.al2023`"),
            Self::Library(library) => write!(formatter, "the shared library `{library}` is not in `provided.al2023`"),
            Self::Glibc(version, library) => {
                write!(formatter, "it needs glibc {version} (in `{library}`), `provided.al2023` has {GLIBC}")
            }
            Self::Size => write!(formatter, "it has more than {LARGEST_UNPACKED} bytes, the most that Lambda unpacks"),
            Self::Unmarked => write!(formatter, "it is another program: it lacks the marker of pipegen's bootstrap"),
            Self::Contract(version) => write!(
                formatter,
                "it was built for version {version} of the contract between stack and bootstrap; this pipegen renders version {}",
                marker::VERSION
            ),
        }
    }
}

impl Misfit {
    /// What to do about it.
    pub fn help(&self) -> String {
        let target = |architecture: Architecture| match architecture {
            Architecture::X86_64 => "x86_64-unknown-linux-gnu",
            Architecture::Arm64 => "aarch64-unknown-linux-gnu",
        };
        match self {
            Self::Format(_) | Self::Kind(_) | Self::Broken(_) | Self::Unmarked => {
                "leave `--bootstrap` out to have it built, or name the program that \
                 `cargo build --profile bootstrap -p pipegen-lambda --bin bootstrap` made"
                    .into()
            }
            Self::Machine(_, architecture) => format!(
                "build it with `cargo zigbuild --profile bootstrap -p pipegen-lambda --bin bootstrap --target {}.{GLIBC}`, \
                 or set `architecture` in pipegen.toml",
                target(*architecture)
            ),
            Self::Loader(_) => {
                "build it for `…-unknown-linux-gnu`, on a system whose loader lies in the usual place".into()
            }
            Self::Library(_) => "link that library statically, or do without it".into(),
            Self::Glibc(..) => format!(
                "build it on a system with glibc {GLIBC} or older, or with \
                 `cargo zigbuild --profile bootstrap -p pipegen-lambda --bin bootstrap --target …-unknown-linux-gnu.{GLIBC}`"
            ),
            Self::Size => "build it with `--profile bootstrap`, which leaves out what only a debugger reads".into(),
            Self::Contract(_) => {
                "build pipegen and its bootstrap from the same sources: leave `--bootstrap` out to have that done"
                    .into()
            }
        }
    }
}
