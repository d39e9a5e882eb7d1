// A stand-in for the module `vscode`, for the test of the packed extension: as much of an editor as the language client needs to
// open documents and to receive diagnostics. What it lacks is a class that does nothing.
"use strict";

const fs = require("node:fs");
const { pathToFileURL, fileURLToPath } = require("node:url");

class Disposable {
  constructor(dispose) {
    this.dispose = dispose ?? (() => {});
  }
  static from(...all) {
    return new Disposable(() => all.forEach((one) => one.dispose()));
  }
}

class EventEmitter {
  listeners = new Set();
  event = (listener, self, disposables) => {
    const bound = self ? listener.bind(self) : listener;
    this.listeners.add(bound);
    const disposable = new Disposable(() => this.listeners.delete(bound));
    disposables?.push(disposable);
    return disposable;
  };
  fire(value) {
    return [...this.listeners].map((listener) => listener(value));
  }
  dispose() {
    this.listeners.clear();
  }
}

class Uri {
  constructor(text) {
    this.text = text;
    this.scheme = text.slice(0, text.indexOf(":"));
    this.path = new URL(text).pathname;
    this.fsPath = this.scheme === "file" ? fileURLToPath(text) : this.path;
    this.authority = "";
  }
  toString() {
    return this.text;
  }
  with() {
    return this;
  }
  static parse(text) {
    return new Uri(text);
  }
  static file(path) {
    return new Uri(pathToFileURL(path).toString());
  }
}

class Position {
  constructor(line, character) {
    Object.assign(this, { line, character });
  }
}

class Range {
  constructor(start, end, ...rest) {
    const isFlat = typeof start === "number";
    this.start = isFlat ? new Position(start, end) : start;
    this.end = isFlat ? new Position(...rest) : end;
  }
}

class Diagnostic {
  constructor(range, message, severity) {
    Object.assign(this, { range, message, severity });
  }
}

class CancellationTokenSource {
  token = { isCancellationRequested: false, onCancellationRequested: () => new Disposable() };
  cancel() {}
  dispose() {}
}

class ProcessExecution {
  constructor(process, args) {
    Object.assign(this, { process, args });
  }
}

class Task {
  constructor(definition, scope, name, source, execution, problemMatchers) {
    Object.assign(this, { definition, scope, name, source, execution, problemMatchers });
  }
}

/** A document that an extension sees. */
class TextDocument {
  version = 1;
  isClosed = false;
  isDirty = false;
  languageId = "toit";
  constructor(file) {
    this.uri = Uri.file(file);
    this.fileName = file;
    this.text = fs.readFileSync(file, "utf8");
  }
  getText() {
    return this.text;
  }
}

const opened = new EventEmitter();
const changed = new EventEmitter();
const documents = [];
/** What the test looks at. */
const seen = { diagnostics: new Map(), onDiagnostics: new EventEmitter(), messages: [], tasks: new Map(), commands: new Map() };
const settings = { "lucarne.path": process.env.LUCARNE };

function setting(section, name) {
  return settings[section ? `${section}.${name}` : name];
}

const silent = () => new Disposable();

/** Gives a function for each name that an object lacks: one that registers nothing, or an event that never comes. */
function filled(object) {
  return new Proxy(object, { get: (known, name) => (name in known ? known[name] : silent) });
}

const channel = () => filled({ name: "Lucarne", append: () => {}, appendLine: () => {} });

const vscode = {
  CancellationTokenSource,
  Diagnostic,
  Disposable,
  EventEmitter,
  Position,
  ProcessExecution,
  Range,
  Task,
  Uri,
  version: "1.82.0",
  DiagnosticSeverity: { Error: 0, Warning: 1, Information: 2, Hint: 3 },
  TaskGroup: { Build: "build", Test: "test" },
  TaskScope: { Global: 1, Workspace: 2 },
  env: filled({ language: "en", appName: "stand-in" }),
  extensions: filled({ getExtension: () => undefined }),
  commands: filled({
    registerCommand: (name, callback) => {
      seen.commands.set(name, callback);
      return new Disposable();
    },
  }),
  tasks: filled({
    registerTaskProvider: (type, provider) => {
      seen.tasks.set(type, provider);
      return new Disposable();
    },
  }),
  window: filled({
    createOutputChannel: channel,
    showErrorMessage: async (message) => void seen.messages.push(message),
    showWarningMessage: async (message) => void seen.messages.push(message),
    tabGroups: filled({ all: [] }),
    visibleTextEditors: [],
    activeTextEditor: undefined,
  }),
  workspace: filled({
    textDocuments: documents,
    notebookDocuments: [],
    workspaceFolders: [{ uri: Uri.file(process.cwd()), name: "project", index: 0 }],
    getConfiguration: (section) => ({
      get: (name, standard) => setting(section, name) ?? standard,
      inspect: () => undefined,
    }),
    onDidOpenTextDocument: opened.event,
    onDidChangeTextDocument: changed.event,
    getWorkspaceFolder: () => vscode.workspace.workspaceFolders[0],
    createFileSystemWatcher: () => filled({}),
  }),
  languages: filled({
    match: (selector, document) =>
      [selector].flat().some((filter) => filter.language === document.languageId && filter.scheme === document.uri.scheme)
        ? 10
        : 0,
    createDiagnosticCollection: (name) => ({
      name,
      set: (uri, diagnostics) => {
        seen.diagnostics.set(uri.toString(), diagnostics ?? []);
        seen.onDiagnostics.fire();
      },
      delete: (uri) => seen.diagnostics.delete(uri.toString()),
      clear: () => seen.diagnostics.clear(),
      dispose: () => {},
    }),
  }),
  /** What the user does. */
  editor: {
    seen,
    open(file) {
      const document = new TextDocument(file);
      documents.push(document);
      opened.fire(document);
      return document;
    },
    change(document, text) {
      document.text = text;
      document.version += 1;
      // From the beginning to behind the end.
      const contentChanges = [{ range: new Range(0, 0, 1_000_000, 0), text }];
      changed.fire({ document, contentChanges, reason: undefined });
    },
  },
};

const unknown = new Map();

module.exports = new Proxy(vscode, {
  get(known, name) {
    if (name in known || typeof name === "symbol") {
      return known[name];
    }
    if (!unknown.has(name)) {
      // A class or an enumeration of the editor: the client extends the former, and reads names of the latter.
      const made = class {};
      unknown.set(name, new Proxy(made, { get: (known, inner) => known[inner] ?? `${String(name)}.${String(inner)}` }));
    }
    return unknown.get(name);
  },
});
