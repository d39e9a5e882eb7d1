//! The natives of YAML 1.2. To read, they build objects from the events of a parser. To write, they decide which
//! strings need quotes, and quote them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use lucarne_compiler::program::Builtins;
use lucarne_package::yaml_source::YamlSource;
use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use super::{Call, Failure, Row, float, hash, int, json};
use lucarne_heap::{Heap, Immediate, Kept, NewString, OutOfMemory, Ref, RefMut};

pub(super) const TABLE: &[Row] = &[("parse", 1, parse), ("is-string", 2, is_string), ("quote", 1, quote)];

const INVALID: Failure = Failure::Error("INVALID_YAML_DOCUMENT");

/// The maximum depth of lists and maps, as in the other encodings.
const DEPTH_MAX: usize = 512;

/// The cost of parsing a byte, relative to that of reading it.
const COST: usize = 32;

/// `data` -> an array of the documents in it.
fn parse<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let data = call.data(0)?;
    if let [0, ..] | [_, 0, ..] | [0xff, 0xfe, ..] | [0xfe, 0xff, ..] = data {
        return Err(Failure::Error("UNSUPPORTED_BYTE_ORDER"));
    }
    let size = data.len();
    call.charge_bytes(size * COST);
    // Reserves more than the text, since the events and objects in progress also take memory.
    let mut text = call.scratch(size * 4)?;
    text.extend_from_slice(call.data(0)?);
    let text = String::from_utf8(text).map_err(|_| INVALID)?;
    require_version(&text)?;
    if text.chars().any(|char| char.is_control() && !matches!(char, '\t' | '\n' | '\r' | '\u{85}')) {
        return Err(INVALID);
    }
    let mut builder = Builder { heap: call.heap, open: Vec::new(), anchors: HashMap::new() };
    let documents = match builder.documents(&text) {
        Err(Fault::Syntax) => builder.documents(&join_surrogates(&text))?,
        result => result?,
    };
    Ok(call.heap.get(documents))
}

/// Fails if a directive requires an unsupported version. Directives come first in a text, among comments.
fn require_version(text: &str) -> Result<(), Failure> {
    let head = text.lines().take_while(|line| line.is_empty() || line.starts_with(['%', '#']));
    for version in head.filter_map(|line| line.strip_prefix("%YAML ")) {
        let minor = version.split_whitespace().next().and_then(|version| version.strip_prefix("1."));
        if minor.and_then(|minor| minor.parse::<u32>().ok()).is_none_or(|minor| minor > 2) {
            return Err(Failure::Error("UNSUPPORTED_YAML_VERSION"));
        }
    }
    Ok(())
}

/// Joins the two escapes by which JSON writes a rune beyond 16 bits, since YAML does not know them: `\ud83d\ude48`
/// becomes `\U0001f648`.
fn join_surrogates(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("\\u") {
        joined.push_str(&rest[..start]);
        match surrogate_pair(&rest[start..]) {
            Some(rune) => {
                joined.push_str(&format!("\\U{:08x}", u32::from(rune)));
                rest = &rest[start + 12..];
            }
            None => {
                joined.push_str("\\u");
                rest = &rest[start + 2..];
            }
        }
    }
    joined + rest
}

fn surrogate_pair(text: &str) -> Option<char> {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    char::decode_utf16([unit(0)?, unit(6)?]).next()?.ok().filter(|rune| u32::from(*rune) > 0xffff)
}

