//! The gateway in one process with small upstreams: what callers see, what upstreams see.

#[cfg(test)]
mod access;
#[cfg(test)]
mod client;
#[cfg(test)]
mod described;
#[cfg(test)]
mod entropy;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod keyed;
#[cfg(test)]
mod passing;
#[cfg(test)]
mod sharing;
#[cfg(test)]
mod status;
#[cfg(test)]
mod stub;
#[cfg(test)]
mod surface;
