//! How numbers and names are spelled, and what is said of a name that nobody knows.

/// At most 19 digits with an optional minus: `+5` and ` 5` are not numbers of ours.
pub fn plain_int(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits.len() <= 19 && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// Characters of a name that is repeated to whoever sent it.
const SHOWN_MAX: usize = 80;

/// A name as a part of a JSON pointer. What is longer than any name of ours is cut: an answer shall not grow with it.
pub fn pointer_part(name: &str) -> String {
    name.chars().take(SHOWN_MAX).collect::<String>().replace('~', "~0").replace('/', "~1")
}

/// What to say of a name that is not known: the nearest ones, or all of them.
pub fn unknown_name(name: &str, known: &[&str]) -> String {
    // Compared as it is shown: comparing takes as long as the name.
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
