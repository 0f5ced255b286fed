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
        Json { bytes: Vec::with_capacity(USUAL), begins: Vec::with_capacity(MEMBERS), ends: Vec::with_capacity(MEMBERS) }
    }
}

/// Most answers are shorter.
const USUAL: usize = 1 << 15;
const MEMBERS: usize = 18;

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

    /// What a function writes, which is JSON or a piece of it.
    pub fn written(write: impl FnOnce(&mut Json) -> &mut Json) -> String {
        let mut json = Json { bytes: vec![], begins: vec![], ends: vec![] };
        write(&mut json);
        String::from_utf8(json.bytes).unwrap_or_default() // it is made of texts
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
        self.bytes.push(b'"');
        if is_plain(text.as_bytes()) {
            self.put(text); // nearly always
        } else {
            self.escaped(text);
        }
        self.bytes.push(b'"');
        self
    }

    /// A text that a function puts piece by piece.
    pub fn pieces(&mut self, put: impl FnOnce(&mut Json)) -> &mut Json {
        self.put("\"");
        let begin = self.bytes.len();
        put(self);
        if !is_plain(&self.bytes[begin..]) {
            let text = self.bytes.split_off(begin);
            self.escaped(&String::from_utf8_lossy(&text));
        }
        self.put("\"")
    }

    fn escaped(&mut self, text: &str) {
        for (place, line) in text.split('\n').enumerate() {
            if place > 0 {
                self.put("\\n");
            }
            if is_plain(line.as_bytes()) {
                self.put(line);
            } else {
                self.escaped_line(line);
            }
        }
    }

    fn escaped_line(&mut self, text: &str) {
        let mut begin = 0;
        for (place, byte) in text.bytes().enumerate() {
            let escape = match byte {
                b'"' => "\\\"",
                b'\\' => "\\\\",
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
        match whole {
            0..10 => self.bytes.push(digit(whole)),   // nearly always
            _ => drop(write!(self.bytes, "{whole}")), // writing to a Vec cannot fail
        }
        self
    }

    /// A float, in the shortest form that is read as it.
    pub fn number(&mut self, number: f64) -> &mut Json {
        let _ = serde_json::to_writer(&mut self.bytes, &number);
        self
    }

    /// A float of so many thousandths, of a number that a float has exactly.
    pub fn thousandths(&mut self, thousandths: i64) -> &mut Json {
        if thousandths < 0 {
            self.bytes.push(b'-');
        }
        let (whole, rest) = (thousandths.abs() / 1000, thousandths.abs() % 1000);
        self.whole(whole).put(".").whole(rest / 100);
        if rest % 100 != 0 {
            self.whole(rest / 10 % 10);
        }
        if rest % 10 != 0 {
            self.whole(rest % 10);
        }
        self
    }

    /// The same of tenths.
    pub fn tenths(&mut self, tenths: i64) -> &mut Json {
        self.thousandths(tenths * 100)
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

fn digit(digit: i64) -> u8 {
    b'0' + digit as u8
}

/// Whether nothing has to be escaped: sixteen bytes at once, in a form that the compiler turns into instructions on as many; the last
/// sixteen may overlap those before them.
fn is_plain(text: &[u8]) -> bool {
    let special = |byte: u8| (byte < 0x20) | (byte == b'"') | (byte == b'\\');
    let Some(last) = text.last_chunk::<16>() else { return !text.iter().any(|&byte| special(byte)) };
    let mut found = [false; 16];
    for chunk in text.as_chunks::<16>().0.iter().chain([last]) {
        for (found, &byte) in found.iter_mut().zip(chunk) {
            *found |= special(byte);
        }
    }
    found == [false; 16]
}
