using System;

public static class Judge
{
    public static void Main()
    {
        for (var line = Console.ReadLine(); line != null; line = Console.ReadLine())
        {
            var parts = line.Split('\t');
            var body = Convert.FromBase64String(parts[2]);
            Console.WriteLine(JumpWebhooks.IsFromJump(parts[0], parts[1], body) ? "yes" : "no");
        }
    }
}
