//! What redb says, as a [`StoreError`].

use redb::{CommitError, DatabaseError, StorageError, TableError, TransactionError};

use crate::store::StoreError;

fn classify(error: redb::Error) -> StoreError {
    match error {
        redb::Error::Corrupted(_)
        | redb::Error::UpgradeRequired(_)
        | redb::Error::TableTypeMismatch { .. }
        | redb::Error::TableIsMultimap(_)
        | redb::Error::TypeDefinitionChanged { .. }
        | redb::Error::TableDoesNotExist(_) => StoreError::Corrupt(error.to_string()),
        other => StoreError::Down(other.to_string()),
    }
}

macro_rules! classified {
    ($($error:ty),*) => {
        $(impl From<$error> for StoreError {
            fn from(error: $error) -> Self {
                classify(error.into())
            }
        })*
    };
}

classified!(CommitError, DatabaseError, StorageError, TableError, TransactionError);
