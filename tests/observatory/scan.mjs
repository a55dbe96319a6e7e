// Scores a portal by the scan of Mozilla's HTTP Observatory, unchanged, and prints it as JSON.
//
//   NODE_EXTRA_CA_CERTS=ca.pem node scan.mjs HOST HTTP_PORT HTTPS_PORT
//
// Whatever the scan connects to is led to these ports of this machine. So it sees the portal under
// its real name and on the usual ports, as everybody does in production.
import { existsSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";

const [host, http, https] = process.argv.slice(2);
const PORTS = { 80: Number(http), 443: Number(https) };

const connect = Socket.prototype.connect;
Socket.prototype.connect = function (...words) {
  const options = Array.isArray(words[0]) ? words[0][0] : words[0];
  if (options.host !== host) throw new Error(`The scan asks ${options.host}.`);
  Object.assign(options, { host: "127.0.0.1", port: PORTS[options.port] });
  return connect.apply(this, words);
};

// The names that browsers know as https only. npm would fetch the list from the Web; without it
// the score is what it is before the portal's name is on that list.
const package_ = "./node_modules/@mdn/mdn-http-observatory/";
const known = new URL(`${package_}conf/hsts-preload.json`, import.meta.url);
if (!existsSync(known)) writeFileSync(known, "{}");

const { scan } = await import(`${package_}src/index.js`);
console.log(JSON.stringify(await scan(host)));
