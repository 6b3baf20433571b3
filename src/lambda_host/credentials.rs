//! The access key that a function signs its AWS requests with.

use std::fmt;

use uuid::Uuid;

/// An access key.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The part of the key that stands in each signed request.
    pub key_id: String,
    /// The part that requests are signed with.
    pub secret_key: String,
    /// The session token, if the key is a temporary one.
    pub session_token: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

impl Credentials {
    /// Generates a random key for one run.
    pub fn generate() -> Self {
        let random = || Uuid::new_v4().simple().to_string();
        Self { key_id: format!("LOCAL{}", random().to_uppercase()), secret_key: random(), session_token: None }
    }

    /// Makes the key of a function in an emulated account. The account accepts any key, and tells the functions' calls
    /// apart by it. Lambda would give the function a temporary key of its role.
    pub fn of_function(handler: &str) -> Self {
        let key_id = format!("ASIA{:0<16}", handler.to_uppercase());
        Self { key_id, secret_key: "emulated".to_owned(), session_token: Some("emulated".to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_run_has_a_key_of_its_own_that_does_not_show() {
        let credentials = Credentials::generate();
        assert_ne!(credentials, Credentials::generate());
        let shown = format!("{credentials:?}");
        assert!(!shown.contains(&credentials.key_id) && !shown.contains(&credentials.secret_key));
    }
}
