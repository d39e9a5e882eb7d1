//! A definition before it is printed: declarations with Toit's names and types.

/// A definition.
pub(crate) struct Draft {
    /// The name of the protobuf file.
    pub(crate) source: String,
    /// The name of the interface.
    pub(crate) service: String,
    pub(crate) doc: Vec<String>,
    pub(crate) uuid: String,
    pub(crate) methods: Vec<Method>,
    pub(crate) streams: Vec<Stream>,
    pub(crate) records: Vec<Record>,
    pub(crate) enums: Vec<Enum>,
}

/// A method of the service.
pub(crate) struct Method {
    pub(crate) name: String,
    pub(crate) doc: Vec<String>,
    /// The record that the method takes.
    pub(crate) request: Option<String>,
    /// The record or resource that the method returns.
    pub(crate) result: Option<String>,
}

/// A resource that sends the results of a method.
pub(crate) struct Stream {
    pub(crate) name: String,
    /// The name of the method in the protobuf file.
    pub(crate) method: String,
    /// The record that is sent.
    pub(crate) value: String,
}

/// A record.
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) doc: Vec<String>,
    pub(crate) fields: Vec<Field>,
}

/// A field of a record.
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) doc: Vec<String>,
    /// The type in the declaration, with `?` if it may be null.
    pub(crate) ty: String,
    /// The type with those of the elements, if it has any.
    pub(crate) elements: Option<String>,
    /// The value if the constructor gets none.
    pub(crate) default: Option<&'static str>,
    pub(crate) number: u32,
}

/// The values of an enum, as constants.
pub(crate) struct Enum {
    pub(crate) name: String,
    pub(crate) doc: Vec<String>,
    pub(crate) values: Vec<Value>,
}

/// A constant.
pub(crate) struct Value {
    pub(crate) name: String,
    pub(crate) doc: Vec<String>,
    pub(crate) number: i32,
}

impl Draft {
    /// Returns the name of the Toit file.
    pub(crate) fn file_name(&self) -> String {
        format!("{}.toit", lucarne_interface::model::kebab(&self.service))
    }
}
