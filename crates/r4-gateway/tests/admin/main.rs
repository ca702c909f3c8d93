//! The admin API on a port, as `r4 keys` and any other client sees it.

#[cfg(test)]
mod keys;
#[cfg(test)]
mod node;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod token;
