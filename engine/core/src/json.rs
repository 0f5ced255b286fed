//! JSON, as orjson writes it, put together piece by piece.
use std::io::Write as _;

pub struct Json {
    bytes: Vec<u8>,
    /// Where the values of members begin, and where those before them end.
    begins: Vec<usize>,
    ends: Vec<usize>,
}

impl Default for Json {
    fn default() -> Json {
        Json { bytes: Vec::with_capacity(USUAL), begins: vec![], ends: vec![] }
    }
}

/// Most answers are shorter.
const USUAL: usize = 1 << 15;

impl Json {
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The values of the members of an object that is closed.
    pub fn members(&self) -> impl Iterator<Item = &[u8]> {
        let ends = self.ends.iter().skip(1).copied().chain([self.bytes.len() - 1]);
        self.begins.iter().zip(ends).map(|(&begin, end)| &self.bytes[begin..end])
    }

    /// The name of a member of the whole, whose value can be had apart.
    pub fn member(&mut self, name: &str) -> &mut Json {
        self.ends.push(self.bytes.len());
        self.name(name);
        self.begins.push(self.bytes.len());
        self
    }

    pub fn to_text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into()
    }

    /// A piece that is JSON already.
    #[inline(always)]
    pub fn put(&mut self, piece: &str) -> &mut Json {
        self.bytes.extend_from_slice(piece.as_bytes());
        self
    }

    /// The name of a member, with the comma before it.
    #[inline(always)]
    pub fn name(&mut self, name: &str) -> &mut Json {
        self.bytes.reserve(name.len() + 4);
        if !matches!(self.bytes.last(), Some(b'{' | b'[')) {
            self.bytes.push(b',');
        }
        self.put("\"").put(name).put("\":")
    }

    pub fn text(&mut self, text: &str) -> &mut Json {
        self.bytes.reserve(text.len() + 2);
        self.put("\"").inside(text).put("\"")
    }

    /// A piece of a text that is begun and ended by quotation marks.
    pub fn inside(&mut self, text: &str) -> &mut Json {
        if is_plain(text.as_bytes()) {
            return self.put(text); // nearly always
        }
        self.escaped(text);
        self
    }

    fn escaped(&mut self, text: &str) {
        let mut begin = 0;
        for (place, byte) in text.bytes().enumerate() {
            let escape = match byte {
                b'"' => "\\\"",
                b'\\' => "\\\\",
                b'\n' => "\\n",
                b'\r' => "\\r",
                b'\t' => "\\t",
                0x08 => "\\b",
                0x0c => "\\f",
                0..0x20 => &format!("\\u{byte:04x}"),
                _ => continue,
            };
            self.put(&text[begin..place]).put(escape);
            begin = place + 1;
        }
        self.put(&text[begin..]);
    }

    pub fn optional(&mut self, text: Option<&str>) -> &mut Json {
        match text {
            Some(text) => self.text(text),
            None => self.put("null"),
        }
    }

    pub fn whole(&mut self, whole: i64) -> &mut Json {
        let _ = write!(self.bytes, "{whole}"); // writing to a Vec cannot fail
        self
    }

    /// A float, in the shortest form that is read as it.
    pub fn number(&mut self, number: f64) -> &mut Json {
        let _ = serde_json::to_writer(&mut self.bytes, &number);
        self
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

/// Whether nothing has to be escaped: chunk by chunk, in a form that the compiler turns into instructions on many bytes at once.
fn is_plain(text: &[u8]) -> bool {
    let special =
        |bytes: &[u8]| bytes.iter().fold(false, |found, &byte| found | (byte < 0x20) | (byte == b'"') | (byte == b'\\'));
    let (chunks, rest) = text.as_chunks::<32>();
    !chunks.iter().any(|chunk| special(chunk)) && !special(rest)
}
