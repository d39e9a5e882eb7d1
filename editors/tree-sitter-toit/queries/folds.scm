[
  (class_definition)
  (function_definition)
  (variable_definition)
  (body)
  (block_comment)
  (list)
  (map)
] @fold
