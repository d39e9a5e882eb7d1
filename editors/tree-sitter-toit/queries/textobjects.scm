(class_definition) @class.around
(class_definition body: (class_body) @class.inside)
(function_definition) @function.around
(function_definition (body) @function.inside)

[
  (comment)
  (block_comment)
] @comment.around
