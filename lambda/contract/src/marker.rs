//! The marker in every bootstrap. It shows, without running the file, that it is a bootstrap and for which contract it
//! was built.

/// Version of the contract between the rendered stack and the bootstrap. Raise it, here and in [`MARKER`], whenever the
/// stack begins to need something that an older bootstrap does not do: a setting that it does not read, a role that it
/// does not have.
pub const VERSION: u32 = 2;

/// The beginning of the marker; the version in decimal digits and [`END`] follow.
pub const BEGIN: &str = "pipegen-bootstrap contract ";

/// The end of the marker.
pub const END: &str = ";";

/// The whole marker. Only the bootstrap may contain it: any program that does is taken for one.
pub const MARKER: &str = "pipegen-bootstrap contract 2;";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marker_has_the_version() {
        assert_eq!(MARKER, alloc::format!("{BEGIN}{VERSION}{END}"));
    }
}
