//! Everything about the rendered JSON; needs no server.
