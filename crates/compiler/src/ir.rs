//! The symbolic intermediate representation: the front half makes it from modules, and the linker
//! makes a program from it.
//!
//! It contains no class numbers, selector offsets or code addresses, which only the linker knows: modules
//! refer to classes, functions and globals by module and index, and to members by selector. This way the
//! libraries can be compiled once, at build time, and user modules are appended after them.
//!
//! A few rules hold everywhere:
//!
//! * **Canonical order.** The parameters of a function and the arguments of a call stand in this
//!   order: `this` (if any), the unnamed ones as written, the named ones sorted by name.
//! * **Locals.** A *routine* is a function or a lambda. It owns its locals, numbered from 0: first
//!   `this` (if any), or, in a lambda, the captured locals; then the parameters in canonical order;
//!   then all others. Blocks belong to the routine that contains them and use its locals directly.
//! * **Absent arguments.** For an optional parameter without an argument, a static call or
//!   [`Expr::New`] passes [`Expr::Absent`]; the callee evaluates the default.
//! * Names are canonical: `-` stands for both `-` and `_` inside an identifier.

mod lazy;
mod visit;

use std::sync::Arc;

pub use lazy::Lazy;
use serde::{Deserialize, Serialize};

/// A module, by its place in [`Unit::modules`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct ModuleId(pub u32);

macro_rules! item_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
        pub struct $name {
            /// The module that declares it.
            pub module: ModuleId,
            /// The place in the table of that module.
            pub index: u32,
        }
    };
}

item_id!(
    /// A function, method, constructor or factory.
    FunctionId
);
item_id!(
    /// A class, interface, mixin or monitor.
    ClassId
);
item_id!(
    /// A global or static variable.
    GlobalId
);

/// A local variable of a routine.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct LocalId(pub u32);

/// The target of an [`Expr::Exit`], unique within its routine.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct LabelId(pub u32);

/// A position: a byte offset into the module's source text.
pub type Offset = u32;

/// All modules of a program, libraries first. Clones share the modules.
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
pub struct Unit {
    /// The modules, indexed by [`ModuleId`].
    pub modules: Vec<Arc<Module>>,
    /// The module whose `main` is the program's entry. A library has none.
    pub entry: Option<ModuleId>,
}

impl Unit {
    /// Returns a module for changes. If another unit shares the module, copies it first.
    pub fn module_mut(&mut self, id: ModuleId) -> &mut Module {
        Arc::make_mut(&mut self.modules[id.0 as usize])
    }
}

/// One source file.
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
pub struct Module {
    /// The name shown in stack traces: a path as the user gave it, or `<lib>/core/list.toit`.
    pub path: String,
    /// The modules that it imports, besides those of the core library.
    pub imports: Vec<ModuleId>,
    /// The byte offset at which each line starts.
    pub line_starts: Vec<Offset>,
    /// For a deprecated module, the explanation in its documentation.
    pub deprecated: Option<String>,
    /// Classes, interfaces, mixins and monitors.
    pub classes: Vec<Class>,
    /// Functions of every kind, in no particular order.
    pub functions: Lazy<Vec<Function>>,
    /// Globals and static fields.
    pub globals: Vec<Global>,
    /// The declarations of other modules that it exports. An importer sees these and the module's own
    /// declarations.
    pub exports: Lazy<Vec<(String, Item)>>,
}

/// A declaration that a name in a module refers to. Overloaded functions share a name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Item {
    /// A class.
    Class(ClassId),
    /// A function; a setter's name ends in `=`.
    Function(FunctionId),
    /// A global.
    Global(GlobalId),
}

impl Item {
    /// Returns the module that declares it.
    pub fn module(self) -> ModuleId {
        match self {
            Item::Class(id) => id.module,
            Item::Function(id) => id.module,
            Item::Global(id) => id.module,
        }
    }
}

/// A class-like declaration.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Class {
    /// The name as declared.
    pub name: String,
    /// The keyword that declared the class.
    pub kind: ClassKind,
    /// Whether the class cannot be instantiated.
    pub is_abstract: bool,
    /// The superclass. None for `Object`, for interfaces, and for mixins that do not extend another mixin.
    pub superclass: Option<ClassId>,
    /// The interfaces named by `implements` (for an interface: the ones that it extends).
    pub interfaces: Vec<ClassId>,
    /// The mixins to apply, flattened (a mixin's own supermixins come before it), the one that is
    /// nearest to the superclass first; each at most once.
    pub mixins: Vec<ClassId>,
    /// The instance fields that this class itself declares.
    pub fields: Vec<Field>,
    /// The instance methods (abstract ones too), as places in [`Module::functions`].
    pub methods: Vec<u32>,
    /// As [`Module::deprecated`].
    pub deprecated: Option<String>,
    /// The place of the name.
    pub at: Offset,
}

