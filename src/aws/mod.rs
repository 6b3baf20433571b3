//! A deployed stack's AWS account: clients, the names of what is in it, and the reasons for which AWS refuses.
//!
//! - `account`: credentials, region, endpoint, and the clients that use them
//! - `failure`: failed requests and logins, told apart by what can be done about them

mod account;
mod failure;

pub use account::Account;
pub use failure::{AwsFailure, FailureKind, explain};
