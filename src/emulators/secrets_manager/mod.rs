//! Secrets Manager on loopback: the operations that the functions use. The secrets are in memory and end with the run.
//!
//! - [`secrets`]: the secrets of a run
//! - [`versions`]: a secret's versions and staging labels
//! - [`protocol`]: requests and responses
//! - [`rotation`]: the four steps of a rotation

mod protocol;
mod rotation;
mod secrets;
mod versions;

pub use protocol::serve;
pub use rotation::{RotationFunction, Rotations};
pub use secrets::Secrets;

#[cfg(test)]
mod tests;
