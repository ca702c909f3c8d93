//! The HTTP shell that r4-core, r4-vrf and r4-gateway share.
//!
//! What a service is made of, in the order in which `main` uses it: configuration from the
//! environment ([`config`]), logs ([`trace`]), metrics ([`metrics`]), the layers around its routes
//! ([`shell`]), the listener ([`server`]) and its readiness ([`ready`]). Request helpers:
//! [`auth`], [`query`], [`problem`], [`upstream`]. This crate knows no route of any service.

pub mod args;
pub mod auth;
pub mod clock;
pub mod common;
pub mod config;
pub mod domain;
pub mod healthcheck;
mod leftover;
pub mod metrics;
pub mod problem;
pub mod query;
pub mod ready;
pub mod server;
pub mod shell;
pub mod trace;
pub mod upstream;

pub use problem::Problem;
