//! Checks whether a bootstrap runs on `provided.al2023`, for the stack that is rendered.

use super::bootstrap_error::BootstrapError;
use super::elf::{self, Program};
use super::limits::LARGEST_UNPACKED;
use super::marker;
use crate::config::Architecture;

/// Checks a bootstrap for functions of this architecture and returns everything that is wrong with it.
pub fn check(bytes: &[u8], architecture: Architecture) -> Result<(), Vec<BootstrapError>> {
    elf::check_format(bytes).map_err(|error| vec![error])?;
    if elf::is_32_bit(bytes) {
        return Err(vec![BootstrapError::Machine { built_for: "a 32-bit machine".into(), architecture }]);
    }
    if bytes.len() > LARGEST_UNPACKED {
        return Err(vec![BootstrapError::Size]);
    }
    let program = Program::read(bytes).map_err(|error| vec![error])?;
    let mut errors = program.errors(architecture);
    errors.extend(marker::check(bytes).err());
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// The machine that a program is built for, whichever that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    /// Name of the machine, as Lambda spells it.
    pub machine: String,
    /// Path of the loader, if the program has one.
    pub loader: Option<String>,
}

impl Platform {
    /// Reads the platform from an ELF file.
    pub fn of(bytes: &[u8]) -> Result<Self, BootstrapError> {
        elf::check_format(bytes)?;
        let program = Program::read(bytes)?;
        Ok(Self { machine: program.machine_name(), loader: program.loader })
    }
}
