//! A bootstrap's bytes, checked, packed and named; no files.
//!
//! - `bootstrap`: the check whether a bootstrap runs on `provided.al2023`
//! - `elf`: the ELF file, as its loader reads it
//! - `marker`: the version of the contract that a bootstrap was built for
//! - `bootstrap_error`: the reasons why a bootstrap does not run, with their remedies
//! - `glibc`: versions of glibc
//! - `package`: the reproducible zip and its hashes
//! - `limits`: Lambda's limits for a package

mod bootstrap;
mod bootstrap_error;
mod elf;
mod glibc;
mod limits;
mod marker;
mod package;

pub use bootstrap::{Platform, check};
pub use bootstrap_error::BootstrapError;
pub use glibc::PROVIDED_GLIBC;
pub use limits::{LARGEST_UNPACKED, LARGEST_ZIP};
pub use marker::check as check_marker;
pub use package::{ENTRY, ZipName, holds, pack, sha256_base64};
