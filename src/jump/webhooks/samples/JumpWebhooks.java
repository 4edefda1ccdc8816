import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

final class JumpWebhooks {
    /** header is X-Webhook-Signature; body is the exact bytes that came, before any parsing. */
    static boolean isFromJump(String secret, String header, byte[] body)
            throws GeneralSecurityException {
        String sent = "";
        List<String> signatures = new ArrayList<>();
        for (String part : header.split(",")) {
            if (part.startsWith("t=")) sent = part.substring(2);
            if (part.startsWith("v1=")) signatures.add(part.substring(3));
        }
        if (!sent.matches("[0-9]{1,12}")) return false;
        if (Math.abs(Instant.now().getEpochSecond() - Long.parseLong(sent)) > 300) return false;
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(secret.getBytes(UTF_8), "HmacSHA256"));
        mac.update((sent + ".").getBytes(UTF_8));
        byte[] made = HexFormat.of().formatHex(mac.doFinal(body)).getBytes(UTF_8);
        return signatures.stream().anyMatch(
                signature -> MessageDigest.isEqual(signature.getBytes(UTF_8), made));
    }
}
