//! The catalog in PostgreSQL.
