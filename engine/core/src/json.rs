//! JSON, as orjson writes it, put together piece by piece.
use std::fmt::Write as _;

#[derive(Default)]
pub struct Json {
    text: String,
}

impl Json {
    pub fn into_bytes(self) -> Vec<u8> {
        self.text.into_bytes()
    }

    /// A piece that is JSON already.
    pub fn put(&mut self, piece: &str) -> &mut Json {
        self.text.push_str(piece);
        self
    }

    /// The name of a member, with the comma before it.
    pub fn name(&mut self, name: &str) -> &mut Json {
        if !self.text.ends_with(['{', '[']) {
            self.text.push(',');
        }
        self.put("\"").put(name).put("\":")
    }

    pub fn text(&mut self, text: &str) -> &mut Json {
        self.text.push('"');
        let mut start = 0;
        for (i, byte) in text.bytes().enumerate() {
            if byte >= 0x20 && byte != b'"' && byte != b'\\' {
                continue;
            }
            self.text.push_str(&text[start..i]);
            start = i + 1;
            match byte {
                b'"' => self.text.push_str("\\\""),
                b'\\' => self.text.push_str("\\\\"),
                b'\n' => self.text.push_str("\\n"),
                b'\r' => self.text.push_str("\\r"),
                b'\t' => self.text.push_str("\\t"),
                0x08 => self.text.push_str("\\b"),
                0x0c => self.text.push_str("\\f"),
                _ => {
                    let _ = write!(self.text, "\\u{byte:04x}"); // writing to a String cannot fail
                }
            }
        }
        self.text.push_str(&text[start..]);
        self.put("\"")
    }

    pub fn optional(&mut self, text: Option<&str>) -> &mut Json {
        match text {
            Some(text) => self.text(text),
            None => self.put("null"),
        }
    }

    pub fn whole(&mut self, whole: i64) -> &mut Json {
        let _ = write!(self.text, "{whole}");
        self
    }

    /// A float, in the shortest form that is read as it.
    pub fn number(&mut self, number: f64) -> &mut Json {
        match serde_json::to_string(&number) {
            Ok(text) => self.put(&text),
            Err(_) => self.put("null"),
        }
    }

    /// A float of so many thousandths.
    pub fn thousandths(&mut self, thousandths: i64) -> &mut Json {
        self.number(thousandths as f64 / 1e3)
    }

    pub fn truth(&mut self, truth: bool) -> &mut Json {
        self.put(if truth { "true" } else { "false" })
    }

    pub fn texts<'t>(&mut self, texts: impl IntoIterator<Item = &'t str>) -> &mut Json {
        self.list(texts, |json, text| {
            json.text(text);
        })
    }

    /// The parts of a list, each written by a function.
    pub fn list<T>(&mut self, parts: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Json, T)) -> &mut Json {
        self.put("[");
        for (i, part) in parts.into_iter().enumerate() {
            if i > 0 {
                self.put(",");
            }
            write(self, part);
        }
        self.put("]")
    }
}
