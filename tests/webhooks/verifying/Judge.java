import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Base64;

final class Judge {
    public static void main(String[] arguments) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] parts = line.split("\t", -1);
            byte[] body = Base64.getDecoder().decode(parts[2]);
            System.out.println(JumpWebhooks.isFromJump(parts[0], parts[1], body) ? "yes" : "no");
        }
    }
}
