// Plain JavaScript, because it has to run on the very Nodes it refuses, which cannot read TypeScript.
import process from "node:process";

const majorMin = 24;
const major = Number(process.versions.node.split(".")[0]);

if (major < majorMin) {
  process.stderr.write(
    `Sluice needs Node ${majorMin} or newer, and this is Node ${process.versions.node} (${process.execPath}).\n` +
      "Run it through npm (npm start, npm run sluice -- <command>), which uses the Node 24 that npm ci brought along.\n" +
      "If npm ran it, that Node was left out of the install: run npm ci without --omit=optional, or install Node 24.\n",
  );
  process.exit(1);
}
