const crypto = require("node:crypto");

// header is x-webhook-signature; body is a Buffer of the exact bytes that came,
// before any parsing (in Express: express.raw({ type: "application/json" })).
function isFromJump(secret, header, body) {
  const pairs = header.split(",").map((part) => part.split("="));
  const [, sent = ""] = pairs.find(([name]) => name === "t") ?? [];
  if (!/^\d{1,12}$/.test(sent) || Math.abs(Date.now() / 1000 - Number(sent)) > 300) return false;
  const hmac = crypto.createHmac("sha256", secret).update(`${sent}.`).update(body);
  const made = Buffer.from(hmac.digest("hex"));
  return pairs.some(([name, value = ""]) => {
    const given = Buffer.from(value);
    return name === "v1" && given.length === made.length && crypto.timingSafeEqual(given, made);
  });
}

module.exports = { isFromJump };
