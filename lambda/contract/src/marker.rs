//! The marker that every bootstrap carries, so that a file can be told to be one, and for which contract it was built, without being run.

/// Version of the contract between the rendered stack and the bootstrap. Raise it, here and in [`MARKER`], whenever a bootstrap that was
/// built before would not do what the stack asks of it from now on: a setting that it does not read, a role that it does not have.
pub const VERSION: u32 = 1;

/// The marker's beginning; the version in decimal digits and [`END`] follow.
pub const BEGIN: &str = "pipegen-bootstrap contract ";

/// The marker's end.
pub const END: &str = ";";

/// The marker itself. Only the bootstrap may use it: any program that did would be taken for one.
pub const MARKER: &str = "pipegen-bootstrap contract 1;";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marker_tells_the_version() {
        assert_eq!(MARKER, alloc::format!("{BEGIN}{VERSION}{END}"));
    }
}
