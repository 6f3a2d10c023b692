// Writes public/NOTICE.txt: the licences of everything that is built into the console's files.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const listed = execFileSync("npm", ["ls", "--omit=dev", "--all", "--parseable"], { encoding: "utf8" });
const folders = [...new Set(listed.trim().split("\n").slice(1))].sort();
const seen = new Map();
for (const folder of folders) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? readFileSync(join(folder, file), "utf8").trim() : `Licence: ${license}`;
  seen.set(`${name} ${version}`, text);
}
const parts = [...seen].sort().map(([title, text]) => `${title}\n${"-".repeat(title.length)}\n${text}\n`);
mkdirSync("public", { recursive: true });
writeFileSync("public/NOTICE.txt", `The console contains the following packages.\n\n${parts.join("\n")}`);
