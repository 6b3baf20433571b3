//! A deployed stack's AWS account: clients, the names of what is in it, and the reasons for which AWS refuses.
//!
//! - `account`: credentials, region, endpoint, and the clients that use them
//! - `failure`: failed requests and logins, told apart by what can be done about them
//! - `function_url`: the addresses of function URLs, and signed requests to them
//! - [`put_request`]: one request that puts records on a stream; [`put_records`]: as many as it takes, with retries

mod account;
mod failure;
mod function_url;
pub mod put_records;
pub mod put_request;

pub use account::{Account, check_endpoint};
pub use failure::{AwsFailure, FailureKind, explain};
