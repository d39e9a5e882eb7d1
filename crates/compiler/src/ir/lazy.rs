//! Parts of prepared modules that are decoded when they are first used: a program uses few modules of the library.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::OnceLock;

use serde::de::DeserializeOwned;
use serde::ser::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value that was encoded, and is decoded when it is first used.
///
/// An encoded form that is damaged gives the default value. A test of the library decodes all of them.
#[derive(Clone, Default)]
pub struct Lazy<T> {
    /// The value, if it has no encoded form.
    own: T,
    encoded: Option<Encoded<T>>,
}

#[derive(Clone)]
struct Encoded<T> {
    bytes: Box<[u8]>,
    value: OnceLock<T>,
}

impl<T> From<T> for Lazy<T> {
    fn from(own: T) -> Self {
        Lazy { own, encoded: None }
    }
}

impl<T: Default + DeserializeOwned> Encoded<T> {
    fn decode(&self) -> T {
        postcard::from_bytes(&self.bytes).unwrap_or_default()
    }
}

impl<T: Default + DeserializeOwned> Deref for Lazy<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.encoded {
            Some(encoded) => encoded.value.get_or_init(|| encoded.decode()),
            None => &self.own,
        }
    }
}

impl<T: Default + DeserializeOwned> DerefMut for Lazy<T> {
    fn deref_mut(&mut self) -> &mut T {
        if let Some(mut encoded) = self.encoded.take() {
            self.own = encoded.value.take().unwrap_or_else(|| encoded.decode());
        }
        &mut self.own
    }
}

impl<T: Default + DeserializeOwned + Serialize> Serialize for Lazy<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&postcard::to_stdvec(&**self).map_err(S::Error::custom)?)
    }
}

impl<'de, T: Default> Deserialize<'de> for Lazy<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = <&[u8]>::deserialize(deserializer)?.into();
        Ok(Lazy { own: T::default(), encoded: Some(Encoded { bytes, value: OnceLock::new() }) })
    }
}

impl<T: Default + DeserializeOwned + fmt::Debug> fmt::Debug for Lazy<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_encoding_and_changes() {
        let mut numbers: Lazy<Vec<u32>> = Lazy::default();
        numbers.extend([1, 2, 300]);
        let bytes = postcard::to_stdvec(&numbers).unwrap();
        let read: Lazy<Vec<u32>> = postcard::from_bytes(&bytes).unwrap();
        let (mut changed, mut untouched) = (read.clone(), read.clone());
        assert_eq!(*read, [1, 2, 300]);
        changed.push(4);
        untouched.clear();
        assert_eq!((&**changed, &**untouched), (&[1, 2, 300, 4][..], &[][..]));
        assert_eq!(postcard::to_stdvec(&read).unwrap(), bytes);
    }
}
