const { isFromJump } = require("./verify.js");

const lines = require("node:fs").readFileSync(0, "utf8").split("\n").filter(Boolean);
for (const line of lines) {
  const [secret, header, body] = line.split("\t");
  console.log(isFromJump(secret, header, Buffer.from(body, "base64")) ? "yes" : "no");
}
