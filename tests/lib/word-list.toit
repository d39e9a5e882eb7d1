// A list of words.

import expect show *
import words

main:
  expect words.words.size > 500
  different := {}
  different.add-all words.words
  expect-equals words.words.size different.size
  words.words.do: | word/string |
    expect 1 <= word.size <= 8
    expect word == word.to-ascii-lower
