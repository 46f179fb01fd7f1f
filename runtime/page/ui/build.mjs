// Builds the page into ../assets, every file compressed with gzip and nothing else: what the server sends is what is committed.
//   node build.mjs          writes ../assets
//   node build.mjs check    builds in memory and compares with ../assets; exit 1 names what differs
//   node build.mjs test     runs test/*.test.ts
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync, mkdirSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const assets = join(here, "..", "assets");
const limit = 400_000; // bytes, compressed: what issue 5 allows the whole page

const common = { absWorkingDir: here, bundle: true, format: "esm", jsx: "automatic", jsxImportSource: "preact", logLevel: "warning" };

/** The files of the page: Map of name to Buffer. Names of scripts and styles hold a hash of their content. */
async function page() {
  const result = await build({
    ...common,
    entryPoints: ["src/main.tsx"],
    entryNames: "app-[hash]",
    chunkNames: "[name]-[hash]",
    outdir: "out",
    splitting: true,
    minify: true,
    target: ["es2022"],
    legalComments: "none",
    metafile: true,
    write: false,
  });
  const files = new Map(result.outputFiles.map((f) => [basename(f.path), Buffer.from(f.contents)]));
  files.set("licenses.txt", licences(result.metafile));
  const icon = readFileSync(join(here, "src/icon.svg"));
  const iconName = `icon-${createHash("sha256").update(icon).digest("hex").slice(0, 8)}.svg`;
  files.set(iconName, icon);
  files.set("index.html", index(files, iconName));
  return files;
}

function index(files, icon) {
  const named = (pattern) => [...files.keys()].find((name) => pattern.test(name));
  const html = readFileSync(join(here, "src/index.html"), "utf8")
    .replace("{{style}}", named(/^app-.*\.css$/))
    .replace("{{script}}", named(/^app-.*\.js$/))
    .replace("{{icon}}", icon);
  return Buffer.from(html);
}

/** The licence of every package that has code in the bundle, as their terms ask. */
function licences(metafile) {
  const packages = new Set();
  for (const file of Object.keys(metafile.inputs)) {
    const match = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file);
    if (match) packages.add(match[1]);
  }
  const text = [...packages].sort().map((name) => {
    const dir = join(here, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(dir, "package.json"), "utf8"));
    const file = readdirSync(dir).find((f) => /^licen[cs]e/i.test(f));
    const terms = file ? readFileSync(join(dir, file), "utf8").trim() : `Licence: ${license}`;
    return `${name} ${version} (${license})\n\n${terms}\n`;
  });
  return Buffer.from(`This page is built with the packages below.\n\n${text.join(`\n${"-".repeat(80)}\n\n`)}`);
}

async function write() {
  const files = await page();
  rmSync(assets, { recursive: true, force: true });
  mkdirSync(assets, { recursive: true });
  let total = 0;
  for (const [name, content] of [...files].sort()) {
    const packed = gzipSync(content, { level: 9 });
    total += packed.length;
    writeFileSync(join(assets, `${name}.gz`), packed);
    console.log(`${String(content.length).padStart(8)} ${String(packed.length).padStart(8)}  ${name}`);
  }
  console.log(`${String(total).padStart(17)}  bytes compressed`);
  if (total > limit) throw new Error(`the page has ${total} bytes compressed; ${limit} are allowed`);
}

// Contents are compared unpacked: zlib may pack differently in another Node.
async function check() {
  const files = await page();
  const committed = existsSync(assets) ? readdirSync(assets).map((f) => f.replace(/\.gz$/, "")) : [];
  const wrong = [
    ...[...files.keys()].filter((name) => !committed.includes(name)).map((name) => `missing: ${name}`),
    ...committed.filter((name) => !files.has(name)).map((name) => `left over: ${name}`),
    ...[...files].filter(([name, content]) => committed.includes(name) && !gunzipSync(readFileSync(join(assets, `${name}.gz`))).equals(content))
      .map(([name]) => `differs: ${name}`),
  ];
  if (wrong.length > 0) {
    console.error(`runtime/page/assets is not what its sources give; run make page\n  ${wrong.join("\n  ")}`);
    process.exit(1);
  }
  console.log(`runtime/page/assets: ${files.size} files are what their sources give`);
}

async function test() {
  const outdir = mkdtempSync(join(tmpdir(), "page-test-"));
  try {
    const entryPoints = readdirSync(join(here, "test")).filter((f) => f.endsWith(".test.ts")).map((f) => `test/${f}`);
    await build({ ...common, entryPoints, outdir, platform: "node", outExtension: { ".js": ".mjs" } });
    const run = spawnSync(process.execPath, ["--test", ...readdirSync(outdir).map((f) => join(outdir, f))], { stdio: "inherit" });
    process.exitCode = run.status ?? 1;
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

await { undefined: write, check, test }[process.argv[2]]();
