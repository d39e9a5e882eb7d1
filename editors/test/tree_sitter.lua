-- Parses programs with the grammar for tree-sitter, in Neovim, which has its own tree-sitter.
--
--     nvim --headless -u NONE -i NONE -n -c "luafile tree_sitter.lua"
--
-- GRAMMAR names the compiled grammar, QUERIES the folder with the queries, FILES a file with the paths of the programs, EXAMPLE a
-- program for the queries, and EXPECTED a file with what they have to capture in it, a line each. It ends with an error, and a list of the first places, if a program has errors or a query does not fit the grammar.

local function finish(problems)
  if #problems > 0 then
    io.stderr:write("\n" .. table.concat(problems, "\n") .. "\n")
    vim.cmd("cquit 1")
  end
  vim.cmd("qall!")
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

-- Returns the place of the first error below a node.
local function first_error(node)
  if node:type() == "ERROR" or node:missing() then
    return node
  end
  for child in node:iter_children() do
    if child:has_error() or child:missing() then
      return first_error(child)
    end
  end
  return node
end

local function load(path)
  if vim.treesitter.language and vim.treesitter.language.add then
    vim.treesitter.language.add("toit", { path = path })
  else
    vim.treesitter.require_language("toit", path)
  end
end

local function parse_query(text)
  local parse = vim.treesitter.query and vim.treesitter.query.parse or require("vim.treesitter.query").parse_query
  return parse("toit", text)
end

local function tree_of(text)
  return vim.treesitter.get_string_parser(text, "toit"):parse()[1]:root()
end

local function work()
  local problems = {}
  load(os.getenv("GRAMMAR"))
  local count = 0
  for path in io.lines(os.getenv("FILES")) do
    count = count + 1
    local root = tree_of(read(path))
    if root:has_error() then
      local row, column = first_error(root):range()
      table.insert(problems, ("%s:%d:%d"):format(path, row + 1, column + 1))
    end
  end
  io.stdout:write(("%d programs, %d with errors\n"):format(count, #problems))

  -- The queries, over a program in which each of their names has a meaning.
  local text = read(os.getenv("EXAMPLE"))
  local root = tree_of(text)
  for _, name in ipairs({ "highlights", "folds", "indents", "textobjects", "injections" }) do
    local query = parse_query(read(os.getenv("QUERIES") .. "/" .. name .. ".scm"))
    local seen = {}
    for id, node in query:iter_captures(root, text, 0, -1) do
      local start_row, start_column, end_row, end_column = node:range()
      local first = vim.split(text, "\n")[start_row + 1]:sub(start_column + 1, start_row == end_row and end_column or -1)
      seen[query.captures[id] .. " " .. first] = true
    end
    if name == "highlights" then
      for line in io.lines(os.getenv("EXPECTED")) do
        if line ~= "" and not seen[line] then
          table.insert(problems, "highlights.scm does not capture: " .. line)
        end
      end
    end
  end
  return problems
end

local ok, result = xpcall(work, debug.traceback)
finish(ok and result or { tostring(result) })