/// The keyword that declared a [`Class`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ClassKind {
    /// `class` (or `abstract class`).
    Class,
    /// `interface`.
    Interface,
    /// `mixin`.
    Mixin,
    /// `monitor`: a class whose public methods the front half has wrapped in the lock.
    Monitor,
}

/// An instance field. The linker makes its getter and, unless it is final, its setter; a declared
/// method of the same name and shape takes precedence.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Field {
    /// The name.
    pub name: String,
    /// The declared type. The setter that the linker makes checks values against it. In the code of
    /// constructors the front half adds the checks that are needed.
    pub ty: Type,
    /// Whether it has no setter.
    pub is_final: bool,
    /// As [`Module::deprecated`].
    pub deprecated: Option<String>,
    /// The place of the name.
    pub at: Offset,
}

/// A field by the class that declares it and its place in [`Class::fields`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct FieldRef {
    /// The class or mixin that declares the field.
    pub class: ClassId,
    /// The place among that class's own fields.
    pub index: u32,
}

/// A global variable or a static field.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Global {
    /// The name, with the class's name before it for a static field: `Class.name`.
    pub name: String,
    /// The declared type.
    pub ty: Type,
    /// The type of the first value, if no type is declared. It is not checked at run time.
    pub first_type: Type,
    /// Whether it is never assigned.
    pub is_final: bool,
    /// As [`Module::deprecated`].
    pub deprecated: Option<String>,
    /// Computes the first value, at the first read; [`Code::None`] means null.
    pub initializer: Code,
    /// The place of the name.
    pub at: Offset,
}

/// A function of any kind.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Function {
    /// The name as declared: `foo`, `+`, `[]=`, `constructor`, `constructor.named`.
    pub name: String,
    /// The class that it belongs to, also for statics and constructors.
    pub holder: Option<ClassId>,
    /// The kind of the function.
    pub kind: FunctionKind,
    /// The parameters in canonical order, without `this`.
    pub parameters: Vec<Parameter>,
    /// The declared result; [`Type::Any`] if none was declared.
    pub return_type: Type,
    /// As [`Module::deprecated`].
    pub deprecated: Option<String>,
    /// The body; [`Code::None`] for an abstract method.
    pub code: Code,
    /// The place of the name.
    pub at: Offset,
}

impl Function {
    /// Returns whether local 0 is `this`.
    pub fn has_this(&self) -> bool {
        !matches!(self.kind, FunctionKind::Static | FunctionKind::Factory)
    }
}

/// The kind of a [`Function`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum FunctionKind {
    /// A top-level function or a static method.
    Static,
    /// A constructor that makes an object of its class: it is called with the new object as
    /// `this`, and its result is ignored. The front half puts into its body, in order: field
    /// initializers, field parameters, and the statements with the super constructor among them.
    Constructor,
    /// A constructor that returns an object explicitly. It is called like a static function.
    Factory,
    /// An instance method, getter or operator.
    Method,
    /// A setter: `foo= value`.
    Setter,
    /// A mixin's constructor: a method whose one parameter is a block that runs the rest of the
    /// construction (the next mixin, or the superclass). The front half makes the blocks, and calls
    /// the method with [`Expr::CallSuper`] from the constructor of the class that has the mixin.
    /// Its name is unique.
    MixinConstructor,
}

/// A parameter.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Parameter {
    /// The name.
    pub name: String,
    /// Whether it is given by name (`--name`).
    pub is_named: bool,
    /// Whether it takes a block (`[name]`).
    pub is_block: bool,
    /// Whether it has a default value.
    pub is_optional: bool,
    /// The declared type, checked when the function is entered.
    pub ty: Type,
    /// The types that arguments may have while the type of the parameter changes. If the list is empty, only `ty` counts.
    pub alternatives: Vec<Alternative>,
}

/// One of the types that a parameter takes while its type changes. Only the compiler checks it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Alternative {
    /// The type.
    pub ty: Type,
    /// The reason, which may be empty, if the type is deprecated.
    pub deprecated: Option<String>,
}

