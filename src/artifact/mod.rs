//! A bootstrap's bytes, checked, packed and named. Knows no files.
//!
//! - `elf`: does it run on `provided.al2023`
//! - `marker`: was it built for the stack that is rendered
//! - `misfit`: why not, and what to do about it
//! - `package`: the reproducible zip and its hashes

mod elf;
mod marker;
mod misfit;
mod package;

pub use elf::{Bootstrap, LARGEST_UNPACKED, Needs, Version};
pub use misfit::Misfit;
pub use package::{ENTRY, LARGEST_ZIP, Name, PACKING, holds, pack, sha256_base64};
