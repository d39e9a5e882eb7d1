// Packs the extension: `node pack.cjs [FOLDER]` writes lucarne-VERSION.vsix into the folder, and prints its path.
//
// A .vsix is a zip archive with a manifest. The tool of the editor's makers would bring a few hundred packages to write it; this
// needs npm, for the one dependency with a version in package-lock.json, and nothing else. Equal sources make equal bytes.
"use strict";

const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const zlib = require("node:zlib");

/** The files of the extension itself. */
const OWN = [
  "README.md",
  "extension.cjs",
  "language-configuration.json",
  "package.json",
  "syntaxes/toit.tmLanguage.json",
];

const description = JSON.parse(fs.readFileSync(path.join(__dirname, "package.json"), "utf8"));

/** Returns the files of the dependencies, by their paths in the extension. */
function dependencies() {
  const work = fs.mkdtempSync(path.join(os.tmpdir(), "lucarne-vsix-"));
  try {
    for (const name of ["package.json", "package-lock.json"]) {
      fs.copyFileSync(path.join(__dirname, name), path.join(work, name));
    }
    const options = ["--omit=dev", "--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts"];
    execFileSync("npm", ["ci", ...options, "--fetch-retries=0", "--fetch-timeout=20000"], {
      cwd: work,
      stdio: ["ignore", "ignore", "inherit"],
    });
    const files = new Map();
    const add = (folder) => {
      for (const entry of fs.readdirSync(path.join(work, folder), { withFileTypes: true })) {
        const inside = `${folder}/${entry.name}`;
        if (entry.isDirectory()) {
          add(inside);
        } else if (entry.isFile() && isNeeded(inside)) {
          files.set(inside, fs.readFileSync(path.join(work, inside)));
        }
      }
    };
    add("node_modules");
    return files;
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

/** Returns whether a file of a dependency is needed to run it, or is its license. */
function isNeeded(file) {
  const name = path.basename(file);
  const isCode = /\.(c|m)?js$/.test(name) && !file.includes("/browser/") && !file.includes("/esm/");
  return isCode || name === "package.json" || /^(licen[cs]e|thirdparty)/i.test(name);
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

function manifest() {
  const { name, displayName, publisher, version, keywords, categories, engines } = description;
  return `<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata>
    <Identity Language="en-US" Id="${name}" Version="${version}" Publisher="${publisher}"/>
    <DisplayName>${escaped(displayName)}</DisplayName>
    <Description xml:space="preserve">${escaped(description.description)}</Description>
    <Tags>${escaped(keywords.join(","))}</Tags>
    <Categories>${escaped(categories.join(","))}</Categories>
    <GalleryFlags>Public</GalleryFlags>
    <License>extension/LICENSE-MIT.txt</License>
    <Properties>
      <Property Id="Microsoft.VisualStudio.Code.Engine" Value="${escaped(engines.vscode)}"/>
      <Property Id="Microsoft.VisualStudio.Code.ExtensionKind" Value="workspace"/>
    </Properties>
  </Metadata>
  <Installation>
    <InstallationTarget Id="Microsoft.VisualStudio.Code"/>
  </Installation>
  <Dependencies/>
  <Assets>
    <Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json" Addressable="true"/>
    <Asset Type="Microsoft.VisualStudio.Services.Content.Details" Path="extension/README.md" Addressable="true"/>
    <Asset Type="Microsoft.VisualStudio.Services.Content.License" Path="extension/LICENSE-MIT.txt" Addressable="true"/>
  </Assets>
</PackageManifest>
`;
}

/** The media types of the files in the archive, which the format wants for each extension and each name without one. */
function contentTypes(paths) {
  const known = { json: "application/json", md: "text/markdown", txt: "text/plain", vsixmanifest: "text/xml" };
  const extensions = new Set();
  const others = [];
  for (const file of paths) {
    const extension = path.extname(file).slice(1).toLowerCase();
    if (extension) {
      extensions.add(extension);
    } else {
      others.push(`<Override PartName="/${escaped(file)}" ContentType="text/plain"/>`);
    }
  }
  const defaults = [...extensions].sort().map((extension) => {
    const type = known[extension] ?? "application/javascript";
    return `<Default Extension=".${extension}" ContentType="${type}"/>`;
  });
  return `<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">${defaults.join("")}${others.join("")}</Types>
`;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, number) => {
  let value = number;
  for (let bit = 0; bit < 8; bit += 1) {
    value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  }
  return value;
});

function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc = CRC_TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** Makes a zip archive: each file with a header, then the directory, then its end. */
function zip(files) {
  // 1980-01-01, the first day that the format knows.
  const [time, day] = [0, 0x21];
  const parts = [];
  const directory = [];
  let at = 0;
  for (const [name, bytes] of files) {
    const path = Buffer.from(name, "utf8");
    const packed = zlib.deflateRawSync(bytes, { level: 9 });
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0); // The version that can read it.
    common.writeUInt16LE(0x0800, 2); // The name is UTF-8.
    common.writeUInt16LE(8, 4); // Deflate.
    common.writeUInt16LE(time, 6);
    common.writeUInt16LE(day, 8);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(path.length, 22);
    const header = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), common, path, packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE((0o100644 << 16) >>> 0, 6); // A file that all can read.
    rest.writeUInt32LE(at, 10);
    directory.push(Buffer.from("PK\x01\x02\x14\x03", "latin1"), common, rest, path);
    parts.push(header);
    at += header.length;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", 0, "latin1");
  end.writeUInt16LE(files.size, 8);
  end.writeUInt16LE(files.size, 10);
  end.writeUInt32LE(entries.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, entries, end]);
}

function main() {
  const output = path.resolve(process.argv[2] ?? ".");
  const files = new Map();
  for (const name of OWN) {
    files.set(`extension/${name}`, fs.readFileSync(path.join(__dirname, name)));
  }
  for (const name of ["LICENSE-APACHE", "LICENSE-MIT"]) {
    files.set(`extension/${name}.txt`, fs.readFileSync(path.join(__dirname, "../..", name)));
  }
  for (const [name, bytes] of dependencies()) {
    files.set(`extension/${name}`, bytes);
  }
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  const archive = new Map([
    ["[Content_Types].xml", Buffer.from(contentTypes(["extension.vsixmanifest", ...sorted.map(([name]) => name)]))],
    ["extension.vsixmanifest", Buffer.from(manifest())],
    ...sorted,
  ]);
  fs.mkdirSync(output, { recursive: true });
  const file = path.join(output, `${description.name}-${description.version}.vsix`);
  fs.writeFileSync(file, zip(archive));
  console.log(file);
}

main();
