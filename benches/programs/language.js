// The same programs as in language.toit. Numbers of the generator need more than 53 bits: BigInt would not be what a
// program of this kind uses, so the multiplication is done in two halves.

function measure(name, block) {
  const start = performance.now();
  const value = block();
  console.log(`${name} ${value} ${(performance.now() - start).toFixed(1)}`);
}

function fib(n) {
  if (n < 2) return n;
  return fib(n - 1) + fib(n - 2);
}

function loop(n) {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += i % 7;
  return sum;
}

function sieve(n) {
  const flags = new Array(n).fill(true);
  let count = 0;
  for (let i = 2; i < n; i++) {
    if (flags[i]) {
      count++;
      for (let j = i + i; j < n; j += i) flags[j] = false;
    }
  }
  return count;
}

function mandelbrot(n) {
  let count = 0;
  for (let y = 0; y < n; y++) {
    for (let x = 0; x < n; x++) {
      const cr = 2.0 * x / n - 1.5;
      const ci = 2.0 * y / n - 1.0;
      let zr = 0.0, zi = 0.0, i = 0;
      while (i < 50 && zr * zr + zi * zi < 4.0) {
        const t = zr * zr - zi * zi + cr;
        zi = 2.0 * zr * zi + ci;
        zr = t;
        i++;
      }
      if (i === 50) count++;
    }
  }
  return count;
}

class Tree {
  constructor(left, right) { this.left = left; this.right = right; }
  check() { return this.left ? 1 + this.left.check() + this.right.check() : 1; }
}

function tree(depth) {
  if (depth === 0) return new Tree(null, null);
  return new Tree(tree(depth - 1), tree(depth - 1));
}

function trees(depth, count) {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += tree(depth).check();
  return sum;
}

function place(row, n, columns, up, down) {
  if (row === n) return 1;
  let count = 0;
  for (let c = 0; c < n; c++) {
    if (columns[c] && up[row + c] && down[row - c + n]) {
      columns[c] = false;
      up[row + c] = false;
      down[row - c + n] = false;
      count += place(row + 1, n, columns, up, down);
      columns[c] = true;
      up[row + c] = true;
      down[row - c + n] = true;
    }
  }
  return count;
}

function queens(n) {
  const filled = (count) => new Array(count).fill(true);
  return place(0, n, filled(n), filled(2 * n), filled(2 * n + 1));
}

class Shape { constructor(side) { this.side = side; } }
class Square extends Shape { area() { return this.side * this.side; } }
class Double extends Shape { area() { return this.side * 2; } }
class Single extends Shape { area() { return this.side; } }

function dispatch(n) {
  const shapes = [new Square(3), new Double(4), new Single(5)];
  let sum = 0;
  for (let i = 0; i < n; i++) sum += shapes[i % 3].area();
  return sum;
}

function blocks(n, rounds) {
  const list = Array.from({length: n}, (_, i) => i);
  let sum = 0;
  for (let i = 0; i < rounds; i++) list.forEach((it) => { sum += it; });
  return sum;
}

function randomNumbers(n) {
  let state = 42;
  const next = () => {
    const high = Math.floor(state / 65536) * 1103515245 % 32768;
    state = (high * 65536 + (state % 65536) * 1103515245 + 12345) % 2147483648;
    return state;
  };
  return Array.from({length: n}, next);
}

function sort(n) {
  const list = randomNumbers(n);
  list.sort((a, b) => a - b);
  return list[0] + list[n / 2];
}

function maps(n) {
  const map = new Map();
  const keys = randomNumbers(n);
  keys.forEach((it) => map.set(it, it % 100));
  let sum = 0;
  keys.forEach((it) => { sum += map.get(it); });
  return sum;
}

function strings(n) {
  const parts = [];
  for (let i = 0; i < n; i++) parts.push(`item ${i}`);
  const text = parts.join(",");
  let length = 0;
  text.split(",").forEach((it) => { length += it.length; });
  return length;
}

measure("fib", () => fib(30));
measure("loop", () => loop(20000000));
measure("sieve", () => sieve(2000000));
measure("mandelbrot", () => mandelbrot(300));
measure("trees", () => trees(12, 40));
measure("queens", () => queens(10));
measure("dispatch", () => dispatch(5000000));
measure("blocks", () => blocks(100000, 30));
measure("sort", () => sort(200000));
measure("maps", () => maps(300000));
measure("strings", () => strings(200000));