/// A static type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Type {
    /// Anything, null included.
    Any,
    /// No value: only for results.
    None,
    /// A block: never checked.
    Block,
    /// An instance of a class, interface or mixin.
    Class {
        /// The class.
        class: ClassId,
        /// Whether null is allowed too.
        nullable: bool,
    },
}

/// A body as stored in a module.
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
pub enum Code {
    /// No body.
    #[default]
    None,
    /// A tree, as the front half made it.
    Tree(Box<Body>),
    /// An encoded tree: a library body that is decoded only if the program reaches it.
    Packed(Vec<u8>),
}

/// The code of a routine.
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
pub struct Body {
    /// The locals, indexed by [`LocalId`].
    pub locals: Vec<Local>,
    /// The default values of optional parameters, in the order of declaration. They may use the
    /// parameters declared before.
    pub defaults: Vec<(LocalId, Node)>,
    /// The code of the routine. Falling off the end returns null.
    pub root: Node,
}

/// A local variable.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Local {
    /// The name, for debugging.
    pub name: String,
    /// Whether a lambda captures the local and the local is assigned after its definition. It then
    /// lives in a cell of its own, which all its users share. Captured locals that are never
    /// assigned after their definition are copied.
    pub is_shared: bool,
}

/// An expression with its position.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Node {
    /// The place in the text: the operator, the method's name, the opening of a literal.
    pub at: Offset,
    /// The expression.
    pub expr: Expr,
}

impl Default for Node {
    fn default() -> Self {
        Node { at: 0, expr: Expr::Null }
    }
}

/// The name of a member, and the shape of the arguments of a call.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Selector {
    /// The member's name: `foo`, `+`, `[]`, `[]=`, `==`, `-` (unary minus has no argument).
    pub name: String,
    /// Whether this is an assignment (`x.foo = 1`): one argument.
    pub is_setter: bool,
    /// For each unnamed argument, whether it is a block.
    pub unnamed: Vec<bool>,
    /// The named arguments sorted by name, each with whether it is a block.
    pub named: Vec<(String, bool)>,
}

