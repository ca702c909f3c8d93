//! The catalogue of problems as people read it, and whether it says what the code does.
//!
//! `R4_WRITE_DOCS=1 cargo test -p r4-service --test catalogue` writes docs/errors.md and
//! site/errors.html.

#[cfg(test)]
mod files;
#[cfg(test)]
mod markdown;
#[cfg(test)]
mod page;
#[cfg(test)]
mod sources;
