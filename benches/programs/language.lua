-- The same programs as in language.toit. Numbers of the generator need more bits than LuaJIT's numbers have, so the
-- multiplication is done in two halves.

local function measure(name, block)
  local start = os.clock()
  local value = block()
  print(("%s %d %.1f"):format(name, value, (os.clock() - start) * 1000))
end

local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end

local function loop(n)
  local sum = 0
  for i = 0, n - 1 do sum = sum + i % 7 end
  return sum
end

local function filled(n, value)
  local list = {}
  for i = 0, n - 1 do list[i] = value end
  return list
end

local function sieve(n)
  local flags = filled(n, true)
  local count = 0
  for i = 2, n - 1 do
    if flags[i] then
      count = count + 1
      for j = i + i, n - 1, i do flags[j] = false end
    end
  end
  return count
end

local function mandelbrot(n)
  local count = 0
  for y = 0, n - 1 do
    for x = 0, n - 1 do
      local cr = 2.0 * x / n - 1.5
      local ci = 2.0 * y / n - 1.0
      local zr, zi, i = 0.0, 0.0, 0
      while i < 50 and zr * zr + zi * zi < 4.0 do
        local t = zr * zr - zi * zi + cr
        zi = 2.0 * zr * zi + ci
        zr = t
        i = i + 1
      end
      if i == 50 then count = count + 1 end
    end
  end
  return count
end

local Tree = {}
Tree.__index = Tree
function Tree.check(self)
  return self.left and 1 + self.left:check() + self.right:check() or 1
end

local function tree(depth)
  if depth == 0 then return setmetatable({left = nil, right = nil}, Tree) end
  return setmetatable({left = tree(depth - 1), right = tree(depth - 1)}, Tree)
end

local function trees(depth, count)
  local sum = 0
  for i = 0, count - 1 do sum = sum + tree(depth):check() end
  return sum
end

local function place(row, n, columns, up, down)
  if row == n then return 1 end
  local count = 0
  for c = 0, n - 1 do
    if columns[c] and up[row + c] and down[row - c + n] then
      columns[c] = false
      up[row + c] = false
      down[row - c + n] = false
      count = count + place(row + 1, n, columns, up, down)
      columns[c] = true
      up[row + c] = true
      down[row - c + n] = true
    end
  end
  return count
end

local function queens(n)
  return place(0, n, filled(n, true), filled(2 * n, true), filled(2 * n + 1, true))
end

local function class(area)
  local methods = {area = area}
  methods.__index = methods
  return function(side) return setmetatable({side = side}, methods) end
end
local Square = class(function(self) return self.side * self.side end)
local Double = class(function(self) return self.side * 2 end)
local Single = class(function(self) return self.side end)

local function dispatch(n)
  local shapes = {[0] = Square(3), Double(4), Single(5)}
  local sum = 0
  for i = 0, n - 1 do sum = sum + shapes[i % 3]:area() end
  return sum
end

local function each(list, n, block)
  for i = 0, n - 1 do block(list[i]) end
end

local function blocks(n, rounds)
  local list = {}
  for i = 0, n - 1 do list[i] = i end
  local sum = 0
  for _ = 1, rounds do each(list, n, function(it) sum = sum + it end) end
  return sum
end

local function random_numbers(n)
  local state, list = 42, {}
  for i = 1, n do
    local high = math.floor(state / 65536) * 1103515245 % 32768
    state = (high * 65536 + state % 65536 * 1103515245 + 12345) % 2147483648
    list[i] = state
  end
  return list
end

local function sort(n)
  local list = random_numbers(n)
  table.sort(list)
  return list[1] + list[n / 2 + 1]
end

local function maps(n)
  local map, keys = {}, random_numbers(n)
  for _, it in ipairs(keys) do map[it] = it % 100 end
  local sum = 0
  for _, it in ipairs(keys) do sum = sum + map[it] end
  return sum
end

local function strings(n)
  local parts = {}
  for i = 0, n - 1 do parts[#parts + 1] = "item " .. i end
  local text = table.concat(parts, ",")
  local length = 0
  for it in text:gmatch("[^,]+") do length = length + #it end
  return length
end

measure("fib", function() return fib(30) end)
measure("loop", function() return loop(20000000) end)
measure("sieve", function() return sieve(2000000) end)
measure("mandelbrot", function() return mandelbrot(300) end)
measure("trees", function() return trees(12, 40) end)
measure("queens", function() return queens(10) end)
measure("dispatch", function() return dispatch(5000000) end)
measure("blocks", function() return blocks(100000, 30) end)
measure("sort", function() return sort(200000) end)
measure("maps", function() return maps(300000) end)
measure("strings", function() return strings(200000) end)
