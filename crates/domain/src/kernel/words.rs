//! Enums that are lower-case words on the wire and in the database.

/// An enum of words; implemented by `#[words]`.
pub trait Words: Copy + PartialEq + 'static {
    const TITLE: &'static str;
    const DOC: &'static str;
    /// Each word with its documentation.
    const WORDS: &'static [(&'static str, &'static str)];
    const ALL: &'static [Self];

    fn word(self) -> &'static str;

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|variant| variant.word() == word)
    }

    /// All words, for messages.
    fn choices() -> String {
        Self::WORDS.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ")
    }
}

/// Makes a `#[words]` enum a field.
macro_rules! word_field {
    ($name:ident, $moves:expr) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(crate::words::Words::word(*self))
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <String as serde::Deserialize>::deserialize(deserializer)?;
                <Self as crate::words::Words>::from_word(&word)
                    .ok_or_else(|| serde::de::Error::custom(<Self as crate::words::Words>::choices()))
            }
        }
        impl crate::encode::Encode for $name {
            fn encode(&self, to: &mut dyn crate::encode::Encoder) {
                to.word(*self as usize, crate::words::Words::word(*self));
            }
        }
        impl crate::field::Described for $name {
            const WIRE: crate::field::Wire = crate::field::Wire::Word(<Self as crate::words::Words>::WORDS);
            const MOVES: Option<fn() -> crate::field::Moves> = $moves;

            fn shape() -> crate::field::Shape {
                use crate::words::Words;
                crate::field::Shape::Word { title: Self::TITLE, doc: Self::DOC, words: Self::WORDS }
            }
        }
        impl crate::field::Field for $name {
            const COLUMNS: &'static [(&'static str, crate::field::ColumnType)] =
                &[("", crate::field::ColumnType::Text)];
            fn store(&self, out: &mut Vec<crate::field::Cell>) {
                out.push(crate::field::Cell::Text(crate::words::Words::word(*self).to_owned()));
            }
            fn load(cells: &mut crate::field::Cells) -> Option<Self> {
                cells.text().and_then(|word| crate::words::Words::from_word(&word))
            }
            fn read(value: &serde_json::Value, spot: &mut crate::field::Spot<'_>) -> Option<Self> {
                use crate::words::Words;
                let Some(word) = value.as_str() else { return spot.wrong_type("a string", value) };
                Self::from_word(word)
                    .or_else(|| spot.fault("UNKNOWN_WORD", format!("must be one of: {}", Self::choices())))
            }
        }
    };
}
pub(crate) use word_field;
