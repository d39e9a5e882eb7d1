; Colors for Neovim, Helix and other users of tree-sitter. Later patterns are stronger.

(identifier) @variable

((identifier) @type
  (#match? @type "^[A-Z]"))

((identifier) @constant
  (#match? @constant "^[A-Z][A-Z0-9_]*(-[A-Z0-9_]+)*$"))

; A name at the beginning of a line of code, with what stands behind it, is a call.
(line . (identifier) @function.call . (_))

; What stands behind a dot.
(line "." . (identifier) @property)
(group "." . (identifier) @property)
(list "." . (identifier) @property)
(interpolation "." . (identifier) @property)
(function_definition "." . (identifier) @property)
(variable_definition "." . (identifier) @property)

(class_definition name: (identifier) @type)
(function_definition name: (identifier) @function)
(variable_definition name: (identifier) @variable)
(declaration name: (identifier) @function)

(variable_definition name: (identifier) @constant
  (#match? @constant "^[A-Z][A-Z0-9_]*(-[A-Z0-9_]+)*$"))

((function_definition name: (identifier) @constructor)
  (#eq? @constructor "constructor"))

((function_definition name: (identifier) @keyword)
  (#eq? @keyword "operator"))

((identifier) @variable.builtin
  (#eq? @variable.builtin "it"))

(type) @type
(named_argument) @variable.parameter
(primitive) @function.builtin

(import (identifier) @namespace)
(export (identifier) @variable)

[
  "import"
  "export"
] @keyword.import

[
  "class"
  "interface"
  "mixin"
  "monitor"
  "static"
  "abstract"
] @keyword

(keyword) @keyword

((keyword) @keyword.conditional
  (#any-of? @keyword.conditional "if" "else"))

((keyword) @keyword.repeat
  (#any-of? @keyword.repeat "for" "while" "break" "continue"))

((keyword) @keyword.return
  (#eq? @keyword.return "return"))

((keyword) @keyword.operator
  (#any-of? @keyword.operator "and" "or" "not" "is" "as"))

((keyword) @variable.builtin
  (#any-of? @variable.builtin "this" "super"))

((constant) @boolean
  (#any-of? @boolean "true" "false"))

((constant) @constant.builtin
  (#eq? @constant.builtin "null"))

(number) @number
(character) @character
(string) @string
(escape_sequence) @string.escape
(format) @string.special

(interpolation) @none
(interpolation "$(" @punctuation.special)
(interpolation ")" @punctuation.special)
(interpolated_name) @variable

[
  (comment)
  (block_comment)
  (shebang)
] @comment

(operator) @operator

[
  ":="
  "::="
  "::"
] @operator

[
  "("
  ")"
  "["
  "#["
  "]"
  "{"
  "}"
] @punctuation.bracket

[
  "."
  ","
  ":"
  ";"
] @punctuation.delimiter
