-- Works on a project in Neovim without a screen: diagnostics, completion, a rename over three files, formatting.
--
--     nvim --headless -u NONE -i NONE -n -c "luafile neovim.lua"
--
-- LUCARNE names the binary, and the current folder is the project, with the files that crates/cli/tests/editors.rs writes.
-- It ends with an error if a step fails.

local function fail(message)
  io.stderr:write("neovim.lua: " .. message .. "\n")
  vim.cmd("cquit 1")
end

local function wait_for(what, condition)
  if not vim.wait(20000, condition, 10) then
    fail("waited in vain for " .. what)
  end
end

local function text(buffer)
  return table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), "\n")
end

local function set_line(number, line)
  vim.api.nvim_buf_set_lines(0, number - 1, number, false, { line })
end

local function work()
  local root = vim.fn.getcwd()
  local client = vim.lsp.start_client({
    name = "lucarne",
    cmd = { os.getenv("LUCARNE"), "lsp" },
    root_dir = root,
    workspace_folders = { { name = root, uri = vim.uri_from_fname(root) } },
  })
  vim.cmd("edit main.toit")
  vim.bo.filetype = "toit"
  local buffer = vim.api.nvim_get_current_buf()
  vim.lsp.buf_attach_client(buffer, client)
  wait_for("the server", function()
    local known = vim.lsp.get_client_by_id(client)
    return known and known.initialized ~= nil and known.server_capabilities ~= nil
  end)

  -- Diagnostics come and go with the text.
  set_line(4, "  print (tottal all)")
  wait_for("a diagnostic", function()
    local found = vim.diagnostic.get(buffer)
    return #found == 1 and found[1].lnum == 3 and found[1].message:find("tottal", 1, true) ~= nil
  end)
  set_line(4, "  print (total all)")
  wait_for("no diagnostics", function()
    return #vim.diagnostic.get(buffer) == 0
  end)

  -- Completion, as the function for CTRL-X CTRL-O makes it.
  set_line(5, "  (Square 2).cor")
  vim.api.nvim_win_set_cursor(0, { 5, 15 })
  local params = vim.lsp.util.make_position_params(0, vim.lsp.get_client_by_id(client).offset_encoding)
  params.position.character = 16
  local answers = vim.lsp.buf_request_sync(buffer, "textDocument/completion", params, 20000)
  local answer = answers and answers[client] and answers[client].result
  local labels = {}
  for _, item in ipairs(answer and answer.items or {}) do
    labels[item.label] = true
  end
  if not labels["corners"] or labels["total"] then
    fail("completion: " .. vim.inspect(answers))
  end

  -- A rename over three files.
  set_line(5, "  print (Square 2).corners")
  vim.api.nvim_win_set_cursor(0, { 5, 20 })
  vim.lsp.buf.rename("corner-count")
  wait_for("the rename", function()
    return text(buffer):find("corner-count", 1, true) ~= nil
  end)

  -- Formatting.
  set_line(4, "  print   ( total all )")
  if vim.lsp.buf.format then
    vim.lsp.buf.format({ timeout_ms = 20000 })
  else
    vim.lsp.buf.formatting_sync({}, 20000)
  end
  wait_for("the formatted text", function()
    return text(buffer):find("  print (total all)", 1, true) ~= nil
  end)
  vim.cmd("wall")
  vim.lsp.stop_client(client)
  wait_for("the end of the server", function()
    return vim.lsp.client_is_stopped(client)
  end)
end

local ok, message = xpcall(work, debug.traceback)
if not ok then
  fail(message)
end
vim.cmd("qall!")
