// Breaking text into lines.

import expect show *
import line-wrap show line-wrap

wrap text/string width/int -> List:
  return line-wrap text width
      --compute-width=: | text from to | text[from..to].size --runes
      --can-split=: | text at | at == text.size or text[at] == ' ' or text[at - 1] == ' '

main:
  expect-equals [""] (wrap "" 5)
  expect-equals ["short"] (wrap "short" 5)
  expect-equals ["one two", "three", "four"] (wrap "one two three four" 7)
  expect-equals ["one", "two"] (wrap "one    two  " 5)
  expect-equals ["  a", "b"] (wrap "  a b" 3)
  expect-equals ["abcd", "ef", "gh"] (wrap "abcdef gh" 4)
  expect-equals ["éééé", "é ö", "ü"] (wrap "ééééé ö ü" 4)
  expect-equals ["a", "b"] (wrap "ab" 0)
  expect-equals ["x", "y"]
      line-wrap "x--y" 1
          --compute-width=: | text from to | to - from
          --can-split=: true
          --is-space=: it == '-'