/// Why a text cannot be read.
enum Fault {
    /// The text is not YAML.
    Syntax,
    /// Any other failure, such as lists and maps that are nested too deep.
    Other(Failure),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Failure {
        match fault {
            Fault::Syntax => INVALID,
            Fault::Other(failure) => failure,
        }
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Fault {
        Fault::Other(failure)
    }
}

impl From<OutOfMemory> for Fault {
    fn from(_: OutOfMemory) -> Fault {
        Fault::Other(Failure::OutOfMemory)
    }
}

/// A list or map whose end has not come yet.
struct Open {
    is_map: bool,
    anchor: usize,
    /// The elements, or keys and values in turn.
    values: Vec<Kept>,
}

/// The part of a key that counts for equality.
#[derive(PartialEq, Eq, Hash)]
enum Key<'h> {
    Text(&'h str),
    /// The bits of a number, or the value of a boolean.
    Other(Option<u64>, bool),
}

struct Builder<'h> {
    heap: &'h mut Heap,
    open: Vec<Open>,
    anchors: HashMap<usize, Kept>,
}

impl Builder<'_> {
    fn documents(&mut self, text: &str) -> Result<Kept, Fault> {
        self.open = vec![Open { is_map: false, anchor: 0, values: Vec::new() }];
        for event in Parser::new(YamlSource::new(text)) {
            match event {
                Ok((Event::Scalar(scalar, ScalarStyle::Plain, 0, None), _))
                    if self.open.len() == 1 && text.trim_end_matches(' ') == scalar =>
                {
                    // A string that is all of the text keeps the blanks at its end, since writers leave it
                    // without quotes.
                    let text = if matches!(Scalar::of(&scalar), Scalar::Text) { text } else { &scalar };
                    let value = self.scalar(text, ScalarStyle::Plain, None)?;
                    self.add(0, value)?;
                }
                Ok((event, _)) => self.event(event)?,
                Err(error) if error.info().contains("unknown anchor") => {
                    return Err(Failure::Error("UNRESOLVED_ALIAS").into());
                }
                Err(_) => return Err(Fault::Syntax),
            }
        }
        let documents = self.open.pop().map(|open| open.values).unwrap_or_default();
        Ok(self.array(&documents)?.keep())
    }

    fn event(&mut self, event: Event<'_>) -> Result<(), Fault> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = self.scalar(&text, style, tag.as_deref())?;
                self.add(anchor, value)
            }
            Event::Alias(anchor) => {
                let value = self.anchors.get(&anchor).ok_or(Failure::Error("UNRESOLVED_ALIAS"))?;
                self.add(0, *value)
            }
            Event::SequenceStart(anchor, _) => self.start(false, anchor),
            Event::MappingStart(anchor, _) => self.start(true, anchor),
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::DocumentStart(_) => {
                self.anchors.clear();
                Ok(())
            }
            Event::StreamStart | Event::StreamEnd | Event::DocumentEnd | Event::Nothing => Ok(()),
        }
    }

    fn start(&mut self, is_map: bool, anchor: usize) -> Result<(), Fault> {
        if self.open.len() > DEPTH_MAX {
            return Err(Failure::Error("NESTING_TOO_DEEP").into());
        }
        self.open.push(Open { is_map, anchor, values: Vec::new() });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Fault> {
        let Some(Open { is_map, anchor, mut values }) = self.open.pop() else {
            return Err(Fault::Syntax);
        };
        if is_map {
            values = self.without_repeated_keys(&values);
        }
        let array = self.array(&values)?.keep();
        let value = if is_map { hash::new_map(self.heap, array)? } else { self.list(array, values.len())? };
        let value = value.keep();
        self.add(anchor, value)
    }

    /// Adds a value to the innermost list or map.
    fn add(&mut self, anchor: usize, value: Kept) -> Result<(), Fault> {
        let is_key = self.open.last().is_some_and(|open| open.is_map && open.values.len() % 2 == 0);
        if is_key {
            self.require_valid_key(value)?;
        }
        // 0 stands for no anchor.
        if anchor != 0 {
            self.anchors.insert(anchor, value);
        }
        if let Some(open) = self.open.last_mut() {
            open.values.push(value);
        }
        Ok(())
    }

    fn require_valid_key(&self, key: Kept) -> Result<(), Failure> {
        let Builtins { list, map, .. } = *self.heap.builtins();
        let class = self.heap.class_of(key);
        match self.heap.get(key) {
            Ref::NULL => Err(Failure::Error("NULL_KEYS_UNSUPPORTED")),
            _ if class == list => Err(Failure::Error("LIST_KEYS_UNSUPPORTED")),
            _ if class == map => Err(Failure::Error("MAP_KEYS_UNSUPPORTED")),
            _ => Ok(()),
        }
    }

    /// Removes repeated keys: of equal keys, the first one gives the place, and the last one the value.
    fn without_repeated_keys(&self, pairs: &[Kept]) -> Vec<Kept> {
        let mut places = HashMap::new();
        let mut result: Vec<Kept> = Vec::with_capacity(pairs.len());
        for pair in pairs.chunks_exact(2) {
            match places.entry(self.key(pair[0])) {
                Entry::Occupied(place) => result[place.get() + 1] = pair[1],
                Entry::Vacant(place) => {
                    place.insert(result.len());
                    result.extend(pair);
                }
            }
        }
        result
    }

    fn key(&self, key: Kept) -> Key<'_> {
        let key = self.heap.get(key);
        let number = self.heap.int(key).map(|int| int as f64).or(self.heap.float(key));
        match self.heap.string(key) {
            Some(text) => Key::Text(text),
            None => Key::Other(number.map(f64::to_bits), key.is_truthy()),
        }
    }

    fn array(&mut self, values: &[Kept]) -> Result<RefMut<'_>, OutOfMemory> {
        let mut array = self.heap.new_array(values.len())?;
        for (index, value) in values.iter().enumerate() {
            array.set(index, *value);
        }
        Ok(array)
    }

    /// Creates a list that can grow. Its fields are the array and the size.
    fn list(&mut self, array: Kept, size: usize) -> Result<RefMut<'_>, OutOfMemory> {
        let class = self.heap.builtins().list;
        let mut list = self.heap.new_instance(class)?;
        list.set(0, array);
        list.set(1, Immediate::small(size as i64));
        Ok(list)
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Kept, Fault> {
        let tag = tag.and_then(core_tag);
        let scalar = match tag {
            None if style == ScalarStyle::Plain => Scalar::of(text),
            None | Some("str") => Scalar::Text,
            Some("float") => Scalar::of(text).as_float(),
            Some("int" | "bool" | "null") => Scalar::of(text),
            Some(_) => Scalar::Text,
        };
        if !tag.is_none_or(|tag| scalar.fits(tag)) {
            return Err(INVALID.into());
        }
        Ok(match scalar {
            Scalar::Null => self.heap.keep(Immediate::NULL),
            Scalar::Bool(value) => self.heap.keep(Immediate::bool(value)),
            Scalar::Int(value) => self.heap.new_int(value)?.keep(),
            Scalar::Float(value) => self.heap.new_float(value)?.keep(),
            Scalar::Text => self.heap.new_string(text)?.keep(),
        })
    }
}

