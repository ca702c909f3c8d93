//! The HTTP shell that r4-core, r4-vrf and r4-gateway share.
//!
//! What a service is made of, in the order in which `main` uses it: configuration from the
//! environment ([`config`], [`secrets`]), logs ([`trace`]), traces ([`otlp`]), metrics ([`metrics`]), the layers
//! around its routes ([`shell`]), a way past the router ([`shortcut`]), the listener ([`server`]) and its readiness ([`ready`]). Request
//! helpers: [`auth`], [`keys`], [`context`], [`query`], [`problem`], [`upstream`]. This crate knows no route of
//! any service.

mod addresses;
pub mod args;
pub mod auth;
mod call;
pub mod clock;
pub mod common;
pub mod config;
pub mod context;
pub mod domain;
pub mod healthcheck;
pub mod held;
pub mod keys;
mod leftover;
mod line;
pub mod media;
pub mod metrics;
mod observed;
pub mod otlp;
mod places;
pub mod problem;
pub mod query;
pub mod ready;
pub mod secrets;
mod series;
pub mod server;
pub mod shell;
pub mod shortcut;
mod supervisor;
pub mod trace;
pub mod trace_context;
pub mod upstream;

pub use problem::{Kind, Problem, kind};
