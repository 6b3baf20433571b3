//! The functions: `aws_lambda_function` with its log group, what its code may do (`aws_iam_role_policy`) and its security
//! group. One file for each function.
//!
//! - `dependencies`: the resources that functions use
//! - `connections`: allowed connections of a function's code
//! - `function`: a function with its log group, security group and rights
//! - `login`: a function's logins to database and cache
//! - `polling`: Lambda's rights to read the stream with a function's role
//! - `variables`: environment variables that more than one function reads
//! - `migrate`, `ingest`, `processor`, `archiver`, `catalog`, `maintain`, `rotate`: the functions

pub(super) mod archiver;
pub(super) mod catalog;
mod connections;
mod dependencies;
mod function;
pub(super) mod ingest;
mod login;
pub(super) mod maintain;
pub(super) mod migrate;
mod polling;
pub(super) mod processor;
pub(super) mod rotate;
mod variables;

pub(super) use dependencies::{Buckets, Dependencies};
pub(super) use function::LambdaFunction;
