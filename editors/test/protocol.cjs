// Works on a project with the client of the reference implementation of the protocol.
//
//     node protocol.cjs
//
// LUCARNE names the binary, NODE_PATH the folder with the packages of package.json, and the current folder is the project, with the
// files that crates/cli/tests/editors.rs writes. It ends with an error if a step fails.
"use strict";

const assert = require("node:assert/strict");
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { pathToFileURL, fileURLToPath } = require("node:url");
const protocol = require("vscode-languageserver-protocol/node");

const uri = (name) => pathToFileURL(path.resolve(name)).toString();
const limit = setTimeout(() => {
  console.error("protocol.cjs: 60 seconds have passed");
  process.exit(1);
}, 60_000);

/** The texts of the open documents, by their URIs. */
const documents = new Map();

function offset(text, position) {
  const lines = text.split("\n");
  return lines.slice(0, position.line).reduce((sum, line) => sum + line.length + 1, 0) + position.character;
}

function applied(text, edits) {
  const places = edits.map((edit) => [offset(text, edit.range.start), offset(text, edit.range.end), edit.newText]);
  places.sort((a, b) => b[0] - a[0]);
  return places.reduce((text, [start, end, new_]) => text.slice(0, start) + new_ + text.slice(end), text);
}

async function main() {
  const server = spawn(process.env.LUCARNE, ["lsp", "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
  const connection = protocol.createProtocolConnection(
    new protocol.StreamMessageReader(server.stdout),
    new protocol.StreamMessageWriter(server.stdin),
  );
  const published = new Map();
  const waiting = [];
  connection.onNotification(protocol.PublishDiagnosticsNotification.type, (params) => {
    published.set(params.uri, params);
    waiting.splice(0).forEach((wake) => wake());
  });
  const created = [];
  const progress = [];
  connection.onRequest(protocol.WorkDoneProgressCreateRequest.type, ({ token }) => {
    created.push(token);
  });
  connection.onRequest(protocol.RegistrationRequest.type, () => {});
  connection.listen();

  async function diagnostics(name) {
    const { version } = documents.get(uri(name));
    while (published.get(uri(name))?.version !== version) {
      await new Promise((wake) => waiting.push(wake));
    }
    return published.get(uri(name)).diagnostics;
  }
  async function open(name) {
    const text = fs.readFileSync(name, "utf8");
    documents.set(uri(name), { text, version: 1 });
    await connection.sendNotification(protocol.DidOpenTextDocumentNotification.type, {
      textDocument: { uri: uri(name), languageId: "toit", version: 1, text },
    });
  }
  async function edit(name, old, new_) {
    const document = documents.get(uri(name));
    const at = document.text.indexOf(old);
    assert.notEqual(at, -1, old);
    const position = (at) => {
      const lines = document.text.slice(0, at).split("\n");
      return { line: lines.length - 1, character: lines.at(-1).length };
    };
    const range = { start: position(at), end: position(at + old.length) };
    document.text = document.text.slice(0, at) + new_ + document.text.slice(at + old.length);
    document.version += 1;
    await connection.sendNotification(protocol.DidChangeTextDocumentNotification.type, {
      textDocument: { uri: uri(name), version: document.version },
      contentChanges: [{ range, text: new_ }],
    });
  }
  function behind(name, text) {
    const document = documents.get(uri(name));
    const lines = document.text.slice(0, document.text.indexOf(text) + text.length).split("\n");
    return {
      textDocument: { uri: uri(name) },
      position: { line: lines.length - 1, character: lines.at(-1).length },
    };
  }

  const { capabilities, serverInfo } = await connection.sendRequest(protocol.InitializeRequest.type, {
    processId: process.pid,
    rootUri: pathToFileURL(process.cwd()).toString(),
    workspaceFolders: [{ name: "project", uri: pathToFileURL(process.cwd()).toString() }],
    capabilities: {
      window: { workDoneProgress: true },
      workspace: { didChangeWatchedFiles: { dynamicRegistration: true }, workspaceFolders: true },
    },
  });
  assert.equal(serverInfo.name, "lucarne");
  assert.equal(capabilities.documentFormattingProvider, true);
  await connection.sendNotification(protocol.InitializedNotification.type, {});

  // Diagnostics.
  await open("main.toit");
  assert.deepEqual(await diagnostics("main.toit"), []);
  await edit("main.toit", "(total all)", "(tottal all)");
  const [mistake] = await diagnostics("main.toit");
  assert.match(mistake.message, /tottal/);
  assert.ok(protocol.Diagnostic.is(mistake));

  // The fix of the mistake.
  const actions = await connection.sendRequest(protocol.CodeActionRequest.type, {
    textDocument: { uri: uri("main.toit") },
    range: mistake.range,
    context: { diagnostics: [mistake] },
  });
  const fix = actions.find((action) => action.title === "Change to `total`");
  assert.ok(protocol.CodeAction.is(fix), JSON.stringify(actions));
  assert.match(applied(documents.get(uri("main.toit")).text, fix.edit.changes[uri("main.toit")]), /\(total all\)/);
  await edit("main.toit", "(tottal all)", "(total all)");
  assert.deepEqual(await diagnostics("main.toit"), []);

  // Completion, with the documentation of an item.
  await edit("main.toit", "print all.size", "(Square 2).cor");
  const list = await connection.sendRequest(protocol.CompletionRequest.type, behind("main.toit", ".cor"));
  const corners = list.items.find((item) => item.label === "corners");
  assert.ok(corners && protocol.TextEdit.is(corners.textEdit), JSON.stringify(list));
  const resolved = await connection.sendRequest(protocol.CompletionResolveRequest.type, corners);
  assert.match(resolved.documentation.value, /number of corners/);
  await edit("main.toit", "(Square 2).cor", "print (Square 2).corners");

  // A rename over three files, with its progress; and one that is refused.
  connection.onProgress(protocol.WorkDoneProgress.type, "rename", (value) => progress.push(value.kind));
  const renamed = await connection.sendRequest(protocol.RenameRequest.type, {
    ...behind("main.toit", ".corners"),
    newName: "corner-count",
    workDoneToken: "rename",
  });
  const names = Object.keys(renamed.changes).map((uri) => path.basename(fileURLToPath(uri)));
  assert.deepEqual(names.sort(), ["main.toit", "other.toit", "shapes.toit"]);
  assert.equal(progress[0], "begin");
  assert.equal(progress.at(-1), "end");
  for (const [uri, edits] of Object.entries(renamed.changes)) {
    const text = documents.get(uri)?.text ?? fs.readFileSync(fileURLToPath(uri), "utf8");
    const changed = applied(text, edits);
    assert.doesNotMatch(changed, /(\.|^ *)corners\b/m);
    fs.writeFileSync(fileURLToPath(uri), changed);
  }
  await assert.rejects(
    connection.sendRequest(protocol.RenameRequest.type, { ...behind("main.toit", "all"), newName: "total" }),
    /not renamed/,
  );

  // Formatting.
  await edit("main.toit", "print (total all)", "print   ( total all )");
  const edits = await connection.sendRequest(protocol.DocumentFormattingRequest.type, {
    textDocument: { uri: uri("main.toit") },
    options: { tabSize: 2, insertSpaces: true },
  });
  assert.match(applied(documents.get(uri("main.toit")).text, edits), /\n {2}print \(total all\)\n/);

  // A request that is canceled is answered.
  const source = new protocol.CancellationTokenSource();
  const symbols = connection.sendRequest(protocol.WorkspaceSymbolRequest.type, { query: "" }, source.token);
  source.cancel();
  await symbols.catch((error) => assert.equal(error.code, protocol.LSPErrorCodes.RequestCancelled));

  await connection.sendRequest(protocol.ShutdownRequest.type);
  await connection.sendNotification(protocol.ExitNotification.type);
  const code = await new Promise((ended) => server.on("exit", ended));
  assert.equal(code, 0);
  connection.dispose();
  clearTimeout(limit);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
