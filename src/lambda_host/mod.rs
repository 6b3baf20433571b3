//! A small Lambda host: runs the real bootstrap as child processes and speaks Lambda's Runtime API with them.
//!
//! An execution environment is one process and has one invocation at a time; as many are started as are needed at once.
//! One that dies is a function error, as it is in Lambda, and the next invocation gets a new one. Between invocations
//! it is frozen, as in Lambda: what a function has not done when it answers, it may never do.
//!
//! - [`function`]: a function's configuration
//! - [`pool`]: a function and its execution environments
//! - [`execution_environment`]: one process and its invocations
//! - [`runtime_api`]: the Runtime API
//! - [`invocation`]: the result of an invocation
//! - [`output`]: the functions' logs
//! - [`credentials`]: access keys
//! - [`error`], [`unstartable`]: the errors of a bootstrap that does not run

pub mod credentials;
mod error;
mod execution_environment;
mod function;
mod invocation;
mod output;
mod pool;
mod runtime_api;
mod unstartable;

pub use error::HostError;
pub use function::Function;
pub use invocation::{Invocation, InvocationOutcome};
pub use output::BatchLine;
pub use pool::FunctionPool;
