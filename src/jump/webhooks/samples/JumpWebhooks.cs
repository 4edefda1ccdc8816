using System;
using System.Globalization;
using System.Linq;
using System.Security.Cryptography;
using System.Text;

public static class JumpWebhooks
{
    // header is X-Webhook-Signature; body is the exact bytes that came, before any parsing.
    public static bool IsFromJump(string secret, string header, byte[] body)
    {
        var pairs = header.Split(',').Select(part => (part + "=").Split('=')).ToList();
        var sent = pairs.Where(pair => pair[0] == "t").Select(pair => pair[1]).FirstOrDefault();
        if (!long.TryParse(sent, NumberStyles.None, CultureInfo.InvariantCulture, out var at)
            || Math.Abs(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - at) > 300)
        {
            return false;
        }
        using (var hmac = new HMACSHA256(Encoding.UTF8.GetBytes(secret)))
        {
            var hash = hmac.ComputeHash(Encoding.UTF8.GetBytes(sent + ".").Concat(body).ToArray());
            var hex = BitConverter.ToString(hash).Replace("-", "").ToLowerInvariant();
            var made = Encoding.UTF8.GetBytes(hex);
            return pairs.Any(pair => pair[0] == "v1"
                && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(pair[1]), made));
        }
    }
}
