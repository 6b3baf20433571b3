//! A bootstrap's bytes, checked, packed and named. Knows no files.
//!
//! - `elf`: does it run on `provided.al2023`
//! - `misfit`: why not, and what to do about it
//! - `package`: the reproducible zip and its hashes

mod elf;
mod misfit;
mod package;

pub use elf::{Bootstrap, Version};
pub use misfit::Misfit;
pub use package::{LARGEST_ZIP, Name, PACKING, holds, pack, sha256_base64};