/// Returns the name of a tag of the core schema. A lone `!` makes a scalar a string, as quotes do.
fn core_tag(tag: &Tag) -> Option<&str> {
    match (tag.handle.as_str(), tag.suffix.as_str()) {
        ("", "!") | ("!", "") => Some("str"),
        (_, suffix) => tag.is_yaml_core_schema().then_some(suffix),
    }
}

/// The meaning of a scalar without quotes, as the core schema says.
#[derive(Clone, Copy)]
enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text,
}

impl Scalar {
    fn of(text: &str) -> Scalar {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
            "true" | "True" | "TRUE" => Scalar::Bool(true),
            "false" | "False" | "FALSE" => Scalar::Bool(false),
            ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
            _ => Scalar::number(text),
        }
    }

    fn number(text: &str) -> Scalar {
        let prefixed = [("0x", 16), ("0o", 8)];
        for (prefix, radix) in prefixed {
            if let Some(digits) = text.strip_prefix(prefix)
                && digits.bytes().all(|byte| char::from(byte).is_digit(radix))
            {
                return int::read(digits.as_bytes(), radix).map_or(Scalar::Text, Scalar::Int);
            }
        }
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
        if let ".inf" | ".Inf" | ".INF" = unsigned {
            return Scalar::Float(sign * f64::INFINITY);
        }
        let is_signed_twice = unsigned.starts_with(['-', '+']);
        if unsigned.is_empty() || is_signed_twice || unsigned.bytes().any(|byte| !is_in_number(byte)) {
            return Scalar::Text;
        }
        // An integer that does not fit is a float.
        if unsigned.bytes().all(|byte| byte.is_ascii_digit())
            && let Ok(value) = int::read(text.strip_prefix('+').unwrap_or(text).as_bytes(), 10)
        {
            return Scalar::Int(value);
        }
        float::read(unsigned.as_bytes()).map_or(Scalar::Text, |value| Scalar::Float(sign * value))
    }

    fn as_float(self) -> Scalar {
        match self {
            Scalar::Int(value) => Scalar::Float(value as f64),
            other => other,
        }
    }

    /// Returns whether a scalar has the type that its tag names.
    fn fits(self, tag: &str) -> bool {
        match tag {
            "null" => matches!(self, Scalar::Null),
            "bool" => matches!(self, Scalar::Bool(_)),
            "int" => matches!(self, Scalar::Int(_)),
            "float" => matches!(self, Scalar::Float(_)),
            _ => true,
        }
    }
}