/// An expression. Statements are expressions too; their value is unused.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Expr {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A string.
    String(String),
    /// A byte array whose bytes are all constants: a fresh array each time.
    Bytes(Vec<u8>),
    /// An optional argument that was not given. Appears only as an argument of [`Expr::CallStatic`]
    /// and [`Expr::New`].
    Absent,

    /// The value of a local (`this` is local 0 of a routine that has one).
    Local(LocalId),
    /// Gives a local its first value. A shared local gets a new cell each time. Value: that first value.
    Define(LocalId, Box<Node>),
    /// Assigns a local. Value: the assigned value.
    SetLocal(LocalId, Box<Node>),
    /// Reads a global. The first read runs its initializer.
    Global(GlobalId),
    /// Assigns a global. Value: the assigned value.
    SetGlobal(GlobalId, Box<Node>),
    /// Reads a field directly, past any getter.
    Field(Box<Node>, FieldRef),
    /// Stores a field directly, past any setter. Value: the stored value.
    SetField(Box<Node>, FieldRef, Box<Node>),

    /// Evaluates all expressions in order. Value: that of the last expression, or null if there is none.
    Sequence(Vec<Node>),
    /// As [`Expr::Sequence`], but the locals that it defines have registers only inside of it. Made by the optimizer.
    Scope(Vec<Node>),
    /// The code of a function or block in place of a call of it, at the place of the call. Value: that of the body. Made by
    /// the optimizer.
    Inlined {
        /// The function or block, by its place in the optimizer's list of them: it names the source of the positions inside, and
        /// stack traces show it.
        frame: u32,
        /// The code.
        body: Box<Node>,
    },
    /// Value: that of the branch taken.
    If {
        /// The condition.
        condition: Box<Node>,
        /// Taken unless the condition is null or false.
        then: Box<Node>,
        /// Taken otherwise.
        otherwise: Box<Node>,
    },
    /// Value: the first operand's if it is null or false, else the second's.
    And(Box<Node>, Box<Node>),
    /// Value: the first operand's unless it is null or false, else the second's.
    Or(Box<Node>, Box<Node>),
    /// Value: whether the operand is null or false.
    Not(Box<Node>),
    /// A loop. `break` is an exit to an [`Expr::Labeled`] around the loop, `continue` an exit to an
    /// [`Expr::Labeled`] around its body. Value: null.
    Loop {
        /// Tested before each round.
        condition: Box<Node>,
        /// The loop body.
        body: Box<Node>,
        /// The update clause of a `for`, evaluated after each round.
        update: Option<Box<Node>>,
        /// Locals defined by the `for` itself. A shared one gets a new cell, with the same value,
        /// before each update, so that each round captures its own.
        fresh: Vec<LocalId>,
    },
    /// A target of exits. Value: that of the body, or of the exit.
    Labeled(LabelId, Box<Node>),
    /// Leaves the enclosing [`Expr::Labeled`], even from inside of blocks. The `finally` parts in between run.
    Exit(LabelId, Box<Node>),
    /// Returns from the routine, even from inside of blocks. The `finally` parts in between run.
    Return(Box<Node>),
    /// `try: body finally: handler`. The handler runs on every completion. If it leaves by itself
    /// (exit, return), the completion that it interrupted is dropped. Value: the body's.
    Try {
        /// The protected part.
        body: Box<Node>,
        /// The `finally` part.
        handler: Box<Node>,
        /// Set to whether an exception is being thrown.
        is_exception: Option<LocalId>,
        /// Set to the `Exception_` being thrown, or null.
        exception: Option<LocalId>,
    },

    /// A call of a known function. The arguments are in the order of its parameters (`this` first, if the
    /// function has one).
    CallStatic(FunctionId, Vec<Node>),
    /// Makes an object of the constructor's class and runs the constructor on it. The arguments do not
    /// include `this`. Value: the object.
    New(FunctionId, Vec<Node>),
    /// A new object of a constructor's class, its fields null. Made by the optimizer.
    Allocate(FunctionId),
    /// A call whose target depends on the class of the receiver. Reading or assigning a field of
    /// another object is such a call, too.
    CallDynamic {
        /// The receiver.
        receiver: Box<Node>,
        /// The selector.
        selector: Selector,
        /// The arguments in canonical order, without the receiver.
        arguments: Vec<Node>,
        /// The known type of the receiver (for `this`: its class). Use only types that are checked
        /// at run time: the linker drops the dispatch where this type leaves one target.
        receiver_type: Type,
    },
    /// A call of the superclass's member on `this`. Inside a mixin the superclass is known only
    /// where the mixin is applied, so the linker looks it up.
    CallSuper(Selector, Vec<Node>),
    /// Calls a block (a parameter `[block]` or a local that holds one).
    CallBlock(Box<Node>, Vec<Node>),
    /// A block literal; only as an argument or as the value of a definition.
    Block {
        /// The parameters of the block: locals of the routine.
        parameters: Vec<LocalId>,
        /// The code of the block. A `continue.label` is an exit to a label around this code.
        body: Box<Node>,
    },
    /// A lambda literal: a new routine.
    Lambda {
        /// The number of its parameters: locals `captures.len()..` of its body.
        parameters: u32,
        /// The locals of the enclosing routine that the lambda uses, a captured `this` included. They
        /// become locals `0..` of its body, in this order.
        captures: Vec<LocalId>,
        /// The code of the lambda.
        body: Box<Body>,
    },

    /// Whether the value is an instance of the type.
    Is(Box<Node>, Type),
    /// The value, if it is of the type; otherwise throws AS_CHECK_FAILED. Also stands for implicit
    /// checks of locals, fields and results.
    As(Box<Node>, Type),
    /// An interpolated string.
    Interpolate(Vec<Part>),
    /// A list literal.
    List(Vec<Node>),
    /// A set literal.
    Set(Vec<Node>),
    /// A map literal.
    Map(Vec<(Node, Node)>),
    /// A byte array literal with computed bytes.
    ByteArray(Vec<Node>),
    /// `#primitive.module.name`: calls the native with all parameters of the function.
    Primitive {
        /// The module of the native, such as `core`.
        module: String,
        /// The name of the native in that module.
        name: String,
        /// How to handle a failure: the local that gets the error, and the code. Without it the
        /// error is thrown.
        failure: Option<(LocalId, Box<Node>)>,
    },
}

/// A piece of an [`Expr::Interpolate`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Part {
    /// Text as it stands.
    Text(String),
    /// A value, by its `stringify`.
    Value(Node),
    /// A value through `string.format`, with the format's text (`5.2f`, without `%`).
    Formatted(String, Node),
}
