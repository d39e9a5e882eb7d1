// The client of the language server, the tasks, and the commands.
"use strict";

const vscode = require("vscode");
const { LanguageClient, TransportKind } = require("vscode-languageclient/node");

/** The tasks that exist for each file or folder: what they do, and whether they are for a file. */
const TASKS = [
  { command: "run", isForFile: true },
  { command: "check", isForFile: false },
  { command: "test", isForFile: false },
  { command: "watch", isForFile: true },
];

let client;

/** Returns the path of the binary. */
function binary() {
  return vscode.workspace.getConfiguration("lucarne").get("path") || "lucarne";
}

function makeClient() {
  const run = { command: binary(), args: ["lsp"], transport: TransportKind.stdio };
  return new LanguageClient(
    "lucarne",
    "Lucarne",
    { run, debug: run },
    {
      documentSelector: [
        { scheme: "file", language: "toit" },
        { scheme: "untitled", language: "toit" },
      ],
    },
  );
}

async function start() {
  client = makeClient();
  try {
    await client.start();
  } catch (error) {
    // Tasks and commands do not wait until the user has read it.
    void explain(error);
  }
}

async function explain(error) {
  const open = "Open the settings";
  const message =
    `Lucarne: cannot start "${binary()} lsp": ${error?.message ?? error}. ` +
    "Install lucarne, or set lucarne.path to the binary.";
  const chosen = await vscode.window.showErrorMessage(message, open);
  if (chosen === open) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "lucarne.path");
  }
}

async function stop() {
  const running = client;
  client = undefined;
  // A client whose server has never started cannot be stopped.
  if (running?.isRunning()) {
    await running.stop();
  }
}

/** The starts and stops, one after the other: a client that is still starting cannot be stopped. */
let work = Promise.resolve();

function restart() {
  work = work.then(stop).then(start);
  return work;
}

function deactivate() {
  work = work.then(stop);
  return work;
}

/** Makes a task of its definition. */
function makeTask(definition, scope) {
  const { command, path = "${file}", arguments: rest = [] } = definition;
  const process = new vscode.ProcessExecution(binary(), [command, path, ...rest]);
  const name = definition.path ? `${command} ${definition.path}` : command;
  const isBackground = command === "watch";
  // The matcher knows no beginning and no end of a round, which one for a task in the background needs.
  const matchers = isBackground ? [] : ["$lucarne"];
  const task = new vscode.Task(definition, scope, name, "lucarne", process, matchers);
  task.group = { test: vscode.TaskGroup.Test, check: vscode.TaskGroup.Build }[command];
  task.isBackground = isBackground;
  return task;
}

const tasks = {
  provideTasks() {
    return TASKS.map(({ command, isForFile }) => {
      const definition = { type: "lucarne", command };
      if (!isForFile) {
        definition.path = "${workspaceFolder}";
      }
      return makeTask(definition, vscode.TaskScope.Workspace);
    });
  },
  resolveTask(task) {
    // The editor wants the definition of the file of tasks, unchanged.
    return makeTask(task.definition, task.scope ?? vscode.TaskScope.Workspace);
  },
};

async function activate(context) {
  context.subscriptions.push(
    vscode.tasks.registerTaskProvider("lucarne", tasks),
    vscode.commands.registerCommand("lucarne.restart", restart),
    vscode.commands.registerCommand("lucarne.run", async () => {
      await vscode.window.activeTextEditor?.document.save();
      await vscode.tasks.executeTask(makeTask({ type: "lucarne", command: "run" }, vscode.TaskScope.Workspace));
    }),
    vscode.workspace.onDidChangeConfiguration(async (event) => {
      if (event.affectsConfiguration("lucarne.path")) {
        await restart();
      }
    }),
  );
  await restart();
}

module.exports = { activate, deactivate };
