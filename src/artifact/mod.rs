//! A bootstrap's bytes, checked, packed and named. Knows no files.
//!
//! - [`elf`]: does it run on `provided.al2023`
//! - [`package`]: the reproducible zip and its hashes

mod elf;
mod package;

pub use elf::{Bootstrap, Misfit};
pub use package::{LARGEST_ZIP, Name, PACKING, holds, pack, sha256_base64};
