//! The types of failures that a function reports to Lambda (`errorType`), as far as more than the function must know them.

/// A setting is missing or wrong.
pub const SETTINGS_INVALID: &str = "Settings.Invalid";

/// The handler's name is none of a role.
pub const SETTINGS_UNKNOWN_ROLE: &str = "Settings.UnknownRole";

/// The end of an error type, behind the role's name, where a schema, table or right is missing in the database.
pub const DATABASE_NOT_PREPARED: &str = "DatabaseNotPrepared";

/// Tells whether no repetition mends what this type stands for: somebody has to.
pub fn is_lasting(error_type: &str) -> bool {
    [SETTINGS_INVALID, SETTINGS_UNKNOWN_ROLE].contains(&error_type)
        || error_type.split_once('.').is_some_and(|(_, what)| what == DATABASE_NOT_PREPARED)
}
