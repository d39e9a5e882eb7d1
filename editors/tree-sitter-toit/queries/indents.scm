; Lines below a line are indented as the language server formats them; a new one is indented where a level begins.
[
  (body)
  (class_body)
  (group)
  (list)
  (map)
] @indent
