/* oxlint-disable no-var, typescript/no-require-imports, typescript/no-unsafe-call, unicorn/prefer-node-protocol -- This is the program's first file, which every Node has to be able to read: JavaScript of 2009. */
declare var NODE_FLOOR: string;
declare var MAIN_FILE: string;

(function start() {
  var needed = NODE_FLOOR.split('.');
  var found = process.versions.node.split('.');
  var major = Number(found[0]) - Number(needed[0]);
  if (major > 0 || (major === 0 && Number(found[1]) >= Number(needed[1]))) {
    // A server's garbage is collected from a small young space as well, with 25 MiB less of memory, and the old space does not grow to several
    // times what is in it before it is collected, with 20 MiB less.
    require('v8').setFlagsFromString('--semi-space-growth-factor=1 --heap-growing-percent=50');
    require(MAIN_FILE);
    return;
  }
  process.stderr.write(
    'mailstore-mcp: ' +
      __filename +
      ' needs Node ' +
      NODE_FLOOR +
      ' or newer, but ' +
      process.execPath +
      ' is Node ' +
      process.versions.node +
      '; install a newer one, or name it as the command that starts this file.\n',
  );
  process.exit(2);
})();
