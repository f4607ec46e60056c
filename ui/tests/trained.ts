// Before all tests, once for each state of what trains: a data folder whose models `forewarn up` has trained and promoted.
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Forewarn, kRoot, kTrained } from "./forewarn";

const kSources = ["features", "label", "model", "pipeline", "registry", "sim", "train", "accounts"].map(
  (name) => `src/${name}`,
);

function digestOf(paths: string[]): string {
  const hash = createHash("sha256");
  const visit = (path: string): void => {
    if (statSync(path).isDirectory()) for (const name of readdirSync(path).sort()) visit(join(path, name));
    else if (!path.endsWith("_test.cc")) hash.update(path.slice(kRoot.length)).update(readFileSync(path));
  };
  paths.forEach(visit);
  return hash.digest("hex");
}

export default async function makeTrainedData(): Promise<void> {
  if (process.env["FOREWARN_UI_DATA"]) return;
  const digest = digestOf([...kSources, "plants"].map((path) => join(kRoot, path)));
  const stamp = join(kTrained, ".digest");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
  console.log("training the models of the tests once …");
  const making = `${kTrained}.making`;
  rmSync(making, { recursive: true, force: true });
  rmSync(kTrained, { recursive: true, force: true });
  mkdirSync(making, { recursive: true });
  const forewarn = await Forewarn.start({ data: making, trained: false });
  try {
    await forewarn.waitFor("/ready", 900);
  } finally {
    await forewarn.stop();
  }
  writeFileSync(join(making, ".digest"), digest);
  renameSync(making, kTrained);
}
