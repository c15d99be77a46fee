//! Server-sent events, as they come in pieces.

/// One event of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) event: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) data: String,
}

/// What has come of the next event.
#[derive(Default)]
pub(crate) struct Lines {
    rest: Vec<u8>,
    message: Message,
    begun: bool,
}

impl Lines {
    /// The events that are whole with this piece.
    pub(crate) fn feed(&mut self, piece: &[u8]) -> Vec<Message> {
        self.rest.extend_from_slice(piece);
        let mut whole = Vec::new();
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            whole.extend(self.line(line.trim_end_matches(['\n', '\r'])));
        }
        whole
    }

    fn line(&mut self, line: &str) -> Option<Message> {
        if line.is_empty() {
            let message = std::mem::take(&mut self.message);
            return std::mem::take(&mut self.begun).then_some(message);
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "data" => {
                if !self.message.data.is_empty() {
                    self.message.data.push('\n');
                }
                self.message.data.push_str(value);
                self.begun = true;
            }
            "event" => self.message.event = Some(value.to_owned()),
            "id" => self.message.id = Some(value.to_owned()),
            // Comments, and what a later server may say.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_whole_however_they_are_cut() {
        let text = "retry: 2000\n: hello\n\nid: c1\ndata: {\"a\":\"ü\"}\n\nevent: bookmark\r\nid: c2\r\ndata: x\r\ndata: y\r\n\r\nid: c3\ndata: z";
        let expected = vec![
            Message { event: None, id: Some("c1".into()), data: "{\"a\":\"ü\"}".into() },
            Message { event: Some("bookmark".into()), id: Some("c2".into()), data: "x\ny".into() },
        ];
        for size in [1, 2, 7, 1000] {
            let mut lines = Lines::default();
            let whole: Vec<Message> = text.as_bytes().chunks(size).flat_map(|piece| lines.feed(piece)).collect();
            assert_eq!(whole, expected, "in pieces of {size}");
        }
    }
}
