//! Detects the media type of a content from its bytes, because file names and declared types are not trusted.

/// Number of bytes at the beginning by which file formats are detected.
const HEAD: usize = 16 * 1024;
const PLAIN: &str = "text/plain";
const UNKNOWN: &str = "application/octet-stream";

/// Inspects a content piece by piece.
#[derive(Debug)]
pub(crate) struct Sniffer {
    head: Vec<u8>,
    /// The beginning of a character that the next piece completes.
    open: Vec<u8>,
    /// Whether the content so far is UTF-8 without control characters.
    text: bool,
}

impl Sniffer {
    pub(crate) fn new() -> Self {
        Self { head: Vec::new(), open: Vec::new(), text: true }
    }

    pub(crate) fn see(&mut self, piece: &[u8]) {
        let room = HEAD.saturating_sub(self.head.len()).min(piece.len());
        self.head.extend_from_slice(&piece[..room]);
        if !self.text {
            return;
        }
        if self.open.is_empty() {
            self.read(piece);
        } else {
            // A character has four bytes at most, so little is copied.
            let (first, rest) = piece.split_at(piece.len().min(4));
            let joined = [std::mem::take(&mut self.open).as_slice(), first].concat();
            self.read(&joined);
            if !rest.is_empty() && self.text {
                let joined = [std::mem::take(&mut self.open).as_slice(), rest].concat();
                self.read(&joined);
            }
        }
    }

    fn read(&mut self, bytes: &[u8]) {
        let (text, open) = match std::str::from_utf8(bytes) {
            Ok(text) => (text, &[][..]),
            Err(fault) if fault.error_len().is_none() => {
                let (whole, open) = bytes.split_at(fault.valid_up_to());
                (std::str::from_utf8(whole).unwrap_or_default(), open)
            }
            Err(_) => {
                self.text = false;
                return;
            }
        };
        self.text = !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}'));
        self.open = open.to_vec();
    }

    pub(crate) fn media_type(&self) -> &'static str {
        let known = infer::get(&self.head).map(|kind| kind.mime_type());
        known.unwrap_or(if self.text && self.open.is_empty() { PLAIN } else { UNKNOWN })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sniff(content: &[u8], size: usize) -> &'static str {
        let mut sniffer = Sniffer::new();
        content.chunks(size).for_each(|piece| sniffer.see(piece));
        sniffer.media_type()
    }

    #[test]
    fn what_a_content_holds_tells_its_type() {
        for size in [1, 2, 3, 5, 1000] {
            assert_eq!(sniff(b"%PDF-1.7\n...", size), "application/pdf");
            assert_eq!(sniff(b"\x89PNG\r\n\x1a\n....", size), "image/png");
            assert_eq!(sniff("Grüße, 世界 \u{1F600}\r\n\tend".as_bytes(), size), PLAIN);
            assert_eq!(sniff(b"", size), PLAIN);
            assert_eq!(sniff(b"a\0b", size), UNKNOWN);
            assert_eq!(sniff(b"Gr\xfc\xdfe", size), UNKNOWN);
            // Cut off within a character.
            assert_eq!(sniff(b"abc\xe4\xb8", size), UNKNOWN);
            assert_eq!(sniff(b"<!DOCTYPE html><script>alert(1)</script>", size), "text/html");
        }
    }
}
