//! Spelling of numbers and names, and messages for unknown names.

/// At most 19 digits with an optional minus sign: `+5` and ` 5` are rejected.
pub fn plain_int(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits.len() <= 19 && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// Maximum number of characters of a name that is repeated in a message.
const SHOWN_MAX: usize = 80;

/// A name as a part of a JSON pointer. Longer names are cut, so that the size of a response does not depend on them.
pub fn pointer_part(name: &str) -> String {
    name.chars().take(SHOWN_MAX).collect::<String>().replace('~', "~0").replace('/', "~1")
}

/// Message for an unknown name: lists the most similar names, or all of them.
pub fn unknown_name(name: &str, known: &[&str]) -> String {
    // The shortened name is compared, because the time of a comparison grows with its length.
    let shown: String = name.chars().take(SHOWN_MAX).collect();
    let near: Vec<&str> = known.iter().copied().filter(|k| strsim::jaro_winkler(&shown, k) > 0.84).collect();
    match (near.as_slice(), known) {
        ([], []) => format!("{shown:?} is not known here; there are no fields"),
        ([], all) => format!("{shown:?} is not known here; known are {}", all.join(", ")),
        (near, _) => format!("{shown:?} is not known here; did you mean {}?", near.join(" or ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_ints() {
        for good in ["0", "-5", "0000000000000000005", "9223372036854775807", "-9223372036854775808"] {
            assert_eq!(plain_int(good), good.parse().ok(), "{good}");
        }
        for bad in ["", "-", "--5", "+5", " 5", "5 ", "1e3", "٣", "00000000000000000005", "9223372036854775808"] {
            assert_eq!(plain_int(bad), None, "{bad}");
        }
    }
}
