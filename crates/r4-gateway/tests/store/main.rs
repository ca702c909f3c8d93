//! One contract, two stores: the file of one process, and a real `PostgreSQL`.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod both;
#[cfg(test)]
mod counts;
#[cfg(test)]
mod database;
#[cfg(test)]
mod file;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod postgres;
#[cfg(test)]
mod races;
#[cfg(test)]
mod sync;
