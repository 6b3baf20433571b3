//! The types of failures (`errorType`) that a function reports to Lambda and that others must recognise.

/// A setting is missing or wrong.
pub const SETTINGS_INVALID: &str = "Settings.Invalid";

/// The handler name belongs to no role.
pub const SETTINGS_UNKNOWN_ROLE: &str = "Settings.UnknownRole";

/// The end of an error type, after the role's name: a schema, table or right is missing in the database.
pub const DATABASE_NOT_PREPARED: &str = "DatabaseNotPrepared";

/// Tells whether retrying cannot help, because somebody has to change something first.
pub fn is_permanent(error_type: &str) -> bool {
    [SETTINGS_INVALID, SETTINGS_UNKNOWN_ROLE].contains(&error_type)
        || error_type.split_once('.').is_some_and(|(_, what)| what == DATABASE_NOT_PREPARED)
}
