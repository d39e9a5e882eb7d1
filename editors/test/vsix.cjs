// Unpacks the packed extension, and lets it start the language server in a stand-in for the editor.
//
//     node vsix.cjs FILE.vsix FOLDER
//
// LUCARNE names the binary, FOLDER is where the archive is unpacked, and the current folder is the project, with the files that
// crates/cli/tests/editors.rs writes. It ends with an error if a step fails.
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const zlib = require("node:zlib");

const limit = setTimeout(() => {
  console.error("vsix.cjs: 60 seconds have passed");
  process.exit(1);
}, 60_000);

/** Unpacks an archive by its directory. */
function unpack(archive, folder) {
  const bytes = fs.readFileSync(archive);
  const end = bytes.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
  let at = bytes.readUInt32LE(end + 16);
  const names = [];
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left -= 1) {
    assert.equal(bytes.readUInt32LE(at), 0x02014b50);
    const [packed, size] = [bytes.readUInt32LE(at + 20), bytes.readUInt32LE(at + 24)];
    const length = bytes.readUInt16LE(at + 28);
    const local = bytes.readUInt32LE(at + 42);
    const name = bytes.toString("utf8", at + 46, at + 46 + length);
    assert.ok(!path.isAbsolute(name) && !name.split("/").includes(".."), name);
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const content = zlib.inflateRawSync(bytes.subarray(start, start + packed));
    assert.equal(content.length, size, name);
    const file = path.join(folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
    names.push(name);
    at += 46 + length + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return names;
}

async function main() {
  const [archive, folder] = process.argv.slice(2);
  const names = unpack(archive, folder);
  assert.ok(names.includes("[Content_Types].xml") && names.includes("extension.vsixmanifest"));
  const extension = path.join(folder, "extension");
  const description = JSON.parse(fs.readFileSync(path.join(extension, "package.json"), "utf8"));
  const { contributes } = description;
  const paths = [...contributes.grammars.map(({ path }) => path), ...contributes.languages.map(({ configuration }) => configuration)];
  for (const name of paths) {
    JSON.parse(fs.readFileSync(path.join(extension, name), "utf8"));
  }
  const manifest = fs.readFileSync(path.join(folder, "extension.vsixmanifest"), "utf8");
  assert.ok(manifest.includes(`Id="${description.name}" Version="${description.version}"`));

  // The extension finds a stand-in in place of the editor, and everything else in the archive.
  const resolve = Module._resolveFilename;
  Module._resolveFilename = (name, ...rest) =>
    name === "vscode" ? require.resolve("./vscode.cjs") : resolve(name, ...rest);
  const { editor } = require("vscode");
  const { seen } = editor;
  const { activate, deactivate } = require(path.join(extension, description.main));
  const document = editor.open(path.resolve("main.toit"));
  const context = { subscriptions: [] };
  await activate(context);
  assert.deepEqual(seen.messages, []);

  const messages = () => seen.diagnostics.get(document.uri.toString())?.map(({ message }) => message);
  const wait = async (condition) => {
    while (!condition(messages())) {
      await new Promise((wake) => {
        const listener = seen.onDiagnostics.event(() => {
          listener.dispose();
          wake();
        });
      });
    }
  };
  editor.change(document, document.text.replace("(total all)", "(tottal all)"));
  await wait((messages) => messages?.length === 1 && messages[0].includes("tottal"));
  editor.change(document, document.text.replace("tottal", "total"));
  await wait((messages) => messages?.length === 0);

  // Tasks and commands.
  assert.deepEqual([...seen.commands.keys()].sort(), contributes.commands.map(({ command }) => command).sort());
  const [{ type, properties }] = contributes.taskDefinitions;
  const provider = seen.tasks.get(type);
  const made = provider.provideTasks();
  assert.deepEqual(made.map(({ name }) => name.split(" ")[0]).sort(), [...properties.command.enum].sort());
  const [run] = made;
  assert.deepEqual([run.execution.process, ...run.execution.args], [process.env.LUCARNE, "run", "${file}"]);
  const definition = { type, command: "test", path: "tests", arguments: ["--jobs", "2"] };
  const resolved = provider.resolveTask({ definition });
  assert.equal(resolved.definition, definition);
  assert.deepEqual(resolved.execution.args, ["test", "tests", "--jobs", "2"]);

  // Restarting starts another server, which knows the open document.
  seen.diagnostics.clear();
  await seen.commands.get("lucarne.restart")();
  await wait((messages) => messages?.length === 0);
  await deactivate();
  clearTimeout(limit);
}

main().then(
  // Timers of the client would keep the process.
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
