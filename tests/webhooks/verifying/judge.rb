require_relative "verify"

$stdin.each_line(chomp: true) do |line|
  secret, header, body = line.split("\t", -1)
  puts from_jump?(secret, header, body.unpack1("m0")) ? "yes" : "no"
end
