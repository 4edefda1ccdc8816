require "openssl"

# header is X-Webhook-Signature; body is the exact bytes that came, before any parsing
# (in Rails: request.raw_post).
def from_jump?(secret, header, body)
  pairs = header.split(",").map { |part| part.split("=", 2) }
  sent = pairs.find { |name, _| name == "t" }.to_a[1].to_s
  return false unless sent.match?(/\A[0-9]{1,12}\z/) && (Time.now.to_i - sent.to_i).abs <= 300

  made = OpenSSL::HMAC.hexdigest("SHA256", secret, "#{sent}.".b + body.b)
  pairs.any? { |name, value| name == "v1" && OpenSSL.secure_compare(value.to_s, made) }
end
