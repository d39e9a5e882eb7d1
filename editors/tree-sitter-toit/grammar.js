// The grammar of Toit for tree-sitter: for colors, folding, indentation and text objects.
//
// It follows the lines of a program and not its expressions: an editor that wants to know what an expression means asks the
// language server, while a grammar that tells calls from their arguments, in a language where white space separates them, would
// have errors in most programs that are being written. So a line is a list of elements, with the more indented lines below it.
// Declarations, classes and imports are found where they stand: at the beginning of lines of a file or of a class.
//
// `src/scanner.c` finds the ends of lines, and what is between the marks of strings.

/// <reference types="tree-sitter-cli/dsl" />

const NAME = /[A-Za-z_][A-Za-z0-9_]*(-[A-Za-z0-9_]+)*/;

module.exports = grammar({
  name: "toit",

  word: ($) => $.identifier,

  externals: ($) => [
    $._newline,
    $._indent,
    $._dedent,
    $.block_comment,
    $._string_text,
    $._triple_text,
    $._interpolation_member,
    $._interpolation_bracket,
    $._error_recovery,
  ],

  extras: ($) => [/[ \t\r\n\uFEFF]/, /\\\r?\n/, $.comment, $.block_comment, $.shebang],

  rules: {
    source_file: ($) => repeat(choice($.import, $.export, $.class_definition, $._declaration)),

    // Comments of several lines are those of the scanner, which knows that they nest. It leaves one to the grammar that is indented
    // less than the lines around it.
    comment: () => token(choice(seq("//", /[^\n\r]*/), seq("/*", /[^*]*\*+([^/*][^*]*\*+)*/, "/"))),
    shebang: () => token(seq("#!", /[^\n\r]*/)),

    // Declarations.

    import: ($) =>
      seq("import", repeat(choice($.identifier, ".", "..", "*", alias(choice("as", "show"), $.keyword))), $._end),

    export: ($) => seq("export", repeat(choice($.identifier, "*")), $._end),

    class_definition: ($) =>
      seq(
        optional("abstract"),
        choice("class", "interface", "mixin", "monitor"),
        field("name", $.identifier),
        repeat(choice($.identifier, ".", alias(choice("extends", "implements", "with"), $.keyword))),
        optional(":"),
        choice($._newline, repeat1(field("body", $.class_body))),
      ),

    class_body: ($) => seq($._indent, repeat1($._declaration), $._dedent),

    _declaration: ($) => choice($.function_definition, $.variable_definition, $.declaration),

    // A function or method with a body.
    function_definition: ($) => seq($._head, ":", repeat($._element), $._end),

    // A global, or a field with a value.
    variable_definition: ($) => seq($._head, choice(":=", "::="), repeat($._element), $._end),

    // An abstract method, or a field without a value.
    declaration: ($) => seq($._head, $._end),

    _head: ($) =>
      seq(repeat(choice("static", "abstract")), field("name", $.identifier), repeat($._head_element)),

    // Lines.

    _end: ($) => choice($._newline, repeat1($.body)),

    body: ($) => seq($._indent, repeat1($.line), $._dedent),

    line: ($) => seq(repeat1($._element), $._end),

    _element: ($) => choice($._head_element, ":", "::", ":=", "::=", ";"),

    _head_element: ($) =>
      choice(
        $.identifier,
        $.type,
        $.named_argument,
        $.number,
        $.character,
        $.string,
        $.primitive,
        $.keyword,
        $.constant,
        $.group,
        $.list,
        $.map,
        $.operator,
        ".",
        ",",
        "|",
      ),

    group: ($) => seq("(", repeat($._element), ")"),
    list: ($) => seq(choice("[", "#["), repeat($._element), "]"),
    map: ($) => seq("{", repeat($._element), "}"),

    // Words and marks.

    identifier: () => NAME,

    // What stands behind a slash without a space, and looks like a type, or behind an arrow.
    type: () =>
      choice(
        token.immediate(
          prec(
            1,
            seq(
              "/",
              choice(
                /(int|float|num|bool|string|any|none)\??/,
                /([a-z_][A-Za-z0-9_]*(-[A-Za-z0-9_]+)*\.)?[A-Z][A-Za-z0-9_]*(-[A-Za-z0-9_]+)*_?\??/,
              ),
            ),
          ),
        ),
        token(seq("->", /[ \t]*/, NAME, optional(seq(".", NAME)), optional("?"))),
      ),

    named_argument: () => token(seq("--", NAME)),

    keyword: () =>
      choice(
        "assert", "break", "continue", "else", "finally", "for", "if", "return", "super", "this", "try", "while",
        "and", "as", "is", "not", "or",
      ),

    constant: () => choice("true", "false", "null"),

    number: () =>
      token(
        choice(
          /0[xX][0-9a-fA-F_]+(\.[0-9a-fA-F_]+)?([pP][+-]?[0-9_]+)?/,
          /0[bB][01_]+/,
          /[0-9][0-9_]*(\.[0-9][0-9_]*)?([eE][+-]?[0-9_]+)?/,
          /\.[0-9][0-9_]*([eE][+-]?[0-9_]+)?/,
        ),
      ),

    primitive: () => token(seq("#primitive", /[A-Za-z0-9_.-]*/)),

    character: () => token(seq("'", repeat1(choice(/[^'\\\n]/, /\\(u\{[^}\n]*\}|x\{[^}\n]*\}|[^\n])/)), "'")),

    operator: () =>
      choice(
        "+", "-", "*", "/", "%", "&", "^", "~", "<", ">", "<=", ">=", "==", "!=", "<<", ">>", ">>>",
        "=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>=", ">>>=", "++", "--", "?", "!", "..", "->",
      ),

    // Strings.

    string: ($) =>
      choice(
        seq('"', repeat(choice($._string_text, $.escape_sequence, $.interpolation)), token.immediate('"')),
        seq('"""', repeat(choice($._triple_text, $.escape_sequence, $.interpolation)), token.immediate('"""')),
      ),

    escape_sequence: () => token.immediate(/\\(u\{[0-9a-fA-F]*\}|x\{[0-9a-fA-F]*\}|\r\n|[^\r]|\r)/),

    interpolation: ($) =>
      choice(
        seq(token.immediate("$("), optional($.format), repeat($._element), ")"),
        seq(
          alias(token.immediate(seq("$", NAME)), $.interpolated_name),
          repeat(
            choice(
              alias($._interpolation_member, $.interpolated_name),
              seq($._interpolation_bracket, repeat($._element), "]"),
            ),
          ),
        ),
      ),

    format: () => token.immediate(/%[-+0-9.^<> ]*[a-zA-Z]/),
  },
});
