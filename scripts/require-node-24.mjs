/**
 * Stops early, with the way out, when a script is not run by the project's own Node 24.
 *
 * `npm ci --ignore-scripts` leaves out node_modules/.bin/node, and npm scripts then fall back
 * to the system's Node, which cannot run the TypeScript sources.
 */
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    `hardcap needs Node 24, this is ${process.version}. It comes with the project: run "npm ci" ` +
      '(without --ignore-scripts) and start hardcap through "npm start", "npm test" or "npm run".',
  );
  process.exit(1);
}
