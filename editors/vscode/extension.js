// Starts `kspec lsp` and lets VS Code talk to it.

const { workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

function activate() {
  const [command, ...args] = workspace.getConfiguration("kspec").get("command");
  client = new LanguageClient("kspec", "kspec", { command, args }, {
    documentSelector: [{ scheme: "file", language: "kspec" }],
  });
  return client.start();
}

function deactivate() {
  return client ? client.stop() : undefined;
}

module.exports = { activate, deactivate };