fn is_in_number(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')
}

/// `text is-alone` -> whether the text without quotes is read as the same string. If `is-alone`, the text is all of the
/// document: only then it keeps spaces at its end.
fn is_string<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let text = call.string(0)?;
    let inner = if call.bool(1)? { text.trim_end_matches(' ') } else { text };
    let plain = matches!(Scalar::of(inner), Scalar::Text) && is_plain(inner);
    let size = text.len();
    call.charge_bytes(size);
    Ok(Ref::bool(plain))
}

fn is_plain(text: &str) -> bool {
    let mut chars = text.chars();
    let (first, second) = (chars.next(), chars.next());
    let starts_well = match first {
        // These are indicators only if a space comes after them.
        Some('-' | '?' | ':') => second.is_some_and(|char| char != ' '),
        Some(char) => !" ,[]{}#&*!|>'\"%@`".contains(char),
        None => false,
    };
    let is_marker = text.starts_with("---") || text.starts_with("...");
    let is_cut = text.contains(": ") || text.ends_with([':', ' ']) || text.contains(" #");
    starts_well && !is_marker && !is_cut && text.chars().all(is_printable)
}

/// Returns whether a character is not a control character, the byte order mark or a noncharacter: these need escapes.
fn is_printable(char: char) -> bool {
    !char.is_control() && !matches!(char, '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// `text` -> the text in double quotes, with escapes for the characters that need them.
fn quote<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let size: usize = call.string(0)?.chars().map(quoted_size).sum();
    call.new_string(size + 2, |arguments, new| {
        new.push("\"");
        let mut rest = arguments.string(0);
        while let Some((at, char)) = rest.char_indices().find(|(_, char)| needs_escape(*char)) {
            new.push(&rest[..at]);
            push_escape(new, char);
            rest = &rest[at + char.len_utf8()..];
        }
        new.push(rest);
        new.push("\"");
    })
}

fn needs_escape(char: char) -> bool {
    matches!(char, '"' | '\\') || !is_printable(char)
}

fn quoted_size(char: char) -> usize {
    match json::short_escape(char) {
        Some(escape) => escape.len(),
        None if needs_escape(char) => "\\u0000".len(),
        None => char.len_utf8(),
    }
}

fn push_escape(new: &mut NewString<'_>, char: char) {
    match json::short_escape(char) {
        Some(escape) => new.push(escape),
        None => new.push(&format!("\\u{:04x}", u32::from(char))),
    }
}
