//! A function's logins to database and cache.

use pipegen_contract::database::Access;
use serde_json::Value;

use super::dependencies::Dependencies;
use crate::stack::access::allow;
use crate::stack::cache::CacheUser;
use crate::stack::secrets::Secret;

/// The logins of a function that uses database and cache.
pub(super) struct Login<'a> {
    pub(super) secret: &'a Secret,
    pub(super) user: &'a CacheUser,
}

impl<'a> Login<'a> {
    pub(super) fn of(dependencies: &Dependencies<'a>, access: Access, user: &'a CacheUser) -> Self {
        Self { secret: dependencies.logins.of(access), user }
    }

    /// Lets the function log in to both.
    pub(super) fn statements(&self, dependencies: &Dependencies<'_>) -> [Value; 2] {
        [
            allow("Login", &["secretsmanager:GetSecretValue"], [self.secret.arn()]),
            allow("CacheLogin", &["elasticache:Connect"], [dependencies.cache.arn(), self.user.arn()]),
        ]
    }
}
