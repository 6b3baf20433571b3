//! The whole pipeline on real servers.
