// helper: names that are words of other languages.

fn name [block]:
  return block.call name

class Base:
  function name [block]:
    return block.call name
